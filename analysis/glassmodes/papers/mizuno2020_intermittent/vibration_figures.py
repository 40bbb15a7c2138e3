"""Figures after mizuno2020_intermittent, Figs 1-4, S1-S3, S5 and S6.

Each function takes the tables by name and returns a matplotlib Figure, glass and crystal side by
side; each has a caption function. Reduced units throughout: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from glassmodes.papers.mizuno2020_intermittent.vibration_claims import (
    BIN_WIDTH,
    LOW_FREQUENCY_PART,
    degenerate_averages,
    frequency_bins,
    lifetimes_by_window,
    lifetimes_with_rates,
    measured_lifetimes,
    narrowest,
    rates_by_window,
    resolved_lifetimes,
)
from glassmodes.plotting.selection import (
    MissingData,
    all_by_kind,
    by_kind,
    describe,
    of,
    particles,
    size_lines,
)
from glassmodes.plotting.style import (
    PARTS,
    SIZE_LINES,
    WIDTH,
    frequency_axis,
    guide,
    legend,
    temperature_colours,
    temperature_text,
    two_panels,
)

LOWEST_MODES = 40
"""Modes of each sample of a glass that count as its low-frequency regime."""

LOWEST_CORRELATION = 0.02
"""Value below which an autocorrelation is not shown: noise."""

LARGEST_ERROR = 0.3
"""Relative standard error above which an averaged lifetime is not shown."""

FREQUENCY = r"frequency $\omega$"
LIFETIME = r"lifetime $\tau_k$"


def _temperatures(table, ensembles):
    return sorted(table.loc[table["ensemble"].isin(ensembles), "temperature"].unique())


def _mean_over_samples(table, key, value):
    """Mean and standard error (0 for a single sample) over samples at each value of `key`."""
    grouped = table.groupby(key)[value]
    return grouped.mean(), grouped.sem().fillna(0.0)


def _spread(values, count):
    """A few of some sorted values, evenly spread, the very ends left out."""
    places = np.linspace(0.06, 0.94, count) * (len(values) - 1)
    return [values[int(place)] for place in np.unique(np.rint(places))]


# --- Fig. 1 ---------------------------------------------------------------------------------------


def mean_squared_displacement(tables):
    """Mean-squared displacement against time, all sizes and temperatures (Fig. 1)."""
    table = tables["mean_squared_displacement"]
    kinds = all_by_kind(tables, "mean_squared_displacement")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(kinds)
    for kind, panel in panels.items():
        styles = size_lines(kinds[kind])
        for ensemble, style in styles.items():
            for temperature in _temperatures(table, [ensemble]):
                rows = of(table, ensemble=ensemble, temperature=temperature)
                mean, error = _mean_over_samples(rows, "lag", "msd")
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
        _legend_with_sizes(tables, panel, styles)
    low, high = table["msd"].min(), table["msd"].max()
    # a little more than a decade above the data, for the legends
    next(iter(panels.values())).set(
        ylim=(0.5 * low, 12.0 * high),
        ylabel=r"$\langle |\mathbf{r}_i(t) - \mathbf{r}_i(0)|^2 \rangle$",
    )
    return figure


def _legend_with_sizes(tables, panel, styles, **settings):
    """Legend of temperatures, and of line styles for sizes where there are several."""
    if len(styles) > 1:
        for ensemble, style in styles.items():
            panel.plot([], [], style, color="0.3", label=f"$N$ = {particles(tables, ensemble)}")
    legend(panel, ncols=2, loc="upper left", **settings)


def mean_squared_displacement_caption(tables):
    """Caption of :func:`mean_squared_displacement`."""
    return (
        "Mean-squared displacement per particle as a function of time, averaged over all initial "
        "times of the run, for the glass (a) and the crystal (b); line styles are system sizes, "
        "bands the standard error over samples. "
        + describe(tables, "mean_squared_displacement")
        + " The paper's statement: constant in all cases without any indication of time "
        "dependence, larger in the glass than in the crystal at the same temperature, and without "
        "relevant finite-size effects."
    )


# --- Figs 2 and S3 --------------------------------------------------------------------------------


def _measured(tables, *, larger=False):
    """Modes that have a lifetime, and the ensemble of each kind that is shown."""
    table = measured_lifetimes(tables)
    if table.empty:
        raise MissingData("no mode has a lifetime: every run is too short or rearranged")
    usable = {**tables, "lifetimes": table}
    chosen = by_kind(usable, "lifetimes")
    if larger:
        chosen |= by_kind(usable, "lifetimes", rank=1)
    return table, chosen


def lifetimes(tables):
    """Lifetime against frequency, measured and predicted (Fig. 2)."""
    table, chosen = _measured(tables)
    resolved = resolved_lifetimes(tables)
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen, height=3.6)
    for kind, panel in panels.items():
        ensemble = chosen[kind]
        for temperature in _temperatures(table, [ensemble]):
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
            _low_frequency_points(panel, kind, rows, colour, temperature)
            _binned_lifetimes(tables, panel, ensemble, temperature, colour)
            _theory_line(tables, panel, ensemble, temperature)
        _theory_points(tables, panel, kind, ensemble, _temperatures(table, [ensemble]))
        if kind == "crystal":
            _inverse_square_guide(tables, panel, ensemble)
        panel.set(yscale="log", xlabel=FREQUENCY)
        spectrum = of(tables["lifetimes"], ensemble=ensemble)["frequency"]
        frequency_axis(panel, spectrum.min(), spectrum.max())
    _room_for_legend(panels)
    for panel in panels.values():
        legend(panel, ncols=2, loc="upper right", columnspacing=1.0)
    next(iter(panels.values())).set_ylabel(LIFETIME)
    return figure


def _room_for_legend(panels, decades=0.9):
    lows, highs = zip(*(panel.get_ylim() for panel in panels.values()), strict=True)
    next(iter(panels.values())).set_ylim(min(lows), max(highs) * 10.0**decades)


def _low_frequency(kind, rows):
    """Rows of the low-frequency regime, where single modes are shown."""
    if kind == "crystal":
        return rows[rows["frequency"] <= LOW_FREQUENCY_PART * rows["frequency"].max()]
    return rows[rows["mode"] < LOWEST_MODES]


def _low_frequency_points(panel, kind, rows, colour, temperature, label=True):
    low = _low_frequency(kind, rows)
    x, y = low["frequency"], low["lifetime"]
    if kind == "crystal":
        sets = degenerate_averages(x, y)
        x, y = sets["frequency"], sets["mean"]
    panel.plot(
        x,
        y,
        "o",
        markerfacecolor="none",
        markeredgewidth=0.7,
        markersize=3.2,
        color=colour,
        label=f"MD, $T$ = {temperature_text(temperature)}" if label else None,
        zorder=2,
    )


def _binned_lifetimes(tables, panel, ensemble, temperature, colour):
    if "window_lifetimes" in tables and len(tables["window_lifetimes"]):
        curve = lifetimes_by_window(tables, ensemble, temperature)
        x, y, error = curve["frequency"], curve["lifetime"], curve["error"]
    else:
        rows = of(measured_lifetimes(tables), ensemble=ensemble, temperature=temperature)
        curve = frequency_bins(rows["frequency"], rows["lifetime"])
        x, y, error = curve["frequency"], curve["mean"], curve["error"]
    good = error <= LARGEST_ERROR * y
    panel.errorbar(x[good], y[good], error[good], color=colour, elinewidth=0.8, zorder=5)


def _theory_line(tables, panel, ensemble, temperature):
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


def _broadenings(table):
    """The broadening that is shown of each ensemble, as text."""
    shown = table.groupby("ensemble")["broadening"].min()
    if shown.nunique() == 1:
        return f"{shown.iloc[0]:g}"
    return ", ".join(f"{value:g} ({ensemble})" for ensemble, value in shown.items())


def _theory_points(tables, panel, kind, ensemble, temperatures):
    if "decay_rates" not in tables:
        return
    table = of(tables["decay_rates"], ensemble=ensemble)
    table = narrowest(table)
    table = table[table["decay_rate_per_temperature"] > 0.0]
    if table.empty:
        return
    low = _low_frequency(kind, table)
    frequency, lifetime = low["frequency"], 1.0 / low["decay_rate_per_temperature"]
    if kind == "crystal":
        sets = degenerate_averages(frequency, lifetime)
        frequency, lifetime = sets["frequency"], sets["mean"]
    for temperature in temperatures:
        panel.plot(
            frequency,
            lifetime / temperature,
            "o",
            color="black",
            markersize=2.0,
            markeredgewidth=0,
            zorder=3,
        )


def _inverse_square_guide(tables, panel, ensemble):
    """Below the hottest data of the crystal, from theory where there is one."""
    rows = of(measured_lifetimes(tables), ensemble=ensemble)
    highest = rows["temperature"].max()
    if "decay_rates" in tables and (tables["decay_rates"]["ensemble"] == ensemble).any():
        curve = rates_by_window(tables, ensemble)
        curve = curve.assign(mean=curve["scaled_lifetime"] / highest).dropna()
    else:
        rows = of(rows, temperature=highest)
        curve = frequency_bins(rows["frequency"], rows["lifetime"])
    low = curve[curve["frequency"] <= LOW_FREQUENCY_PART * curve["frequency"].max()]
    if len(low) < 3:
        return
    middle = np.exp(np.log(low["frequency"]).mean())
    height = np.exp(np.log(low["mean"]).mean())
    ends = (low["frequency"].min(), 1.5 * low["frequency"].max())
    guide(panel, ends, -2.0, (middle, 0.35 * height), r"$\propto \omega^{-2}$", place=(0.1, 0.3))


def lifetimes_caption(tables):
    """Caption of :func:`lifetimes`."""
    table, chosen = _measured(tables)
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
        text += f" Broadening of the theory: {_broadenings(tables['decay_rates'])}."
    return text + (
        " The paper's statement: theory and MD agree closely; the glass has a very mild "
        "dependence on frequency, the crystal a steep one with omega^-2 at low frequency, and the "
        "crystal's lifetimes are an order of magnitude longer."
    )


def lifetimes_low_frequency(tables):
    """Lifetime of low-frequency modes, of the next larger system where there is one (Fig. S3)."""
    table, chosen = _measured(tables, larger=True)
    resolved = resolved_lifetimes(tables)
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen, height=3.3)
    for kind, panel in panels.items():
        rows_of_kind = of(resolved, ensemble=chosen[kind])
        for temperature in _temperatures(table, [chosen[kind]]):
            rows = of(rows_of_kind, temperature=temperature)
            _low_frequency_points(panel, kind, rows, colours[temperature], temperature)
        _theory_points(tables, panel, kind, chosen[kind], _temperatures(table, [chosen[kind]]))
        if kind == "crystal":
            _inverse_square_guide(tables, panel, chosen[kind])
        panel.set(yscale="log", xlabel=FREQUENCY)
        spectrum = _low_frequency(kind, of(tables["lifetimes"], ensemble=chosen[kind]))
        frequency_axis(panel, spectrum["frequency"].min(), spectrum["frequency"].max())
    _room_for_legend(panels, decades=0.6)
    for kind, panel in panels.items():
        if "decay_rates" in tables and len(of(tables["decay_rates"], ensemble=chosen[kind])):
            panel.plot([], [], "o", color="black", markersize=2.0, label="theory, Eq. 13")
        legend(panel, ncols=2, loc="upper right", columnspacing=1.0)
    next(iter(panels.values())).set_ylabel(LIFETIME)
    return figure


def lifetimes_low_frequency_caption(tables):
    """Caption of :func:`lifetimes_low_frequency`."""
    table, chosen = _measured(tables, larger=True)
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


# --- Fig. 3 ---------------------------------------------------------------------------------------


def lifetimes_of_temperature(tables):
    """Lifetime against temperature at some frequencies (Fig. 3)."""
    table = tables["window_lifetimes"]
    chosen = by_kind(tables, "window_lifetimes")
    figure, panels = two_panels(chosen)
    markers = "osD^v"
    for kind, panel in panels.items():
        ensemble = chosen[kind]
        temperatures = _temperatures(table, [ensemble])
        curves = {t: lifetimes_by_window(tables, ensemble, t) for t in temperatures}
        curves = {t: c[c["error"] <= LARGEST_ERROR * c["lifetime"]] for t, c in curves.items()}
        curves = {t: c.set_index("frequency") for t, c in curves.items() if len(c)}
        if not curves:
            raise MissingData(f"no window of the {kind} has a lifetime")
        shared = sorted(set.intersection(*(set(c.index) for c in curves.values())))
        if not shared:
            raise MissingData(f"the {kind} has no window with lifetimes at all temperatures")
        picked = _spread(shared, 5)
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


def lifetimes_of_temperature_caption(tables):
    """Caption of :func:`lifetimes_of_temperature`."""
    return (
        f"Lifetime as a function of temperature, in windows of frequency of width {BIN_WIDTH} "
        "centred at the given values, for the glass (a) and the crystal (b). Symbols: MD, with "
        "standard errors; coloured lines: theory, Eq. 13; dotted: 1/T. "
        + describe(tables, "window_lifetimes", by_kind(tables, "window_lifetimes").values())
        + " The paper's statement: lifetimes are inversely proportional to the temperature, as "
        "expected from third-order perturbation theory."
    )


# --- Fig. 4 ---------------------------------------------------------------------------------------


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
            mean, _ = _mean_over_samples(table, "frequency", part)
            style = "-" if part == "total" else "--" if part == "splitting" else "-."
            panel.plot(mean.index, mean, style, color=PARTS[part], label=label)
        tops.append(table.loc[table["frequency"] > BIN_WIDTH, "total"].max())
        panel.set(xlabel=FREQUENCY, xlim=(0.0, table["frequency"].max()))
        legend(panel)
    first = next(iter(panels.values()))
    first.set(ylim=(0.0, 1.1 * max(tops)), ylabel=r"joint density of states $j(\omega)$")
    return figure


def joint_density_caption(tables):
    """Caption of :func:`joint_density`."""
    return (
        "Joint two-mode density of states (Eq. 14) for the glass (a) and the crystal (b): total, "
        "and the parts of the processes in which a mode splits into two and in which it combines "
        "with another one. A peak at zero, from pairs of degenerate modes, is cut. "
        + describe(tables, "joint_density", by_kind(tables, "joint_density").values())
        + " The paper's statement: the splitting part vanishes at zero frequency and the "
        "combining part at the highest one; in the crystal the dip of j near omega = 10 goes with "
        "a peak of the lifetimes."
    )


# --- Figs S1 and S2 -------------------------------------------------------------------------------


def _series(tables, column, label):
    table = tables["time_series"]
    kinds = all_by_kind(tables, "time_series")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(kinds)
    for kind, panel in panels.items():
        for ensemble, style in size_lines(kinds[kind]).items():
            for temperature in _temperatures(table, [ensemble]):
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
        _legend_with_sizes(tables, panel, size_lines(kinds[kind]), title="$T$")
    values = table[column][table[column] > 0.0]
    next(iter(panels.values())).set(ylim=(0.5 * values.min(), 20.0 * values.max()), ylabel=label)
    return figure


def temperature_series(tables):
    """Temperature against time (Fig. S1)."""
    return _series(tables, "temperature_observed", r"temperature $T(t)$")


def temperature_series_caption(tables):
    """Caption of :func:`temperature_series`."""
    return (
        "Instantaneous temperature along the constant-energy runs (first sample of each "
        "ensemble, thinned) for the glass (a) and the crystal (b). "
        + describe(tables, "time_series")
        + " The paper's statement: time independent."
    )


def potential_energy_series(tables):
    """Potential energy per particle against time (Fig. S2)."""
    return _series(tables, "potential_energy", r"$[\Phi(t) - \Phi_\mathrm{IS}] / N$")


def potential_energy_series_caption(tables):
    """Caption of :func:`potential_energy_series`."""
    return (
        "Potential energy per particle above that of the inherent structure along the "
        "constant-energy runs (first sample of each ensemble, thinned) for the glass (a) and the "
        "crystal (b); harmonic vibrations have 3/2 T. "
        + describe(tables, "time_series")
        + " The paper's statement: time independent."
    )


# --- Figs S5 and S6 -------------------------------------------------------------------------------


def _with_energy(tables):
    """Modes whose energy was measured."""
    table = tables["lifetimes"]
    table = table[~table["rearranged"] & np.isfinite(table["mean_energy"])]
    if table.empty:
        raise MissingData("no mode has a mean energy: every run rearranged")
    return table


def mean_mode_energy(tables):
    """Mean energy of modes over the temperature (Fig. S5)."""
    table = _with_energy(tables)
    chosen = by_kind({**tables, "lifetimes": table}, "lifetimes")
    colours = temperature_colours(table["temperature"])
    figure, panels = two_panels(chosen)
    for kind, panel in panels.items():
        for temperature in _temperatures(table, [chosen[kind]]):
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


def mean_mode_energy_caption(tables):
    """Caption of :func:`mean_mode_energy`."""
    usable = {**tables, "lifetimes": _with_energy(tables)}
    return (
        "Mean energy of each mode over the temperature as a function of frequency, for the glass "
        "(a) and the crystal (b). Dots: single modes (in a run of R lifetimes their mean energy "
        f"scatters by (2/R)^(1/2)); symbols: means over bins of width {BIN_WIDTH} with standard "
        "errors; line: equipartition. "
        + describe(usable, "lifetimes", by_kind(usable, "lifetimes").values())
        + " The paper's statement: the time average of every mode's energy is the temperature."
    )


def energy_autocorrelation(tables):
    """Energy autocorrelation of windows of frequency, on a logarithmic scale (Fig. S6)."""
    table = tables["energy_autocorrelation"]
    chosen = by_kind(tables, "energy_autocorrelation")
    figure, panels = two_panels(chosen)
    for kind, panel in panels.items():
        rows = of(table, ensemble=chosen[kind])
        temperatures = sorted(rows["temperature"].unique())
        picked = _spread(_filled_windows(tables, rows), 4)
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


def energy_autocorrelation_caption(tables):
    """Caption of :func:`energy_autocorrelation`."""
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
        for temperature in _temperatures(joined, [chosen[kind]]):
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


def theory_against_dynamics_caption(tables):
    """Caption of :func:`theory_against_dynamics`."""
    joined = lifetimes_with_rates(tables)
    shown = {**tables, "lifetimes": joined}
    return (
        "Lifetime from MD times decay rate from third-order perturbation theory, mode by mode: "
        "against frequency (top; symbols are medians with quartiles in bins of width "
        f"{2 * BIN_WIDTH:g}) and as histograms (bottom), for the glass (a) and the crystal (b); "
        f"broadening {_broadenings(joined)}. One run's estimate of a single lifetime "
        "scatters by about 3.5 (tau/R)^(1/2), R the run length, and is skewed: with an exact "
        "theory the median lies below one (0.93 at R = 100 tau), the mean does not. "
        + describe(shown, "lifetimes", by_kind(shown, "lifetimes").values())
        + " The paper's statement: theory and MD agree very well (Fig. 2)."
    )
