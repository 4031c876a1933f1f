"""What the page of prolific offenders shows and what its reader has chosen: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
from traitlets import Any as AnyTrait
from traitlets import Bool, Enum, HasTraits, Unicode

from stillgraph.casework.analysing import review_kind
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.progress_state import LongWork
from stillgraph.dashboards.prolific_source import UNITS, Asked
from stillgraph.dashboards.state import period
from stillgraph.figures import MEASURES
from stillgraph.records import BackTest, ConcentrationReport, Explanation, FaceId, Ranking

if TYPE_CHECKING:
    from stillgraph.dashboards.prolific_source import ProlificSource

MOST_CHIPS = 24
"""Faces shown of a person; the table of offences names every still."""


class ProlificState(HasTraits):
    """The page's state.

    ``by``, ``since``, ``until``, ``with_proposals``, ``include_proactive`` and ``person_id`` (empty: nobody) are the
    reader's choices. Of the two rankings ``sure`` rests on corroborated links alone and ``wide`` on others too;
    ``ranking`` is the one that is shown. ``reports`` say how concentrated the measure is, ``worth`` is what such lists
    were worth, once it is asked for, ``page`` why the person ranks there. ``problem`` is the sentence of the last
    failure, empty after a success.
    """

    by = Enum(tuple(MEASURES), default_value="harm")
    since = AnyTrait(default_value=None)
    until = AnyTrait(default_value=None)
    with_proposals = Bool(default_value=False)
    include_proactive = Bool(default_value=False)
    person_id = Unicode("")
    show_all = Bool(default_value=False)
    ranking = AnyTrait(default_value=None)
    reports = AnyTrait(default_value=())
    worth = AnyTrait(default_value=None)
    page = AnyTrait(default_value=None)
    problem = Unicode("")

    def __init__(self, source: ProlificSource) -> None:
        super().__init__()
        self._source = source
        self.work = LongWork()
        self._rankings: dict[Asked, Ranking] = {}
        self._tests: dict[Asked, BackTest] = {}
        self._reports: dict[Asked, tuple[ConcentrationReport, ...]] = {}
        self.days = source.days()
        self.chips: Mapping[FaceId, bytes] = {}
        self._rank()
        self.observe(
            lambda _change: self._try(self._rank), names=["by", "since", "until", "with_proposals", "include_proactive"]
        )
        self.observe(lambda _change: self._try(self._open), names="person_id")

    def __repr__(self) -> str:
        return "ProlificState()"

    @property
    def asked(self) -> Asked:
        """What the shown ranking is asked with."""
        return Asked(self.by, self.since, self.until, self.with_proposals, self.include_proactive)

    @property
    def sure(self) -> Ranking:
        """The ranking by corroborated links alone."""
        return self._ranked(replace(self.asked, with_proposals=False))

    @property
    def wide(self) -> Ranking:
        """The ranking by links not corroborated too."""
        return self._ranked(replace(self.asked, with_proposals=True))

    def period(self) -> str:
        """Return the days counted, in words."""
        if self.days is None:
            return period(None)
        return period((self.since or self.days[0], self.until or self.days[1]))

    def ranking_table(self) -> pd.DataFrame:
        """Return the ranking as rows to keep, each with what it rests on."""
        ranking: Ranking = self.ranking
        rows = [
            {
                "rank": one.rank,
                "rank_low": one.rank_low,
                "rank_high": one.rank_high,
                "among_the_first": one.top_share,
                "person_id": str(one.person_id),
                "status": one.status.value,
                "offences": one.offences,
                "offences_low": one.count_low,
                "offences_high": one.count_high,
                "harm_days": one.harm_days,
                "harm_low": one.harm_low,
                "harm_high": one.harm_high,
                "value_pence": one.value_pence,
                "rfh": one.rfh,
                "retailers": one.retailers,
                "boroughs": one.boroughs,
                "co_offenders": one.co_offenders,
                "prior_arrests": one.prior_arrests if one.nominal_id is not None else None,
                **{f"rank_by_{by}": getattr(one.ranks, by, None) for by in MEASURES},
                "rank_corroborated": one.rank_corroborated,
                "rank_with_proposals": one.rank_with_proposals,
            }
            for one in ranking.standings
        ]
        told = {"ranked_by": ranking.by, "period": self.period(), "scale": ranking.scale}
        return pd.DataFrame(rows).assign(**told, review=review_kind(simulated=ranking.simulated))

    def offences_table(self) -> pd.DataFrame:
        """Return the chosen person's offences as rows to keep, each with its stills; none while nobody is chosen."""
        page: Explanation | None = self.page
        if page is None:
            return pd.DataFrame()
        rows = [
            {
                "person_id": str(page.person_id),
                "offence_id": str(one.offence_id),
                "occurred_at": one.occurred_at,
                "offence": one.offence,
                "retailer": one.retailer,
                "store": one.store,
                "borough": one.borough,
                "value_pence": one.value_pence,
                "harm_days": one.harm_days,
                "status": one.status.value,
                "counts": one.counts,
                "stills": " ".join(dict.fromkeys(str(face.still) for face in one.faces)),
                "others": " ".join(map(str, one.beside)),
                "doubts": "; ".join(one.doubts),
            }
            for one in page.offences
        ]
        return pd.DataFrame(rows)

    def measure(self) -> None:
        """Measure how concentrated the shown measure is; points of a table add up to nothing and are not measured."""

        def act() -> None:
            asked = self.asked
            if asked.by == "rfh":
                self.reports = ()
                return
            if asked not in self._reports:
                self._reports[asked] = tuple(self._source.concentration(of, asked) for of in UNITS)
            self.reports = self._reports[asked]

        self._try(act)

    def test(self) -> None:
        """Begin to test what lists by the shown measure were worth in the periods after them.

        What was chosen otherwise meanwhile shows no test of another list; a test made is kept for when it is asked for.
        """
        asked, self.problem = self.asked, ""

        def came(found: BackTest) -> None:
            self._tests[asked] = found
            if asked == self.asked:
                self.worth = found

        if asked in self._tests:
            self.worth = self._tests[asked]
        else:
            self.work.start(lambda told: self._source.back_test(asked, told), came, begins="Reading the links")

    def _ranked(self, asked: Asked) -> Ranking:
        if asked not in self._rankings:
            self._rankings[asked] = self._source.ranking(asked)
        return self._rankings[asked]

    def _rank(self) -> None:
        ranking = self._ranked(self.asked)
        with self.hold_trait_notifications():
            self.ranking, self.worth = ranking, None
            if self.person_id not in {str(one.person_id) for one in ranking.standings}:
                self.person_id = ""
        if self.person_id:
            self._open()

    def _open(self) -> None:
        if not self.person_id:
            self.page = None
            return
        page = self._source.why(self.person_id, self.asked)
        faces = [face.face_id for one in page.offences for face in one.faces][:MOST_CHIPS]
        self.chips = self._source.face_chips(faces) if faces else {}
        self.page = page

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
