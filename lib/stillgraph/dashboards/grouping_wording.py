"""What the grouping panel says: identifiers and counts, never a name."""

from __future__ import annotations

from stillgraph.casework.linking import Group, GroupFace
from stillgraph.dashboards import markup

NOTE = (
    "Faces that one linking run took for one person, nearest to the others first, so that who does not belong stands "
    "last. Likeness proposes; officers rule, in the open, and what they rule holds in every run after it."
)
RULE_NOTE = (
    "One officer's “one person” proposes, two officers' corroborate; one officer's “not” keeps faces apart at once. No "
    "ruling names anybody: that takes the review of a candidate list. Two faces of one still are two persons. What is "
    "ruled shows when faces are linked anew."
)
KNOWN_NOTE = (
    "Offences, arrests and who was seen with them, in time and on a map. A link says that a face on a still counts as "
    "this person's, and how that is known; it does not say that they did it, nor that two seen together acted together."
)
REASON_HELP = "What your ruling rests on; yours at the desk if left empty"
NOBODY = "Nobody has several faces yet: stills are searched first, and then faces are linked."


def option(group: Group) -> str:
    """Return a person as one to choose."""
    odd = sum(face.odd for face in group.faces)
    told = [group.person.person_id, str(group.person.status), markup.counted(len(group.faces), "face")]
    if odd:
        told.append(f"{odd} odd")
    if group.proposals:
        told.append(markup.counted(len(group.proposals), "proposal"))
    return " · ".join(told)


def facts(group: Group) -> str:
    """Return what is known of a person, and what the machine proposes."""
    who = group.person
    known = markup.facts([
        ("Person", who.person_id), ("Status", str(who.status)), ("Stills", str(len(who.stills))),
        ("Offences", str(len(who.offences))),
    ])  # fmt: skip
    return known + "".join(markup.note(f"Proposed: {one.reason}") for one in group.proposals)


def face(one: GroupFace, png: bytes | None) -> str:
    """Return a face with its still; odd in words too, and its score where this officer may see one."""
    told = str(one.still)
    if one.score is not None:
        told += f" · score {one.score:.2f}"
    if one.odd:
        told += " · odd: far from the others"
    return markup.picture(png, f"Face {one.face_id}", told)
