"""What the catalogue knows of one figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure of a report.

    Attributes
    ----------
    name : str
        File name without ending.
    draw : callable
        Takes the tables by name, returns a matplotlib Figure; raises MissingData.
    requires : tuple of str
        Tables without which there is no figure; `ensembles` besides.
    uses : tuple of str
        Tables that add something where they exist.
    caption : callable
        Takes the tables, returns plain text.
    paper : str
        Paper that it is after, or "" for figures of our own.
    item : str
        The paper's figure or equation.
    title : str
    """

    name: str
    draw: Callable
    requires: tuple[str, ...]
    uses: tuple[str, ...]
    caption: Callable
    paper: str
    item: str
    title: str
