"""Rows of soft spots as the summary takes them: by ensemble, by series, by model."""

from __future__ import annotations

import numpy as np

from glassmodes.papers.kapteijns2020_nqe.tables import reference
from glassmodes.statistics.distributions import FEWEST_MODES


def positive(rows, *columns):
    """Rows with positive, finite values of some columns."""
    chosen = np.ones(len(rows), dtype=bool)
    for column in columns:
        chosen &= np.isfinite(rows[column]) & (rows[column] > 0.0)
    return rows[chosen].reset_index(drop=True)


def by_series(rows):
    """Rows of each model at one density and parent temperature, all sizes together."""
    for _, group in rows.groupby("label", sort=False):
        yield group.reset_index(drop=True)


def by_ensemble(rows):
    """Rows of each ensemble."""
    for _, group in rows.groupby("ensemble", sort=False):
        yield group.reset_index(drop=True)


def by_model(rows):
    """Rows of each model at one density: all sizes and parent temperatures."""
    for _, group in rows.groupby(["model", "density"], sort=False):
        yield group.reset_index(drop=True)


def names_of(rows):
    """The ensembles of some rows, smallest first."""
    ordered = rows.sort_values("particles", kind="stable")["ensemble"].unique()
    return ", ".join(ordered)


def temperature_of(rows):
    """The parent temperature, where the paper has a series of them."""
    paper = reference(rows["model"].iloc[0])
    values = rows["parent_temperature"].unique()
    return values[0] if paper and paper.beyond_bound and len(values) == 1 else np.nan


def counts_of(rows):
    """Samples of each size, for a statement."""
    sizes = rows.groupby("particles").size()
    return "samples: " + ", ".join(f"{count} of N = {size}" for size, count in sizes.items())


def enough(rows, verdict):
    """A verdict, None where it would be of too few samples."""
    return verdict if len(rows) >= FEWEST_MODES else None
