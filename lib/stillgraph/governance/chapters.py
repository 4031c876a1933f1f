"""Sections of a transparency report: what was searched, where, with what threshold, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from stillgraph.governance import accounts
from stillgraph.governance.accounts import Line, SearchAccount
from stillgraph.governance.book import ALL, Book
from stillgraph.once import once
from stillgraph.records import Outcome, Verdict
from stillgraph.records.reports import ReportRow, ReportSection, ReportTable

Draft = Callable[[], ReportSection | None]
"""Sets a section, once every section has entered its counts."""

INVESTIGATION = -1.0


@dataclass(frozen=True)
class Material:
    """The entries a report is made from, up to the end of its period."""

    public: bool
    since: date
    until: date
    before: Sequence[Line]
    within: Sequence[Line]

    @property
    def known(self) -> Sequence[Line]:
        """All of them: what stands at the end of the period follows from these."""
        return [*self.before, *self.within]

    @once
    def searches(self) -> Sequence[SearchAccount]:
        """The searches made in the period."""
        return accounts.searches(self.within)

    @once
    def recorded(self) -> Sequence[SearchAccount]:
        """Those of them whose entry says what came of it."""
        return [one for one in self.searches if one.usable is not None]


def parts_of(book: Book, whole: str, stem: str, counted: Mapping[str, int]) -> list[tuple[str, str]]:
    """Enter the parts of a whole; return each one's key and name, in order."""
    return list(zip(counted, book.split(whole, {f"{stem}.{key}": n for key, n in counted.items()}), strict=True))


def searches(book: Book, material: Material) -> Draft:
    """Count how often was searched, how, and when: searches, images, faces."""
    found = material.searches
    measures = (
        ("searches", "searches", lambda _one: 1),
        ("images", "stills or images", lambda one: one.images),
        ("faces", "faces", lambda one: one.faces),
    )
    for key, _, measure in measures:
        book.put(f"search.{key}.{ALL}", sum(measure(one) for one in found))
    bases = accounts.legal_bases(material.known)
    by_basis = Counter(bases.get(one.line.entry.operation, BASIS_NOT_RECORDED) for one in found)
    by_basis_names = parts_of(
        book, f"search.searches.{ALL}", "search.basis", {basis: by_basis[basis] for basis in sorted(by_basis)}
    )
    ways = [kind for kind in accounts.KINDS if any(one.kind == kind for one in found)]
    months = sorted({one.line.month for one in found})
    for key, _, measure in measures:
        by_kind, by_month = Counter[str](), Counter[str]()
        for one in found:
            by_kind[one.kind] += measure(one)
            by_month[one.line.month] += measure(one)
        parts_of(book, f"search.{key}.{ALL}", f"search.{key}.kind", {kind: by_kind[kind] for kind in ways})
        parts_of(book, f"search.{key}.{ALL}", f"search.{key}.month", {month: by_month[month] for month in months})
    # Faces searched as one are given one by one: of each its still, so that both columns have the same number.
    book.same("search.images.kind.together", "search.faces.kind.together")
    columns = [(key, label) for key, label, _ in measures]
    whole = (ALL, "all", [f"search.{key}.{ALL}" for key, _ in columns])

    def rows(stem: str, labels: Mapping[str, str]) -> list[tuple[str, str, list[str]]]:
        parts = [(one, label, [f"search.{key}.{stem}.{one}" for key, _ in columns]) for one, label in labels.items()]
        return [*parts, whole]

    def draft() -> ReportSection:
        return ReportSection(
            "searches", "How often faces were searched",
            paragraphs=(SEARCHED,),
            tables=(
                book.table("by_kind", "By how it was done", "search of", columns=columns,
                           rows=rows("kind", {kind: accounts.KINDS[kind] for kind in ways})),
                book.table(
                    "by_basis", "By the legal basis of the operation", "legal basis", columns=columns[:1],
                    rows=[*((key, key, [name]) for key, name in by_basis_names), (*whole[:2], whole[2][:1])],
                ),
                book.table("by_month", "By month", "month", columns=columns,
                           rows=rows("month", {one: one for one in months})),
            ),
        )  # fmt: skip

    return draft


BASIS_NOT_RECORDED = "not recorded"
SEARCHED = (
    "A search compares faces with custody images, or with faces of other stills, and lists who is most alike. Each is "
    "made by a named officer, for an operation and a reason. A still searched twice counts twice."
)


