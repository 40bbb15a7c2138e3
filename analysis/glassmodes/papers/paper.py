"""What a paper is to the project: its claims, figures and tables, registered where they stand.

Each folder of `glassmodes.papers` holds one paper. Its `__init__` declares `PAPER` and is cheap to
import; the modules that :attr:`Paper.modules` names register claims and figures with it::

    @PAPER.claims("lifetimes", "decay_rates")
    def theory_against_dynamics(tables):
        yield claim(...)

    @PAPER.figure("Fig. 2", "Lifetime of vibrational eigenmodes", requires=("lifetimes",))
    def lifetimes(tables): ...

    @lifetimes.caption
    def _(tables): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from math import isnan
from typing import TYPE_CHECKING

from glassmodes.data.columns import Column, Table
from glassmodes.plotting.figure import Figure, FigureSet, MissingData

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figure", "FigureSet", "MissingData", "Paper", "PaperTable"]


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper, made from gathered tables.

    Attributes
    ----------
    name : str
        File name without ending.
    columns : tuple of Column
    item, title : str
        The paper's number of it, and its heading.
    made_from : str
        Gathered table without which there is none.
    make : str
        "module:function" of the paper's folder: takes the tables by name, returns the rows.
    show : str
        "module:function": takes the rows, returns a pandas.DataFrame of text in the paper's
        arrangement: first column the names of its rows, lines of an entry parted by line feeds.
    caption : str
        "module:function": takes the rows, returns plain text.
    """

    name: str
    columns: tuple[Column, ...]
    item: str
    title: str
    made_from: str
    make: str
    show: str
    caption: str

    @property
    def table(self) -> Table:
        """What is declared of the table."""
        return Table(self.name, self.columns, csv=True)


@dataclass
class Paper(FigureSet):
    """One paper.

    Attributes
    ----------
    citation : str
        Authors, title, journal, year.
    modules : tuple of str
        All modules of the paper's folder that register claims and figures, in the order of a
        report.
    tables : tuple of PaperTable
    claim_functions : list of (tuple of str, callable)
        Tables needed, and the function that yields rows of the summary.
    """

    citation: str = ""
    modules: tuple[str, ...] = ()
    tables: tuple[PaperTable, ...] = ()
    claim_functions: list[tuple[tuple[str, ...], Callable]] = field(default_factory=list)

    def load(self) -> Paper:
        """Import the modules that register claims and figures; returns the paper itself."""
        modules = [f"glassmodes.papers.{self.name}.{module}" for module in self.modules]
        for module in modules:
            import_module(module)
        # in the order of the modules, whichever of them was imported first by another one
        self.figures = dict(
            sorted(self.figures.items(), key=lambda entry: modules.index(entry[1].draw.__module__))
        )
        self.claim_functions.sort(key=lambda entry: modules.index(entry[1].__module__))
        return self

    def claims(self, *needed: str) -> Callable[[Callable], Callable]:
        """Decorator of a function that yields rows of the summary (:func:`criteria.claim`).

        Parameters
        ----------
        *needed : str
            Tables that must be there, and not empty.
        """

        def register(function: Callable) -> Callable:
            self.claim_functions.append((needed, function))
            return function

        return register

    def judge(self, tables: dict[str, pd.DataFrame]) -> Iterator[dict]:
        """Rows of the summary from whatever tables there are.

        What needs a missing table is left out, as is a number for orientation that could not be
        measured.
        """
        for needed, function in self.load().claim_functions:
            if all(name in tables and len(tables[name]) for name in ("ensembles", *needed)):
                for row in function(tables):
                    if row["verdict"] != "context" or not isnan(row["observed"]):
                        yield {"paper": self.name, **row}

    def function(self, path: str) -> Callable:
        """The function that "module:function" of the paper's folder names."""
        module, _, name = path.partition(":")
        return getattr(import_module(f"glassmodes.papers.{self.name}.{module}"), name)
