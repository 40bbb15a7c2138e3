"""Entry of one figure in the catalogue of figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of a report.

    Attributes
    ----------
    name : str
        File name without suffix.
    draw : callable
        Takes the tables by name and returns a matplotlib Figure; raises MissingData if they hold
        nothing to draw.
    requires : tuple of str
        Tables that the figure needs, in addition to `ensembles`.
    uses : tuple of str
        Tables that the figure uses if they exist.
    caption : callable
        Takes the tables by name and returns plain text.
    paper : str
        Paper that the figure reproduces, or "" for figures of no paper.
    item : str
        Figure or equation of the paper.
    title : str
        Title in the report.
    """

    name: str
    draw: Callable
    requires: tuple[str, ...]
    uses: tuple[str, ...]
    caption: Callable
    paper: str
    item: str
    title: str
