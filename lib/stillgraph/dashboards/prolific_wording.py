"""What the page of prolific offenders says, in words; every value is escaped by ``markup``."""

from __future__ import annotations

from collections import Counter
from html import escape

from stillgraph.casework.analysing import review_kind
from stillgraph.dashboards import markup
from stillgraph.dashboards.markup import Column, Markup
from stillgraph.dashboards.prolific_state import MOST_CHIPS, ProlificState
from stillgraph.figures import MEASURES
from stillgraph.figures.theme import money
from stillgraph.records import Explanation, Ranking, Standing, WhyOffence

NOTE = (
    "Who does most harm as far as it is known. A rank rests on links that may not hold: read the interval. Offences "
    "never reported and people never recognised are in no figure."
)
RANKING_NOTE = (
    "Each person with the interval of their rank, and their rank by the other measures. Choose one below to see why."
)
SURE_NOTE = (
    "Where each rank lies with 95 %, by corroborated links alone and with links that nobody has corroborated. A long "
    "bar says that this rank is not known, not that the person moves."
)
SPREAD_NOTE = "Whether few persons, stores, retailers or boroughs hold most of it."
PERSON_NOTE = "Every number about a person opens here to the offences and stills it is made of. Looking is recorded."
WORTH_NOTE = (
    "What a list of the first ten of one period would have been worth in the next: beside a list by count alone and "
    "lists drawn by lot. It takes some seconds, so it is made when you ask."
)
USUAL_HARM = "Below, harm is counted as usual: without what was detected proactively."
NOBODY = "Nobody is chosen."
NO_POINTS = "Points of a table do not add up, so how concentrated they are is not measured. Choose another measure."
FIRST = 15


def ranking(state: ProlificState) -> str:
    """Return the ranking's table, the person chosen marked."""
    found: Ranking = state.ranking
    if not found.standings:
        return markup.notice("Nobody is ranked: no link counts in these days.")
    shown = found.standings if state.show_all else found.standings[:FIRST]
    links = "with links not corroborated" if state.with_proposals else "corroborated links only"
    links += " · proactively detected harm counted" if state.include_proactive else ""
    review = review_kind(simulated=found.simulated)
    caption = (
        f"{len(shown)} of {markup.counted(len(found.standings), 'person')} · {state.period()} · {links} · {review}"
    )
    others = [by for by in MEASURES if by != found.by]
    columns = (
        Column("Rank", numeric=True),
        Column("95 %", meaning="The interval of the rank"),
        Column("In first ten", numeric=True, meaning="Share of drawn worlds with the person among the first ten"),
        Column("Person"),
        Column("Status"),
        Column("Offences", numeric=True),
        Column("Harm, days", numeric=True, meaning="Days of imprisonment by the case's harm table"),
        Column("Value", numeric=True),
        Column("RFH", numeric=True, meaning="Points for recency, frequency, harm"),
        Column("Prior arrests", numeric=True),
        *(Column(f"Rank by {MEASURES[by].name if by == 'rfh' else MEASURES[by].name.lower()}", numeric=True)
          for by in others),
    )  # fmt: skip
    rows = [(*_standing(one), *(_moved(one, getattr(one.ranks, by, None)) for by in others)) for one in shown]
    at = next((n for n, one in enumerate(shown) if str(one.person_id) == state.person_id), None)
    return markup.table(caption, columns, rows, chosen=at) + markup.aside(
        "How harm, points and intervals are made", found.scale
    )


def _standing(one: Standing) -> tuple[object, ...]:
    return (
        one.rank,
        f"{one.rank_low} to {one.rank_high}",
        "" if one.top_share is None else f"{100 * one.top_share:.0f} %",
        one.person_id,
        markup.status(one.status),
        _bounded(one.offences, one.count_low, one.count_high),
        _bounded(one.harm_days, one.harm_low, one.harm_high),
        money(one.value_pence),
        one.rfh,
        "" if one.nominal_id is None else one.prior_arrests,
    )


def _bounded(value: float, low: float | None, high: float | None) -> Markup:
    """Return a number with its 95 % interval under it, where worlds were drawn and it is not the number alone."""
    if low is None or high is None or low == high:
        return Markup(f"{value:,.0f}")
    return Markup(f"{value:,.0f}<br><small>{low:,.0f} to {high:,.0f}</small>")


