"""The summary: one row for each value that is compared with a paper.

What each row holds, and when its verdict is which, is in :mod:`glassmodes.papers.criteria`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from glassmodes.data.gather import validate
from glassmodes.papers import find_paper
from glassmodes.papers.criteria import SUMMARY_COLUMNS

_NUMBERS = ("temperature", "observed", "error", "reference", "margin")


def summarise(tables: dict[str, pd.DataFrame], papers: Iterable[str] = ()) -> pd.DataFrame:
    """The summary of a campaign from whatever tables it has.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        By name; `ensembles` must be there. What needs a missing table is left out.
    papers : iterable of str
        Names of the papers that the campaign is compared with; without any there are no rows.

    Returns
    -------
    pandas.DataFrame
        See :data:`glassmodes.data.schemas.TABLES`.

    Raises
    ------
    glassmodes.papers.PaperError
        If one of the papers is not known.
    """
    rows = [row for name in papers for row in find_paper(name).judge(tables)]
    table = pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
    for number in _NUMBERS:
        table[number] = table[number].astype(float)
    table["sample"] = table["sample"].astype(int)
    return validate(table, "summary")
