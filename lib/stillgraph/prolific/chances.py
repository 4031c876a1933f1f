"""What worlds are drawn with: how often links are wrong, how sure that is, and how many worlds are drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import beta

from stillgraph.errors import WrongUse


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability and how much is known of it: a beta distribution of mean ``mean`` worth ``trials`` trials.

    ``trials`` may be infinite: then the probability is exactly ``mean``. ``source`` says where it comes from.
    """

    mean: float
    trials: float
    source: str

    def __post_init__(self) -> None:
        if not (0 <= self.mean <= 1 and self.trials > 0):
            raise WrongUse("A probability lies between 0 and 1 and is worth some trials; correct the settings.")

    def learned(self, wrong: int, trials: int, source: str) -> Chance:
        """Return what is known after ``wrong`` of so many further ``trials``: the posterior of the beta prior."""
        if not 0 <= wrong <= trials:
            raise WrongUse(f"Of {trials} trials {wrong} cannot have been wrong; correct the counts.")
        worth = self.trials + trials
        mean = self.mean if math.isinf(worth) else (self.mean * self.trials + wrong) / worth
        return replace(self, mean=mean, trials=worth, source=source)

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 2.5th and 97.5th percentile of the probability."""
        if self.fixed:
            return self.mean, self.mean
        low, high = beta.ppf((0.025, 0.975), self.mean * self.trials, (1 - self.mean) * self.trials)
        return float(low), float(high)

    @property
    def fixed(self) -> bool:
        """Say whether the probability is known exactly."""
        return math.isinf(self.trials) or self.mean in {0.0, 1.0}

    def told(self) -> dict[str, object]:
        """Return the chance as JSON knows it."""
        low, high = self.interval
        return {"mean": self.mean, "low": low, "high": high, "source": self.source}

    def draw(self, rng: np.random.Generator) -> float:
        """Return the probability as it is in one world."""
        if self.fixed:
            return self.mean
        return float(rng.beta(self.mean * self.trials, (1 - self.mean) * self.trials))


STATED = "stated, not measured"

REVIEWER_ERROR = Chance(0.02, 50, STATED)
"""That two officers agreed on somebody wrong: ours, until trials of the case say more (Beta(1, 49))."""

RULING_ERROR = Chance(0.1, 20, STATED)
"""That one officer's ruling in the open is wrong: people choosing among faces err often (White et al. 2015)."""

LIKENESS_ERROR = Chance(0.2, 10, STATED)
"""That a face grouped by likeness alone is somebody else: the shipped model's groups of synthetic faces were wrong of
one pair in 25 (:data:`stillgraph.linking.persons.DEFAULT_THRESHOLD`), and real faces are harder."""


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """How worlds are drawn.

    Attributes
    ----------
    draws, seed
        How many worlds, and from where their randomness starts.
    reviewer_error, ruling_error, likeness_error
        That a link is wrong which is corroborated, which one officer ruled, which is by likeness alone. Each is drawn
        once a world, so that errors come together.
    join_odds
        Prior odds that two persons proposed to be one are, before their likelihood ratio: posterior odds are its
        product with the ratio.
    join_probability
        That they are one, where the proposal has no likelihood ratio.
    top_n
        How long the list is of which ``top_share`` says how often a person is on it.
    """

    draws: int = 1000
    seed: int = 0
    reviewer_error: Chance = REVIEWER_ERROR
    ruling_error: Chance = RULING_ERROR
    likeness_error: Chance = LIKENESS_ERROR
    join_odds: float = 0.1
    join_probability: float = 0.5
    top_n: int = 10

    def __post_init__(self) -> None:
        if self.draws < 1 or self.top_n < 1 or self.seed < 0:
            raise WrongUse(
                "There is at least one world and one place at the top, and no seed below zero; correct them."
            )
        if not (0 <= self.join_probability <= 1 and 0 <= self.join_odds < math.inf):
            raise WrongUse("Odds are zero or more and a probability is from 0 to 1; correct the settings of joins.")

    @property
    def chances(self) -> tuple[Chance, Chance, Chance]:
        """Return the chances that a link is wrong, in the order of :data:`stillgraph.records.LINK_STATUSES`."""
        return self.reviewer_error, self.ruling_error, self.likeness_error

    def told(self) -> dict[str, object]:
        """Return the settings as JSON knows them."""
        return {
            "draws": self.draws,
            "seed": self.seed,
            "top_n": self.top_n,
            "reviewer_error": self.reviewer_error.told(),
            "ruling_error": self.ruling_error.told(),
            "likeness_error": self.likeness_error.told(),
            "join_odds": self.join_odds,
            "join_probability": self.join_probability,
        }
