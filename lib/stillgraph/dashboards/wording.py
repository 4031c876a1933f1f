"""What the pages say: results to sentences and tables. Identifiers only; no person's name is ever shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from stillgraph.casework.looking import band_sentences
from stillgraph.casework.rating import said_of_ratio
from stillgraph.dashboards import markup
from stillgraph.dashboards.markup import Column, Markup, Number
from stillgraph.records import Candidate, Enhancement, FaceId, Preview, ProbeTemplate, Ranking, SearchReport

if TYPE_CHECKING:
    from stillgraph.casework.analysing import Dossier, Glance
    from stillgraph.dashboards.source import Source

Small = Callable[[str, str], Markup]
"""How a count in small print is written: by the number it is, and as it is said."""
SIMULATED = "simulated review"
MEASURE_HELP = (
    "days of imprisonment (Cambridge Crime Harm Index)",
    "number of offences",
    "value of goods taken",
    "points for recency, frequency and harm",
)
RANKING_NOTE = (
    "Persons linked to offences by corroborated leads. The rank's interval says how far the order can be trusted: "
    "where two intervals overlap, the order of the two is not settled. Persons not corroborated are grouped by "
    "likeness alone."
)
PERSON_NOTE = "Offences, arrests and faces of one person. Whoever the ranking holds can be chosen."
NETWORK_NOTE = "Each line joins a person to an offence; two persons joined to one offence were there together."
MONTHS_NOTE = (
    "What each retailer reported in each month, whoever did it. A month with nothing in it may be one without a "
    "report, and the first and last may be in part."
)
MAP_NOTE = "Where the retailers' stores stand that reported the offences."
TIME_NOTE = "How long each stage took on the machine that ran it."
NO_TIMES = "No stage has been timed in this case."
NO_LIST = "No still has a candidate list yet: stills are received first, and then searched."
NO_PERSON = "Nobody is ranked yet: two officers corroborate leads first, and then faces are linked."
NO_LINKS = "No person is linked to an offence by a corroborated lead yet."
NO_OFFENCES = "No offence has been reported yet: they come with stills."
DRAWING = "Drawing …"
NOBODY = '<p class="sg-note">Nobody is chosen.</p>'
FOOT = (
    '<footer class="sg-foot">A candidate is not an identity. Leads are decided by two officers, '
    "the second blind "
    "to the first and to the score; nothing a machine does alone says who somebody is.</footer>"
)
SCORE_NOTE = (
    "A score is how alike two face templates are (cosine, -1 to 1). It is not a probability, and "
    "the first candidate "
    "of a person who is not in the gallery has a score too. Compare the faces, feature by feature."
)
RATIO_NOTE = (
    "A likelihood ratio is how many times more likely such a score is if the first candidate is the person than if "
    "they are the best of all others. It is not how likely it is that they are the person."
)
ENHANCE_NOTE = (
    "Every step is recorded and can be done again from the original, which is never changed. An enhancement is for the "
    "eye: it adds no information, and measured on the demonstration no step made a search better by more than "
    "chance, and non-local means made it worse. What you keep is added to a search where you ask for it, and replaces "
    "nothing."
)
FACES = 24
"""Face chips shown of one person; the rest are counted."""
VALUE = "Value"
"""The heading of money."""
ROWS = 25
"""Rows shown of one person's tables; the rest are counted."""


def review_tag(glance: Glance) -> str:
    """Return the tag that goes with every result of a review that was simulated, else nothing."""
    return SIMULATED if glance.simulated else ""


def review_notice(glance: Glance) -> str:
    """Return the notice that a case's review was simulated, else nothing."""
    if not glance.simulated:
        return ""
    return markup.notice(
        "Simulated review: the judgements in this case come from simulated officers with a stated "
        "error rate, "
        "not from people. They show how the page works and say nothing about anybody."
    )


def header(case: str, period: str, glance: Glance) -> str:
    """Return the page's title with case, period and time."""
    facts = [("Case", case), ("Offences", period), ("As of", f"{markup.plain(glance.as_of)} UTC")]
    return f"<h1>Overview</h1>{markup.facts(facts)}{review_notice(glance)}"


