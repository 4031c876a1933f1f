"""What a case pack says of itself in words: method, limits, glossary."""

from __future__ import annotations

from stillgraph.casework import explaining_words as words
from stillgraph.casework import wording
from stillgraph.casework.wording import count
from stillgraph.records import CasePack

COVER = (
    (
        "Officers, people and images are named by their ids; who they are is in the case. A person here is a set of "
        "faces that officers hold to be one, or that are alike; no page says that anybody committed an offence."
    ),
    (
        "Sensitive: it shows faces and links people to offences. It belongs to the operation named above. Whoever "
        "discloses it, or part of it, has to weigh the rights of everybody shown, bystanders and persons not "
        "corroborated among them."
    ),
    (
        "`stillgraph audit verify` checks the audit entry named here against the whole record; the entry after it "
        "records this file with its SHA-256."
    ),
)

TIMELINE = (
    "Each dot is an offence, the larger the more days of harm; a hollow one does not count, as nobody has corroborated "
    "the link. Blue is corroborated, orange proposed, grey by likeness. Bars are arrests on record."
)

NETWORK = (
    "Persons with a page (filled) and whoever else is on stills of the same offences. A line says that stills of one "
    "offence show both, the thicker the more offences; not that they acted together. Places on the drawing measure "
    "nothing."
)

INDEX = (
    "Every still that this pack rests on, by when it was taken, with the SHA-256 of its bytes as they were received."
)

GLOSSARY = (
    ("candidate", "a nominal on the ranked list a search returns; nobody has judged it"),
    ("corroborated", "two different officers agreed, the second blind to the first and to the score"),
    ("proposed", "one officer ruled so in the open, or two of a face that review has not named"),
    ("unknown", "faces grouped by likeness alone; the number can change when linking runs again"),
    ("score", "the cosine of two templates, -1 to 1: how alike they are; not a probability"),
    ("likelihood ratio", ("how many times more likely a first candidate's score is if they are the person than if they "
                         "are the best of all others; not the probability that they are")),
    ("band", "A to D, by the score the right person can be expected to have on a face like it"),
    ("days of harm", "the sentencing starting point for a first offender, in days of imprisonment, by the harm table"),
    ("RFH", "points for recency, frequency and harm, by a table of Stillgraph's own"),
    ("95 %", "an interval: what wrong links could make of the place; offences nobody found are outside it"),
    ("doubt", "a stated reason why a link is less sure than others; none noted does not mean that there is none"),
)  # fmt: skip


def summary(pack: CasePack) -> tuple[str, ...]:
    """Return what a manager reads first."""
    ranked = pack.ranking.standings
    if not ranked:
        return ("Nobody is ranked yet: no link counts in this period.",)
    top = ranked[0]
    found = [
        (
            f"{count(len(ranked), 'person')} ranked by {words.MEASURES[pack.by]}; first is {top.person_id} (95 %: "
            f"place {top.rank_low} to {top.rank_high}) with {count(top.offences, 'offence')}, {top.harm_days:,.1f} "
            f"days of harm and {wording.pounds(top.value_pence)}."
        ),
        pack.concentration,
    ]
    doubtful = sum(1 for page in pack.persons for o in page.offences if o.counts and o.doubts)
    counted = sum(1 for page in pack.persons for o in page.offences if o.counts)
    if counted:
        found.append(f"Of the {count(counted, 'link')} of the persons with a page, {doubtful} have a doubt noted.")
    return tuple(found)


def method(pack: CasePack) -> tuple[str, ...]:
    """Return how what is in the pack came about."""
    return (
        (
            "Retailers' stills and custody images were taken in with their SHA-256; faces were found and compared by "
            "the face model named on the cover, each still's faces against all custody images the search's filters "
            "left."
        ),
        (
            "Two officers judged each candidate list by eye and as a whole, the second blind to the first and to the "
            "score, a third where they differed. A link is corroborated where two agreed. Rulings between faces are "
            "made in the open and name nobody. Groups of unknown faces rest on likeness alone."
        ),
        "Each offence of a person counts whole for them, whoever was there too. Ranks are by the measure named; places "
        "are shared where the measure is the same. " + pack.ranking.scale,
        (
            "What an offence brings, and what would change a place, was computed by leaving links out or putting them "
            "in and ranking again."
        ),
        (
            "Doubts are noted by stated rules: band C or D, not first on the list, somebody else within 0.07, a "
            "likelihood ratio under 10, limited support, a third officer's dissent, or no corroboration. Of several "
            "faces the one with the fewest speaks."
        ),
        "Distances are as the crow flies between stores. Times are UTC.",
    )


def limits(pack: CasePack) -> tuple[str, ...]:
    """Return what the pack does not say, and cautions for whoever passes it on."""
    simulated = (wording.SIMULATED,) if pack.simulated else ()
    return (
        *simulated,
        *words.UNSAID,
        (
            "Error rates of the face model and of reviewers on data like this are in the project's accuracy page; a "
            "pack without a calibration of the case's own has no likelihood ratios."
        ),
        (
            "It is a working paper for the operation, not a statement for court: of each comparison `stillgraph review "
            "statement` makes one, with both images, what each officer saw, and the audit entries."
        ),
        (
            "Custody images are shown of corroborated nominals only. Check that each is held lawfully before passing "
            "it on; a copy of this file outlives a deletion in the case, so note where copies are."
        ),
    )
