"""Errors over samples: bootstrap and jackknife, the modes of a sample kept together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

RESAMPLES = 200
"""Drawn by the bootstrap: a standard error is then known to 5 %."""

SAMPLE = ["ensemble", "sample"]
"""Columns that name a sample."""

FEWEST_SAMPLES = 3
"""Below this number a scatter over samples says nothing."""


def bootstrap_error(
    rows: pd.DataFrame,
    columns: tuple[str, ...],
    statistic: Callable,
    *,
    seed: int = 1,
    strata: bool = False,
) -> float:
    """Standard error of a statistic by resampling whole samples.

    Modes of one sample share transitions and are not independent; samples are.

    Parameters
    ----------
    rows : DataFrame
        With ensemble, sample and the columns.
    columns : tuple of str
    statistic : callable
        Takes one array for each of the columns, returns a number (NaN where it has none).
    seed : int
        The same rows give the same error.
    strata : bool
        Draw as many samples of each ensemble as it has: for what compares ensembles.

    Returns
    -------
    float
        NaN for fewer than three samples.
    """
    sample = rows.groupby(SAMPLE, sort=True).ngroup().to_numpy()
    order = np.argsort(sample, kind="stable")
    starts = np.searchsorted(sample[order], np.arange(sample.max(initial=-1) + 2))
    count = len(starts) - 1
    if count < FEWEST_SAMPLES:
        return np.nan
    if strata:
        ensemble = rows["ensemble"].to_numpy()[order[starts[:-1]]]
        groups = [np.flatnonzero(ensemble == name) for name in pd.unique(ensemble)]
    else:
        groups = [np.arange(count)]
    values_of = [rows[column].to_numpy() for column in columns]
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate(
            [group[rng.integers(len(group), size=len(group))] for group in groups]
        )
        places = order[_ranges(starts[drawn], starts[drawn + 1])]
        values.append(statistic(*(column[places] for column in values_of)))
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _ranges(starts, ends):
    """All integers of several half-open ranges, one range after the other."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def jackknife_error(rows: pd.DataFrame, statistic: Callable) -> float:
    """Standard error of a statistic by leaving out one sample at a time.

    For what needs several sizes at once: it stays defined where one size has a single sample, as
    long as two sizes are left.

    Parameters
    ----------
    rows : DataFrame
        With ensemble, sample and what the statistic needs.
    statistic : callable
        Takes such rows, returns a number.

    Returns
    -------
    float
        NaN for fewer than three samples, or where the statistic is not defined without one.
    """
    members = list(rows.groupby(SAMPLE, sort=True).indices.values())
    if len(members) < FEWEST_SAMPLES:
        return np.nan
    values = np.array([statistic(rows.drop(rows.index[places])) for places in members], dtype=float)
    count = len(values)
    return float(np.sqrt((count - 1) / count * ((values - values.mean()) ** 2).sum()))
