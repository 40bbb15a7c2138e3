"""The catalogue of the papers' tables, made from gathered ones and shown in the report.

A table of a paper is a function of tables, as a figure is: :data:`PAPER_TABLES` says how.
Its rows are one for each entry (so that they can be read and compared); the report shows them in
the paper's arrangement. What each is made from is in :data:`glassmodes.campaign.layout.MADE_FROM`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from glassmodes.data.gather import validate
from glassmodes.papers.kapteijns2020_nqe import tables as quasilocalized
from glassmodes.papers.mizuno2020_anharmonic import tables as excitations
from glassmodes.papers.mizuno2020_intermittent import tables as rearrangements


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper.

    Attributes
    ----------
    name : str
        Of the file without ending, and in :data:`glassmodes.data.schemas.TABLES`.
    make : callable
        Takes the tables by name, returns the rows.
    shown : callable
        Takes the rows, returns a pandas.DataFrame of text in the paper's arrangement: first
        column the names of its rows, lines of an entry parted by line feeds.
    caption : callable
        Takes the rows, returns plain text.
    paper : str
    item : str
        The paper's number of it.
    title : str
    """

    name: str
    make: Callable
    shown: Callable
    caption: Callable
    paper: str
    item: str
    title: str


def _catalogue(*tables: PaperTable) -> dict[str, PaperTable]:
    return {table.name: table for table in tables}


PAPER_TABLES: dict[str, PaperTable] = _catalogue(
    PaperTable(
        "table_rearrangements",
        rearrangements.table_rearrangements,
        rearrangements.shown_rearrangements,
        rearrangements.table_rearrangements_caption,
        "mizuno2020_intermittent",
        "Table I",
        "Where rearrangements occur",
    ),
    PaperTable(
        "table_critical_temperature",
        excitations.critical_temperatures,
        excitations.shown_critical_temperatures,
        excitations.critical_temperatures_caption,
        "mizuno2020_anharmonic",
        "Table I",
        "Onset temperature of the anharmonicities",
    ),
    PaperTable(
        "table_ensemble_sizes",
        quasilocalized.ensemble_sizes,
        quasilocalized.shown_ensemble_sizes,
        quasilocalized.ensemble_sizes_caption,
        "kapteijns2020_nqe",
        "Table I",
        "Ensemble sizes",
    ),
    PaperTable(
        "table_shear_modulus",
        quasilocalized.shear_modulus_table,
        quasilocalized.shown_shear_modulus_table,
        quasilocalized.shear_modulus_caption,
        "kapteijns2020_nqe",
        "Table II",
        "Shear modulus, density and units",
    ),
)


def make_table(name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A table of a paper from the gathered tables, checked.

    Parameters
    ----------
    name : str
        One of :data:`PAPER_TABLES` (and of :data:`glassmodes.campaign.layout.MADE_FROM`).
    tables : dict of pandas.DataFrame
        By name; `ensembles` and the table that it is made from must be there.
    """
    return validate(PAPER_TABLES[name].make(tables), name)
