"""Figures after mizuno2020_intermittent, Figs 5-9: rearrangements and inherent structures in time.

Each function takes the tables by name and returns a matplotlib Figure; each has a caption function.
Shown are glasses at the temperatures at which at least one of them rearranged; the captions say
what became of the others, and of the crystals. Reduced units: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, NullLocator

from glassmodes.papers.mizuno2020_intermittent import PAPER
from glassmodes.papers.mizuno2020_intermittent.rearrangement_claims import late_returns
from glassmodes.papers.mizuno2020_intermittent.tables import NO_EVENT_95, rate_and_error
from glassmodes.plotting.displacement_fields import DisplacementField, typical_field
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import all_by_kind, counted, describe, of, particles
from glassmodes.plotting.style import (
    SIZE_COLOURS,
    SIZE_MARKERS,
    WIDTH,
    plain_logarithms,
    temperature_colours,
    temperature_text,
)
from glassmodes.transitions.rearrangements import participants

SHORT_WINDOW = 100.0
"""Length of the short time window of Fig. 9, or a tenth of the run if that is less."""

ARROWS, RED_ARROWS = 1000, 100
"""Largest displacements that are shown, and that are shown in red (Fig. 7a)."""

_DISTANCE = r"$|\Delta \mathbf{r}_\mathrm{IS}|$"
_TIME = r"time $t$"


# --- what is shown --------------------------------------------------------------------------------


def _shown(tables):
    """Glasses, smallest first, and the temperatures at which at least one of them rearranged."""
    runs = tables["rearrangement_runs"]
    glasses = all_by_kind(tables, "rearrangement_runs").get("glass", [])
    runs = runs[runs["ensemble"].isin(glasses)]
    temperatures = sorted(runs.loc[runs["events"] > 0, "temperature"].unique())
    if not temperatures:
        raise MissingData(
            f"no rearrangement in {len(runs)} runs of glasses, "
            f"of a total time of {runs['duration'].sum():g}"
        )
    return glasses, temperatures


def _first_sample(table):
    return table[table["sample"] == table["sample"].min()] if len(table) else table


def _grid(tables, *, share_y="col"):
    """A panel for each size (downwards) and temperature (across); one panel has no name.

    Returns
    -------
    figure : matplotlib.figure.Figure
    panels : list of (str, float, matplotlib.axes.Axes)
        Ensemble and temperature of each panel.
    """
    glasses, temperatures = _shown(tables)
    figure, axes = plt.subplots(
        len(glasses),
        len(temperatures),
        figsize=(
            WIDTH if len(temperatures) > 1 else 0.7 * WIDTH,
            max(2.4, 0.7 + 1.35 * len(glasses)),
        ),
        sharex="col",
        sharey=share_y,
        squeeze=False,
        layout="constrained",
    )
    for panel, temperature in zip(axes[0], temperatures, strict=True):
        panel.set_title(f"$T$ = {temperature_text(temperature)}")
    for panel in axes[-1]:
        panel.set_xlabel(_TIME)
        panel.xaxis.set_major_locator(MaxNLocator(5))
    panels = [
        (ensemble, temperature, axes[i, j])
        for i, ensemble in enumerate(glasses)
        for j, temperature in enumerate(temperatures)
    ]
    return figure, panels


def _note(panel, tables, ensemble, text):
    """N, and a note, at the top of a panel, above what is drawn."""
    size = f"$N$ = {particles(tables, ensemble)}"
    for x, words, side in ((0.015, size, "left"), (0.985, text, "right")):
        panel.text(
            x, 0.95, words, transform=panel.transAxes, ha=side, va="top", fontsize=8, color="0.2"
        )


def _unconverged(panel, rows):
    """Frames whose minimisation failed, as crosses on the axis."""
    failed = rows.loc[~rows["converged"].astype(bool), "time"]
    # an empty line that is not clipped has no extent, and breaks the layout
    if len(failed):
        zero = np.zeros(len(failed))
        panel.plot(failed, zero, "x", color="black", markersize=3, clip_on=False, zorder=6)


def _events(rows):
    """Converged frames whose structure is not that of the converged frame before."""
    rows = rows[rows["converged"].astype(bool)]
    return rows[rows["structure"].diff().fillna(0) != 0]


def _where(tables):
    """What the rest of a caption has in common: the runs, and those without rearrangement."""
    runs = tables["rearrangement_runs"]
    glasses, temperatures = _shown(tables)
    durations = [f"{value:g}" for value in sorted(runs["duration"].unique())]
    text = (
        describe(tables, "rearrangement_runs", glasses)
        + f" Runs of t = {' to '.join(dict.fromkeys((durations[0], durations[-1])))}."
    )
    quiet = runs[runs["ensemble"].isin(glasses) & ~runs["temperature"].isin(temperatures)]
    if len(quiet):
        text += (
            " Not shown: T = "
            + ", ".join(f"{value:g}" for value in sorted(quiet["temperature"].unique()))
            + ", at which no glass rearranged."
        )
    crystals = all_by_kind(tables, "rearrangement_runs").get("crystal", [])
    if crystals:
        found = runs[runs["ensemble"].isin(crystals)]
        text += (
            f" Crystals: {counted(int(found['events'].sum()), 'rearrangement')} in a total time of "
            f"{found['duration'].sum():g}."
        )
    failed = int(runs["not_converged"].sum())
    if failed:
        text += f" {counted(failed, 'frame')} did not converge (crosses)."
    return text


def _interval(tables):
    """Time between frames, as text."""
    runs = tables["rearrangement_runs"]
    steps = np.unique((runs["duration"] / np.maximum(runs["frames"] - 1, 1)).round(6))
    return " to ".join(dict.fromkeys((f"{steps[0]:.2g}", f"{steps[-1]:.2g}")))


# --- Fig. 5 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 5",
    "Intermittent particle rearrangements",
    requires=("rearrangement_runs", "inherent_structures"),
)
def intermittent_rearrangements(tables):
    """|Dr_IS| between successive frames against time (Fig. 5)."""
    table = tables["inherent_structures"]
    figure, panels = _grid(tables)
    colours = temperature_colours([temperature for _, temperature, _ in panels])
    highest = {}
    for ensemble, temperature, panel in panels:
        runs = of(tables["rearrangement_runs"], ensemble=ensemble, temperature=temperature)
        rows = _first_sample(of(table, ensemble=ensemble, temperature=temperature))
        if rows.empty:
            _note(panel, tables, ensemble, "not run")
            continue
        events = _events(rows)
        panel.vlines(
            events["time"],
            0.0,
            events["step_distance"],
            color=colours[temperature],
            linewidth=0.9,
            rasterized=len(events) > 2000,
        )
        panel.axhline(0.0, color="0.4", linewidth=0.6)
        _unconverged(panel, rows)
        panel.set_xlim(rows["time"].min(), rows["time"].max())
        highest[temperature] = max(
            highest.get(temperature, 0.0), events["step_distance"].max() if len(events) else 0.0
        )
        _note(
            panel,
            tables,
            ensemble,
            f"{counted(len(events), 'event')} ({int(runs['events'].sum())} in "
            f"{counted(runs['sample'].nunique(), 'sample')})",
        )
    for _, temperature, panel in panels:
        # all of a column share this axis; a third above the spikes is for the note
        panel.set_ylim(0.0, 1.35 * (highest.get(temperature) or 1.0))
    figure.supylabel(rf"{_DISTANCE} between frames", fontsize=10)
    return figure


@intermittent_rearrangements.caption
def _(tables):
    return (
        "Change of the inherent structure, |Dr_IS| of Eq. 5, between successive frames (every "
        f"{_interval(tables)}) against time, for glasses of several sizes (rows) and temperatures "
        "(columns, each with its own scale): first sample of each; the notes count its "
        "rearrangements and those of all samples. "
        + _where(tables)
        + " The paper's statement: rearrangements occur intermittently; at T = 1e-2 |Dr_IS| can be "
        "as small as 1e-1, at 5e-2 values of order one occur frequently; they are more frequent in "
        "larger systems and at higher temperatures, but their magnitude does not depend on N."
    )


# --- Fig. 6 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 6",
    "Change of energy and participating particles",
    requires=("rearrangement_runs",),
    uses=("rearrangements",),
)
def rearrangement_sizes(tables):
    """|DPhi_IS| and N_rearr against |Dr_IS|, all sizes and temperatures (Fig. 6)."""
    glasses, temperatures = _shown(tables)
    table = tables["rearrangements"]
    colours = temperature_colours(temperatures)
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.3), layout="constrained")
    for temperature in temperatures:
        for ensemble, marker in zip(glasses, _markers(glasses), strict=True):
            rows = of(table, ensemble=ensemble, temperature=temperature)
            if rows.empty:
                continue
            style = {
                "marker": marker,
                "linestyle": "none",
                "markerfacecolor": "none",
                "markeredgewidth": 0.8,
                "markersize": 4.5,
                "alpha": 0.8,
                "color": colours[temperature],
                "rasterized": len(rows) > 2000,
            }
            label = f"$N$ = {particles(tables, ensemble)}, $T$ = {temperature_text(temperature)}"
            left.plot(rows["distance"], rows["energy_change"].abs(), label=label, **style)
            right.plot(rows["distance"], rows["participants"], **style)
    for letter, panel in zip("ab", (left, right), strict=True):
        panel.set(xscale="log", yscale="log", xlabel=_DISTANCE)
        panel.set_title(f"({letter})")
        plain_logarithms(panel)
    left.set_ylabel(r"$|\Delta \Phi_\mathrm{IS}|$")
    right.set_ylabel(r"participating particles $N_\mathrm{rearr}$")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)))
    return figure


def _markers(ensembles):
    return [SIZE_MARKERS[i % len(SIZE_MARKERS)] for i in range(len(ensembles))]


@rearrangement_sizes.caption
def _(tables):
    table = tables["rearrangements"]
    glasses, _ = _shown(tables)
    count = int(table["ensemble"].isin(glasses).sum())
    return (
        "Change of the energy of the inherent structure (a) and number of particles that take "
        "part, N_rearr of Eq. 7 (b), against |Dr_IS| of the same rearrangement; one point for each "
        f"of the {count} rearrangements of glasses, all samples. "
        + _where(tables)
        + " The paper's statement: a larger rearrangement means a larger change of energy; systems "
        "of different sizes overlap at the same temperature; tens to hundreds of particles take "
        "part, more of them in smaller rearrangements."
    )


# --- Fig. 7 ---------------------------------------------------------------------------------------


def _typical_event(tables):
    """The stored event of Fig. 7: its ensemble, its rows, and its field."""
    glasses, _ = _shown(tables)
    table = tables["rearrangement_fields"]
    table = table[table["ensemble"].isin(glasses)]
    if table.empty:
        raise MissingData("no displacement field of a rearrangement of a glass was stored")
    density = tables["ensembles"].set_index("ensemble")["density"]
    stored = {key: rows for key, rows in table.groupby(["ensemble", "sample", "temperature"])}
    fields = {
        key: (
            rows[["x", "y", "z"]].to_numpy(),
            rows[["dx", "dy", "dz"]].to_numpy(),
            (len(rows) / density[key[0]]) ** (1.0 / 3.0),
        )
        for key, rows in stored.items()
    }
    key = typical_field(fields)
    field = DisplacementField(*fields[key], arrows=ARROWS, red=RED_ARROWS)
    return key[0], stored[key].iloc[0], field


@PAPER.figure(
    "Fig. 7",
    "Quasi-localised displacement field of a rearrangement",
    requires=("rearrangement_runs",),
    uses=("rearrangement_fields",),
)
def displacement_field(tables):
    """Displacements of one rearrangement, and their decay with distance from its core (Fig. 7)."""
    _, _, field = _typical_event(tables)
    figure = plt.figure(figsize=(WIDTH, 3.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.05, 1.0))
    field.draw_arrows(left, "(a)")
    label = r"$|\Delta \mathbf{r}_{\mathrm{IS},i}| / |\Delta \mathbf{r}_{\mathrm{IS},1}|$"
    field.draw_decay(right, "(b)", label)
    return figure


@displacement_field.caption
def _(tables):
    ensemble, first, field = _typical_event(tables)
    return (
        f"A rearrangement in ensemble {ensemble}: N = {len(field.size)}, "
        f"T = {first['temperature']:g}, sample {int(first['sample'])}, t = {first['time']:g}; "
        f"|Dr_IS| = {np.sqrt((field.size**2).sum()):.2g}, "
        f"N_rearr = {participants(field.field):.0f}. Of the events "
        "with the largest |Dr_IS| of each run it is one of a single core, in the largest system "
        "that has one, with N_rearr closest to 40. "
        f"(a) The {field.arrows} largest displacements times {field.scale:g}, the {field.red} "
        "largest in red, the particle that moves most in the middle of the periodic box. "
        "(b) Displacements over the largest one against the distance from it: particles, averages "
        "over spherical "
        f"shells; {field.fit_words()}. Dotted: the elastic r^-2. "
        + _where(tables)
        + " The paper's statement: few particles in a local region move far (|Dr_IS| = 0.78, "
        "N_rearr = 40 in its Fig. 7, N = 256000 and T = 1e-2), surrounded by a tail with a = 2.7 "
        "(2.5 to 3 in all its simulations)."
    )


# --- Fig. 8 ---------------------------------------------------------------------------------------


def _changes(rows, column):
    """Time and value of a column where the structure changes, for a line of steps."""
    rows = rows[rows["converged"].astype(bool) & np.isfinite(rows[column])]
    structure = rows["structure"].to_numpy()
    kept = np.ones(len(rows), dtype=bool)
    kept[1:-1] = structure[1:-1] != structure[:-2]
    return rows["time"].to_numpy()[kept], rows[column].to_numpy()[kept]


@PAPER.figure(
    "Fig. 8",
    "Distance from the initial inherent structure",
    requires=("rearrangement_runs", "inherent_structures"),
)
def inherent_structure_displacement(tables):
    """|r_IS(t) - r_IS(0)| against time (Fig. 8)."""
    table = tables["inherent_structures"]
    figure, panels = _grid(tables, share_y=False)
    colours = temperature_colours([temperature for _, temperature, _ in panels])
    for ensemble, temperature, panel in panels:
        runs = of(tables["rearrangement_runs"], ensemble=ensemble, temperature=temperature)
        rows = _first_sample(of(table, ensemble=ensemble, temperature=temperature))
        if rows.empty:
            _note(panel, tables, ensemble, "not run")
            continue
        time, value = _changes(rows, "displacement")
        panel.plot(
            time,
            value,
            color=colours[temperature],
            drawstyle="steps-post",
            linewidth=0.9,
            rasterized=len(time) > 5000,
        )
        _at_start(panel, rows)
        _unconverged(panel, rows)
        top = max(float(value.max(initial=0.0)), 1e-12)
        panel.set_xlim(rows["time"].min(), rows["time"].max())
        panel.set_ylim(-0.06 * top, 1.4 * top if top > 1e-10 else 1.0)
        left = runs[runs["distinct_structures"] > 1]
        _note(
            panel,
            tables,
            ensemble,
            f"{int(left['returned'].sum())} of {counted(len(left), 'sample')} returned"
            if len(left)
            else "never left",
        )
    figure.supylabel(r"$|\mathbf{r}_\mathrm{IS}(t) - \mathbf{r}_\mathrm{IS}(0)|$", fontsize=10)
    return figure


def _at_start(panel, rows):
    """Thick line at zero wherever the inherent structure is the initial one."""
    there = (rows["structure"] == 0) & rows["converged"].astype(bool)
    time = rows["time"].to_numpy()
    panel.plot(
        time,
        np.where(there, 0.0, np.nan),
        color="black",
        linewidth=2.6,
        solid_capstyle="butt",
        marker="|",
        markersize=4,
        markevery=np.flatnonzero(there.to_numpy())[:: max(1, int(there.sum()) // 2000)].tolist(),
        zorder=4,
        rasterized=True,
    )


@inherent_structure_displacement.caption
def _(tables):
    late = late_returns(tables)
    back = [
        f"{int(group['late'].sum())} of {counted(len(group), 'run')} "
        f"(N = {particles(tables, ensemble)}, T = {temperature:g})"
        for (ensemble, temperature), group in late.groupby(["ensemble", "temperature"])
    ]
    return (
        "Distance of the inherent structure from the initial one against time, for glasses of "
        "several sizes (rows) and temperatures (columns): first sample of each; black on the zero "
        "line: the initial structure itself. The notes count, among all samples that left it, "
        "those that came back at any time; back in the second half of the run: "
        + "; ".join(back)
        + ". "
        + _where(tables)
        + " The paper's statement: the range of values does not change in the simulation, the "
        "system stays within one wide basin; at N = 32000 and T = 1e-2 and at N = 4000 and "
        "T = 5e-2 it returns to the initial state, at N = 32000 and T = 5e-2 it never does."
    )


# --- Fig. 9 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 9",
    "Energy of the inherent structure",
    requires=("rearrangement_runs", "inherent_structures"),
)
def inherent_structure_energy(tables):
    """Phi_IS(t) - Phi_IS(0) against time, in a short and a long window (Fig. 9)."""
    glasses, temperatures = _shown(tables)
    table = tables["inherent_structures"]
    short = _short_window(tables)
    figure, axes = plt.subplots(
        2,
        len(temperatures),
        figsize=(WIDTH if len(temperatures) > 1 else 0.7 * WIDTH, 4.2),
        squeeze=False,
        layout="constrained",
    )
    longest = table.groupby("temperature")["time"].max()
    styles = dict(zip(glasses, SIZE_COLOURS, strict=False))
    drawn = {}
    for column, temperature in zip(axes.T, temperatures, strict=True):
        column[0].set_title(f"$T$ = {temperature_text(temperature)}")
        # the largest fluctuate most: they go behind the smaller ones
        for ensemble in glasses[::-1]:
            rows = _first_sample(of(table, ensemble=ensemble, temperature=temperature))
            if rows.empty:
                continue
            for panel, end in zip(column, (short, longest[temperature]), strict=True):
                window = rows[rows["time"] <= end + 1e-9]
                (line,) = panel.plot(
                    *_changes(window, "energy"),
                    color=styles.get(ensemble, "0.3"),
                    drawstyle="steps-post",
                    linewidth=1.0,
                    rasterized=len(window) > 20000,
                )
                panel.set_xlim(0.0, end)
            drawn[ensemble] = line
        for panel in column:
            panel.axhline(0.0, color="0.6", linewidth=0.6, zorder=0)
        column[1].set_xlabel(_TIME)
    figure.supylabel(r"$\Phi_\mathrm{IS}(t) - \Phi_\mathrm{IS}(0)$", fontsize=10)
    known = [ensemble for ensemble in glasses if ensemble in drawn]
    figure.legend(
        [drawn[ensemble] for ensemble in known],
        [f"$N$ = {particles(tables, ensemble)}" for ensemble in known],
        loc="outside lower center",
        ncols=len(known),
    )
    return figure


def _short_window(tables):
    return min(SHORT_WINDOW, 0.1 * float(tables["rearrangement_runs"]["duration"].max()))


@inherent_structure_energy.caption
def _(tables):
    return (
        "Energy of the inherent structure relative to the initial one against time, for the first "
        f"{_short_window(tables):g} time units (top) and the whole run (bottom), at temperatures "
        "in columns; colours are sizes, first sample of each. "
        + _where(tables)
        + " The paper's statement: the system moves among numerous inherent structures of "
        "different energies, more so at higher temperatures and in larger systems; the range that "
        "is explored stays finite for long times (t = 1e4) and is wider for larger N."
    )


# --- Table I as a picture -------------------------------------------------------------------------


@PAPER.figure("Table I", "Rates of rearrangements", requires=("rearrangement_runs",))
def rearrangement_rates(tables):
    """Rates of rearrangements against the number of particles, at each temperature."""
    runs = tables["rearrangement_runs"]
    kinds = all_by_kind(tables, "rearrangement_runs")
    colours = temperature_colours(runs["temperature"])
    figure, panel = plt.subplots(figsize=(0.8 * WIDTH, 3.2), layout="constrained")
    temperatures = sorted(runs["temperature"].unique())
    for kind, filled in (("glass", True), ("crystal", False)):
        for place, temperature in enumerate(temperatures):
            rows = of(runs[runs["ensemble"].isin(kinds.get(kind, []))], temperature=temperature)
            if rows.empty:
                continue
            label = f"{kind}, $T$ = {temperature_text(temperature)}"
            # a little apart, so that equal values are all seen
            shift = 1.0 + 0.025 * (place - 0.5 * (len(temperatures) - 1))
            _rates(panel, rows, colours[temperature], filled, label, shift)
    sizes = sorted(runs["particles"].unique())
    panel.set(
        xscale="log",
        yscale="log",
        xlabel="number of particles $N$",
        ylabel="rearrangements per unit time",
        xlim=(0.7 * sizes[0], 1.4 * sizes[-1]),
    )
    low, high = np.log10(panel.get_ylim())
    panel.set_ylim(10.0 ** np.floor(low + 0.05), 10.0 ** np.ceil(high - 0.05))
    # sizes too close for two numbers in one line: the second goes below
    close = [k > 0 and size < 1.4 * sizes[k - 1] for k, size in enumerate(sizes)]
    labels = [
        f"\n{size}" if beside else f"{size}" for size, beside in zip(sizes, close, strict=True)
    ]
    panel.set_xticks(sizes, labels)
    panel.xaxis.set_minor_locator(NullLocator())
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right center")
    return figure


def _rates(panel, rows, colour, filled, label, shift):
    grouped = rows.groupby("particles")[["events", "duration"]].sum()
    seen = grouped[grouped["events"] > 0]
    rates = [rate_and_error(n, t) for n, t in zip(seen["events"], seen["duration"], strict=True)]
    face = {"color": colour, "markerfacecolor": colour if filled else "none"}
    panel.errorbar(
        seen.index * shift,
        [rate for rate, _ in rates],
        [min(error, 0.9 * rate) for rate, error in rates],
        fmt="o-" if filled else "s--",
        label=label,
        linewidth=1.0,
        **face,
    )
    quiet = grouped[grouped["events"] == 0]
    limits = NO_EVENT_95 / quiet["duration"]
    panel.errorbar(
        quiet.index * shift,
        limits,
        0.4 * limits,
        uplims=True,
        fmt="o" if filled else "s",
        linewidth=1.0,
        **face,
    )


@rearrangement_rates.caption
def _(tables):
    return (
        "Rate of rearrangements of the whole system against its size, of all samples together, at "
        "each temperature; bars: standard error of a Poisson count; arrows: 95 % upper limits "
        "where there was none. "
        + describe(tables, "rearrangement_runs")
        + " The paper's statement (Table I and its text): more frequent at higher temperatures and "
        "in larger systems, which have more low-frequency modes; none in crystals."
    )