def key_numbers(glance: Glance, small: Small = markup.said_of) -> tuple[Number, ...]:
    """Return the five numbers a manager asks for first, each with what it is out of, whose counts ``small`` writes."""
    review = f" · {SIMULATED}" if glance.simulated else ""
    return (
        Number(
            "Stills received",
            f"{glance.stills_received:,}",
            Markup(
                f"from {small('Retailers', markup.counted(glance.retailers, 'retailer'))} in "
                f"{small('Deliveries', markup.counted(glance.deliveries, 'delivery', 'deliveries'))}; "
                f"{small('Rows refused', markup.counted(glance.rows_refused, 'row'))} refused"
            ),
        ),
        Number(
            "Stills searched",
            f"{glance.stills_searched:,}",
            Markup(
                f"of {small('Stills received', f'{glance.stills_received:,}')}; "
                f"{small('Stills without a face', f'{glance.stills_without_face:,}')} without a face; "
                f"{small('Faces usable', f'{glance.faces_usable:,}')} of "
                f"{small('Faces found', f'{glance.faces_found:,}')} faces usable"
            ),
        ),
        Number(
            "Leads sent to review",
            f"{glance.leads:,}",
            Markup(
                f"candidate lists; {small('Leads pending', f'{glance.reviews_pending:,}')} pending, "
                f"{small('Leads not supported', f'{glance.reviews_not_supported:,}')} not supported, "
                f"{small('Leads disputed', f'{glance.reviews_disputed:,}')} disputed"
            ),
        ),
        Number(
            "Corroborated leads",
            f"{glance.reviews_corroborated:,}",
            Markup(
                f"of {small('Leads sent to review', f'{glance.leads:,}')} lists; "
                f"{small('Persons corroborated', f'{glance.nominals_corroborated:,}')} persons, "
                f"{small('Offences with a corroborated person', f'{glance.offences_with_corroborated:,}')} of "
                f"{small('Offences', f'{glance.offences:,}')} offences{review}"
            ),
        ),
        Number(
            "Unknown series",
            f"{glance.unknown_series:,}",
            Markup(
                f"of {small('Unknown persons', f'{glance.unknown_persons:,}')} unknown persons: "
                "those on two stills or more"
            ),
        ),
    )


def yield_note(glance: Glance, small: Small = markup.said_of) -> str:
    """Return the yield beside what it depends on: it means nothing without."""
    if glance.threshold is None:
        threshold = "nothing searched yet"
    elif glance.threshold <= -1:
        threshold = "none: every candidate list goes to review"
    else:
        threshold = f"score {glance.threshold:.2f}"
    gallery = f"{small('Gallery', f'{glance.gallery_size:,}')} custody images"
    if glance.gallery_past_review:
        gallery += f", {small('Gallery past review', f'{glance.gallery_past_review:,}')} past their review date"
    found = glance.yield_rate
    leads = small("Stills with a corroborated lead", f"{found.successes:,}")
    items = [
        ("Yield", Markup(markup.rate_of(found, leads, small("Stills searched", f"{found.trials:,}")))),
        ("Threshold", threshold),
        ("Gallery", Markup(gallery)),
        ("Gallery version", (glance.gallery_version or "none")[:12]),
        ("Model", glance.model),
    ]
    tag = f" {markup.badge(SIMULATED)}" if glance.simulated else ""
    return (
        f'<div class="sg-yield"><h2>Yield{tag}</h2>{markup.facts(items)}<p class="sg-note">Stills with a '
        "corroborated lead, of the stills searched. A yield means nothing without the threshold, "
        "the gallery, the "
        "quality of the images and the error rates it was reached with; two operations' yields do "
        "not compare.</p></div>"
    )


