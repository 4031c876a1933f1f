"""The pages show what a case holds, react to their reader, and say what a simulated review is."""

from __future__ import annotations

import re
from dataclasses import replace

import ipywidgets as widgets
import pytest

from stillgraph import dashboards
from stillgraph.dashboards import pages, panels, wording
from stillgraph.dashboards.downloads import Download
from stillgraph.records import Rate

SENTENCE = "Say which case: give its directory, or its server&#x27;s address, or set STILLGRAPH_CASE."


def everything(widget: widgets.Widget) -> list[widgets.Widget]:
    """Return a widget with all it holds."""
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget: widgets.Widget) -> str:
    """Return all the HTML of a page."""
    return "".join(one.value for one in everything(widget) if isinstance(one, widgets.HTML))


def person_chooser(page: widgets.Widget) -> widgets.Dropdown:
    """Return the one that chooses a person, among those that choose."""
    (found,) = (widget for widget in everything(page) if getattr(widget, "description", "") == "Person")
    return found


def one(widget: widgets.Widget, kind: type) -> widgets.Widget:
    """Return the only widget of a kind."""
    (found,) = [w for w in everything(widget) if isinstance(w, kind)]
    return found


def table_of(widget: widgets.Widget) -> widgets.HTML:
    """Return the widget that holds the ranking's table."""
    return next(w for w in everything(widget) if isinstance(w, widgets.HTML) and "Prior arrests" in w.value)


def ranked(widget: widgets.Widget) -> list[str]:
    """Return the persons of the ranking's table, in its order."""
    return re.findall(r"<td>((?:N\d{6})|(?:unknown \d+))</td>", table_of(widget).value)


def seen(page: widgets.Widget) -> widgets.Widget:
    """Return a page as it is once the browser has said that it is seen."""
    page.children[-1]._handle_custom_msg({"seen": True}, [])
    return page


@pytest.fixture
def page(source):
    return seen(pages.overview_of(source))


def test_what_is_read_first_waits_for_no_chart_and_charts_come_once_it_is_seen(source, monkeypatch):
    asked = []
    for name in ("places", "network", "unknown_series"):
        ask = getattr(source, name)
        monkeypatch.setattr(source, name, lambda ask=ask, name=name: (asked.append(name), ask())[1])
    page = pages.overview_of(source)
    charts = [w for w in everything(page) if isinstance(w, panels.Chart)]
    assert (asked, charts) == ([], [])
    assert "Corroborated leads" in text(page)
    assert len(ranked(page)) == panels.FIRST
    assert text(page).count(wording.DRAWING) == 6
    page.children[-1]._handle_custom_msg({"something": "else"}, [])
    assert asked == []
    seen(seen(page))
    assert sorted(asked) == ["network", "places", "unknown_series"], "each is asked once"
    charts = [w for w in everything(page) if isinstance(w, panels.Chart)]
    assert len(charts) == 5
    assert wording.DRAWING not in text(page)
    assert not any("sg-later" in w._dom_classes for w in everything(page))


def test_a_chart_that_cannot_be_drawn_says_why_and_the_others_are_drawn(source, monkeypatch):
    monkeypatch.setattr(source, "places", lambda: 1 / 0)
    page = seen(pages.overview_of(source))
    assert re.search(r'role="alert">Something went wrong\.', text(page))
    assert wording.DRAWING not in text(page)
    assert len([w for w in everything(page) if isinstance(w, panels.Chart)]) == 3


def test_what_is_chosen_before_charts_are_drawn_is_what_they_show(source):
    page = pages.overview_of(source)
    one(page, widgets.ToggleButtons).value = "value"
    seen(page)
    assert _bars(page) == list(reversed([s.person_id for s in source.ranking("value").standings][: panels.FIRST]))


def test_the_page_shows_every_key_number_with_what_it_is_out_of(page):
    shown = text(page)
    for label in ("Stills received", "Stills searched", "Leads sent to review", "Corroborated leads", "Unknown series"):
        assert label in shown
    plain = re.sub("<[^>]+>", "", shown)
    assert "of 351 lists; 66 persons" in plain
    assert "of 58 unknown persons" in plain
    assert "3 Nov 2025 to 28 Oct 2026" in shown
    assert "1 Nov 2026 09:30 UTC" in shown


