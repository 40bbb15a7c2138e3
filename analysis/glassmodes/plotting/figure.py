"""What a figure is, and sets of figures that are registered where they stand; cheap to import.

A file of a user's own figures holds a set called `FIGURES`::

    from glassmodes.plotting.figure import FigureSet

    FIGURES = FigureSet()

    @FIGURES.figure("P_k", "Participation of the lowest mode", requires=("modes",))
    def lowest_participation(tables):
        ...
        return figure

    @lowest_participation.caption
    def _(tables):
        return "Participation ratio of the lowest mode of each sample."
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


class MissingData(ValueError):
    """The tables hold nothing that a figure could show; the message says what is missing."""


def _no_caption(tables) -> str:
    return ""


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
        The paper's figure, table or equation that it is after, such as "Fig. 2".
    title : str
        Heading.
    paper : str
        Name of the paper that it is after, or "" for a figure after no paper.
    requires : tuple of str
        Tables without which there is no figure, besides `ensembles`.
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
    write_caption: Callable = _no_caption

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
        Name of the paper, or "" for figures after no paper.
    prefix : str
        Begins the file name of each figure, whose rest is the name of its function.
    figures : dict of str to Figure
        By file name.
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
        item, title : str
        requires, uses : tuple of str
            See :class:`Figure`.

        Raises
        ------
        ValueError
            If the set has a figure of this name.
        """

        def register(draw: Callable) -> Figure:
            name = self.prefix + draw.__name__
            if name in self.figures:
                raise ValueError(f"two figures are called {name!r}")
            self.figures[name] = Figure(name, draw, item, title, self.name, requires, uses)
            return self.figures[name]

        return register
