"""Choosing what a figure shows: which ensembles, which rows, and words for its caption."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.data.samples import samples_used
from glassmodes.plotting.figure import MissingData

MODEL_NAMES = {"harmonic": "harmonic spheres", "lj": "Lennard-Jones", "ipl12": "12-IPL glass"}
"""What captions call the models, in the order of their panels."""


def model_name(model) -> str:
    """What captions call a model."""
    return MODEL_NAMES.get(model, model)


def model_title(model) -> str:
    """What titles call a model."""
    name = model_name(model)
    return name[0].upper() + name[1:]


def by_kind(tables, name, *, rank=0) -> dict[str, str]:
    """One ensemble of each kind that a table has, by size.

    Parameters
    ----------
    rank : int
        0 for the smallest ensemble of the kind, 1 for the next larger one, ...

    Returns
    -------
    dict of str to str
        Kind (glass, crystal) to name of the ensemble.
    """
    chosen = {}
    for kind, ensembles in all_by_kind(tables, name).items():
        if len(ensembles) > rank:
            chosen[kind] = ensembles[rank]
    return chosen


def all_by_kind(tables, name) -> dict[str, list[str]]:
    """Ensembles of each kind that a table has rows of, smallest first."""
    known = tables["ensembles"]
    known = known[known["ensemble"].isin(set(tables[name]["ensemble"]))]
    if known.empty:
        raise MissingData(f"table {name} has no rows of any known ensemble")
    known = known.sort_values("particles", kind="stable")
    return {kind: list(group["ensemble"]) for kind, group in known.groupby("kind", sort=False)}


def panels_of(tables, name) -> dict[str, list[str]]:
    """Ensembles of each panel, smallest first: one for each kind, or for each of several models.

    Returns
    -------
    dict of str to list of str
        Kind, or name of the model where a kind has several of them, to names of ensembles.
    """
    known = tables["ensembles"].set_index("ensemble")
    panels = {}
    for kind, ensembles in all_by_kind(tables, name).items():
        models = by_model(known.loc[ensembles])
        if len(models) == 1:
            panels[kind] = ensembles
        else:
            for model, rows in models.items():
                panels[model_name(model)] = list(rows.index)
    return panels


def by_panel(tables, name) -> dict[str, str]:
    """The smallest ensemble of each of :func:`panels_of`."""
    return {panel: ensembles[0] for panel, ensembles in panels_of(tables, name).items()}


def panel_words(panels) -> str:
    """Which panel is which, for a caption: for the glass (a) and the crystal (b)."""
    # matplotlib is loaded where something is drawn, not for a summary
    from glassmodes.plotting.style import ordered

    names = [f"the {name}" if name in ("glass", "crystal") else name for name in ordered(panels)]
    if len(names) == 1:
        return f"for {names[0]}"
    return "for " + " and ".join(f"{name} ({x})" for name, x in zip(names, "abcd", strict=False))


def by_model(rows) -> dict:
    """Rows of each model, in the order of the paper's panels, others after those.

    Parameters
    ----------
    rows : DataFrame
        With a column `model`.
    """
    order = [model for model in MODEL_NAMES if (rows["model"] == model).any()]
    order += [model for model in rows["model"].unique() if model not in order]
    return {model: rows[rows["model"] == model] for model in order}


def size_lines(ensembles) -> dict[str, str]:
    """A line style for each ensemble of one kind, smallest first."""
    from glassmodes.plotting.style import SIZE_LINES

    return {name: SIZE_LINES[i % len(SIZE_LINES)] for i, name in enumerate(ensembles)}


def particles(tables, ensemble) -> int:
    """N of an ensemble."""
    known = tables["ensembles"]
    return int(known.loc[known["ensemble"] == ensemble, "particles"].iloc[0])


def boson_peaks(tables) -> dict[str, float]:
    """omega_BP of each ensemble, from another one of the same model where it has none itself."""
    if "boson_peak" not in tables or not len(tables["boson_peak"]):
        return {}
    known = tables["ensembles"][["ensemble", "model"]]
    found = tables["boson_peak"].groupby("ensemble")["frequency"].mean()
    known = known.assign(frequency=known["ensemble"].map(found))
    of_model = known.groupby("model")["frequency"].transform("median")
    known["frequency"] = known["frequency"].fillna(of_model)
    known = known.dropna(subset="frequency")
    return dict(zip(known["ensemble"], known["frequency"], strict=True))


def of(table, **values) -> pd.DataFrame:
    """Rows of a table in which columns have given values."""
    chosen = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        chosen &= (table[column] == value).to_numpy()
    return table[chosen]


def counted(number, noun) -> str:
    """A number of things, such as "1 sample" and "2 samples"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def used_of_asked(tables, ensembles, used) -> str:
    """How many samples a figure or value rests on, such as "3 samples" or "8 of 10 samples".

    Parameters
    ----------
    tables : dict of pandas.DataFrame
    ensembles : iterable of str
        Ensembles that the samples are of.
    used : int
        Samples of theirs that are shown.
    """
    known = tables["ensembles"]
    asked = int(known.loc[known["ensemble"].isin(list(ensembles)), "samples"].sum())
    return counted(used, "sample") if used >= asked else f"{used} of {counted(asked, 'sample')}"


def left_out_words(tables, ensembles) -> str:
    """Why samples of some ensembles were left out, as the end of a caption; "" if none was."""
    known = samples_used(tables)
    parts = [
        f"{name}: {known[name].reasons}"
        for name in ensembles
        if name in known and known[name].left_out
    ]
    return f" Left out of {'; of '.join(parts)}." if parts else ""


def samples_of(tables, rows) -> str:
    """Which samples some rows of a table are of, such as "8 of 10 samples of glass, N = 4,000".

    Parameters
    ----------
    tables : dict of pandas.DataFrame
    rows : pandas.DataFrame
        With ensemble and sample.
    """
    sizes = tables["ensembles"].set_index("ensemble")["particles"]
    parts = []
    for ensemble, used in rows.groupby("ensemble", sort=False)["sample"].nunique().items():
        if ensemble in sizes.index:
            words = used_of_asked(tables, [ensemble], used)
            parts.append(f"{words} of {ensemble}, N = {sizes[ensemble]:,}")
    return "; ".join(parts)


def describe(tables, name, ensembles=None) -> str:
    """N, samples and temperatures of what a figure shows, as one sentence.

    Parameters
    ----------
    name : str
        Table that is shown.
    ensembles : sequence of str, optional
        All that the table has by default.
    """
    table = tables[name]
    parts, shown = [], []
    for kind, found in panels_of(tables, name).items():
        for ensemble in found:
            if ensembles is not None and ensemble not in ensembles:
                continue
            rows = table[table["ensemble"] == ensemble]
            shown.append(ensemble)
            text = f"{kind} of N = {particles(tables, ensemble)}, "
            text += used_of_asked(tables, [ensemble], rows["sample"].nunique())
            if "temperature" in rows:
                text += ", T = " + ", ".join(f"{t:g}" for t in sorted(rows["temperature"].unique()))
            parts.append(text)
    return "Shown: " + "; ".join(parts) + "." + left_out_words(tables, shown)