def test_the_yield_stands_beside_what_it_depends_on(page):
    shown = text(page)
    start = shown.index('<div class="sg-yield">')
    around = re.sub("<[^>]+>", "", shown[start : start + 4000])
    for piece in ("56.5 % (170 of 301; 95 % interval 50.8 to 62.0 %)", "none: every candidate list goes to review",
                  "194 custody images, 15 past their review date", "0123456789ab", "yunet-sface@0a1b2c3d4e5f",
                  "A yield means nothing without"):  # fmt: skip
        assert piece in around


def test_a_threshold_is_shown_as_a_score_and_nothing_searched_says_so(source):
    glance = source.at_a_glance()
    glance.threshold = 0.0
    assert "score 0.00" in wording.yield_note(glance)
    glance.threshold, glance.yield_rate, glance.gallery_version = None, Rate(0, 0, None, None, None), None
    assert wording.yield_note(glance).count("nothing searched yet") == 2


def test_the_toggle_sorts_the_table_and_the_bars(page, source):
    toggle = one(page, widgets.ToggleButtons)
    assert [label for label, _ in toggle.options] == ["Harm", "Offences", "Value", "RFH"]
    before, drawn = ranked(page), _bars(page)
    toggle.value = "value"
    expected = [s.person_id for s in source.ranking("value").standings]
    assert ranked(page) == expected[: panels.FIRST] != before
    assert _bars(page) == list(reversed(expected[: panels.FIRST])) != drawn


def _bars(page):
    card = next(w for w in everything(page) if isinstance(w, panels.Chart))
    (output,) = one(card, widgets.Output).outputs
    return output["data"]["application/vnd.plotly.v1+json"]["layout"]["yaxis"]["categoryarray"]


def test_everyone_and_persons_not_corroborated_are_shown_when_asked_for(page, source):
    others, everyone = (w for w in everything(page) if isinstance(w, widgets.Checkbox))
    assert len(ranked(page)) == panels.FIRST
    everyone.value = True
    assert len(ranked(page)) == len(source.ranking("harm").standings)
    others.value = True
    assert len(ranked(page)) == len(source.ranking("harm", with_proposals=True).standings)


def test_choosing_a_person_shows_their_offences_and_faces_and_marks_their_row(page, source):
    chooser = person_chooser(page)
    assert chooser.value == ""
    assert "Nobody is chosen." in text(page)
    label, person = chooser.options[2]
    chooser.value = person
    shown = text(page)
    offences = len(source.person(person).offences)
    assert f"Offences: {offences} row" in shown
    assert shown.count("<img") == min(offences, wording.FACES)
    assert 'alt="Face in still R01/R01_0000.jpg"' in shown
    assert re.search(rf"aria-current=true><th[^>]*>{label.split(' ')[0]}</th>.*?{person}", table_of(page).value)


def test_sorting_again_keeps_the_person_and_losing_them_chooses_nobody(page):
    chooser, toggle = person_chooser(page), one(page, widgets.ToggleButtons)
    others, _ = (w for w in everything(page) if isinstance(w, widgets.Checkbox))
    person = chooser.options[1][1]
    chooser.value = person
    toggle.value = "count"
    assert chooser.value == person
    others.value = True
    unknown = next(value for _, value in chooser.options if value.startswith("unknown"))
    chooser.value = unknown
    others.value = False
    assert chooser.value == ""
    assert "Nobody is chosen." in text(page)


def test_a_failure_is_shown_as_its_sentence(page, source, monkeypatch):
    def broken(_person):
        raise KeyError("Jo Bloggs")

    monkeypatch.setattr(source, "person", broken)
    person_chooser(page).value = person_chooser(page).options[1][1]
    assert re.search(r'role="alert">Something went wrong\. .* reference: [0-9A-F]{8}\.', text(page))
    assert "Bloggs" not in text(page)


def test_every_result_of_a_simulated_review_says_so(page):
    shown = text(page)
    for heading in ("Yield", "Prolific offenders", "Network", "Map"):
        assert re.search(rf"<h2>{heading} <span class=\"sg-badge\">simulated review</span>", shown), heading
    assert "offences · simulated review" in shown
    assert 'role="note">Simulated review: the judgements in this case come from simulated officers' in shown


def test_review_by_people_is_nowhere_called_simulated(made_up):
    page = seen(pages.overview_of(made_up(simulated=False)))
    person_chooser(page).value = person_chooser(page).options[1][1]
    drawn = str([w.outputs for w in everything(page) if isinstance(w, widgets.Output)])
    assert "imulated" not in text(page) + drawn


