"""Rows of soft spots as the claims take them: by size, by series, by model; and words for them.

A series is one model at one density, parent temperature and protocol, all sizes together.
"""

from __future__ import annotations

import numpy as np

from glassmodes.papers.criteria import (
    CONTEXT,
    UNDECIDED,
    Judgement,
    proportion,
    proportion_error,
)
from glassmodes.papers.kapteijns2020_nqe.glasses import is_poly, paper_model
from glassmodes.plotting.selection import samples_of

LARGEST_ENSEMBLE = 320_000
"""Samples of the paper's largest ensemble: no study has more."""


def by_series(rows):
    """Rows of each model at one density and parent temperature, all sizes together."""
    for _, group in rows.groupby("label", sort=False):
        yield group.reset_index(drop=True)


def by_size(rows):
    """Rows of each size of a series: those of the ensemble that has most samples."""
    for _, group in rows.groupby(["label", "particles"], sort=False):
        counts = group.groupby("ensemble", sort=False)["sample"].nunique()
        yield group[group["ensemble"] == counts.idxmax()].reset_index(drop=True)


def by_model(rows):
    """Rows of each model at one density: all sizes, parent temperatures and protocols."""
    for _, group in rows.groupby(["model", "density"], sort=False):
        yield group.reset_index(drop=True)


def names_of(rows) -> str:
    """The ensembles of some rows, smallest first."""
    ordered = rows.sort_values("particles", kind="stable")["ensemble"].unique()
    return ", ".join(ordered)


def temperature_of(rows) -> float:
    """The parent temperature, where the paper has a series of them; NaN otherwise."""
    paper = paper_model(rows["model"].iloc[0])
    values = rows["parent_temperature"].unique()
    return values[0] if paper and paper.is_poly and len(values) == 1 else np.nan


def glasses_of(tables, rows) -> dict:
    """What a row of the summary says of its glasses: arguments of :func:`criteria.claim`."""
    ordered = rows.sort_values("particles", kind="stable")
    return {
        "ensemble": names_of(rows),
        "temperature": temperature_of(rows),
        "samples": samples_of(tables, ordered),
        "count": rows.groupby(["ensemble", "sample"]).ngroups,
    }


def of_paper(judgement, rows) -> Judgement:
    """A verdict on glasses that the paper has; a number for orientation for other ones."""
    if rows["of_paper"].any():
        return judgement
    rule = "not judged: the paper has no glasses of this model, density and protocol"
    return Judgement(CONTEXT, rule, judgement.reference)


def of_ipl(judgement, rows) -> Judgement:
    """As :func:`of_paper`, for figures that the paper shows of its IPL glasses alone."""
    if is_poly(rows).any():
        rule = "not judged: the paper shows it of IPL glasses"
        return Judgement(CONTEXT, rule, judgement.reference)
    return of_paper(judgement, rows)


def part_of(flags, low, high=1.0, *, reference=np.nan) -> tuple[Judgement, dict]:
    """Whether the part of the samples with a property lies in a range.

    Parameters
    ----------
    flags : array_like of bool
        One for each sample.
    low, high : float
        Ends of the range.
    reference : float
        The paper's part.

    Returns
    -------
    Judgement
    dict
        observed, error and what would decide an undecided claim, for :func:`criteria.claim`.
    """
    flags = np.asarray(flags, dtype=bool)
    successes, count = int(flags.sum()), len(flags)
    judgement = proportion(successes, count, low, high, reference=reference)
    decided_by = ""
    if judgement.verdict == UNDECIDED:
        decided_by = _samples_for_part(successes, count, low, high)
    row = {
        "observed": successes / count,
        "error": proportion_error(successes, count),
        "decided_by": decided_by,
    }
    return judgement, row


def _samples_for_part(successes, count, low, high):
    """How many samples would decide, if the part with the property stayed what it is."""
    needed = count
    while needed < LARGEST_ENSEMBLE:
        needed = int(np.ceil(1.05 * needed))
        found = proportion(round(needed * successes / count), needed, low, high)
        if found.verdict != UNDECIDED:
            # to two digits, as for other values
            needed = round(needed, 1 - int(np.log10(needed)))
            return f"about {needed:,} samples instead of {count} would decide, if the part stays"
    return f"more than {LARGEST_ENSEMBLE:,} samples would be needed, if the part stays"