def places(book: Book, material: Material) -> Draft:
    """Count where what was searched comes from: the boroughs of the stores."""
    counted = Counter[str]()
    for one in material.searches:
        counted.update({place: n for place, n in one.places.items() if n})
    last = (accounts.OUTSIDE, accounts.PLACE_NOT_RECORDED)
    ordered = {name: counted[name] for name in sorted(counted, key=lambda name: (name in last, name))}
    names = parts_of(book, f"search.images.{ALL}", "place", ordered)
    book.same("search.images.kind.outside", f"place.{accounts.OUTSIDE}")

    def draft() -> ReportSection:
        rows = [(key, key, [name]) for key, name in names]
        return ReportSection(
            "places", "Where the stills come from",
            tables=(
                book.table(
                    "by_place", "Stills or images searched, by the borough of the store", "place",
                    columns=[("images", "stills or images")],
                    rows=[*rows, (ALL, "all", [f"search.images.{ALL}"])],
                ),
            ),
        )  # fmt: skip

    return draft


def yields(book: Book, material: Material) -> Draft:
    """Count the faces good enough to be searched, and the lists that made."""
    found = material.recorded
    known = bool(found) or not material.searches
    faces = book.put("yield.faces", sum(one.faces for one in found) if known else None)
    usable = book.put("yield.usable", sum(one.usable or 0 for one in found) if known else None)
    lists = book.put("yield.lists", sum(one.lists or 0 for one in found) if known else None)
    if known:
        book.split(f"search.faces.{ALL}", {faces: book.counts[faces]})
    book.less(faces, usable)
    book.less(usable, lists)
    bands = Counter[str]()
    for one in found:
        bands.update(one.bands)
    ordered = {band: bands[band] for band in sorted(bands) if bands[band]}
    named = parts_of(book, faces, "yield.band", ordered) if ordered else []

    def draft() -> ReportSection:
        missing = len(found) < len(material.searches)
        tables = () if not named else (
            book.table("by_band", "Faces by quality band", "band", columns=[("faces", "faces")],
                       rows=[*((key, key, [name]) for key, name in named), (ALL, "all", [faces])], note=BANDS),
        )  # fmt: skip
        return ReportSection(
            "yield", "What the searches gave",
            paragraphs=(YIELD, *((NOT_THEN,) if missing else ())),
            rates=(
                book.rate("usable", "faces found that were good enough to be searched", usable, faces),
                book.rate("lists", "searched faces with somebody on the list", lists, usable),
            ),
            tables=tables,
        )  # fmt: skip

    return draft


YIELD = (
    "A face too small, too dark or turned away is not searched: whoever it shows is not looked for. A list is only of "
    "who is most alike, so in investigation mode nearly every searched face has one."
)
NOT_THEN = (
    "Some searches of this period were made before the record held what came of them; they are "
    "counted among the searches and in none of these rates."
)
BANDS = "A is best. What each band leaves for a search was measured once, on synthetic people."


def thresholds(book: Book, material: Material) -> Draft:
    """Count the thresholds and lengths of lists, and say what those let through or miss."""
    counted = Counter[str]()
    for one in material.searches:
        counted[_threshold(one.line.details)] += 1
    ordered = {label: counted[label] for label in sorted(counted)}
    names = parts_of(book, f"search.searches.{ALL}", "threshold", ordered)
    past = sum(bool(_past_review(one)) for one in material.searches)
    book.put("past_review", past)
    book.less(f"search.searches.{ALL}", "past_review")
    filtered = book.put("filtered", sum(_filtered(one) for one in material.searches))
    book.less(f"search.searches.{ALL}", filtered)

    def draft() -> ReportSection:
        rows = [(key, key, [name]) for key, name in names]
        return ReportSection(
            "thresholds", "Thresholds used, and what they can miss",
            paragraphs=(MISSES,),
            tables=(
                book.table(
                    "by_threshold", "Searches by threshold and length of list", "threshold",
                    columns=[("searches", "searches")], rows=[*rows, (ALL, "all", [f"search.searches.{ALL}"])],
                ),
                book.table(
                    "filters", "Which custody images were looked at", "searches", columns=[("searches", "searches")],
                    rows=[("past_review", "that looked at images past their review date too", ["past_review"]),
                     ("filtered", "that looked at some custody images only, by what custody recorded", [filtered])],
                ),
            ),
        )  # fmt: skip

    return draft


