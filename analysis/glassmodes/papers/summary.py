"""The summary: one row per reference value of the papers, a module for each group of them.

Each row states by which rule `agrees` was decided. The rules were written down from what the paper
claims and how precisely it claims it, not from what came out; a row that disagrees stays. Errors
are standard errors: over samples where there are at least three, otherwise as each row says.
"""

from __future__ import annotations

import pandas as pd

from glassmodes.data.gather import validate
from glassmodes.papers.kapteijns2020_nqe import landscape_claims, mode_claims
from glassmodes.papers.mizuno2020_anharmonic import claims as anharmonic_claims
from glassmodes.papers.mizuno2020_intermittent import rearrangement_claims, vibration_claims

_PAPERS = (
    vibration_claims,
    rearrangement_claims,
    anharmonic_claims,
    mode_claims,
    landscape_claims,
)
"""Modules whose ROWS are (tables needed, function of the tables that yields rows)."""


def summarise(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The summary of a campaign from whatever tables it has.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        By name; `ensembles` must be there. What needs a missing table is left out.

    Returns
    -------
    pandas.DataFrame
        See :data:`glassmodes.data.schemas.TABLES`.
    """
    rows = []
    for needed, function in (row for module in _PAPERS for row in module.ROWS):
        if all(name in tables and len(tables[name]) for name in ("ensembles", *needed)):
            rows.extend(function(tables))
    columns = (
        "ensemble",
        "temperature",
        "quantity",
        "observed",
        "error",
        "paper",
        "source",
        "rule",
        "agrees",
        "statement",
    )
    table = pd.DataFrame(rows, columns=columns)
    table.insert(1, "sample", -1)
    for number in ("temperature", "observed", "error", "paper"):
        table[number] = table[number].astype(float)
    return validate(table, "summary")
