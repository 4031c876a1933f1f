"""What the review page says. No score, no rank, nobody else's verdict; identifiers only."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from stillgraph.dashboards import markup
from stillgraph.dashboards.review_state import Done
from stillgraph.records import Outcome, Rate, ReviewerAccuracy, ReviewItem

NOTE = (
    "You judge alone: no score, no rank and nobody else's verdict is on this page, and the order of the candidates "
    "says nothing. The person may be on the list or not."
)
CANDIDATES_NOTE = "Nobody on this list needs to be the person in the still. Compare whom you like, in any order."
COMPARE_NOTE = (
    "Both pictures are aligned on the eyes, and as they came unless you choose otherwise. Compare form by form, by "
    "eye; the viewer measures nothing. Click the pictures, or tab to them, and press ? for the keys."
)
CHECKLIST_NOTE = (
    "From the top of the head down. What you say nothing of counts as not compared. Compare the still as received; an "
    "enhanced one shows where to look."
)
JUDGEMENT_NOTE = "Each answer needs the same: what either picture lets you see, and your reason."
STRENGTH_NOTE = "Strength goes with support only, and is a word without a number."
STILL_HELP = "What the still lets you see: pose, light, focus, what is covered"
CUSTODY_HELP = "The same of the custody images you compared"
REASON_HELP = "What your judgement rests on"
RECORD_NOTE = (
    "How you did in trials, whose answer is known: lists like any other, mixed in unannounced. For you and your "
    "supervisors only."
)
NOTHING_WAITS = "Nothing waits for you now: lists come when searches are made that you did not make."


def head(officer: str, waiting: int) -> str:
    """Return the title, who reviews and how much waits, the list under review included."""
    verb = "waits" if waiting == 1 else "wait"
    facts = [("Officer", officer), ("Progress", f"{markup.counted(waiting, 'list')} {verb} for you")]
    return f"<h1>Review</h1>{markup.facts(facts)}{markup.note(NOTE)}"


def still(item: ReviewItem, context: bytes | None) -> str:
    """Return the still in its context."""
    kept = "" if item.reserved_until is None else f"Kept for you until {item.reserved_until:%H:%M} UTC."
    third = "Two officers differ on this list; your judgement decides." if item.turn == "third" else ""
    head = markup.heading("The still", " ".join(filter(None, (third, kept))))
    picture = markup.picture(context, f"Still {item.still} with the face under review framed", item.face_id)
    return f'{head}<div class="sg-context">{picture}</div>'


def blockers(sentences: Sequence[str]) -> str:
    """Return what stands in the way of a verdict."""
    lines = "".join(f"<li>{escape(one)}</li>" for one in sentences)
    return f'<ul class="sg-blockers">{lines}</ul>' if lines else ""


def done(what: Done | None) -> str:
    """Return what was recorded, and what the review has come to where that may be told."""
    if what is None:
        return ""
    of_whom = f" {what.nominal_id}" if what.nominal_id is not None else ""
    said = f"Recorded for {what.item.face_id}: {what.verdict}{of_whom}."
    if what.outcome is Outcome.CORROBORATED:
        came = "The review is settled: corroborated. Two officers, each on their own, support the same person."
    elif what.outcome is Outcome.NOT_SUPPORTED:
        came = "The review is settled: not supported. Two officers, each on their own, support nobody."
    else:
        came = "What others have said of it is not told: until a review is settled it stays blind."
    return markup.heading("Recorded") + markup.notice(said) + markup.note(came)


def record(own: ReviewerAccuracy) -> str:
    """Return an officer's own record: rates with their counts and intervals, and the time they take."""
    if own.chance_corrected is None or own.chance_corrected_low is None or own.chance_corrected_high is None:
        corrected = own.insufficient or "insufficient"
    else:
        low, high = own.chance_corrected_low, own.chance_corrected_high
        corrected = f"{own.chance_corrected:.2f} (95 % interval {low:.2f} to {high:.2f}); 1 never errs, 0 does not look"
    rows = [
        ("The right person was absent: you supported nobody", _rate(own.absent)),
        ("The right person was there: you supported them", _rate(own.present)),
        ("You supported somebody else", _rate(own.wrong_person)),
        ("You left it inconclusive", markup.counted(own.inconclusive, "trial")),
        ("Corrected for chance", corrected),
        ("Time a list", _time(own)),
    ]
    table = markup.table("Your trials", (markup.Column("What"), markup.Column("How often")), rows)
    return markup.heading("Your record", RECORD_NOTE) + table


def _rate(value: Rate) -> str:
    return "no rate: no such trial yet" if value.value is None else markup.rate(value)


def _time(own: ReviewerAccuracy) -> str:
    if own.seconds_median is None:
        return "no time yet: no dealt list has been judged"
    lists = markup.counted(own.decisions, "list")
    if own.seconds_quartiles is None:
        return f"{own.seconds_median:,.0f} s, over {lists}"
    low, high = own.seconds_quartiles
    return f"median {own.seconds_median:,.0f} s, half between {low:,.0f} and {high:,.0f} s, over {lists}"