def _moved(one: Standing, rank: int | None) -> Markup:
    """Return a rank by another measure, with how many places it is better (up) or worse (down)."""
    if rank is None:
        return Markup("")
    by = one.rank - rank
    arrow = "" if by == 0 else f" <small>{'▲' if by > 0 else '▼'} {abs(by)}</small>"
    return Markup(f"{rank}{arrow}")


def concentration(state: ProlificState) -> str:
    """Return in words how concentrated the measure is, with what that rests on."""
    if state.by == "rfh":
        return markup.notice(NO_POINTS)
    said = "".join(f"<li>{escape(report.statement)}</li>" for report in state.reports)
    notes = list(dict.fromkeys(note for report in state.reports for note in report.notes))
    return f"<ul>{said}</ul>" + (markup.aside("What this rests on", " ".join(notes)) if notes else "")


def worth(state: ProlificState) -> str:
    """Return in words what lists were worth, with what that rests on."""
    found = state.worth
    if found is None:
        return ""
    said = "".join(f"<li>{escape(one)}</li>" for one in found.statements)
    return f"<ul>{said}</ul>" + markup.aside("What this rests on", " ".join((found.scale, *found.notes)))


def why(state: ProlificState) -> str:
    """Return why the person chosen ranks there: in sentences, offence by offence, and with what it does not say."""
    page: Explanation | None = state.page
    if page is None:
        return markup.notice(NOBODY)
    facts = [("Person", str(page.person_id)), ("Status", page.status.value)]
    facts += [("Review", page.review_kind)] if page.review_kind else []
    sentences = "".join(f"<li>{escape(one)}</li>" for one in page.sentences)
    changes = "".join(f"<li>{escape(one.sentence)}</li>" for one in page.changes[:5])
    return (
        markup.facts(facts)
        + (markup.notice(USUAL_HARM) if state.include_proactive else "")
        + f"<ul>{sentences}</ul>"
        + (f"<h3>What would change it</h3><ul>{changes}</ul>" if changes else "")
        + offences(page)
        + faces(state, page)
        + markup.aside("What this does not say", " ".join(page.unsaid))
    )


def offences(page: Explanation) -> str:
    """Return the offences a person's numbers are made of, each with its stills, and what makes links less sure."""
    columns = (
        Column("Offence"), Column("When"), Column("What"), Column("Where"), Column("Value", numeric=True),
        Column("Harm, days", numeric=True), Column("Share by " + page.by, numeric=True),
        Column("Doubts", numeric=True, meaning="Reasons why this link is less sure than others"), Column("Link"),
        Column("Stills"),
    )  # fmt: skip
    counting = sum(1 for one in page.offences if one.counts)
    caption = f"{markup.counted(len(page.offences), 'offence')}, {counting} counted"
    doubts = Counter(doubt for one in page.offences for doubt in one.doubts)
    told = "; ".join(f"{doubt} ({markup.counted(number, 'offence')})" for doubt, number in doubts.most_common())
    listed = markup.table(caption, columns, [_offence(one, page.by) for one in page.offences])
    return listed + (markup.aside("Why links are less sure", told) if told else "")


def _offence(one: WhyOffence, by: str) -> tuple[object, ...]:
    share = None if one.contribution is None else one.contribution.shares.get(by)
    return (
        one.offence_id,
        markup.plain(one.occurred_at),
        one.offence,
        one.store,
        money(one.value_pence),
        f"{one.harm_days:,.0f}",
        "not counted" if not one.counts else "" if share is None else f"{100 * share:.0f} %",
        len(one.doubts) or "",
        markup.status(one.status),
        ", ".join(dict.fromkeys(str(face.still) for face in one.faces)),
    )


def faces(state: ProlificState, page: Explanation) -> str:
    """Return the faces behind a person's numbers, each with its still."""
    found = [face for one in page.offences for face in one.faces]
    chips = (
        markup.picture(
            state.chips.get(face.face_id), f"Face in still {face.still}",
            f"{face.still} · {markup.plain(face.captured_at)}",
        )
        for face in found[:MOST_CHIPS]
    )  # fmt: skip
    more = f", the first {MOST_CHIPS} shown" if len(found) > MOST_CHIPS else ""
    return markup.note(f"{markup.counted(len(found), 'face')} on stills{more}.") + markup.pictures(chips)
