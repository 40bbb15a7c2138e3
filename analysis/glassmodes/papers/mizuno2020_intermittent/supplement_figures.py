"""Figures after the supplement of mizuno2020_intermittent, Figs S1-S3, S5, S6, and Eq. 13.

Each function takes the tables by name and returns a matplotlib Figure, glass and crystal side by
side. Reduced units throughout: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from glassmodes.papers.mizuno2020_intermittent import PAPER
from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    BIN_WIDTH,
    frequency_bins,
    lifetimes_with_rates,
    narrowest,
    resolved_lifetimes,
)
from glassmodes.papers.mizuno2020_intermittent.panels import (
    FREQUENCY,
    LIFETIME,
    LOWEST_MODES,
    broadenings_shown,
    draw_inverse_square_guide,
    draw_low_frequency_points,
    draw_theory_points,
    evenly_spread,
    legend_with_sizes,
    low_frequency_rows,
    make_room_for_legend,
    measured_of_each_kind,
    temperatures_of,
)
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import all_by_kind, by_kind, describe, of, size_lines
from glassmodes.plotting.style import (
    SIZE_LINES,
    WIDTH,
    frequency_axis,
    legend,
    temperature_colours,
    temperature_text,
    two_panels,
)

LOWEST_CORRELATION = 0.02
"""Value below which an autocorrelation is not shown: noise."""


# --- Figs S1 and S2 -------------------------------------------------------------------------------


def _series(tables, column, label):
    table = tables["time_series"]
    kinds = all_by_kind(tables, "time_series")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(kinds)
    for kind, panel in panels.items():
        for ensemble, style in size_lines(kinds[kind]).items():
            for temperature in temperatures_of(table, [ensemble]):
                rows = of(table, ensemble=ensemble, temperature=temperature)
                rows = rows[rows["sample"] == rows["sample"].min()]
                panel.plot(
                    rows["time"],
                    rows[column],
                    style,
                    color=colours[temperature],
                    linewidth=0.7,
                    rasterized=True,
                )
                panel.plot([], [], color=colours[temperature], label=temperature_text(temperature))
        panel.set(yscale="log", xlabel=r"time $t$")
        panel.margins(x=0)
        legend_with_sizes(tables, panel, size_lines(kinds[kind]), title="$T$")
    values = table[column][table[column] > 0.0]
    next(iter(panels.values())).set(ylim=(0.5 * values.min(), 20.0 * values.max()), ylabel=label)
    return figure


@PAPER.figure("Fig. S1", "Temperature as a function of time", requires=("time_series",))
def temperature_series(tables):
    """Temperature against time (Fig. S1)."""
    return _series(tables, "temperature_observed", r"temperature $T(t)$")


@temperature_series.caption
def _(tables):
    return (
        "Instantaneous temperature along the constant-energy runs (first sample of each "
        "ensemble, thinned) for the glass (a) and the crystal (b). "
        + describe(tables, "time_series")
        + " The paper's statement: time independent."
    )


@PAPER.figure("Fig. S2", "Potential energy as a function of time", requires=("time_series",))
def potential_energy_series(tables):
    """Potential energy per particle against time (Fig. S2)."""
    return _series(tables, "potential_energy", r"$[\Phi(t) - \Phi_\mathrm{IS}] / N$")


@potential_energy_series.caption
def _(tables):
    return (
        "Potential energy per particle above that of the inherent structure along the "
        "constant-energy runs (first sample of each ensemble, thinned) for the glass (a) and the "
        "crystal (b); harmonic vibrations have 3/2 T. "
        + describe(tables, "time_series")
        + " The paper's statement: time independent."
    )


# --- Fig. S3 --------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. S3",
    "Lifetime of low-frequency modes",
    requires=("lifetimes",),
    uses=("decay_rates", "modes"),
)
def lifetimes_low_frequency(tables):
    """Lifetime of low-frequency modes, of the next larger system where there is one (Fig. S3)."""
    table, chosen = measured_of_each_kind(tables, larger=True)
    resolved = resolved_lifetimes(tables)
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen, height=3.3)
    for kind, panel in panels.items():
        rows_of_kind = of(resolved, ensemble=chosen[kind])
        for temperature in temperatures_of(table, [chosen[kind]]):
            rows = of(rows_of_kind, temperature=temperature)
            draw_low_frequency_points(panel, kind, rows, colours[temperature], temperature)
        draw_theory_points(
            tables, panel, kind, chosen[kind], temperatures_of(table, [chosen[kind]])
        )
        if kind == "crystal":
            draw_inverse_square_guide(tables, panel, chosen[kind])
        panel.set(yscale="log", xlabel=FREQUENCY)
        spectrum = low_frequency_rows(kind, of(tables["lifetimes"], ensemble=chosen[kind]))
        frequency_axis(panel, spectrum["frequency"].min(), spectrum["frequency"].max())
    make_room_for_legend(panels, decades=0.6)
    for kind, panel in panels.items():
        if "decay_rates" in tables and len(of(tables["decay_rates"], ensemble=chosen[kind])):
            panel.plot([], [], "o", color="black", markersize=2.0, label="theory, Eq. 13")
        legend(panel, ncols=2, loc="upper right", columnspacing=1.0)
    next(iter(panels.values())).set_ylabel(LIFETIME)
    return figure


@lifetimes_low_frequency.caption
def _(tables):
    table, chosen = measured_of_each_kind(tables, larger=True)
    return (
        f"The low-frequency part of the lifetimes: the {LOWEST_MODES} lowest modes of each sample "
        "of the glass (a) and degenerate sets of the crystal below a third of its highest "
        "frequency (b), one point each. Open: MD; black: theory, where decay rates were computed; "
        "dotted: omega^-2. "
        + describe({**tables, "lifetimes": table}, "lifetimes", chosen.values())
        + " The paper shows N = 32000 here and states that the crystal's omega^-2 is even more "
        "evident, and that in the glass two branches begin to separate, phonon-like modes with "
        "longer and quasi-localised modes with shorter lifetimes."
    )


# --- Fig. S5 --------------------------------------------------------------------------------------


def _with_energy(tables):
    """Modes whose energy was measured."""
    table = tables["lifetimes"]
    table = table[~table["rearranged"] & np.isfinite(table["mean_energy"])]
    if table.empty:
        raise MissingData("no mode has a mean energy: every run rearranged")
    return table


@PAPER.figure("Fig. S5", "Equipartition among modes", requires=("lifetimes",))
def mean_mode_energy(tables):
    """Mean energy of modes over the temperature (Fig. S5)."""
    table = _with_energy(tables)
    chosen = by_kind({**tables, "lifetimes": table}, "lifetimes")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen)
    for kind, panel in panels.items():
        for temperature in temperatures_of(table, [chosen[kind]]):
            rows = of(table, ensemble=chosen[kind], temperature=temperature)
            ratio = rows["mean_energy"] / temperature
            panel.plot(
                rows["frequency"],
                ratio,
                ".",
                markersize=1.8,
                markeredgewidth=0,
                color=colours[temperature],
                alpha=0.3,
                rasterized=True,
            )
            bins = frequency_bins(rows["frequency"], ratio)
            panel.errorbar(
                bins["frequency"],
                bins["mean"],
                bins["error"].fillna(0.0),
                fmt="o",
                markersize=2.5,
                elinewidth=0.8,
                color=colours[temperature],
                label=f"$T$ = {temperature_text(temperature)}",
            )
        panel.axhline(1.0, color="black", linewidth=0.9, zorder=5)
        panel.set(xlabel=FREQUENCY, ylim=(0.3, 1.9))
        legend(panel, ncols=2, loc="upper left")
    next(iter(panels.values())).set_ylabel(r"$\langle E_k \rangle / T$")
    return figure


@mean_mode_energy.caption
def _(tables):
    usable = {**tables, "lifetimes": _with_energy(tables)}
    return (
        "Mean energy of each mode over the temperature as a function of frequency, for the glass "
        "(a) and the crystal (b). Dots: single modes (in a run of R lifetimes their mean energy "
        f"scatters by (2/R)^(1/2)); symbols: means over bins of width {BIN_WIDTH} with standard "
        "errors; line: equipartition. "
        + describe(usable, "lifetimes", by_kind(usable, "lifetimes").values())
        + " The paper's statement: the time average of every mode's energy is the temperature."
    )


# --- Fig. S6 --------------------------------------------------------------------------------------


@PAPER.figure("Fig. S6", "Decay of energy fluctuations", requires=("energy_autocorrelation",))
def energy_autocorrelation(tables):
    """Energy autocorrelation of windows of frequency, on a logarithmic scale (Fig. S6)."""
    table = tables["energy_autocorrelation"]
    chosen = by_kind(tables, "energy_autocorrelation")
    figure, panels = two_panels(chosen)
    for kind, panel in panels.items():
        rows = of(table, ensemble=chosen[kind])
        temperatures = sorted(rows["temperature"].unique())
        picked = evenly_spread(_filled_windows(tables, rows), 4)
        palette = plt.colormaps["viridis"](np.linspace(0.0, 0.85, len(picked)))
        drawn = False
        for window, colour in zip(picked, palette, strict=True):
            for temperature, style in zip(temperatures, SIZE_LINES, strict=False):
                curve = of(rows, window=window, temperature=temperature)
                curve = curve.groupby("lag")["value"].mean()
                below = np.flatnonzero(curve.to_numpy() <= np.exp(-1.0))
                if len(below) == 0:
                    continue
                # up to where noise takes over, in units of the curve's own 1/e time
                lost = np.flatnonzero(curve.to_numpy() <= LOWEST_CORRELATION)
                curve = curve.iloc[: lost[0] if len(lost) else None]
                pair = curve.iloc[max(0, below[0] - 1) : below[0] + 1]
                lifetime = np.interp(1.0, -np.log(pair), pair.index)
                panel.plot(
                    curve.index / lifetime,
                    curve,
                    style,
                    color=colour,
                    label=rf"$\omega$ = {window:g}",
                )
                drawn = True
        if not drawn:
            raise MissingData(f"no correlation of the {kind} falls off within its runs")
        time = np.array([0.0, -np.log(LOWEST_CORRELATION)])
        panel.plot(time, np.exp(-time), color="black", linewidth=0.9, label=r"$e^{-t/\tau}$")
        for temperature, style in zip(temperatures, SIZE_LINES, strict=False):
            panel.plot([], [], style, color="0.3", label=f"$T$ = {temperature_text(temperature)}")
        panel.set(yscale="log", xlabel=r"time $t / \tau$", ylim=(LOWEST_CORRELATION, 1.1))
        panel.set_xlim(0.0, 4.5)
        legend(panel, loc="upper right")
    next(iter(panels.values())).set_ylabel(r"$C_k(t)$")
    return figure


def _filled_windows(tables, rows):
    """Windows of a correlation table that have a fair number of modes, as far as that is known."""
    windows = np.sort(rows["window"].unique())
    if "window_lifetimes" not in tables:
        return windows
    counts = of(tables["window_lifetimes"], ensemble=rows["ensemble"].iloc[0])
    counts = counts.groupby("window")["modes"].mean()
    filled = counts.index[counts >= 0.5 * counts.median()]
    return [window for window in windows if window in filled]


@energy_autocorrelation.caption
def _(tables):
    return (
        "Normalised autocorrelation of mode-energy fluctuations, averaged over the modes of "
        f"windows of width {BIN_WIDTH} around the given frequencies, against time in units of "
        "each curve's own 1/e time, for the glass (a) and the crystal (b); line styles are "
        "temperatures; black: exponential. "
        + describe(
            tables, "energy_autocorrelation", by_kind(tables, "energy_autocorrelation").values()
        )
        + " The paper's statement: the correlation decays exponentially."
    )


# --- Eq. 13 against MD, mode by mode --------------------------------------------------------------


@PAPER.figure(
    "Eq. 13",
    "Measured lifetimes times predicted decay rates",
    requires=("lifetimes", "decay_rates"),
)
def theory_against_dynamics(tables):
    """tau_MD times Gamma_k, against frequency and as a histogram."""
    joined = lifetimes_with_rates(tables)
    if joined.empty:
        raise MissingData("no mode has both a measured lifetime and a decay rate")
    joined = narrowest(joined)
    chosen = by_kind({**tables, "joined": joined}, "joined")
    colours = temperature_colours(joined["temperature"])
    kinds = [kind for kind in ("glass", "crystal") if kind in chosen]
    figure, panels = plt.subplots(
        2,
        len(kinds),
        figsize=(WIDTH if len(kinds) > 1 else 0.6 * WIDTH, 5.0),
        sharey="row",
        squeeze=False,
        layout="constrained",
    )
    edges = np.geomspace(0.1, 10.0, 61)
    for letter, kind, (above, below) in zip("ab", kinds, panels.T, strict=False):
        for temperature in temperatures_of(joined, [chosen[kind]]):
            rows = of(joined, ensemble=chosen[kind], temperature=temperature)
            colour = colours[temperature]
            above.plot(
                rows["frequency"],
                rows["product"],
                ".",
                markersize=1.8,
                markeredgewidth=0,
                color=colour,
                alpha=0.3,
                rasterized=True,
            )
            bins = np.floor(rows["frequency"] / (2.0 * BIN_WIDTH))
            quartiles = rows.groupby(bins)["product"].quantile([0.25, 0.5, 0.75]).unstack()
            centre = (quartiles.index.to_numpy() + 0.5) * 2.0 * BIN_WIDTH
            above.errorbar(
                centre,
                quartiles[0.5],
                (quartiles[0.5] - quartiles[0.25], quartiles[0.75] - quartiles[0.5]),
                fmt="o",
                markersize=3,
                elinewidth=0.8,
                color=colour,
                label=f"$T$ = {temperature_text(temperature)}",
            )
            below.hist(
                rows["product"],
                edges,
                weights=np.full(len(rows), 1.0 / len(rows)),
                histtype="step",
                color=colour,
                linewidth=1.3,
                label=f"median {rows['product'].median():.2f}, mean {rows['product'].mean():.2f}",
            )
        above.axhline(1.0, color="black", linewidth=0.9)
        below.axvline(1.0, 0.0, 0.75, color="black", linewidth=0.9)
        above.set_title(f"({letter}) {kind.capitalize()}")
        above.set(yscale="log", ylim=(0.1, 20.0), xlabel=FREQUENCY)
        below.set(xscale="log", xlabel=r"$\tau_k \Gamma_k$")
        legend(above, ncols=2, loc="upper left")
        legend(below, loc="upper left")
    panels[0, 0].set_ylabel(r"$\tau_k^\mathrm{MD}\, \Gamma_k$")
    panels[1, 0].set_ylabel("fraction of modes")
    top = panels[1, 0].get_ylim()[1]
    panels[1, 0].set_ylim(0.0, 1.35 * top)
    return figure


@theory_against_dynamics.caption
def _(tables):
    joined = lifetimes_with_rates(tables)
    shown = {**tables, "lifetimes": joined}
    return (
        "Lifetime from MD times decay rate from third-order perturbation theory, mode by mode: "
        "against frequency (top; symbols are medians with quartiles in bins of width "
        f"{2 * BIN_WIDTH:g}) and as histograms (bottom), for the glass (a) and the crystal (b); "
        f"broadening {broadenings_shown(joined)}. One run's estimate of a single lifetime "
        "scatters by about 3.5 (tau/R)^(1/2), R the run length, and is skewed: with an exact "
        "theory the median lies below one (0.93 at R = 100 tau), the mean does not. "
        + describe(shown, "lifetimes", by_kind(shown, "lifetimes").values())
        + " The paper's statement: theory and MD agree very well (Fig. 2)."
    )