def ranking_table(ranking: Ranking, period: str, *, limit: int | None, chosen: str | None) -> str:
    """Return the ranking's table, the first ``limit`` persons of it (``None``: everyone)."""
    standings = ranking.standings[:limit]
    review = SIMULATED if ranking.simulated else "human review"
    caption = f"{len(standings)} of {len(ranking.standings)} persons · {period} · {review}"
    columns = (
        Column("Rank", numeric=True),
        Column("95 %", meaning="The interval of the rank"),
        Column("Person"),
        Column("Status"),
        Column("Offences", numeric=True),
        Column("Retailers", numeric=True),
        Column("Harm, days", numeric=True, meaning="Days of imprisonment, Cambridge Crime Harm Index"),
        Column("Value", numeric=True),
        Column("RFH", numeric=True, meaning="Points for recency, frequency, harm"),
        Column("Prior arrests", numeric=True),
    )
    rows = [
        (
            s.rank,
            f"{s.rank_low} to {s.rank_high}",
            s.person_id,
            markup.status(s.status),
            s.offences,
            s.retailers,
            f"{s.harm_days:,.0f}",
            f"£{s.value_pence / 100:,.2f}",
            s.rfh,
            "" if s.nominal_id is None else s.prior_arrests,
        )
        for s in standings
    ]
    at = next((i for i, s in enumerate(standings) if s.person_id == chosen), None)
    return (
        markup.table(caption, columns, rows, chosen=at)
        + concentration(ranking)
        + markup.aside("How harm, points and intervals are made", ranking.scale)
    )


def concentration(ranking: Ranking) -> str:
    """Return how concentrated the measure is, with its interval, or nothing where that is not known."""
    spread = ranking.concentration
    if spread.gini is None or spread.gini_low is None or spread.gini_high is None:
        return ""
    share = (
        ""
        if spread.top_10_percent_share is None
        else (f" The first tenth of persons account for {spread.top_10_percent_share:.0f} %.")
    )
    return (
        f'<p class="sg-note">Concentration over {markup.counted(spread.persons, "person")}: '
        f"generalised Gini {spread.gini:.2f} (95 % interval {spread.gini_low:.2f} to "
        f"{spread.gini_high:.2f}).{share}</p>"
    )


def unknown_series(series: Any, glance: Glance) -> str:
    """Return the unknown persons seen most often, a data frame of person_id, stills, offences, retailers."""
    note = "Persons on two stills or more whom nobody has named, grouped by likeness alone: a place to start."
    head = markup.heading("Unknown series", note)
    if series.empty:
        return head + markup.notice("There is no unknown series.")
    caption = f"{len(series)} of {glance.unknown_series} series, most stills first"
    columns = [
        Column("Person"),
        *(Column(name, numeric=True) for name in ("Stills", "Offences", "Retailers")),
    ]
    rows = ([markup.plain(v) for v in row] for row in series.itertuples(index=False))
    return head + markup.table(caption, columns, rows)


def refusals(glance: Glance) -> str:
    """Return the refused rows."""
    note = "Rows of manifests that were not taken in. None is dropped silently; send a row again once put right."
    columns = (Column("From"), Column("Line", numeric=True), Column("Image"), Column("Field"), Column("Why"))
    named = glance.refusals[["retailer_id", "line", "image", "field", "reason"]]
    rows = ([markup.plain(row[0]) or "custody", *map(markup.plain, row[1:])] for row in named.itertuples(index=False))
    if glance.refusals.empty:
        return markup.heading("Refused rows", note) + markup.notice("No row was refused.")
    return markup.heading("Refused rows", note) + markup.table(markup.counted(len(named), "row"), columns, rows)


def dossier(found: Dossier, chips: Callable[[Sequence[FaceId]], Mapping[FaceId, bytes]]) -> str:
    """Return what is held on one person: facts, the faces ``chips`` gives pictures of, and tables."""
    shown = found.person.faces[:FACES]
    drawn = chips([face.face_id for face in shown])
    faces = [markup.picture(drawn.get(f.face_id), f"Face in still {f.still}", f.still) for f in shown]
    line = f'<p class="sg-note">{len(shown)} of {markup.counted(len(found.person.faces), "face")}, by still.</p>'
    return held_facts(found) + line + markup.pictures(faces) + held_tables(found)


def held_facts(found: Dossier) -> str:
    """Return who one person is to the case, and how that is known."""
    who = found.person
    review = found.review_kind or "none: grouped by likeness alone, named by nobody"
    if who.nominal_id is None and found.review_kind is not None:
        review = f"{found.review_kind}: officers' rulings between faces, in the open; named by nobody"
    return markup.facts([
        ("Person", who.person_id), ("Status", who.status.value), ("Review", review),
        *([("Proposed to be", who.proposed_as)] if who.proposed_as is not None else []),
        ("Stills", str(len(who.stills))), ("Offences", str(len(who.offences))),
        ("Arrests", str(len(found.arrests))),
    ])  # fmt: skip


