"""What the search page says: identifiers and counts, never a name."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from stillgraph.casework.rating import said_of_ratio
from stillgraph.dashboards import markup
from stillgraph.dashboards.wording import RATIO_NOTE, SCORE_NOTE

if TYPE_CHECKING:
    from stillgraph.casework.picturing import History, Picture
    from stillgraph.dashboards.search_state import SeenFace
    from stillgraph.records import Candidate, CustodyImageId, NominalId, Probe, SearchReport

NOTE = (
    "Pick a still of the case, those not searched yet first, or choose a picture from outside, which is searched at "
    "once and not kept."
)
ASK_NOTE = (
    "A list of a still of the case always goes to review: who asks for candidates may not judge them, and two others "
    "do. A filter leaves people out before anything is ranked, and is recorded."
)
BLIND_NOTE = "Scores and ratios are not shown to reviewers, who decide by what they see."
OUTSIDE_NOTE = (
    "From outside the case: recorded, not kept, and not sent to review. To have officers decide, take it in with its "
    "retailer's delivery (intake.ipynb), then search it here."
)
ARRESTS = 3
"""Arrests shown on a card before it is opened."""


def waiting(count: int) -> str:
    """Return how many stills wait to be searched."""
    if not count:
        return "Every still has been searched."
    return (
        f"{markup.counted(count, 'still')} not searched. They are searched some at a time, and each list goes to "
        "review; stopped, what was searched stays searched."
    )


def framed(picture: Picture, faces: Sequence[SeenFace], chosen: str, still: str) -> str:
    """Return a picture with its faces framed and numbered, the chosen one set off by more than colour."""
    width, height = picture.width_px, picture.height_px
    size = max(width, height) / 24
    drawn = []
    for number, face in enumerate(faces, start=1):
        box, mine = face.box, face.face_id == chosen
        kind = "sg-face-chosen" if mine else "sg-face-usable" if face.usable else "sg-face-unusable"
        above = max(box.y - size / 4, size)
        drawn.append(
            f'<rect class="{kind}" x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}"/>'
            f'<text x="{box.x:.0f}" y="{above:.0f}" font-size="{size:.0f}">{number}</text>'
        )
    name = still or "picture from outside"
    data = base64.b64encode(picture.jpeg).decode("ascii")
    said = f"{name}: {markup.counted(len(faces), 'face')} framed, numbered from the left"
    return (
        f'<figure class="sg-framed"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(said)}">'
        f'<image href="data:image/jpeg;base64,{data}" width="{width}" height="{height}"/>{"".join(drawn)}</svg>'
        f"<figcaption>{escape(said)}. Dashed: cannot be searched.</figcaption></figure>"
    )


def quality(faces: Sequence[SeenFace], chosen: str) -> str:
    """Return how good the chosen face is, and what that means for a search."""
    face = next((one for one in faces if one.face_id == chosen), None)
    if face is None:
        return markup.notice("No face was found in this picture.")
    found = face.quality
    items = [
        ("Band", found.band or "none for this model"), ("Between the eyes", f"{found.inter_eye_px:.0f} px"),
        ("Searched", "yes" if face.usable else "no"),
    ]  # fmt: skip
    said = markup.facts(items)
    if face.band_means is not None:
        said += markup.note(face.band_means)
    return said if face.usable else said + markup.notice(face.why_not or "This face cannot be searched.")


def candidates(
    report: SearchReport, probe: Probe | None, chips: Mapping[CustodyImageId, bytes],
    histories: Mapping[NominalId, History], *, scores: bool, in_review: bool, from_outside: bool,
) -> str:  # fmt: skip
    """Return one face's candidates as cards, with how they were searched and what a score is not."""
    looked = report.gallery.size if report.images_searched is None else report.images_searched
    facts = [
        ("Looked at", f"{looked:,} of {report.gallery.size:,} custody images"), ("Model", report.model),
        ("Threshold", "none (investigation mode)" if report.threshold <= -1 else f"score {report.threshold:.2f}"),
        ("Review", "sent" if in_review else "not sent"),
    ]  # fmt: skip
    said = markup.heading("Candidates") + markup.facts(facts)
    if from_outside:
        said += markup.notice(OUTSIDE_NOTE)
    said += markup.notice(SCORE_NOTE if scores else BLIND_NOTE)
    if scores and report.calibration is not None:
        said += markup.note(RATIO_NOTE)
    said += "".join(markup.note(f"No likelihood ratio: {why}.") for why in report.without_ratio if scores)
    if probe is None or not probe.candidates:
        return said + markup.note("This face has no candidate." if probe is None else f"{probe.outcome.value}.")
    if probe.look_alike is not None and scores:
        said += markup.notice(probe.look_alike)
    shown = [one for one in probe.candidates if one.custody_image in chips]
    said += markup.note(f"{len(shown)} of {markup.counted(len(probe.candidates), 'candidate')} of {probe.face_id}.")
    cards = "".join(_card(one, chips, histories.get(one.nominal_id), scores=scores) for one in shown)
    return f'{said}<ol class="sg-cards">{cards}</ol>'


def _card(one: Candidate, chips: Mapping[CustodyImageId, bytes], history: History | None, *, scores: bool) -> str:
    caption = f"{one.rank} · {one.nominal_id}"
    lines = []
    if scores:
        lines.append(f"score {one.score:.2f}")
        ratio = said_of_ratio(one.likelihood_ratio)
        lines += [f"likelihood ratio {ratio}"] if ratio else []
    if history is not None:
        lines.append(f"{markup.counted(history.images, 'custody image')}, newest {markup.plain(history.captured_on)}")
        lines += [history.conviction_status] if history.conviction_status else []
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    picture = markup.picture(chips.get(one.custody_image), f"Custody image {one.custody_image}", caption)
    return f'<li class="sg-candidate">{picture}<ul>{told}</ul>{_arrests(history)}</li>'


def _arrests(history: History | None) -> str:
    if history is None or not history.arrests:
        return '<p class="sg-note">No arrest on record.</p>'
    rows = [f"{markup.plain(one.arrested_on)}: {one.offence}, {one.disposal}" for one in history.arrests]
    items = "".join(f"<li>{escape(row)}</li>" for row in rows)
    return f"<details><summary>{markup.counted(len(rows), 'arrest')} on record</summary><ul>{items}</ul></details>"
