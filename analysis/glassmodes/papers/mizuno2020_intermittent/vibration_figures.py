"""Figures after mizuno2020_intermittent, Figs 1-4: displacements and lifetimes of modes.

Each function takes the tables by name and returns a matplotlib Figure, glass and crystal side by
side. Reduced units throughout: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from glassmodes.papers.mizuno2020_intermittent import PAPER
from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    BIN_WIDTH,
    frequency_bins,
    lifetimes_by_window,
    measured_lifetimes,
    rates_by_window,
    resolved_lifetimes,
)
from glassmodes.papers.mizuno2020_intermittent.panels import (
    FREQUENCY,
    LIFETIME,
    broadenings_shown,
    draw_inverse_square_guide,
    draw_low_frequency_points,
    draw_theory_points,
    evenly_spread,
    legend_with_sizes,
    make_room_for_legend,
    mean_over_samples,
    measured_of_each_kind,
    temperatures_of,
)
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import all_by_kind, by_kind, describe, of, size_lines
from glassmodes.plotting.style import (
    PARTS,
    frequency_axis,
    guide,
    legend,
    temperature_colours,
    temperature_text,
    two_panels,
)

LARGEST_ERROR = 0.3
"""Relative standard error above which an averaged lifetime is not shown."""


# --- Fig. 1 ---------------------------------------------------------------------------------------


@PAPER.figure("Fig. 1", "Mean-squared displacements", requires=("mean_squared_displacement",))
def mean_squared_displacement(tables):
    """Mean-squared displacement against time, all sizes and temperatures (Fig. 1)."""
    table = tables["mean_squared_displacement"]
    kinds = all_by_kind(tables, "mean_squared_displacement")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(kinds)
    for kind, panel in panels.items():
        styles = size_lines(kinds[kind])
        for ensemble, style in styles.items():
            for temperature in temperatures_of(table, [ensemble]):
                rows = of(table, ensemble=ensemble, temperature=temperature)
                mean, error = mean_over_samples(rows, "lag", "msd")
                panel.plot(
                    mean.index,
                    mean,
                    style,
                    color=colours[temperature],
                    label=f"$T$ = {temperature_text(temperature)}",
                )
                if rows["sample"].nunique() > 1:
                    panel.fill_between(
                        mean.index,
                        mean - error,
                        mean + error,
                        color=colours[temperature],
                        alpha=0.2,
                        linewidth=0,
                    )
        panel.set(xscale="log", yscale="log", xlabel=r"time $t$")
        legend_with_sizes(tables, panel, styles)
    low, high = table["msd"].min(), table["msd"].max()
    # a little more than a decade above the data, for the legends
    next(iter(panels.values())).set(
        ylim=(0.5 * low, 12.0 * high),
        ylabel=r"$\langle |\mathbf{r}_i(t) - \mathbf{r}_i(0)|^2 \rangle$",
    )
    return figure


@mean_squared_displacement.caption
def _(tables):
    return (
        "Mean-squared displacement per particle as a function of time, averaged over all initial "
        "times of the run, for the glass (a) and the crystal (b); line styles are system sizes, "
        "bands the standard error over samples. "
        + describe(tables, "mean_squared_displacement")
        + " The paper's statement: constant in all cases without any indication of time "
        "dependence, larger in the glass than in the crystal at the same temperature, and without "
        "relevant finite-size effects."
    )


# --- Fig. 2 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 2",
    "Lifetime of vibrational eigenmodes",
    requires=("lifetimes",),
    uses=("decay_rates", "window_lifetimes"),
)
def lifetimes(tables):
    """Lifetime against frequency, measured and predicted (Fig. 2)."""
    table, chosen = measured_of_each_kind(tables)
    resolved = resolved_lifetimes(tables)
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen, height=3.6)
    for kind, panel in panels.items():
        ensemble = chosen[kind]
        for temperature in temperatures_of(table, [ensemble]):
            rows = of(resolved, ensemble=ensemble, temperature=temperature)
            colour = colours[temperature]
            panel.plot(
                rows["frequency"],
                rows["lifetime"],
                ".",
                color=colour,
                markersize=1.8,
                markeredgewidth=0,
                alpha=0.3,
                rasterized=True,
                zorder=1,
            )
            draw_low_frequency_points(panel, kind, rows, colour, temperature)
            _draw_binned_lifetimes(tables, panel, ensemble, temperature, colour)
            _draw_theory_line(tables, panel, ensemble, temperature)
        draw_theory_points(tables, panel, kind, ensemble, temperatures_of(table, [ensemble]))
        if kind == "crystal":
            draw_inverse_square_guide(tables, panel, ensemble)
        panel.set(yscale="log", xlabel=FREQUENCY)
        spectrum = of(tables["lifetimes"], ensemble=ensemble)["frequency"]
        frequency_axis(panel, spectrum.min(), spectrum.max())
    make_room_for_legend(panels)
    for panel in panels.values():
        legend(panel, ncols=2, loc="upper right", columnspacing=1.0)
    next(iter(panels.values())).set_ylabel(LIFETIME)
    return figure


def _draw_binned_lifetimes(tables, panel, ensemble, temperature, colour):
    if "window_lifetimes" in tables and len(tables["window_lifetimes"]):
        curve = lifetimes_by_window(tables, ensemble, temperature)
        x, y, error = curve["frequency"], curve["lifetime"], curve["error"]
    else:
        rows = of(measured_lifetimes(tables), ensemble=ensemble, temperature=temperature)
        curve = frequency_bins(rows["frequency"], rows["lifetime"])
        x, y, error = curve["frequency"], curve["mean"], curve["error"]
    good = error <= LARGEST_ERROR * y
    panel.errorbar(x[good], y[good], error[good], color=colour, elinewidth=0.8, zorder=5)


def _draw_theory_line(tables, panel, ensemble, temperature):
    if "decay_rates" not in tables:
        return
    theory = rates_by_window(tables, ensemble)
    if len(theory):
        panel.plot(
            theory["frequency"],
            theory["scaled_lifetime"] / temperature,
            color="black",
            linewidth=1.1,
            label="theory, Eq. 13",
            zorder=6,
        )


@lifetimes.caption
def _(tables):
    table, chosen = measured_of_each_kind(tables)
    text = (
        "Lifetime of vibrational modes as a function of their frequency, for the glass (a) and "
        "the crystal (b). Dots: single modes from MD; open circles: modes in the low-frequency "
        "regime (in the crystal means over degenerate sets); coloured lines: lifetimes of the "
        f"mean energy correlation of windows of width {BIN_WIDTH} (those with a standard error "
        f"above {100 * LARGEST_ERROR:.0f} % left out); black circles and lines: perturbation "
        "theory, 1/Gamma_k of Eq. 13 and its average over the same windows; dotted: omega^-2. "
        "Single modes are shown where the run is long enough for nine in ten of their window. "
        + describe({**tables, "lifetimes": table}, "lifetimes", chosen.values())
    )
    if "decay_rates" in tables:
        text += f" Broadening of the theory: {broadenings_shown(tables['decay_rates'])}."
    return text + (
        " The paper's statement: theory and MD agree closely; the glass has a very mild "
        "dependence on frequency, the crystal a steep one with omega^-2 at low frequency, and the "
        "crystal's lifetimes are an order of magnitude longer."
    )


# --- Fig. 3 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 3",
    "Temperature dependence of the lifetime of eigenmodes",
    requires=("window_lifetimes",),
    uses=("decay_rates",),
)
def lifetimes_of_temperature(tables):
    """Lifetime against temperature at some frequencies (Fig. 3)."""
    table = tables["window_lifetimes"]
    chosen = by_kind(tables, "window_lifetimes")
    figure, panels = two_panels(chosen)
    markers = "osD^v"
    for kind, panel in panels.items():
        ensemble = chosen[kind]
        temperatures = temperatures_of(table, [ensemble])
        curves = {t: lifetimes_by_window(tables, ensemble, t) for t in temperatures}
        curves = {t: c[c["error"] <= LARGEST_ERROR * c["lifetime"]] for t, c in curves.items()}
        curves = {t: c.set_index("frequency") for t, c in curves.items() if len(c)}
        if not curves:
            raise MissingData(f"no window of the {kind} has a lifetime")
        shared = sorted(set.intersection(*(set(c.index) for c in curves.values())))
        if not shared:
            raise MissingData(f"the {kind} has no window with lifetimes at all temperatures")
        picked = evenly_spread(shared, 5)
        palette = plt.colormaps["viridis"](np.linspace(0.0, 0.85, len(picked)))
        theory = rates_by_window(tables, ensemble) if "decay_rates" in tables else None
        for frequency, colour, marker in zip(picked, palette, markers, strict=False):
            x = np.array(list(curves))
            y = np.array([c.loc[frequency, "lifetime"] for c in curves.values()])
            error = np.array([c.loc[frequency, "error"] for c in curves.values()])
            panel.errorbar(
                x, y, error, fmt=marker, color=colour, label=rf"$\omega$ = {frequency:g}"
            )
            line = theory[theory["frequency"] == frequency] if theory is not None else []
            if len(line):
                span = np.array([x.min() / 1.4, x.max() * 1.4])
                panel.plot(
                    span, line["scaled_lifetime"].iloc[0] / span, color=colour, linewidth=0.9
                )
        if len(curves) > 1:
            first = min(curves)
            span = (first, max(curves))
            height = 2.0 * curves[first]["lifetime"].max()
            guide(panel, span, -1.0, (first, height), r"$\propto T^{-1}$", place=(0.4, 1.2))
        panel.set(xscale="log", yscale="log", xlabel=r"temperature $T$")
        # at least a decade, so that ticks at powers of ten are enough
        middle = np.sqrt(min(curves) * max(curves))
        half = max(2.0 * max(curves) / middle, np.sqrt(20.0))
        panel.set_xlim(middle / half, middle * half)
        panel.xaxis.set_minor_formatter(NullFormatter())
        legend(panel, loc="lower left")
    lows, highs = zip(*(panel.get_ylim() for panel in panels.values()), strict=True)
    first = next(iter(panels.values()))
    first.set(ylim=(0.12 * min(lows), max(highs)), ylabel=LIFETIME)
    return figure


@lifetimes_of_temperature.caption
def _(tables):
    return (
        f"Lifetime as a function of temperature, in windows of frequency of width {BIN_WIDTH} "
        "centred at the given values, for the glass (a) and the crystal (b). Symbols: MD, with "
        "standard errors; coloured lines: theory, Eq. 13; dotted: 1/T. "
        + describe(tables, "window_lifetimes", by_kind(tables, "window_lifetimes").values())
        + " The paper's statement: lifetimes are inversely proportional to the temperature, as "
        "expected from third-order perturbation theory."
    )


# --- Fig. 4 ---------------------------------------------------------------------------------------


@PAPER.figure("Fig. 4", "Joint two-mode density of states", requires=("joint_density",))
def joint_density(tables):
    """Joint two-mode density of states and its two parts (Fig. 4)."""
    chosen = by_kind(tables, "joint_density")
    tops = []
    figure, panels = two_panels(chosen)
    for kind, panel in panels.items():
        table = of(tables["joint_density"], ensemble=chosen[kind])
        table = table.assign(total=table["splitting"] + table["combining"])
        for part, label in (
            ("total", r"total $j$"),
            ("splitting", r"split $j_\mathrm{spl}$"),
            ("combining", r"combined $j_\mathrm{com}$"),
        ):
            mean, _ = mean_over_samples(table, "frequency", part)
            style = "-" if part == "total" else "--" if part == "splitting" else "-."
            panel.plot(mean.index, mean, style, color=PARTS[part], label=label)
        tops.append(table.loc[table["frequency"] > BIN_WIDTH, "total"].max())
        panel.set(xlabel=FREQUENCY, xlim=(0.0, table["frequency"].max()))
        legend(panel)
    first = next(iter(panels.values()))
    first.set(ylim=(0.0, 1.1 * max(tops)), ylabel=r"joint density of states $j(\omega)$")
    return figure


@joint_density.caption
def _(tables):
    return (
        "Joint two-mode density of states (Eq. 14) for the glass (a) and the crystal (b): total, "
        "and the parts of the processes in which a mode splits into two and in which it combines "
        "with another one. A peak at zero, from pairs of degenerate modes, is cut. "
        + describe(tables, "joint_density", by_kind(tables, "joint_density").values())
        + " The paper's statement: the splitting part vanishes at zero frequency and the "
        "combining part at the highest one; in the crystal the dip of j near omega = 10 goes with "
        "a peak of the lifetimes."
    )
