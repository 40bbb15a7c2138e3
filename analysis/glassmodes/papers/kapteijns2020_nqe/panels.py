"""What the figures of quasilocalized excitations share: what is shown, words for it, panels."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm

from glassmodes.papers.kapteijns2020_nqe.glasses import is_poly, units_words
from glassmodes.papers.kapteijns2020_nqe.soft_spots import families, running_medians
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import left_out_words, used_of_asked
from glassmodes.plotting.style import WIDTH, plain_numbers

IN_UNITS = ("quasilocalized_samples", "moduli")
"""Tables whose shear moduli set the paper's units."""

OMEGA_3, OMEGA_4 = r"$\omega_3 / \omega_0$", r"$\omega_4 / \omega_0$"

OF_DIMENSION = {2: "#EE7733", 3: "#0077BB", 4: "#009988"}
"""Colours of IPL in two, three and four dimensions."""

OF_POLY = "#AA4499"
"""Colour of POLY where all parent temperatures are one."""

OF_TEMPERATURE = {0.35: "#33BBEE", 0.5: "#117733", 1.3: "#CC3311"}
"""Colours of the paper's parent temperatures, stable to unstable (Fig. 8)."""

OTHER_COLOURS = ("#DDAA33", "#999933", "#882255", "#555555")
"""Colours of what the paper does not have."""

FEWEST_IN_HISTOGRAM = 400
"""Points from which a cloud is shown as a histogram rather than by its points."""


# --- what is shown, and words for it --------------------------------------------------------------


def families_with(tables, *columns):
    """Soft spots with positive, finite values of some columns."""
    rows = families(tables)
    for column in columns:
        rows = rows[np.isfinite(rows[column]) & (rows[column] > 0.0)]
    if rows.empty:
        raise MissingData(f"no sample has {' and '.join(columns)} of converged modes")
    return rows.reset_index(drop=True)


def series_styles(rows) -> dict[str, dict]:
    """Colour of each label, by dimension or parent temperature; the smaller of two get others."""
    others, taken, styles = iter(OTHER_COLOURS * 3), set(), {}
    mixed = not is_poly(rows).all()
    groups = dict(list(rows.groupby("label", sort=False)))
    for label, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        first = group.iloc[0]
        if not is_poly(group).all():
            colour = OF_DIMENSION.get(int(first["dimension"]))
        elif mixed and rows.loc[is_poly(rows), "label"].nunique() == 1:
            colour = OF_POLY
        else:
            colour = OF_TEMPERATURE.get(float(first["parent_temperature"]))
        if colour is None or colour in taken:
            colour = next(others)
        taken.add(colour)
        styles[label] = {"color": colour}
    return {label: styles[label] for label in groups}


def shown(tables, rows) -> str:
    """Models, N, parent temperatures and samples of what a figure shows, and samples left out.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
    rows : DataFrame
        With what :func:`glassmodes.papers.kapteijns2020_nqe.glasses.described` adds to ensemble
        and sample.
    """
    parts = []
    for label, group in rows.groupby("label", sort=False):
        temperatures = [value for value in group["parent_temperature"].unique() if value == value]
        text = label
        if "T_p" not in label and len(temperatures) == 1:
            how = "cooled" if (group["protocol"] == "cooling").all() else "quenched"
            text += f" ({how} from T = {temperatures[0]:g})"
        sizes = []
        for size, found in group.groupby("particles"):
            used = found.groupby(["ensemble", "sample"]).ngroups
            count = used_of_asked(tables, found["ensemble"].unique(), used)
            sizes.append(f"N = {size} ({count})")
        parts.append(f"{text}: {', '.join(sizes)}")
    return "Shown: " + "; ".join(parts) + "." + left_out_words(tables, rows["ensemble"].unique())


def series_name(label, size=None) -> str:
    """A label as legends show it, with N if it is given."""
    name = label.replace("3D POLY, density", "POLY").replace("3D POLY", "POLY")
    name = name.replace("T_p", "$T_p$")
    return name if size is None else f"{name}, $N$ = {size}"


def ending(tables, rows, statement):
    """How every caption ends."""
    return (
        f" {shown(tables, rows)} {units_words(tables, rows['ensemble'].unique())} "
        f"The paper's statement: {statement}"
    )


def largest_series(rows):
    """Rows of one model at one density and parent temperature: that of 3D IPL, or the largest."""
    counts = rows["label"].value_counts()
    ipl = [label for label in counts.index if label.startswith("3D IPL")]
    return rows[rows["label"] == (ipl or list(counts.index))[0]].reset_index(drop=True)


