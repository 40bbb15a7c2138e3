"""The catalogue of figures, and drawing them to files.

A figure is a function of tables. Those after a paper are registered in the paper's folder, those
of our own in :mod:`glassmodes.reporting.vibrations`, and a user's in Python files that a campaign
names. A figure whose tables are missing, or hold nothing to show, is skipped with a message and
never drawn empty.
"""

from __future__ import annotations

import json
import logging
import runpy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

from glassmodes.data.storage import atomic_path
from glassmodes.papers import papers
from glassmodes.plotting.figure import Figure, FigureSet, MissingData
from glassmodes.plotting.style import styled
from glassmodes.reporting import vibrations

logger = logging.getLogger(__name__)

FIGURES: dict[str, Figure] = {
    name: figure
    for registered in (*(paper.load() for paper in papers().values()), vibrations.FIGURES)
    for name, figure in registered.figures.items()
}
"""Figures after each paper, in the paper's order, then those of our own; by file name."""


class FigureFileError(ValueError):
    """A file of a user's figures that cannot be used; the message names it and says why."""


def figures_of_file(path: str | Path) -> dict[str, Figure]:
    """Figures of a user's Python file, which registers them with a set called `FIGURES`.

    Parameters
    ----------
    path : path
        See :mod:`glassmodes.plotting.figure` for what it holds.

    Returns
    -------
    dict of str to Figure
        By file name.

    Raises
    ------
    FigureFileError
        If the file is missing, does not run, registers no figure, or one whose name is taken.
    """
    path = Path(path)
    if not path.is_file():
        raise FigureFileError(f"{path}: no such file of figures")
    try:
        registered = runpy.run_path(str(path), run_name=path.stem).get("FIGURES")
    # whatever a user's file raises must come out with the file's name
    except Exception as error:
        raise FigureFileError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(registered, FigureSet) or not registered.figures:
        raise FigureFileError(
            f"{path}: must register figures with FIGURES = FigureSet() "
            "(from glassmodes.plotting.figure)"
        )
    taken = sorted(set(registered.figures) & set(FIGURES))
    if taken:
        raise FigureFileError(f"{path}: the name {', '.join(taken)} is taken; choose another one")
    return registered.figures


def catalogue(files: Iterable[str | Path] = ()) -> dict[str, Figure]:
    """All figures: :data:`FIGURES` and those of a user's files.

    Raises
    ------
    FigureFileError
        If a file cannot be used, or two of them register a figure of the same name.
    """
    figures = dict(FIGURES)
    for path in files:
        found = figures_of_file(path)
        taken = sorted(set(found) & set(figures))
        if taken:
            raise FigureFileError(f"{path}: the name {', '.join(taken)} is taken by another file")
        figures |= found
    return figures


def concerned(
    tables, papers: Iterable[str] = (), figures: Mapping[str, Figure] | None = None
) -> list[str]:
    """Names of the figures that concern a campaign, to be drawn or said to be skipped.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
    papers : iterable of str
        Papers that the campaign compares with, in its order.
    figures : mapping of str to Figure, optional
        :data:`FIGURES` by default.

    Returns
    -------
    list of str
        Figures after these papers, those after other papers whose required tables are all there,
        then those after none.
    """
    figures, papers = FIGURES if figures is None else figures, list(papers)
    compared = [name for paper in papers for name, f in figures.items() if f.paper == paper]
    others = [
        name
        for name, figure in figures.items()
        if figure.paper and figure.paper not in papers and set(figure.requires) <= set(tables)
    ]
    return [*compared, *others, *(name for name, figure in figures.items() if not figure.paper)]


@dataclass(frozen=True)
class Drawn:
    """What became of one figure: its files and caption, or the reason why it was skipped."""

    name: str
    files: tuple[Path, ...]
    caption: str
    skipped: str


def draw(name, tables, folder, *, figures=None, formats=("png", "pdf")) -> Drawn:
    """Draw one figure of the catalogue, with its caption beside it.

    Parameters
    ----------
    name : str
    tables : dict of pandas.DataFrame
    folder : path
        Gets <name>.png and <name>.pdf, and <name>.json (title, caption, paper, item, and the
        reason if it was skipped), which the report reads.
    figures : mapping of str to Figure, optional
        :data:`FIGURES` by default.
    formats : sequence of str

    Returns
    -------
    Drawn
    """
    figure, folder = (FIGURES if figures is None else figures)[name], Path(folder)
    missing = [
        table
        for table in ("ensembles", *figure.requires)
        if table not in tables or len(tables[table]) == 0
    ]
    files, caption, skipped = [], "", ""
    try:
        if missing:
            raise MissingData(f"no table {', '.join(missing)}")
        with styled():
            canvas = figure.draw(tables)
            # lay out once, not once for each format
            canvas.draw_without_rendering()
            canvas.set_layout_engine("none")
            for ending in formats:
                path = folder / f"{name}.{ending}"
                with atomic_path(path) as temporary:
                    # no dates in the files: the same tables give the same bytes
                    metadata = {"CreationDate": None} if ending == "pdf" else None
                    canvas.savefig(temporary, format=ending, metadata=metadata)
                files.append(path)
        caption = figure.write_caption(tables)
    except MissingData as reason:
        skipped = str(reason)
        logger.warning("figure %s skipped: %s", name, skipped)
    finally:
        plt.close("all")
    note = {
        "name": name,
        "title": figure.title,
        "paper": figure.paper,
        "item": figure.item,
        "caption": caption,
        "skipped": skipped,
    }
    with atomic_path(folder / f"{name}.json") as temporary:
        Path(temporary).write_text(json.dumps(note, indent=1, ensure_ascii=False) + "\n")
    return Drawn(name, tuple(files), caption, skipped)


def draw_all(tables, folder, names: Iterable[str] | None = None, **settings) -> list[Drawn]:
    """Draw all figures of the catalogue (or those named) that the tables allow."""
    return [
        draw(name, tables, folder, **settings) for name in (FIGURES if names is None else names)
    ]
