"""How often the whole process is wrong, search and blind reviewers together: of 100 corroborated leads, how many.

A fault tree over one list of candidates. The top event is a corroborated lead that names the wrong person. It comes
about where the person is not in the gallery, or is and is not on the list, and both reviewers support one and the same
look-alike; or where they are on the list and both support somebody else all the same.

Everything below the top is a measured share with its count, drawn from its Beta distribution (Jeffreys's prior) for the
interval; nothing is assumed to be known better than its trials. What is not measured is said and tried at both ends:
the share of lists whose person is in the gallery, where nobody states it, and how far reviewers are drawn by the same
look-alike. Where all of an error is shared, the second reviewer takes nothing off it: that is the upper end, and the
one to plan for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Rate

DRAWS = 20_000
LEAST_TRIALS = 10
"""Trials of a share below which the process has no figure: ours."""

SHARED = (0.0, 0.3, 1.0)
"""How much of two reviewers' errors on one list is shared: none, what the simulated month takes, all."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """The shares that the tree rests on, with their counts.

    Attributes
    ----------
    listed
        Of lists whose person is in the gallery, those that have the person on them (hit rate within the list).
    supports_absent
        Of target-absent trials, those in which a reviewer supported somebody.
    supports_present
        Of target-present trials, those in which a reviewer supported the right person.
    wrong_present
        Of target-present trials, those in which a reviewer supported somebody else.
    in_gallery
        Of the lists that come to review, those whose person is in the gallery; ``None`` where nobody can say.
    """

    listed: Rate
    supports_absent: Rate
    supports_present: Rate
    wrong_present: Rate
    in_gallery: Rate | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A share that follows from others, with the 95 % interval of its draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """The tree under one statement of what is not measured.

    ``wrong`` is of corroborated leads, ``found`` of the people in the gallery those corroborated rightly; ``branches``
    are the ways in which a wrong lead comes about, as shares of lists.
    """

    in_gallery: float | None
    shared: float
    wrong: Share
    found: Share
    branches: Mapping[str, Share] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """The whole process: a scenario for each statement of what is not measured, or why there is none."""

    measured: Measured
    scenarios: tuple[Scenario, ...]
    sentences: tuple[str, ...]
    insufficient: str | None = None


def process(measured: Measured, *, shared: tuple[float, ...] = SHARED, seed: int = 0) -> Process:
    """Return how often corroborated leads are wrong, as far as what was measured says.

    Two officers decide by agreeing; where they differ a third does, as in review. With a chance of ``shared`` all three
    see the same thing in a list, else each sees for themselves.
    """
    if any(not 0 <= one <= 1 for one in shared):
        raise WrongUse("How much of two reviewers' errors is shared lies from 0 to 1.")
    lacking = [
        f"{LEAST_TRIALS - rate.trials} more of {name}"
        for name, rate in (
            ("searches of people in the gallery", measured.listed),
            ("target-absent trials", measured.supports_absent),
            ("target-present trials", measured.supports_present),
        )
        if rate.trials < LEAST_TRIALS
    ]
    if lacking:
        return Process(measured, (), (), f"insufficient: it takes {', '.join(lacking)}")
    priors: tuple[float | Rate, ...] = (0.2, 0.5, 0.8) if measured.in_gallery is None else (measured.in_gallery,)
    scenarios = tuple(_scenario(measured, prior, one, seed) for prior in priors for one in shared)
    return Process(measured, scenarios, _sentences(scenarios))


def _scenario(measured: Measured, prior: float | Rate, shared: float, seed: int) -> Scenario:
    rng = np.random.default_rng(seed)
    drawn = {
        name: _drawn(rng, getattr(measured, name))
        for name in ("listed", "supports_absent", "supports_present", "wrong_present")
    }
    there = _drawn(rng, prior) if isinstance(prior, Rate) else np.full(DRAWS, prior)
    absent = _both(drawn["supports_absent"], shared)
    branches = {
        "not in the gallery": (1 - there) * absent,
        "in the gallery, not on the list": there * (1 - drawn["listed"]) * absent,
        "on the list, somebody else supported": there * drawn["listed"] * _both(drawn["wrong_present"], shared),
    }
    right = there * drawn["listed"] * _both(drawn["supports_present"], shared)
    wrong = np.sum(list(branches.values()), axis=0)
    return Scenario(
        in_gallery=prior if isinstance(prior, float) else prior.value,
        shared=shared,
        wrong=_told(wrong / (wrong + right)),
        found=_told(right / there),
        branches={name: _told(part) for name, part in branches.items()},
    )


def _both(one: Floats, shared: float) -> Floats:
    """Return how often two of up to three officers do what each does so often."""
    return shared * one + (1 - shared) * (3 * one**2 - 2 * one**3)


def _drawn(rng: np.random.Generator, rate: Rate) -> Floats:
    return rng.beta(rate.successes + 0.5, rate.trials - rate.successes + 0.5, DRAWS)


def _told(drawn: Floats) -> Share:
    low, middle, high = np.percentile(drawn, [2.5, 50, 97.5])
    return Share(float(middle), float(low), float(high))


def _sentences(scenarios: tuple[Scenario, ...]) -> tuple[str, ...]:
    lines = []
    for one in scenarios:
        given = (
            ""
            if one.in_gallery is None
            else f" where {100 * one.in_gallery:.0f} of 100 lists have their person in the gallery"
        )
        errors = {0.0: "if reviewers err on different lists", 1.0: "if one look-alike draws both"}.get(
            one.shared, f"if {100 * one.shared:.0f} % of their errors are shared"
        )
        lines.append(
            f"Of 100 corroborated leads {100 * one.wrong.value:.1f} are wrong (95 %: {100 * one.wrong.low:.1f} to "
            f"{100 * one.wrong.high:.1f}){given}, {errors}."
        )
    return tuple(lines)
