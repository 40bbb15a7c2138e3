"""Figures beyond the paper's own: decay of modes around their core, and populations of modes.

Each function takes the tables by name and returns a matplotlib Figure, in the paper's units (a_0,
omega_0, particle mass; :mod:`glassmodes.papers.kapteijns2020_nqe.glasses`).
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from glassmodes.papers.kapteijns2020_nqe import PAPER
from glassmodes.papers.kapteijns2020_nqe.glasses import described
from glassmodes.papers.kapteijns2020_nqe.panels import series_name, series_styles
from glassmodes.papers.kapteijns2020_nqe.pictures import BLUE, GREY, RED
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import left_out_words, used_of_asked
from glassmodes.plotting.style import SIZE_LINES, WIDTH, guide, plain_numbers

# --- decay ----------------------------------------------------------------------------------------

_KINDS = {"harmonic": GREY, "quartic": RED, "cubic": BLUE}


def _profiles(tables):
    known = described(tables).set_index("ensemble")
    table = tables["quasilocalized_profiles"]
    rows = table[table["ensemble"].isin(known.index) & table["kind"].isin(_KINDS)]
    rows = rows[(rows["mode"] == 0) & (rows["median_square"] > 0.0)]
    # that of a shell; below it is N
    rows = rows.drop(columns="particles")
    if rows.empty:
        raise MissingData("no decay of a known ensemble was stored")
    columns = ["label", "dimension", "particles", "density"]
    rows = rows.merge(known[columns], left_on="ensemble", right_index=True)
    length = rows["density"] ** (-1.0 / rows["dimension"])
    rows = rows.assign(r=(rows["distance"] / length).round(3))
    # the largest box of each dimension shows the longest far field
    largest = rows.groupby("dimension")["particles"].transform("max")
    rows = rows[rows["particles"] == largest]
    first = rows.groupby("dimension")["ensemble"].transform("first")
    return rows[rows["ensemble"] == first].reset_index(drop=True)


@PAPER.figure(
    "Section IV",
    "Decay of modes around their core",
    requires=("quasilocalized_profiles",),
)
def decay(tables):
    """Components of modes against the distance from the core."""
    rows = _profiles(tables)
    dimensions = sorted(rows["dimension"].unique())
    wide = WIDTH if len(dimensions) > 1 else 0.6 * WIDTH
    figure, axes = plt.subplots(
        1, len(dimensions), figsize=(wide, 3.1), squeeze=False, layout="constrained"
    )
    for letter, panel, dimension in zip("abc", axes[0], dimensions, strict=False):
        group = rows[rows["dimension"] == dimension]
        for kind, colour in _KINDS.items():
            of_kind = group[group["kind"] == kind].groupby("r")["median_square"]
            if not of_kind.ngroups:
                continue
            low, middle, high = (np.sqrt(of_kind.quantile(q)) for q in (0.25, 0.5, 0.75))
            panel.fill_between(middle.index, low, high, color=colour, alpha=0.15, linewidth=0)
            panel.plot(middle.index, middle, "o-", color=colour, markersize=2.5, label=kind)
        edge = group["particles"].iloc[0] ** (1.0 / dimension)
        reach = np.array([1.5, 0.5 * edge])
        outer = group[group["r"].between(*reach)]
        outer = outer if len(outer) else group
        anchor = (outer["r"].median(), 2.5 * np.sqrt(outer["median_square"].median()))
        panel.set(xscale="log", yscale="log", xlabel=r"$r / a_0$")
        plain_numbers(panel.xaxis, *panel.get_xlim(), factors=(1, 2, 5))
        guide(
            panel,
            reach,
            1.0 - dimension,
            anchor,
            rf"$r^{{-{dimension - 1}}}$",
            place=(0.55, 1.2),
        )
        panel.set_title(f"({letter}) {group['label'].iloc[0]}".replace("T_p", "$T_p$"), fontsize=9)
    axes[0, 0].set_ylabel(r"$|\mathbf{z}_i|$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


@decay.caption
def _(tables):
    rows = _profiles(tables)
    parts = [
        f"{label}, N = {group['particles'].iloc[0]} "
        f"({used_of_asked(tables, group['ensemble'].unique(), group['sample'].nunique())})"
        for label, group in rows.groupby("label", sort=False)
    ]
    lost = left_out_words(tables, rows["ensemble"].unique())
    return (
        "Components of the harmonic, quartic and cubic modes against the distance from the core, "
        "the particle that moves most: square roots of the medians of z_i . z_i over shells, "
        "their medians and quartiles over samples, in the largest box of each dimension; dotted: "
        f"r^(1-d). Shown: {'; '.join(parts)}.{lost} The paper's statement: quartic modes keep a "
        "disordered core dressed by an algebraic decay r^(1-d), free of the wave-like background "
        "of hybridised harmonic modes."
    )


# --- populations ----------------------------------------------------------------------------------


def _growth(tables):
    known = described(tables)[["ensemble", "label", "model", "dimension", "particles"]]
    known = known.assign(parent_temperature=described(tables)["parent_temperature"])
    rows = tables["quasilocalized_growth"].merge(known, on="ensemble")
    if rows.empty:
        raise MissingData("no population of a known ensemble")
    return rows


@PAPER.figure("Section VI", "Population of low-lying modes", requires=("quasilocalized_growth",))
def population_growth(tables):
    """Distinct modes of a sample against the number of starts."""
    rows = _growth(tables)
    kinds = [kind for kind in ("quartic", "cubic") if (rows["kind"] == kind).any()]
    wide = WIDTH if len(kinds) > 1 else 0.6 * WIDTH
    figure, axes = plt.subplots(
        1, len(kinds), figsize=(wide, 3.3), squeeze=False, sharey=True, layout="constrained"
    )
    styles = series_styles(rows)
    lines = dict(zip(sorted(rows["particles"].unique()), SIZE_LINES * 3, strict=False))
    for letter, panel, kind in zip("ab", axes[0], kinds, strict=False):
        of_kind = rows[rows["kind"] == kind]
        for (label, size), group in of_kind.groupby(["label", "particles"], sort=False):
            by_starts = group.groupby("starts")
            middle = by_starts["distinct"].mean()
            style = {**styles[label], "linestyle": lines[size]}
            text = series_name(label, size)
            panel.plot(middle.index, middle, marker="o", markersize=3, label=text, **style)
            total = by_starts["total"].mean().iloc[-1]
            if np.isfinite(total):
                panel.plot(middle.index[-1], total, "_", color=style["color"], markersize=12)
        panel.set(xscale="log", xlabel="starts", title=f"({letter}) {kind} modes")
    axes[0, 0].set_ylabel("distinct modes per sample")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


@population_growth.caption
def _(tables):
    rows = _growth(tables)
    parts = []
    for (label, size), group in rows.groupby(["label", "particles"], sort=False):
        last = group[group["starts"] == group["starts"].max()]
        used = group.groupby(["ensemble", "sample"]).ngroups
        samples = used_of_asked(tables, group["ensemble"].unique(), used)
        parts.append(
            f"{label}, N = {size} ({samples}; one more start finds a known mode with a chance of "
            f"{last['coverage'].mean():.2f})"
        )
    return (
        "Distinct low-lying modes of a sample that so many starts lead to, averages over the "
        "order of the starts and over samples; bars at the right: estimated number in reach of "
        f"such starts (Chao). Shown: {'; '.join(parts)}. The paper's statement: whether most low-"
        "energy solutions can be found is the computational challenge of its second part."
    )
