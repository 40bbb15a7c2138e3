"""Selection of the ensembles and rows that a figure shows, and text about them for its caption."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.mizuno2020_anharmonic.tables import MODEL_NAMES
from glassmodes.plotting.style import SIZE_LINES, ordered


class MissingData(ValueError):
    """There is nothing to draw; the message says what is missing."""


def by_kind(tables, name, *, rank=0) -> dict[str, str]:
    """One ensemble of each kind (glass, crystal) among those that a table has, chosen by size.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the campaign.
    name : str
        Name of the table.
    rank : int
        0 for the smallest ensemble of the kind, 1 for the next larger one, and so on.

    Returns
    -------
    dict of str to str
        Name of the ensemble by kind.
    """
    chosen = {}
    for kind, ensembles in all_by_kind(tables, name).items():
        if len(ensembles) > rank:
            chosen[kind] = ensembles[rank]
    return chosen


def all_by_kind(tables, name) -> dict[str, list[str]]:
    """Ensembles of each kind (glass, crystal) that a table has rows of, smallest N first.

    Raises
    ------
    MissingData
        If the table has no rows of any known ensemble.
    """
    known = tables["ensembles"]
    known = known[known["ensemble"].isin(set(tables[name]["ensemble"]))]
    if known.empty:
        raise MissingData(f"table {name} has no rows of any known ensemble")
    known = known.sort_values("particles", kind="stable")
    return {kind: list(group["ensemble"]) for kind, group in known.groupby("kind", sort=False)}


def panels_of(tables, name) -> dict[str, list[str]]:
    """Ensembles of each panel of a figure, smallest N first.

    There is a panel for each kind (glass, crystal); a kind with several models has one for each
    model.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the campaign.
    name : str
        Name of the table that the figure shows.

    Returns
    -------
    dict of str to list of str
        Names of ensembles by kind or by name of the model.
    """
    known = tables["ensembles"].set_index("ensemble")
    panels = {}
    for kind, ensembles in all_by_kind(tables, name).items():
        models = by_model(known.loc[ensembles])
        if len(models) == 1:
            panels[kind] = ensembles
        else:
            for model, rows in models.items():
                panels[MODEL_NAMES.get(model, model)] = list(rows.index)
    return panels


def by_panel(tables, name) -> dict[str, str]:
    """Smallest ensemble of each panel of :func:`panels_of`."""
    return {panel: ensembles[0] for panel, ensembles in panels_of(tables, name).items()}


def panel_words(panels) -> str:
    """Names of the panels for a caption, such as "for the glass (a) and the crystal (b)"."""
    names = [f"the {name}" if name in ("glass", "crystal") else name for name in ordered(panels)]
    if len(names) == 1:
        return f"for {names[0]}"
    return "for " + " and ".join(f"{name} ({x})" for name, x in zip(names, "abcd", strict=False))


def by_model(rows) -> dict:
    """Rows of each model; the models of the paper first, in its order.

    Parameters
    ----------
    rows : DataFrame
        Rows with a column `model`.

    Returns
    -------
    dict of str to DataFrame
    """
    order = [model for model in MODEL_NAMES if (rows["model"] == model).any()]
    order += [model for model in rows["model"].unique() if model not in order]
    return {model: rows[rows["model"] == model] for model in order}


def size_lines(ensembles) -> dict[str, str]:
    """Line style of each ensemble of one kind, given smallest N first."""
    return {name: SIZE_LINES[i % len(SIZE_LINES)] for i, name in enumerate(ensembles)}


def particles(tables, ensemble) -> int:
    """Number of particles N of an ensemble."""
    known = tables["ensembles"]
    return int(known.loc[known["ensemble"] == ensemble, "particles"].iloc[0])


def of(table, **values) -> pd.DataFrame:
    """Rows of a table in which the named columns have given values."""
    chosen = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        chosen &= (table[column] == value).to_numpy()
    return table[chosen]


def describe(tables, name, ensembles=None) -> str:
    """Sentence with N, number of samples and temperatures of each ensemble that a figure shows.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the campaign.
    name : str
        Name of the table that the figure shows.
    ensembles : sequence of str, optional
        Ensembles that are shown; all of the table by default.
    """
    table = tables[name]
    parts = []
    for kind, found in panels_of(tables, name).items():
        for ensemble in found:
            if ensembles is not None and ensemble not in ensembles:
                continue
            rows = table[table["ensemble"] == ensemble]
            samples = rows["sample"].nunique()
            text = f"{kind} of N = {particles(tables, ensemble)}, {samples} sample"
            text += "s" if samples > 1 else ""
            if "temperature" in rows:
                text += ", T = " + ", ".join(f"{t:g}" for t in sorted(rows["temperature"].unique()))
            parts.append(text)
    return "Shown: " + "; ".join(parts) + "."