MISSES = (
    "With no threshold (investigation mode) nobody is cut off but by the length of the list, and somebody is listed "
    "for a stranger too. A threshold returns fewer strangers and misses more people in custody records; how many, "
    "is under error rates where it was measured, and else not known."
)


def _threshold(said: Mapping[str, object]) -> str:
    limit = f"lists of at most {said.get('limit', '?')}"
    if said.get("fpir") is not None:
        return f"set for FPIR {said['fpir']:g}, {said.get('threshold'):.3f} (cosine); {limit}"
    at = said.get("threshold")
    if not isinstance(at, int | float) or at <= INVESTIGATION:
        return f"none (investigation mode); {limit}"
    return f"{at:.3f} (cosine), chosen by the officer; {limit}"


def _past_review(one: SearchAccount) -> bool:
    return "filters" in one.line.details and "review_on" not in one.line.details["filters"]


def _filtered(one: SearchAccount) -> bool:
    filters = one.line.details.get("filters") or {}
    return any(name != "review_on" for name in filters)


def review(book: Book, material: Material) -> Draft:
    """Say what officers decided of the lists."""
    made = accounts.review(material.before, material.within)
    known = made.recorded > 0 or not made.judgements
    counts = {key: made.outcomes[str(outcome)] for key, outcome in OUTCOMES.items()}
    ended, judged = sum(counts[key] for key in DECIDED), sum(counts.values())
    for key, count in (*counts.items(), ("ended", ended), ("judged", judged)):
        book.put(f"review.{key}", count if known else None)
    if known:
        book.add("review.judged", ["review.ended", "review.pending"])
        book.add("review.ended", [f"review.{key}" for key in DECIDED])
    reopened = book.put("review.reopened", made.reopened)

    def draft() -> ReportSection:
        rows = [(key, OUTCOME_LABELS[key], [f"review.{key}"]) for key in OUTCOMES]
        tables = [
            book.table(
                "outcomes", "Lists judged, by what came of them at the end of the period", "outcome",
                columns=[("lists", "lists")], rows=[*rows, (ALL, "all", ["review.judged"])],
            ),
            book.table(
                "reopened", "Lists decided before and open again", "why", columns=[("lists", "lists")],
                rows=[("enrolment", "somebody newly enrolled came near the top", [reopened])],
            ),
        ]  # fmt: skip
        if not material.public:
            tables.append(_judgements(made))
        return ReportSection(
            "review", "What officers decided",
            paragraphs=(REVIEWED, *((SETTLED_NOT_THEN,) if made.recorded < made.judgements else ())),
            rates=(
                book.rate("corroborated", "decided lists on which officers agreed on somebody", "review.corroborated",
                          "review.ended"),
                book.rate("disputed", "decided lists on which officers did not agree", "review.disputed",
                          "review.ended"),
            ),
            tables=tuple(tables),
        )  # fmt: skip

    return draft


def _judgements(made: accounts.ReviewAccount) -> ReportTable:
    """Count judgements, for those who answer for them: two make a decided list, so they would tell how many are."""
    rows = [ReportRow("made", "judgements made, trials among them", (made.judgements,))]
    rows += [
        ReportRow(str(verdict).replace(" ", "_"), f"of lists decided in the period: {verdict}",
                        (made.verdicts[str(verdict)],))
        for verdict in Verdict
    ]  # fmt: skip
    return ReportTable("judgements", "Judgements", "what", (("count", "number"),), tuple(rows))


OUTCOMES = {
    "corroborated": Outcome.CORROBORATED,
    "not_supported": Outcome.NOT_SUPPORTED,
    "disputed": Outcome.DISPUTED,
    "pending": Outcome.PENDING,
}
OUTCOME_LABELS = {
    "corroborated": "corroborated: two officers agreed on one person",
    "not_supported": "not supported: officers agreed that nobody on the list is the person",
    "disputed": "disputed: officers did not agree",
    "pending": "pending: judged by one officer so far",
}
DECIDED = ("corroborated", "not_supported", "disputed")
REVIEWED = (
    "A list is judged by two officers, each on their own, the second blind to the first and to every score; by a third "
    "where they disagree. Nothing follows from a list until they agree. That they agree does not say that they are "
    "right, nor that the person committed an offence."
)
SETTLED_NOT_THEN = (
    "Some judgements of this period were made before the record held what lists came to; outcomes are of the others."
)


def listed(items: Iterable[str], otherwise: str) -> str:
    """Return words one after another, or what to say where there are none."""
    return ", ".join(items) or otherwise