def test_an_empty_case_has_a_page(made_up):
    empty = made_up(persons=3, offences=1)
    empty.ids = []
    empty.graph.clear()
    empty.frame = empty.frame.head(0)
    glance = empty.at_a_glance()
    glance.period, glance.stage_times, glance.refusals = None, (), glance.refusals.head(0)
    glance.threshold, glance.gallery_version = None, None
    empty.at_a_glance = lambda: glance
    shown = text(seen(pages.overview_of(empty)))
    for piece in ("no stills yet", "No row was refused.", "No stage has been timed in this case.",
                  wording.NO_PERSON, wording.NO_LINKS, wording.NO_OFFENCES):  # fmt: skip
        assert piece in shown


def test_refused_rows_are_shown_escaped_with_line_field_and_reason(page):
    shown = text(page)
    assert "there is no such file in stills/" in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_no_repr_shows_what_a_panel_holds(page):
    assert {repr(w) for w in everything(page) if isinstance(w, (panels.Card, panels.Html, panels.Chart))} == {
        "Card()", "Html()", "Chart()",
    }  # fmt: skip


def test_concentration_is_shown_with_its_interval_or_not_at_all(source):
    ranking = source.ranking("harm")
    said = wording.concentration(ranking)
    assert "0.52 (95 % interval 0.44 to 0.61)" in said
    assert "account for 47 %" in said
    assert wording.concentration(replace(ranking, concentration=replace(ranking.concentration, gini=None))) == ""


