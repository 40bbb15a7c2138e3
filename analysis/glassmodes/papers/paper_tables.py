"""The tables of all papers, made from gathered tables and shown in the report.

A table of a paper has a row for each entry, so that entries can be read and compared; the report
shows it in the paper's arrangement. Each paper declares its own tables
(:class:`glassmodes.papers.paper.PaperTable`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from glassmodes.data.gather import validate
from glassmodes.papers import papers
from glassmodes.papers.paper import Paper, PaperTable


@dataclass(frozen=True)
class TableOfPaper:
    """One table, with the functions that its paper declares.

    Attributes
    ----------
    declared : PaperTable
    of_paper : Paper
    """

    declared: PaperTable
    of_paper: Paper

    @property
    def name(self) -> str:
        """File name without ending."""
        return self.declared.name

    @property
    def paper(self) -> str:
        """Name of the paper."""
        return self.of_paper.name

    @property
    def item(self) -> str:
        """The paper's number of the table, such as "Table I"."""
        return self.declared.item

    @property
    def title(self) -> str:
        """Heading."""
        return self.declared.title

    @property
    def made_from(self) -> str:
        """Gathered table without which there is none."""
        return self.declared.made_from

    def make(self, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """Rows of the table from the tables by name."""
        return self.of_paper.function(self.declared.make)(tables)

    def shown(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows as text in the paper's arrangement."""
        return self.of_paper.function(self.declared.show)(rows)

    def caption(self, rows: pd.DataFrame) -> str:
        """Plain text about the rows."""
        return self.of_paper.function(self.declared.caption)(rows)


PAPER_TABLES: dict[str, TableOfPaper] = {
    table.name: TableOfPaper(table, paper) for paper in papers().values() for table in paper.tables
}
"""By file name."""


def made_tables(tables: Iterable[str], compared: Iterable[str]) -> list[str]:
    """Names of the papers' tables that gathered tables allow.

    Parameters
    ----------
    tables : iterable of str
        Names of the gathered tables.
    compared : iterable of str
        Names of the papers that a campaign is compared with.
    """
    tables, compared = set(tables), set(compared)
    return [
        name
        for name, table in PAPER_TABLES.items()
        if table.made_from in tables and table.paper in compared
    ]


def make_table(name: str, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A table of a paper from the gathered tables, checked.

    Parameters
    ----------
    name : str
        One of :data:`PAPER_TABLES`.
    tables : dict of pandas.DataFrame
        By name; `ensembles` and the table that it is made from must be there.
    """
    table = PAPER_TABLES[name]
    return validate(table.make(tables), table.declared.table)
