"""The pieces of the network page: widgets over a state, no rule."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards import network_reach_panels as reach
from stillgraph.dashboards import network_reach_wording as reach_wording
from stillgraph.dashboards import network_wording as wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.month_choice import month_choice
from stillgraph.dashboards.network_canvas import NetworkCanvas
from stillgraph.dashboards.network_files import NetworkFile
from stillgraph.dashboards.network_state import ORDERS, NetworkState
from stillgraph.dashboards.panels import Card, Chart, Html, guarded
from stillgraph.dashboards.pieces import button, told
from stillgraph.records import LinkStatus

KEPT_AS = ("csv", "xlsx")
WIDE = {"description_width": "initial"}


def head(state: NetworkState) -> widgets.Widget:
    """Return the title and the place where a failure is told."""
    tag = f" {markup.badge('simulated review')}" if state.view.simulated else ""
    return Card(Html(f"<h1>Network{tag}</h1>{markup.note(wording.NOTE)}"), told(state), kind="sg-head")


def filters(state: NetworkState) -> widgets.Widget:
    """Return what narrows the network: months, retailers, boroughs, how a link is known."""
    chosen_months, every_month = month_choice(state)
    names = sorted(state.view.retailers.items(), key=lambda one: one[1])
    retailers = widgets.SelectMultiple(
        options=[(name, one) for one, name in names], description="Retailers", rows=6, style=WIDE
    )
    boroughs = widgets.SelectMultiple(
        options=list(state.view.table.offences.borough.names), description="Boroughs", rows=6, style=WIDE
    )
    boxes = {
        status.value: widgets.Checkbox(value=True, description=f"{status.value} links", indent=False)
        for status in LinkStatus
    }
    count = Html("")

    def tick(_change: object = None) -> None:
        ticked = tuple(status for status, box in boxes.items() if box.value)
        state.statuses = () if len(ticked) in {0, len(boxes)} else ticked

    def say(_change: object = None) -> None:
        count.value = wording.counted(state)

    def follow(_change: object = None) -> None:
        retailers.value, boroughs.value = tuple(state.retailers), tuple(state.boroughs)
        if not state.statuses:
            for box in boxes.values():
                box.value = True

    retailers.observe(guarded(lambda change: state.set_trait("retailers", tuple(change["new"])), state), names="value")
    boroughs.observe(guarded(lambda change: state.set_trait("boroughs", tuple(change["new"])), state), names="value")
    for box in boxes.values():
        box.observe(guarded(tick, state), names="value")
    state.observe(say, names="mask")
    state.observe(follow, names=["retailers", "boroughs", "statuses"])
    say()

    def clear() -> None:
        state.clear()
        every_month()

    return Card(
        Html(markup.heading("What is drawn", wording.FILTER_NOTE)),
        chosen_months,
        Card(retailers, boroughs, Card(*boxes.values(), kind="sg-ticks"), kind="sg-tools"),
        Card(button("Show everything", clear, state), kind="sg-tools"),
        count,
    )


def drawing(state: NetworkState) -> widgets.Widget:
    """Return the drawing, which follows the filter and the answers and says what its reader chose."""
    canvas = NetworkCanvas(state.view, lambda nodes: guarded(lambda _: state.choose(nodes), state)(None))

    def narrow(_change: object = None) -> None:
        canvas.keep(state.mask)
        canvas.caption = wording.caption(state)

    state.observe(guarded(narrow, state), names="mask")
    state.observe(guarded(lambda _: canvas.choose(state.chosen), state), names="chosen")
    state.observe(
        guarded(lambda _: canvas.mark(state.marked.nodes, state.marked.links, look=True), state), names="marked"
    )
    narrow()
    return Card(canvas)


def ways(state: NetworkState) -> widgets.Widget:
    """Return the question after a way between two persons, and its answer."""
    source, target = _person("From", state), _person("To", state)
    in_order = widgets.Checkbox(value=False, description="In the order of time", indent=False)
    which = widgets.Dropdown(options=[("1", 0)], value=0, description="Way", style=WIDE, layout={"display": "none"})
    place = Html("")

    def show(_change: object = None) -> None:
        answer = state.answer
        place.value = wording.answer(answer, which.value or 0)

    def listed(_change: object = None) -> None:
        count = 0 if state.answer is None else len(state.answer.paths)
        which.options = [(str(number + 1), number) for number in range(max(count, 1))]
        which.value = 0
        which.layout.display = None if count > 1 else "none"
        show()

    def other(change: dict[str, int]) -> None:
        if change["new"] is not None and state.answer is not None:
            state.show_way(change["new"])
            show()

    state.observe(guarded(listed, state), names="answer")
    which.observe(guarded(other, state), names="value")
    find = button("Find the way", lambda: state.find(source.value, target.value, in_time_order=in_order.value), state)
    return Card(
        Html(markup.heading("A way between two persons", wording.WAYS_NOTE)),
        Card(source, target, in_order, find, which, kind="sg-tools"),
        place,
    )


def groups(state: NetworkState) -> widgets.Widget:
    """Return the question after groups, and the choice of one."""
    which = widgets.Dropdown(options=[("choose a group", 0)], value=0, description="Group", style=WIDE)
    place, listing = Html(""), []

    def show(_change: object = None) -> None:
        found = state.grouped
        place.value = wording.groups(found)
        listing.append(True)  # a new list is no choice
        options = [] if found is None else [(wording.group(one), one.number) for one in found.found.groups]
        which.options = [("choose a group", 0), *options]
        which.value = 0
        listing.clear()
        which.layout.display = None if options else "none"

    def chose(change: dict[str, int]) -> None:
        if not listing and change["new"]:
            state.choose_group(change["new"])

    state.observe(guarded(show, state), names="grouped")
    which.observe(guarded(chose, state), names="value")
    show()
    pair, pairs = reach.pairs(state)
    return Card(
        Html(markup.heading("Groups", wording.GROUPS_NOTE)),
        Card(button("Find groups", state.find_groups, state), which, pair, kind="sg-tools"),
        place, pairs,
    )  # fmt: skip


def chosen(state: NetworkState) -> widgets.Widget:
    """Return who is chosen: their sums, what joins them, their time, and their faces, once they are asked for."""
    who = _person("Person", state)
    table, joined, pictures = Html(""), Html(""), Html("")
    time, without = Card(kind="sg-chart"), Card(kind="sg-chart")

    def show(_change: object = None) -> None:
        persons = len(state.chosen_persons())
        nothing = "" if state.chosen else markup.note(wording.NOBODY)
        rows = state.persons_table()
        cells = reach_wording.places(rows)
        table.value = nothing + wording.persons(rows, chosen=persons > 0, by=ORDERS[state.order], places=cells)
        look.disabled, join.disabled = not state.chosen, persons < 2
        when.disabled = away.disabled = persons < 1

    def draw(_change: object = None) -> None:
        found = state.time
        time.children = () if found is None else (Chart(wording.time(found, state)),)

    def draw_without(_change: object = None) -> None:
        found = state.removed
        without.children = () if found is None else (Chart(wording.without(found, state)),)

    def add() -> None:
        state.add(who.value)
        who.value = ""

    look = button("Show their stills", state.show_faces, state)
    join = button("What joins them", state.connect, state)
    when = button("Their time", state.show_time, state)
    away = button("Without them", state.take_away, state)
    measure, measured = reach.places(state)
    near, neighbours = reach.around(state)
    where, seen = reach.travel(state)
    state.observe(guarded(show, state), names=["mask", "chosen", "central", "order"])
    state.observe(guarded(lambda _: setattr(joined, "value", wording.joined(state.joined)), state), names="joined")
    state.observe(guarded(draw, state), names="time")
    state.observe(guarded(draw_without, state), names="removed")
    state.observe(guarded(lambda _: setattr(pictures, "value", wording.faces(state)), state), names="faces")
    show()
    return Card(
        Html(markup.heading("Who is chosen", wording.CHOSEN_NOTE)),
        Card(who, button("Choose", add, state), button("Choose nothing", lambda: state.choose(()), state),
             kind="sg-tools"),
        table, measure, measured,
        Card(look, join, when, where, away, kind="sg-tools"), near,
        joined, neighbours, time, seen, without, pictures,
    )  # fmt: skip


def files(state: NetworkState) -> widgets.Widget:
    """Return what can be kept: tables of who is chosen or of all, and the network for other programs."""
    return Card(
        Html(markup.heading("To keep", wording.FILES_NOTE)),
        Card(
            widgets.Label("Persons"), Download(state.persons_table, "persons", KEPT_AS),
            widgets.Label("Links"), Download(state.offences_table, "links", KEPT_AS),
            widgets.Label("Network"), NetworkFile(state.file), kind="sg-tools",
        ),
    )  # fmt: skip


def _person(label: str, state: NetworkState) -> widgets.Combobox:
    return widgets.Combobox(options=list(state.persons), description=label, placeholder="a person's id", style=WIDE)
