"""How concentrated a measure is among persons: a Gini corrected for few events, with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Concentration

_CELLS = 4_000_000  # numbers held at once while resampling: 32 MB


def concentration(
    values: ArrayLike, events: ArrayLike | None = None, *, seed: int = 0, draws: int = 1000
) -> Concentration:
    """Measure how unequally ``values`` are spread over persons.

    The Gini is the generalised one of Bernasco & Steenbeek (2017), "More places than crimes", Journal of
    Quantitative Criminology 33, 451-467, doi 10.1007/s10940-016-9324-7: ``G' = 1 - max(n / c, 1) * (1 - G)``
    for n persons and c events. It compares with the most equal spread c indivisible events allow, so that
    fewer offences than persons do not by themselves look like concentration. With at least as many events as
    persons it is the plain Gini.

    Parameters
    ----------
    values
        Shape (n,), the measure of each person, zero or more.
    events
        Shape (n,), the events each person's value is made of; without it the values are themselves counts of
        events. Events of unequal weight are treated as of equal weight, as the correction knows only their
        number.
    seed, draws
        For the bootstrap: ``draws`` resamples of persons, percentiles 2.5 and 97.5.

    Returns
    -------
    Concentration
        All figures ``None`` for fewer than two persons or a measure that is nowhere above zero.
        ``top_10_percent_share`` is in percent: what the first tenth of the persons, rounded up, hold
        together.

    Raises
    ------
    WrongUse
        A negative or non-finite value, a value without events, shapes that differ, or no draws.
    """
    held = np.asarray(values, dtype=np.float64)
    made_of = held if events is None else np.asarray(events, dtype=np.float64)
    if held.ndim != 1 or held.shape != made_of.shape or draws < 1:
        raise WrongUse("Concentration needs one value and one count of events a person, and at least one draw.")
    if not (np.isfinite(held).all() and np.isfinite(made_of).all() and (held >= 0).all() and (made_of >= 0).all()):
        raise WrongUse("Concentration is of values of zero or more; leave out persons whose value is not known.")
    if (held[made_of == 0] > 0).any():
        raise WrongUse("A value above zero comes from at least one event; give each person's count of events.")
    persons = len(held)
    if persons < 2 or held.sum() == 0:
        return Concentration(None, None, None, None, persons)
    order = np.lexsort((made_of, held))
    held, made_of = held[order], made_of[order]
    resampled = _bootstrap(held, made_of, np.random.default_rng(seed), draws)
    low, high = (float(p) for p in np.percentile(resampled, (2.5, 97.5))) if len(resampled) else (None, None)
    gini = float(_gini(held[None, :], made_of.sum(keepdims=True))[0])
    tenth = -(-persons // 10)
    share = 100 * held[persons - tenth :].sum() / held.sum()
    return Concentration(gini, low, high, float(share), persons)


def _bootstrap(
    held: NDArray[np.float64], made_of: NDArray[np.float64], rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Gini of resampled persons, shape (at most draws,): a resample all of zeros has none."""
    persons = len(held)
    chunk = max(1, _CELLS // persons)
    ginis = []
    for start in range(0, draws, chunk):
        # Sorted places of sorted values give sorted values: one sort of integers instead of one of each
        # measure.
        places = np.sort(rng.integers(persons, size=(min(chunk, draws - start), persons)), axis=1)
        sample = held[places]
        some = sample.sum(axis=1) > 0
        ginis.append(_gini(sample[some], made_of[places].sum(axis=1)[some]))
    return np.concatenate(ginis)


def _gini(ascending: NDArray[np.float64], events: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised Gini of each row, shape (k, n), sorted along n; ``events`` has shape (k,)."""
    persons = ascending.shape[1]
    place = np.arange(1, persons + 1)
    plain = 2 * (ascending @ place) / (persons * ascending.sum(axis=1)) - (persons + 1) / persons
    return np.asarray(1 - np.maximum(persons / events, 1) * (1 - plain))