# --- panels ---------------------------------------------------------------------------------------


def points(panel, x, y, *, size=2.2, alpha=0.5, **style):
    """Single modes as small points."""
    panel.plot(
        x,
        y,
        linestyle="none",
        **{"marker": "o", **style},
        markersize=size,
        markeredgewidth=0,
        alpha=alpha,
        rasterized=True,
        zorder=2,
    )


def entry(panel, text, **style):
    """An entry of the legend, drawn large enough to be seen."""
    panel.plot(
        [], [], **{"linestyle": "none", "marker": "o", "markersize": 4.5, **style}, label=text
    )


def cloud(panel, x, y, *, colour="#0077BB", y_limits=None):
    """Counts of modes in bins of both logarithms, or points where they are few.

    Parameters
    ----------
    y_limits : (float, float), optional
        Of the bins, where the axis is wider than the data.

    Returns
    -------
    matplotlib.image or None
        For a colour bar; None for points.
    """
    if len(x) < FEWEST_IN_HISTOGRAM:
        points(panel, x, y, color=colour)
        return None
    bins = int(np.clip(np.sqrt(len(x)), 25, 60))
    limits = (limits_of(x, 1.0), y_limits or limits_of(y, 1.0))
    edges = [np.geomspace(*ends, bins + 1) for ends in limits]
    counts, _, _ = np.histogram2d(x, y, bins=edges)
    counts = np.where(counts > 0.0, counts, np.nan).T
    norm = LogNorm(1.0, max(np.nanmax(counts), 10.0))
    return panel.pcolormesh(*edges, counts, norm=norm, cmap="viridis", rasterized=True, zorder=1)


def limits_of(values, room=1.3):
    """Ends of a logarithmic axis around some values, by a factor wider than they are."""
    values = np.asarray(values, dtype=float)
    low, high = values.min() / room, values.max() * room
    return (low, high) if high > low * 1.001 else (0.5 * low, 2.0 * high)


def log_axes(panel, x, y, *, room=1.3):
    """Logarithmic axes around the data, ticks at 1, 2 and 5 where decades are few."""
    panel.set(xscale="log", yscale="log", xlim=limits_of(x, 1.15), ylim=limits_of(y, room))
    few_ticks(panel.xaxis, panel.get_xlim())
    few_ticks(panel.yaxis, panel.get_ylim())


def few_ticks(axis, limits):
    """Plain numbers 1, 2, 5, ... at a logarithmic axis of less than two decades."""
    low, high = limits
    inside = np.floor(np.log10(high)) - np.ceil(np.log10(low)) + 1
    # plain numbers stay short only near one
    if inside < 2 and 1e-3 <= low and high <= 2e4:
        plain_numbers(axis, low, high, factors=(1, 2, 5) if high > 2.5 * low else None)


def medians(panel, x, y, *, bins=None, label=None, filled=True, colour="black", marker="s"):
    """Running medians with quartiles."""
    if len(x) < 10:
        return
    bins = bins or int(np.clip(len(x) // 15, 2, 12))
    centres, middle, low, high = running_medians(x, y, bins)
    panel.errorbar(
        centres,
        middle,
        [middle - low, high - middle],
        fmt=marker,
        color=colour,
        markersize=3.8,
        markerfacecolor=colour if filled else "white",
        elinewidth=0.8,
        label=label,
        zorder=5,
    )


def letters(axes):
    """(a), (b), ... above the left corners of panels."""
    for letter, panel in zip("abcdefgh", axes, strict=False):
        title = panel.get_title()
        panel.set_title("")
        panel.set_title(f"({letter}) {title}".strip(), loc="left")


def legend_below(figure, axes, columns=5):
    """One legend below all panels, where it covers no data, in as many columns as have room."""
    entries = {}
    for panel in axes:
        handles, labels = panel.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    for ncols in range(min(len(entries), columns), 0, -1):
        legend = figure.legend(
            entries.values(), entries.keys(), loc="outside lower center", ncols=ncols
        )
        if ncols == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()


def grid(count, *, columns=None, height=3.0, wide=1.0):
    """Panels in rows, figure as wide as the page."""
    columns = columns or count
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(WIDTH * wide * (0.6 if count == 1 else 1.0), height * rows),
        squeeze=False,
        layout="constrained",
    )
    return figure, list(axes.flat)


def nothing(panel):
    """Say in an empty panel that there is nothing to be shown."""
    panel.text(0.5, 0.5, "no such modes", transform=panel.transAxes, ha="center", fontsize=8)
    panel.set(xticks=[], yticks=[])