def test_candidates_stand_beside_the_face_with_what_a_score_is_not(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    shown = text(dashboards.candidates(None, "R01/R01_0001.jpg", limit=5))
    assert shown.count("<img") == 6
    assert "5 of 20 candidates" in shown
    assert "It is not a probability" in shown
    assert "1 · N000001 · score 0.85" in shown
    assert "There is no still R99/x.jpg." in text(dashboards.candidates(None, "R99/x.jpg"))


def test_a_faces_band_stands_with_its_list_and_what_it_means(source):
    report = source.candidate_lists("R01/R01_0001.jpg")
    assert "band" not in wording.candidates(report, source, 5)
    (probe,) = report.probes
    banded = replace(report, probes=(replace(probe, quality=replace(probe.quality, band="D")),))
    shown = wording.candidates(banded, source, 5)
    assert "5 of 20 candidates · band D" in shown
    assert shown.count("band D: of ") == 1


def test_a_ratio_stands_with_its_words_and_a_look_alike_is_warned_of(source):
    report = source.candidate_lists("R01/R01_0001.jpg")
    assert "likelihood ratio" not in wording.candidates(report, source, 5)
    (probe,) = report.probes
    first, *others = probe.candidates
    rated = replace(
        probe, candidates=(replace(first, likelihood_ratio=8.94), *others), look_alike="look-alikes: N2 is close"
    )
    shown = wording.candidates(
        replace(report, probes=(rated,), calibration=1, without_ratio=("band D: insufficient",)), source, 5
    )
    assert shown.count("likelihood ratio 8.9 (weak support)") == 1
    assert "look-alikes: N2 is close" in shown
    assert "No likelihood ratio: band D: insufficient." in shown
    assert wording.RATIO_NOTE in shown


def test_without_a_still_or_person_the_first_is_shown_or_that_there_is_none(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    assert "<h2>R01/R01_0002.jpg#1</h2>" in text(dashboards.candidates(None))
    first = source.ranking("harm").standings[0].person_id
    assert f"<dd>{first}</dd>" in text(dashboards.dossier(None))
    monkeypatch.setattr(source, "first_listed_still", lambda: None)
    source.ids = []
    assert wording.NO_LIST in text(dashboards.candidates(None))
    assert wording.NO_PERSON in text(dashboards.dossier(None))


def test_glance_dossier_and_query_are_panels_of_their_own(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    assert "Stills received" in text(dashboards.glance(None))
    assert "Arrests on record" in text(dashboards.dossier(None, source.ids[0]))
    assert "Result: 2 rows" in text(dashboards.query(None, "SELECT 1"))
    assert "There is no person N999999" in text(dashboards.dossier(None, "N999999"))


def test_a_page_that_cannot_open_says_why(monkeypatch):
    assert SENTENCE in text(dashboards.overview())
    monkeypatch.setattr(pages, "overview_of", lambda _source: 1 / 0)
    monkeypatch.setattr(pages, "_source", lambda _desk: None)
    assert "Something went wrong." in text(dashboards.overview(object()))


def test_a_number_opens_to_its_rows_and_a_row_to_its_still_or_the_reason(page, source):
    opened = [w for w in everything(page) if getattr(w, "tooltip", None) == "See the rows behind: Corroborated leads"]
    opened[0].click()
    assert source.asked[-1] == ("rows_behind", "Corroborated leads")
    shown = text(page)
    assert "Behind: Corroborated leads" in shown
    assert "Corroborated leads · 3 Nov 2025 to 28 Oct 2026 · 3 rows" in shown
    assert "<script>" not in shown
    (still,) = (w for w in everything(page) if getattr(w, "description", "") == "Still")
    assert [value for _, value in still.options] == ["", "R01/a.jpg", "R01/b.jpg"]
    still.value = "R01/a.jpg"
    assert 'alt="Still R01/a.jpg"' in text(page)
    still.value = "R01/b.jpg"
    assert "There is no still R01/b.jpg in this case." in text(page)
    assert 'alt="Still' not in text(page)


def press(page, number):
    """Press a count in small print, as the page's script does."""
    assert f'href="#rows-{number.replace(" ", "%20")}"' in text(page)
    page.children[-1]._handle_custom_msg({"number": number}, [])


def test_a_count_in_small_print_opens_too_and_without_stills_there_is_none_to_choose(page, source):
    press(page, "Deliveries")
    assert source.asked[-1] == ("rows_behind", "Deliveries")
    assert "Deliveries · 3 Nov 2025 to 28 Oct 2026 · 2 rows" in text(page)
    assert "<script>" not in text(page)
    (still,) = (w for w in everything(page) if getattr(w, "description", "") == "Still")
    assert still.layout.display == "none"
    press(page, "Stills with a corroborated lead")
    assert still.layout.display is None
    assert "3 rows" in text(page)
    page.children[-1]._handle_custom_msg({"number": "Profit"}, [])
    assert 'role="alert">There is no number Profit.' in text(page)
    page.children[-1]._handle_custom_msg({"number": 7}, [])


def test_where_a_number_counts_something_else_than_its_rows_both_are_said(page):
    opened = [w for w in everything(page) if getattr(w, "tooltip", None) == "See the rows behind: Unknown series"]
    opened[0].click()
    assert "Unknown series · 3 Nov 2025 to 28 Oct 2026 · 3 rows, of 2 counted once each" in text(page)


def test_where_nothing_can_be_opened_counts_are_text(source, monkeypatch):
    monkeypatch.setattr(pages, "_source", lambda _desk: source)
    assert "#rows-" not in text(dashboards.glance(None))


def months_of(page):
    """Return the field by retailer and month, as it is drawn."""
    cards = [w for w in everything(page) if isinstance(w, panels.Chart)]
    drawn = [one(card, widgets.Output).outputs[0]["data"]["application/vnd.plotly.v1+json"] for card in cards]
    (found,) = [figure for figure in drawn if "by retailer and month" in figure["layout"]["title"]["text"]]
    return found


def test_retailers_by_month_are_drawn_by_what_is_chosen_and_open_to_their_offences(page, source):
    title = months_of(page)["layout"]["title"]["text"]
    assert "Harm by retailer and month" in title
    assert "3 Nov 2025 to 28 Oct 2026" in title
    assert f"{len(source.frame)} offences of 6 retailers as reported" in title
    named = {getattr(w, "description", ""): w for w in everything(page)}
    named["Shade by"].value = "count"
    assert "Offences by retailer and month" in months_of(page)["layout"]["title"]["text"]

    assert f"all retailers · {len(source.frame)} offences" not in text(page), "rows are shown once they are asked for"
    named["See the offences"].click()
    assert f"3 Nov 2025 to 28 Oct 2026 · all retailers · {len(source.frame)} offences" in text(page)
    own = source.frame[source.frame["retailer"] == "Shop 2"]
    named["Retailer"].value = "Shop 2"
    assert f"3 Nov 2025 to 28 Oct 2026 · Shop 2 · {len(own)} offences" in text(page)
    place = next(w for w in everything(page) if named["Retailer"] in getattr(w, "children", ()))
    keep = next(w for w in place.children if isinstance(w, Download))
    assert sorted(keep._rows()["offence_id"]) == sorted(own["offence_id"]), "what is kept is what is shown"
    next(w for w in place.children if getattr(w, "description", "") == "Close").click()
    assert "Shop 2 ·" not in text(page)
