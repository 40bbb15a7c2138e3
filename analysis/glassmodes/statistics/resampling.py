"""Standard errors by bootstrap and jackknife over whole samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

RESAMPLES = 200
"""Number of bootstrap draws, from which a standard error is known to 5 %."""

SAMPLE = ["ensemble", "sample"]
"""Columns that identify a sample."""

FEWEST_SAMPLES = 3
"""Smallest number of samples from which an error is computed."""


def bootstrap_error(
    rows: pd.DataFrame,
    columns: tuple[str, ...],
    statistic: Callable,
    *,
    seed: int = 1,
    strata: bool = False,
) -> float:
    """Standard error of a statistic by drawing whole samples with replacement.

    The modes of one sample are not independent, as they share transitions; the samples are.

    Parameters
    ----------
    rows : DataFrame
        Table with the columns ensemble and sample, and those that the statistic needs.
    columns : tuple of str
        Columns that are passed to the statistic.
    statistic : callable
        Takes one array for each of the columns and returns a number, NaN if it is not defined.
    seed : int
        Seed of the draws; the same rows give the same error.
    strata : bool
        Draw from each ensemble as many samples as it has, for statistics that compare ensembles.

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
    """Integers of several half-open ranges, one range after the other."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.arange(lengths.sum()) + np.repeat(starts - before, lengths)


def jackknife_error(rows: pd.DataFrame, statistic: Callable) -> float:
    """Standard error of a statistic by leaving out one sample at a time.

    It serves statistics that need several system sizes at once: it stays defined if one size has a
    single sample, as long as two sizes remain.

    Parameters
    ----------
    rows : DataFrame
        Table with the columns ensemble and sample, and those that the statistic needs.
    statistic : callable
        Takes such a table and returns a number.

    Returns
    -------
    float
        NaN for fewer than three samples, or if the statistic is not defined without one of them.
    """
    members = list(rows.groupby(SAMPLE, sort=True).indices.values())
    if len(members) < FEWEST_SAMPLES:
        return np.nan
    values = np.array([statistic(rows.drop(rows.index[places])) for places in members], dtype=float)
    count = len(values)
    return float(np.sqrt((count - 1) / count * ((values - values.mean()) ** 2).sum()))