def held_tables(found: Dossier) -> str:
    """Return one person's offences, arrests and co-offenders as tables, those that have rows."""
    tables = [markup.frame("Offences", _written(found.offences), ROWS, numeric={VALUE})]
    if len(found.arrests):
        tables.append(markup.frame("Arrests on record", _written(found.arrests), ROWS))
    if len(found.co_offenders):
        tables.append(markup.frame("Seen in the same offences", _written(found.co_offenders), ROWS))
    return "".join(tables)


def candidates(report: SearchReport, source: Source, limit: int) -> str:
    """Return a stored search: each face beside its candidates, with what a score is not."""
    cut = "none (investigation mode)" if report.threshold <= -1 else f"score {report.threshold:.2f}"
    facts = [("Gallery", f"{report.gallery.size:,} custody images"), ("Threshold", cut), ("Model", report.model)]
    if report.enhancement is not None:
        facts.append(("With enhancement", report.enhancement))
    head = markup.facts(facts)
    parts = [head, markup.notice(SCORE_NOTE)] + ([] if report.calibration is None else [markup.notice(RATIO_NOTE)])
    parts += [f'<p class="sg-note">No face was found in {escape(still)}.</p>' for still in report.without_face]
    means = band_sentences(probe.quality.band for probe in report.probes)
    without = [f"No likelihood ratio: {why}." for why in report.without_ratio]
    parts += [f'<p class="sg-note">{escape(said)}</p>' for said in (*without, *means)]
    faces = source.face_chips([probe.face_id for probe in report.probes])
    listed = source.custody_chips(list({c.custody_image for p in report.probes for c in p.candidates[:limit]}))
    for probe in report.probes:
        chips = [markup.picture(faces.get(probe.face_id), f"Face {probe.face_id}", "the still's face")]
        chips += [
            markup.picture(listed.get(c.custody_image), f"Custody image {c.custody_image}",
                           f"{c.rank} · {c.nominal_id} · score {c.score:.2f}{_ratio(c)}")
            for c in probe.candidates[:limit]
        ]  # fmt: skip
        count = f"{min(limit, len(probe.candidates))} of {markup.counted(len(probe.candidates), 'candidate')}"
        said = count if probe.candidates else probe.outcome.value
        said += f" · band {probe.quality.band}" if probe.quality.band else ""
        if probe.template is not ProbeTemplate.ORIGINAL:
            said += f"; template from {probe.template}"
        warning = "" if probe.look_alike is None else markup.notice(probe.look_alike)
        parts.append(markup.heading(probe.face_id, said) + warning + markup.pictures(chips))
    return "".join(parts)


def _ratio(candidate: Candidate) -> str:
    """Return a candidate's likelihood ratio, number and words together; nothing where there is none."""
    said = said_of_ratio(candidate.likelihood_ratio)
    return said and f" · likelihood ratio {said}"


def beside(shown: Preview) -> str:
    """Return the original and the enhanced picture with their captions."""
    pictures = zip((shown.original, shown.enhanced), ("Original", "Enhanced"), shown.captions, strict=True)
    return markup.beside(markup.picture(png, f"{what} {shown.still}", caption) for png, what, caption in pictures)


def kept(enhancement: Enhancement) -> str:
    """Return what keeping an enhancement came to."""
    new = [face.face_id for face in enhancement.faces if face.only_enhanced]
    said = f"Kept as {enhancement.enhancement_id}: {markup.counted(len(enhancement.faces), 'face')} found in it."
    if new:
        said += f" The original does not show {', '.join(new)}: what a search of it finds rests on this picture alone."
    return markup.notice(said)


def _written(rows: Any) -> Any:
    """Return a frame with money in pounds and headings in words."""
    told = rows.copy()
    if "value_pence" in told:
        told["value_pence"] = [f"£{pence / 100:,.2f}" for pence in told["value_pence"]]
    told.columns = [str(n).replace("value_pence", VALUE).replace("_", " ").capitalize() for n in told.columns]
    return told
