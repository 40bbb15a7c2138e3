"""What a paper is to the project: its claims, figures and tables, registered where they stand.

Each folder of `glassmodes.papers` holds one paper. Its `__init__` declares `PAPER` and is cheap to
import; the modules that :attr:`Paper.modules` names register claims, figures and tables with it::

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

import pandas as pd


class MissingData(Exception):
    """A figure that the tables hold nothing for; the message says what is missing."""


@dataclass
class Figure:
    """One figure: a function of tables, and what a report says about it.

    Attributes
    ----------
    name : str
        File name without ending.
    draw : callable
        Takes the tables by name, returns a matplotlib Figure; raises :class:`MissingData`.
    item : str
        The paper's figure or equation.
    title : str
    paper : str
        Name of the paper that it is after, or "" for figures of our own.
    requires : tuple of str
        Tables without which there is no figure; `ensembles` besides.
    uses : tuple of str
        Tables that add something where they exist.
    write_caption : callable
        Takes the tables, returns plain text.
    """

    name: str
    draw: Callable
    item: str
    title: str
    paper: str = ""
    requires: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    write_caption: Callable = field(default=lambda tables: "")

    def caption(self, function: Callable) -> Callable:
        """Decorator of the function that writes this figure's caption."""
        self.write_caption = function
        return function

    def __call__(self, tables):
        """Draw the figure."""
        return self.draw(tables)


@dataclass
class FigureSet:
    """Figures in the order in which they are registered.

    Attributes
    ----------
    name : str
        Name of the paper, or "" for figures of our own.
    prefix : str
        Begins the file name of each figure, which is the name of its function otherwise.
    figures : dict of str to Figure
    """

    name: str = ""
    prefix: str = ""
    figures: dict[str, Figure] = field(default_factory=dict)

    def figure(
        self, item: str, title: str, *, requires: tuple[str, ...], uses: tuple[str, ...] = ()
    ) -> Callable[[Callable], Figure]:
        """Decorator that registers a function of tables as a figure.

        Parameters
        ----------
        item : str
            The paper's figure, table or equation, such as "Fig. 2".
        title : str
        requires, uses : tuple of str
            Names of tables, see :class:`Figure`.
        """

        def register(draw: Callable) -> Figure:
            name = self.prefix + draw.__name__
            if name in self.figures:
                raise ValueError(f"two figures are called {name!r}")
            self.figures[name] = Figure(name, draw, item, title, self.name, requires, uses)
            return self.figures[name]

        return register


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper, made from gathered tables.

    Attributes
    ----------
    name : str
        File name without ending; its columns are in :data:`glassmodes.data.schemas.TABLES`.
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
    item: str
    title: str
    made_from: str
    make: str
    show: str
    caption: str


@dataclass
class Paper(FigureSet):
    """One paper.

    Attributes
    ----------
    citation : str
        Authors, title, journal, year.
    modules : tuple of str
        Modules of the paper's folder that register claims and figures, in the order of a report.
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
        for module in self.modules:
            import_module(f"glassmodes.papers.{self.name}.{module}")
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

        What needs a missing table is left out.
        """
        for needed, function in self.load().claim_functions:
            if all(name in tables and len(tables[name]) for name in ("ensembles", *needed)):
                for row in function(tables):
                    yield {"paper": self.name, **row}

    def function(self, path: str) -> Callable:
        """The function that "module:function" of the paper's folder names."""
        module, _, name = path.partition(":")
        return getattr(import_module(f"glassmodes.papers.{self.name}.{module}"), name)
