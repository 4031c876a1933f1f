"""A made-up case for the dashboards: synthetic records, no pixels but a grey square."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import (
    Box,
    Candidate,
    Concentration,
    EnhancedFace,
    Enhancement,
    GalleryInfo,
    LinkStatus,
    Person,
    PersonFace,
    Preview,
    Probe,
    ProbeTemplate,
    Quality,
    Ranking,
    Rate,
    SearchOutcome,
    SearchReport,
    Standing,
)

BOROUGHS = {
    "Camden": (51.54, -0.16),
    "Enfield": (51.65, -0.08),
    "Croydon": (51.37, -0.10),
    "Hackney": (51.55, -0.06),
    "Ealing": (51.51, -0.31),
    "Bromley": (51.40, 0.02),
    "Newham": (51.53, 0.03),
    "Barnet": (51.62, -0.20),
}
TRAP = '<script>alert("x")</script>'
"""A value that must never reach a page unescaped."""


class MadeUpCase:
    """Answers a page's questions with made-up synthetic records."""

    name = "made-up"

    def __init__(self, persons: int = 40, offences: int = 180, seed: int = 7, *, simulated: bool = True) -> None:
        rng = np.random.default_rng(seed)
        self.simulated = simulated
        self.asked: list[tuple[str, Any]] = []
        ids = [f"N{i:06d}" if i % 3 else f"unknown {i // 3 + 1}" for i in range(1, persons + 1)]
        self.status = {p: LinkStatus.UNKNOWN if p.startswith("u") else LinkStatus.CORROBORATED for p in ids}
        stores = [
            (f"Shop {n}", f"Shop {n} {b}", b, lat + rng.normal(0, 0.012), lon + rng.normal(0, 0.02))
            for n in range(1, 7)
            for b, (lat, lon) in BOROUGHS.items()
        ]
        weight = rng.pareto(1.2, persons) + 0.2
        who = rng.choice(persons, offences, p=weight / weight.sum())
        rows, links = [], []
        for i in range(offences):
            shop, store, borough, lat, lon = stores[rng.integers(len(stores))]
            harm = float(rng.choice([1, 1, 1, 1, 10, 365], p=[0.3, 0.3, 0.2, 0.1, 0.06, 0.04]))
            members = sorted({ids[who[i]], *([ids[rng.integers(persons)]] if rng.random() < 0.2 else [])})
            links += [(m, f"R01/26/{i:05d}") for m in members]
            known = any(self.status[m] is LinkStatus.CORROBORATED for m in members)
            rows.append(
                {
                    "offence_id": f"R01/26/{i:05d}",
                    "retailer": shop,
                    "store": store,
                    "borough": borough,
                    "latitude": lat,
                    "longitude": lon,
                    "occurred_at": datetime(2025, 11, 3, 12, tzinfo=UTC) + timedelta(days=int(rng.integers(360))),
                    "offence": "Robbery of business property" if harm > 300 else "Shoplifting",
                    "value_pence": int(rng.gamma(2, 4000)),
                    "harm_days": harm,
                    "link": "corroborated" if known else "unknown",
                    "persons": ", ".join(members),
                }
            )
        self.frame = pd.DataFrame(rows)
        self.graph = nx.Graph()
        for p in ids:
            self.graph.add_node(p, kind="person", label=p, status=self.status[p].value)
        for person, offence in links:
            self.graph.add_node(offence, kind="offence", label=offence)
            self.graph.add_edge(person, offence)
        self.ids = [p for p in ids if self.graph.degree(p)]

    def sitting(self) -> AbstractContextManager[None]:
        return nullcontext()

    def at_a_glance(self) -> Any:
        self.asked.append(("at_a_glance", None))
        return SimpleNamespace(
            as_of=datetime(2026, 11, 1, 9, 30, tzinfo=UTC),
            kind="demonstration",
            period=(date(2025, 11, 3), date(2026, 10, 28)),
            nominals=150,
            deliveries=12,
            retailers=12,
            stills_received=302,
            rows_refused=2,
            stills_without_face=1,
            faces_found=366,
            faces_usable=351,
            stills_searched=301,
            reviews_pending=3,
            reviews_corroborated=188,
            reviews_not_supported=140,
            reviews_disputed=20,
            nominals_corroborated=66,
            unknown_persons=58,
            unknown_series=17,
            offences=len(self.frame),
            offences_with_corroborated=140,
            custody_images=194,
            gallery_size=194,
            gallery_past_review=15,
            gallery_version="0123456789abcdef0123",
            model="yunet-sface@0a1b2c3d4e5f",
            threshold=-1.0,
            leads=351,
            yield_rate=Rate(170, 301, 170 / 301, 0.508, 0.620),
            simulated=self.simulated,
            stage_times=(("custody", 12.3), ("stills", 34.5), ("search", 2.1), ("review", 0.9), ("link", 0.7)),
            refusals=pd.DataFrame(
                {
                    "retailer_id": ["R03", "R09"],
                    "line": [14, 3],
                    "image": ["R03_0099.jpg", TRAP],
                    "field": ["image", "value_gbp"],
                    "reason": ["there is no such file in stills/", "a value is 0 or more"],
                }
            ),
        )

    def ranking(self, by: str, *, with_proposals: bool = False) -> Ranking:
        self.asked.append(("ranking", (by, with_proposals)))
        standings = []
        for person in self.ids:
            if self.status[person] is LinkStatus.UNKNOWN and not with_proposals:
                continue
            own = self.frame[self.frame["offence_id"].isin(list(self.graph[person]))]
            standings.append(
                Standing(
                    rank=1,
                    rank_low=1,
                    rank_high=1,
                    person_id=person,
                    nominal_id=None if person.startswith("u") else person,
                    offences=len(own),
                    harm_days=float(own["harm_days"].sum()),
                    value_pence=int(own["value_pence"].sum()),
                    rfh=len(own) % 9 + 3,
                    retailers=own["retailer"].nunique(),
                    prior_arrests=len(own) % 4,
                    status=self.status[person],
                )
            )
        key = {"harm": "harm_days", "count": "offences", "value": "value_pence", "rfh": "rfh"}[by]
        standings.sort(key=lambda s: (-getattr(s, key), s.person_id))
        ranked = tuple(
            replace(s, rank=i, rank_low=max(1, i - 3), rank_high=min(len(standings), i + 4))
            for i, s in enumerate(standings, 1)
        )
        spread = Concentration(0.52, 0.44, 0.61, 47.0, len(ranked))
        scale = "Cambridge Crime Harm Index, 2026 medians; points: 1 to 5 each for recency, frequency and harm."
        return Ranking(by, None, None, scale, ranked, spread, self.simulated)

    def network(self) -> Any:
        at = nx.spring_layout(self.graph, seed=1, iterations=30)
        return self.graph, {n: (float(x), float(y)) for n, (x, y) in at.items()}

    def places(self) -> pd.DataFrame:
        return self.frame

    def person(self, person_id: str) -> Any:
        self.asked.append(("person", person_id))
        if person_id not in self.status:
            raise NotFound(f"There is no person {person_id}; the ranking lists those there are.")
        offences = tuple(sorted(self.graph[person_id]))
        stills = tuple(f"R01/R01_{i:04d}.jpg" for i in range(len(offences)))
        faces = tuple(PersonFace(f"{s}#1", s, Box(1, 2, 30, 40)) for s in stills)
        status = self.status[person_id]
        known = status is LinkStatus.CORROBORATED
        return SimpleNamespace(
            person=Person(person_id, person_id if known else None, status, faces, stills, offences),
            nominal_id=person_id if known else None,
            offences=self.frame[self.frame["offence_id"].isin(offences)][
                ["offence_id", "occurred_at", "retailer", "store", "offence", "value_pence", "harm_days"]
            ],
            arrests=pd.DataFrame(
                {"arrested_on": [date(2020, 5, 1)], "offence": ["Shoplifting"], "disposal": ["convicted"]}
            ).head(int(known)),
            co_offenders=pd.DataFrame({"person_id": ["N000002"], "offences": [2]}),
            stills=stills,
            review_kind="simulated review" if known and self.simulated else None,
        )

    def rows_behind(self, number: str) -> pd.DataFrame:
        self.asked.append(("rows_behind", number))
        if number == "Profit":
            raise NotFound("There is no number Profit.")
        if number == "Deliveries":
            return pd.DataFrame({"delivery_id": [1, 2], "retailer_id": ["R01", TRAP]})
        return pd.DataFrame({"still_id": ["R01/a.jpg", "R01/b.jpg", "R01/a.jpg"], "retailer": TRAP})

    def counted(self, number: str, rows: pd.DataFrame) -> int:
        return rows["still_id"].nunique() if number == "Unknown series" else len(rows)

    def still_picture(self, still: str) -> bytes:
        self.asked.append(("still_picture", still))
        if still == "R01/b.jpg":
            raise NotFound(f"There is no still {still} in this case.")
        return _grey()

    def unknown_series(self) -> pd.DataFrame:
        return pd.DataFrame(
            {"person_id": ["unknown 1", "unknown 3"], "stills": [5, 2], "offences": [4, 2], "retailers": [3, 1]}
        )

    def face_chips(self, faces: Iterable[str]) -> dict[str, bytes]:
        return {face: _grey() for face in faces}

    def custody_chips(self, images: Iterable[str]) -> dict[str, bytes]:
        return {image: _grey() for image in images}

    def first_listed_still(self) -> str | None:
        return "R01/R01_0002.jpg"

    def candidate_lists(self, still: str) -> SearchReport:
        if not still.startswith("R01/"):
            raise NotFound(f"There is no still {still}.")
        listed = tuple(Candidate(i, f"N{i:06d}", f"N{i:06d}/N{i:06d}_1.jpg", 0.9 - i / 20) for i in range(1, 21))
        quality = Quality(22.0, 11.0, 120.0, 30.0, 0.9, 0.97)
        probe = Probe(f"{still}#1", still, Box(1, 2, 30, 40), quality, True, SearchOutcome.CANDIDATES, listed)
        return SearchReport(1, GalleryInfo(194, "0123"), "yunet-sface@0a1b2c3d4e5f", -1.0, 20, 0.2, (probe,), ())

    def preview(self, still: str, steps: tuple[str, ...]) -> Preview:
        self.asked.append(("preview", tuple(steps)))
        if any(step.startswith("crop 9") for step in steps):
            raise WrongUse("That reaches beyond the picture.")
        words = ", ".join(steps) or "nothing yet"
        recorded = tuple({"step": step} for step in steps)
        return Preview(still, recorded, words, 200, 100, "0" * 64, ("original", f"enhanced: {words}"),
                       _grey(), _grey(), _grey())  # fmt: skip

    def enhance(self, still: str, steps: tuple[str, ...]) -> Enhancement:
        self.asked.append(("enhance", tuple(steps)))
        faces = (EnhancedFace(f"{still}#2", Box(1, 2, 30, 40), Box(2, 4, 60, 80), only_enhanced=True),)
        return Enhancement(f"{still}~1", still, (), ", ".join(steps), 200, 100, "0" * 64, "made up", "pc1", "OP",
                           datetime(2026, 11, 1, tzinfo=UTC), faces, made_now=True)  # fmt: skip

    def search(self, still: str, enhancement: str) -> SearchReport:
        self.asked.append(("search", enhancement))
        found = self.candidate_lists(still)
        probes = tuple(replace(probe, template=ProbeTemplate.BOTH) for probe in found.probes)
        return replace(found, probes=probes, enhancement=enhancement)

    def query(self, sql: str) -> pd.DataFrame:
        return pd.DataFrame({"borough": ["Camden", TRAP], "offences": [12, 3]})


def _grey() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 128).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def source() -> MadeUpCase:
    """Return a made-up case under simulated review."""
    return MadeUpCase()


@pytest.fixture
def made_up() -> type[MadeUpCase]:
    """Return the made-up case's class, to make one with other properties."""
    return MadeUpCase


@pytest.fixture(scope="session")
def made_up_source() -> MadeUpCase:
    """Return one small made-up case for tests that only read it."""
    return MadeUpCase(persons=12, offences=40)
