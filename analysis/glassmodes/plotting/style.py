"""One look for every figure: sizes for a two-column page, colours that survive colour blindness."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter  # noqa: E402

WIDTH = 7.0
"""Width of a two-panel figure, inches: two columns of a journal page."""

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.labelsize": 10.0,
    "axes.titlesize": 10.0,
    "axes.linewidth": 0.8,
    "axes.formatter.use_mathtext": True,
    "mathtext.fontset": "dejavusans",
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.0,
    "errorbar.capsize": 1.5,
    "figure.dpi": 110,
    "savefig.dpi": 220,
    "pdf.fonttype": 42,
    "svg.hashsalt": "glass",
}

TEMPERATURE_COLOURS = {
    1e-4: "#332288",
    1e-3: "#0077BB",
    1e-2: "#009988",
    5e-2: "#EE7733",
    1e-1: "#CC3311",
}
"""The paper's temperatures, cold to hot (colours after Paul Tol's vibrant and muted sets)."""

OTHER_TEMPERATURES = ("#EE3377", "#999933", "#882255", "#33BBEE")
"""Colours of temperatures that the paper does not have, distinct from its own."""

PARTS = {"total": "#222222", "splitting": "#0077BB", "combining": "#EE7733"}
"""Colours of a total and its two processes."""

KINDS = {"glass": "#0077BB", "crystal": "#CC3311"}

SIZE_LINES = ("-", "--", ":", "-.")
"""Line styles of ensembles of one kind, from the smallest N on (Fig. 1 of the paper)."""

SIZE_COLOURS = ("#117733", "#AA4499", "#DDAA33", "#555555", "#88CCEE", "#882255")
"""Colours of sizes, none of them a temperature's, from the smallest N on."""

SIZE_MARKERS = "osD^vP"
"""Markers of sizes, from the smallest N on."""


@contextmanager
def styled():
    """Matplotlib settings of the house, for the duration of a block."""
    with plt.rc_context(SETTINGS):
        yield


def temperature_colours(temperatures) -> dict[float, str]:
    """A colour for each temperature: the paper's where it is one of the paper's."""
    temperatures = sorted(set(temperatures))
    others = itertools.cycle(OTHER_TEMPERATURES)
    colours = {}
    for temperature in temperatures:
        known = [
            colour
            for value, colour in TEMPERATURE_COLOURS.items()
            if np.isclose(value, temperature, rtol=1e-6)
        ]
        colours[temperature] = known[0] if known else next(others)
    return colours


def temperature_text(temperature: float) -> str:
    """A temperature as it is written in legends and captions, such as 5 x 10^-2."""
    return power_of_ten(temperature)


def power_of_ten(value: float) -> str:
    """A number as a factor and a power of ten, such as 5 x 10^-2."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = value / 10.0**exponent
    power = f"10^{{{exponent}}}"
    return f"${power}$" if np.isclose(factor, 1.0) else rf"${factor:.3g} \times {power}$"


def two_panels(kinds, *, height=3.0, share_y=True, share_x=False):
    """A figure with one panel for each kind of ensemble, glass left, crystal right, or model.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : dict of str to matplotlib.axes.Axes
    """
    kinds = ordered(kinds)
    width = WIDTH if len(kinds) > 1 else 0.6 * WIDTH
    figure, axes = plt.subplots(
        1,
        len(kinds),
        figsize=(width, height),
        sharey=share_y,
        sharex=share_x,
        squeeze=False,
        layout="constrained",
    )
    panels = dict(zip(kinds, axes[0], strict=True))
    for letter, (kind, panel) in zip("abcd", panels.items(), strict=False):
        title = kind[0].upper() + kind[1:]
        panel.set_title(f"({letter}) {title}" if len(kinds) > 1 else title)
    return figure, panels


def ordered(panels) -> list[str]:
    """Names of panels from the left: glass, crystal, then models as they are given."""
    first = [kind for kind in ("glass", "crystal") if kind in set(panels)]
    return first + [panel for panel in panels if panel not in first]


def panel_colours(panels) -> dict[str, str]:
    """A colour for each panel: that of its kind, or one by its place."""
    places = itertools.cycle(KINDS.values())
    return {panel: KINDS.get(panel, next(places)) for panel in ordered(panels)}


def size_styles(rows) -> dict[int, dict]:
    """Colour and marker of each N, smallest first.

    Parameters
    ----------
    rows : DataFrame
        With a column `particles`.
    """
    return {
        size: {
            "color": SIZE_COLOURS[i % len(SIZE_COLOURS)],
            "marker": SIZE_MARKERS[i % len(SIZE_MARKERS)],
        }
        for i, size in enumerate(sorted(rows["particles"].unique()))
    }


def frequency_axis(panel, low, high):
    """A logarithmic axis of frequencies with plain numbers, 1, 2, 5, 10, ..."""
    panel.set_xscale("log")
    panel.set_xlim(0.85 * low, 1.15 * high)
    plain_numbers(panel.xaxis, low, high)


def plain_numbers(axis, low, high, *, factors=None):
    """Plain numbers, 1, 2, 5, 10, ... at a logarithmic axis of a few decades."""
    decades = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    if factors is None:
        factors = (1, 2, 5) if high > 4.0 * low else (1, 1.5, 2, 3, 4, 5, 6, 8)
    axis.set_major_locator(
        FixedLocator([factor * 10.0**decade for decade in decades for factor in factors])
    )
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def plain_logarithms(panel):
    """Plain numbers on both logarithmic axes of a panel, also on axes below a decade."""
    for axis, (low, high) in ((panel.xaxis, panel.get_xlim()), (panel.yaxis, panel.get_ylim())):
        factors = (1.0, 2.0, 5.0) if high < 300.0 * low else (1.0,)
        axis.set_major_locator(LogLocator(subs=factors))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def guide(panel, x, power, anchor, label, *, place=(0.5, 1.35)):
    """A dotted power law through a point, with its label beside it.

    Parameters
    ----------
    x : array_like, shape=(2,)
        Ends of the line.
    power : float
    anchor : (float, float)
        A point of the line.
    label : str
    place : (float, float)
        Of the label: part of the line's length (logarithmic), and factor above it.
    """
    x = np.asarray(x, dtype=float)
    y = anchor[1] * (x / anchor[0]) ** power
    panel.plot(x, y, ":", color="0.25", linewidth=1.4, zorder=4)
    middle = x[0] ** (1 - place[0]) * x[1] ** place[0]
    panel.text(
        middle,
        place[1] * anchor[1] * (middle / anchor[0]) ** power,
        label,
        color="0.25",
        fontsize=9,
        ha="left",
        va="bottom",
    )


def legend(panel, **settings):
    """Legend of a panel, if anything in it has a label."""
    handles, labels = panel.get_legend_handles_labels()
    if labels:
        unique = dict(zip(labels, handles, strict=True))
        panel.legend(unique.values(), unique.keys(), **settings)
