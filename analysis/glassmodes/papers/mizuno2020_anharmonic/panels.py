"""Panels that several figures of mizuno2020_anharmonic share, and words for their captions.

A column of panels for each potential, harmonic spheres left and Lennard-Jones right, all sizes of
a potential together. Reduced units: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.markers import CARETUPBASE
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from glassmodes.papers.mizuno2020_anharmonic.tables import (
    below_boson_peak,
    excited,
    transitions,
)
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import (
    boson_peaks,
    by_model,
    counted,
    left_out_words,
    model_name,
    model_title,
    used_of_asked,
)
from glassmodes.plotting.style import (
    WIDTH,
    frequency_axis,
    power_of_ten,
    size_styles,
)

BINS_PER_DECADE = 6
"""Of the medians that stand over single modes."""

FEWEST_IN_BIN = 8
"""Modes below which a bin has no median."""

FREQUENCY = r"frequency $\omega_k$"

AMPLITUDE = r"$A_c$"

DISTANCE = r"$|\Delta \mathbf{r}|$"

ENERGY = r"$|\Delta \Phi|$"

PARTICIPANTS = r"$N_\mathrm{rearr}$"

NATURE = {
    "phonon_order": r"phonon order $O_k$",
    "participation_ratio": r"participation ratio $P_k$",
}


# --- what is shown, and words for it --------------------------------------------------------------


def transitions_with(tables, *columns):
    """Modes that made a transition, with positive values of some columns."""
    rows = transitions(tables)
    if rows.empty:
        raise MissingData("no mode has a transition")
    for column in columns:
        rows = rows[rows[column] > 0.0]
    if rows.empty:
        raise MissingData(f"no transition has {' and '.join(columns)}")
    return rows.reset_index(drop=True)


def rows_below_peak(rows):
    """Rows below the boson peak; raises MissingData where there are none."""
    chosen = below_boson_peak(rows)
    if chosen.empty:
        raise MissingData("no excited mode below the boson peak has a transition")
    return chosen


def panel_letters(rows):
    """Which panel is which model, for a caption."""
    names = [model_name(model) for model in by_model(rows)]
    if len(names) == 1:
        return f"for {names[0]}"
    return "for " + ", ".join(f"{name} ({x})" for name, x in zip(names, "abcd", strict=False))


def column_names(rows):
    """Which column of panels is which model, for a caption."""
    return "for " + " and ".join(
        f"{model_name(model)} ({side})" if len(set(rows["model"])) > 1 else model_name(model)
        for model, side in zip(by_model(rows), ("left", "right"), strict=False)
    )


def shown_words(tables, rows, noun="mode"):
    """N, samples and modes of what a figure shows, as one sentence."""
    parts = []
    for model, group in by_model(rows).items():
        sizes = []
        for size, found in group.groupby("particles"):
            samples = used_of_asked(
                tables, found["ensemble"].unique(), found.groupby(["ensemble", "sample"]).ngroups
            )
            sizes.append(f"N = {size} ({samples}, {counted(len(found), noun)})")
        parts.append(f"{model_name(model)}, " + ", ".join(sizes))
    shown = "Shown: " + "; ".join(parts) + "."
    return shown + left_out_words(tables, rows["ensemble"].unique())


_LOST = {
    "none": "made no transition up to the largest amplitude",
    "overlap": "had particles overlapping first",
    "exchange": "only exchanged like particles",
    "not_converged": "did not converge and are not shown",
}


def lost_words(tables, what="Not shown"):
    """What became of the excited modes that made no transition."""
    rows = excited(tables)
    counts = rows["outcome"].value_counts()
    parts = [f"{counts[outcome]} {text}" for outcome, text in _LOST.items() if outcome in counts]
    if not parts:
        return f" All {len(rows)} excited modes made a transition."
    return f" {what}, of {len(rows)} excited modes: {', '.join(parts)}."


def peaks_by_model(tables, rows):
    """The boson peak of each model, where it is known: {model: frequency}."""
    peaks = boson_peaks(tables)
    found = {}
    for model, group in by_model(rows).items():
        values = [peaks[ensemble] for ensemble in group["ensemble"].unique() if ensemble in peaks]
        if values:
            found[model] = float(np.mean(values))
    return found


def peak_words(tables, rows):
    """Which boson peaks the arrows of a figure are at, for its caption."""
    found = peaks_by_model(tables, rows)
    if not found:
        return " The boson peak is not known."
    text = ", ".join(f"{value:.3g} ({model_name(model)})" for model, value in found.items())
    return f" Arrows: the boson peak, omega_BP = {text}."


def below_words(tables, rows):
    """Which modes a figure of low-frequency modes shows."""
    found = peaks_by_model(tables, rows)
    if len(found) < rows["model"].nunique():
        return "Modes of all excited frequencies, where the boson peak is not known. "
    text = ", ".join(f"{value:.3g} ({model_name(model)})" for model, value in found.items())
    return f"Modes below the boson peak, omega_BP = {text}. "


# --- panels ---------------------------------------------------------------------------------------


def panels_by_model(rows, *, count=1, heights=None, height=3.0, share_y="row", share_x=False):
    """A grid of panels: a column for each model, `count` rows.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : dict of str to list of matplotlib.axes.Axes
        The panels of each model, from above.
    """
    models = list(by_model(rows))
    figure, axes = plt.subplots(
        count,
        len(models),
        figsize=(WIDTH if len(models) > 1 else 0.6 * WIDTH, height),
        height_ratios=heights,
        sharey=share_y,
        sharex=share_x,
        squeeze=False,
        layout="constrained",
    )
    panels = {model: list(column) for model, column in zip(models, axes.T, strict=True)}
    for letter, (model, column) in zip("abcd", panels.items(), strict=False):
        name = model_title(model)
        column[0].set_title(f"({letter}) {name}" if len(models) > 1 else name)
    return figure, panels


def draw_points(panel, rows, x, y, styles):
    """One open symbol for each mode, by N."""
    for size, style in styles.items():
        chosen = rows[rows["particles"] == size]
        panel.plot(
            chosen[x],
            chosen[y],
            linestyle="none",
            markerfacecolor="none",
            markersize=3.0,
            markeredgewidth=0.7,
            alpha=0.75,
            label=f"$N$ = {size}",
            zorder=2,
            **style,
        )


def draw_medians(panel, rows, x, y, *, log_x=True):
    """Medians with quartiles over bins of x, all sizes together."""
    values = np.log10(rows[x]) * BINS_PER_DECADE if log_x else rows[x] * 6.0
    first = True
    for _, group in rows.groupby(np.floor(values)):
        if len(group) < FEWEST_IN_BIN:
            continue
        low, middle, high = np.quantile(group[y], [0.25, 0.5, 0.75])
        panel.errorbar(
            group[x].median(),
            middle,
            [[middle - low], [high - middle]],
            fmt="s",
            color="black",
            markersize=4.0,
            elinewidth=1.0,
            label="median, quartiles" if first else None,
            zorder=5,
        )
        first = False


def legend_below(figure, panels, **settings):
    """One legend below all panels, where it covers no data."""
    labels = {}
    for column in panels.values():
        for panel in column:
            handles, names = panel.get_legend_handles_labels()
            labels |= dict(zip(names, handles, strict=True))
            if panel.get_legend() is not None:
                for text in panel.get_legend().get_texts():
                    labels.pop(text.get_text(), None)
    # sizes in their order, whichever panel has them
    order = sorted(labels, key=lambda text: _size_of(text))
    figure.legend(
        [labels[text] for text in order],
        order,
        loc="outside lower center",
        ncols=len(order) if len(order) <= 5 else -(-len(order) // 2),
        **settings,
    )


def _size_of(label):
    return int(label.split("= ")[1].split()[0]) if label.startswith("$N$") else 10**12


def draw_peak_arrow(panel, frequency):
    """An arrow at the boson peak, pointing down at the axis from within the panel."""
    panel.annotate(
        r"$\omega_\mathrm{BP}$",
        xy=(frequency, 0.0),
        xytext=(frequency, 0.1),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        fontsize=9,
        arrowprops={"arrowstyle": "-|>", "color": "black", "shrinkA": 0.0, "shrinkB": 0.0},
        zorder=6,
    )


def make_room_below(panel, part=0.15):
    """Lower a logarithmic axis by a part of its decades, for the arrow."""
    low, high = panel.get_ylim()
    panel.set_ylim(low * (low / high) ** part, high)


def log_axis(panel, values):
    """A logarithmic y axis that holds all positive values, with a factor of two to spare."""
    values = values[values > 0.0]
    panel.set(yscale="log", ylim=(0.5 * values.min(), 2.0 * values.max()))


def sparse_ticks(panel):
    """1, 2 and 5 times powers of ten where a logarithmic axis has fewer than two decades."""
    low, high = panel.get_xlim()
    inside = int(np.floor(np.log10(high))) - int(np.ceil(np.log10(low))) + 1
    panel.xaxis.set_minor_formatter(NullFormatter())
    if inside < 2:
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        marks = [factor * 10.0**decade for decade in decades for factor in (1, 2, 5)]
        panel.xaxis.set_major_locator(FixedLocator(marks))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))


# --- against frequency ----------------------------------------------------------------------------


def draw_against_frequency(tables, column, label, *, medians=True, peak=True, bounds=None):
    """Modes against frequency; `bounds` are rows whose value is only known to be larger."""
    rows = transitions_with(tables, column)
    every = (
        rows if bounds is None else pd.concat([rows, bounds[bounds["model"].isin(rows["model"])]])
    )
    figure, panels = panels_by_model(rows, height=3.4)
    styles = size_styles(rows)
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        draw_points(panel, group, "frequency", column, styles)
        if medians:
            draw_medians(panel, group, "frequency", column)
        if bounds is not None:
            lost = bounds[bounds["model"] == model]
            panel.plot(
                lost["frequency"],
                lost[column],
                linestyle="none",
                marker=CARETUPBASE,
                color="0.45",
                markersize=4.5,
                markeredgewidth=0,
                label="no transition up to here" if len(lost) else None,
                zorder=3,
            )
        panel.set_xlabel(FREQUENCY)
        frequencies = every.loc[every["model"] == model, "frequency"]
        frequency_axis(panel, frequencies.min(), frequencies.max())
    first = next(iter(panels.values()))[0]
    log_axis(first, every[column])
    first.set_ylabel(label)
    if peak:
        make_room_below(first)
        for model, value in peaks_by_model(tables, rows).items():
            draw_peak_arrow(panels[model][0], value)
    legend_below(figure, panels)
    return figure


def caption_against_frequency(tables, column, what, statement, *, more=""):
    """Caption of :func:`draw_against_frequency`.

    Parameters
    ----------
    column : str
        Column of the transitions that is shown.
    what, statement, more : str
        What the column is, what the paper states about it, and what else the figure shows.
    """
    rows = transitions_with(tables, column)
    return (
        f"{what} as a function of the frequency of the excited mode, {panel_letters(rows)}; one "
        "open symbol for each mode, colours and symbols are sizes; black: medians and quartiles of "
        f"all sizes in bins of {BINS_PER_DECADE} to the decade.{more}"
        + peak_words(tables, rows)
        + " "
        + shown_words(tables, rows)
        + lost_words(tables, "Without a transition" if "Grey carets" in more else "Not shown")
        + f" The paper's statement: {statement}"
    )


# --- against the nature of the mode ---------------------------------------------------------------


def draw_against_nature(tables, rows, column, label, *, scale="log", behind=None, note=None):
    """A grid: against O_k above and P_k below, a column for each model."""
    rows = rows[np.isfinite(rows["phonon_order"]) & np.isfinite(rows["participation_ratio"])]
    if rows.empty:
        raise MissingData("no mode has a phonon order and a participation ratio")
    figure, panels = panels_by_model(rows, count=2, height=5.4, share_y=True)
    styles = size_styles(rows)
    for model, group in by_model(rows).items():
        for panel, nature in zip(panels[model], NATURE, strict=True):
            if behind is not None:
                other = behind[behind["model"] == model]
                panel.plot(
                    other[nature],
                    other[column],
                    ".",
                    color="0.6",
                    markersize=3.0,
                    markeredgewidth=0,
                    label=note,
                    zorder=1,
                )
            draw_points(panel, group, nature, column, styles)
            log_x = nature == "participation_ratio"
            draw_medians(panel, group, nature, column, log_x=log_x)
            panel.set_xlabel(NATURE[nature])
            if log_x:
                frequency_axis(panel, group[nature].min(), group[nature].max())
            else:
                panel.set_xlim(-0.03, 1.03)
    first = next(iter(panels.values()))
    if scale == "log":
        values = rows[column] if behind is None else np.append(rows[column], behind[column])
        log_axis(first[0], np.asarray(values, dtype=float))
    else:
        first[0].set_ylim(-0.02, 1.05 * max(rows[column].max(), 0.5))
    for panel in first:
        panel.set_ylabel(label)
    legend_below(figure, panels)
    return figure


def caption_against_nature(tables, rows, what, statement, *, more=""):
    """Caption of :func:`draw_against_nature`; as :func:`caption_against_frequency`."""
    return (
        f"{what} as a function of the phonon order parameter O_k (top) and the participation "
        f"ratio P_k (bottom) of the excited mode, {column_names(rows)}; open symbols: single "
        "modes, colours and symbols are sizes; black: medians and quartiles of all sizes."
        + more
        + " "
        + below_words(tables, rows)
        + shown_words(tables, rows)
        + f" The paper's statement: {statement}"
    )
