"""Common style of all figures: sizes for a two-column page, colours for colour-blind readers."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter  # noqa: E402

WIDTH = 7.0
"""Width of a figure with two panels, in inches: two columns of a journal page."""

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
"""Matplotlib settings of all figures."""

TEMPERATURE_COLOURS = {
    1e-4: "#332288",
    1e-3: "#0077BB",
    1e-2: "#009988",
    5e-2: "#EE7733",
    1e-1: "#CC3311",
}
"""Colours of the temperatures of Mizuno, Tong, Ikeda and Mossa (2020), from cold to hot, after Paul
Tol's vibrant and muted sets.
"""

OTHER_TEMPERATURES = ("#EE3377", "#999933", "#882255", "#33BBEE")
"""Colours of all other temperatures."""

PARTS = {"total": "#222222", "splitting": "#0077BB", "combining": "#EE7733"}
"""Colours of a total and of the two processes that add up to it."""

KINDS = {"glass": "#0077BB", "crystal": "#CC3311"}
"""Colours of the kinds of ensembles."""

SIZE_LINES = ("-", "--", ":", "-.")
"""Line styles of ensembles of one kind, smallest N first, after Fig. 1 of the same paper."""

SIZE_COLOURS = ("#117733", "#AA4499", "#DDAA33", "#555555", "#88CCEE", "#882255")
"""Colours of system sizes, smallest N first, distinct from those of temperatures."""

SIZE_MARKERS = "osD^vP"
"""Markers of system sizes, smallest N first."""


@contextmanager
def styled():
    """Context manager: the settings of all figures apply within the block."""
    with plt.rc_context(SETTINGS):
        yield


def temperature_colours(temperatures) -> dict[float, str]:
    """Colour of each temperature, from the paper's colours where it has that temperature."""
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
    """A number as a factor times a power of ten, in TeX, such as 5 x 10^-2."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = value / 10.0**exponent
    power = f"10^{{{exponent}}}"
    return f"${power}$" if np.isclose(factor, 1.0) else rf"${factor:.3g} \times {power}$"


def two_panels(kinds, *, height=3.0, share_y=True, share_x=False):
    """Figure with one panel side by side for each kind of ensemble or model.

    Parameters
    ----------
    kinds : iterable of str
        Names of the panels, ordered by :func:`ordered`.
    height : float
        Height of the figure, in inches.
    share_y, share_x : bool
        Whether the panels have common axes.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : dict of str to matplotlib.axes.Axes
        Panels by name.
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
    """Names of panels from left to right: glass, crystal, then models in the given order."""
    first = [kind for kind in ("glass", "crystal") if kind in set(panels)]
    return first + [panel for panel in panels if panel not in first]


def panel_colours(panels) -> dict[str, str]:
    """Colour of each panel: that of its kind, or one by its position."""
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
    """Give a panel a logarithmic frequency axis labelled with plain numbers 1, 2, 5, 10, ...

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    low, high : float
        Range of the frequencies.
    """
    panel.set_xscale("log")
    panel.set_xlim(0.85 * low, 1.15 * high)
    plain_numbers(panel.xaxis, low, high)


def plain_numbers(axis, low, high, *, factors=None):
    """Label a logarithmic axis of a few decades with plain numbers 1, 2, 5, 10, ...

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    low, high : float
        Range of the data.
    factors : sequence of float, optional
        Factors times powers of ten that are labelled; by default they depend on the range.
    """
    decades = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    if factors is None:
        factors = (1, 2, 5) if high > 4.0 * low else (1, 1.5, 2, 3, 4, 5, 6, 8)
    axis.set_major_locator(
        FixedLocator([factor * 10.0**decade for decade in decades for factor in factors])
    )
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def plain_logarithms(panel):
    """Label both logarithmic axes of a panel with plain numbers, also below a decade."""
    for axis, (low, high) in ((panel.xaxis, panel.get_xlim()), (panel.yaxis, panel.get_ylim())):
        factors = (1.0, 2.0, 5.0) if high < 300.0 * low else (1.0,)
        axis.set_major_locator(LogLocator(subs=factors))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def guide(panel, x, power, anchor, label, *, place=(0.5, 1.35)):
    """Draw a dotted power law through a point, with a label beside it.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
    x : array_like, shape=(2,)
        Ends of the line.
    power : float
        Exponent of the power law.
    anchor : (float, float)
        Point on the line.
    label : str
        Text of the label.
    place : (float, float)
        Position of the label: fraction of the length of the line in logarithms, and factor by which
        it is above the line.
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
    """Add a legend to a panel if any of its artists has a label."""
    handles, labels = panel.get_legend_handles_labels()
    if labels:
        unique = dict(zip(labels, handles, strict=True))
        panel.legend(unique.values(), unique.keys(), **settings)
