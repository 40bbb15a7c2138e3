"""Figures after mizuno2020_anharmonic, Figs 2-15: modes pulled until the glass falls.

Each function takes the tables by name and returns a matplotlib Figure, harmonic spheres left and
Lennard-Jones right, all sizes together. Reduced units: sigma, m, epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from glassmodes.papers.mizuno2020_anharmonic import PAPER
from glassmodes.papers.mizuno2020_anharmonic.panels import (
    AMPLITUDE,
    DISTANCE,
    ENERGY,
    FREQUENCY,
    PARTICIPANTS,
    caption_against_frequency,
    caption_against_nature,
    column_names,
    draw_against_frequency,
    draw_against_nature,
    draw_medians,
    draw_peak_arrow,
    draw_points,
    legend_below,
    log_axis,
    lost_words,
    make_room_below,
    panel_letters,
    panels_by_model,
    peak_words,
    peaks_by_model,
    rows_below_peak,
    shown_words,
    sparse_ticks,
    transitions_with,
)
from glassmodes.papers.mizuno2020_anharmonic.tables import (
    PUBLISHED,
    below_boson_peak,
    cubic_amplitudes,
    distinct,
    excited,
    transitions,
)
from glassmodes.plotting.displacement_fields import DisplacementField, typical_field
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import by_model, counted, model_name, model_title, of
from glassmodes.plotting.style import (
    SIZE_COLOURS,
    SIZE_MARKERS,
    WIDTH,
    frequency_axis,
    plain_numbers,
    power_of_ten,
    size_styles,
)
from glassmodes.statistics.correlations import power_law_exponent
from glassmodes.statistics.numbers import number_with_error
from glassmodes.statistics.resampling import bootstrap_error
from glassmodes.transitions.rearrangements import participants

ARROWS, RED_ARROWS = 2000, 100
"""Largest displacements that are shown, and that are shown in red (Fig. 9a)."""

MOST_SAMPLES = 4
"""Samples that Fig. 13 shows: the paper's A to D."""


# --- Fig. 2 ---------------------------------------------------------------------------------------


def _scanned(tables):
    """One scanned mode for each model: of its largest system, the lowest one with a transition.

    Returns
    -------
    list of (pandas.Series, pandas.DataFrame)
        The mode's row of `excitations`, and its scans.
    """
    table = tables["excitation_scans"]
    keys = ["ensemble", "sample", "mode"]
    rows = transitions_with(tables, "distance")
    rows = rows.merge(table[keys].drop_duplicates(), on=keys)
    if rows.empty:
        raise MissingData("no scanned mode makes a transition")
    chosen = []
    for _, group in by_model(rows).items():
        group = group[group["particles"] == group["particles"].max()]
        first = group.sort_values(["sample", "mode"], kind="stable").iloc[0]
        chosen.append((first, of(table, **{key: first[key] for key in keys})))
    return chosen


def _onsets(mode):
    """A_c of both signs of a mode: {sign: amplitude}, of those that have one."""
    found = {mode["sign"]: mode["amplitude"], -mode["sign"]: mode["amplitude_other"]}
    return {int(sign): value for sign, value in found.items() if np.isfinite(value)}


@PAPER.figure(
    "Fig. 2",
    "Example of a mode pulled until the state changes",
    requires=("excitation_scans", "excitations"),
)
def excitation_scans(tables):
    """|Dr| and |DPhi| against the amplitude of one mode (Fig. 2)."""
    chosen = _scanned(tables)
    modes = pd.DataFrame([mode for mode, _ in chosen])
    figure, panels = panels_by_model(modes, count=2, height=4.2, share_y=False, share_x="col")
    for (mode, rows), (above, below) in zip(chosen, panels.values(), strict=True):
        rows = rows.assign(size=rows["energy_change"].abs())
        for panel, column in ((above, "distance"), (below, "size")):
            for sign, colour in ((1, "#0077BB"), (-1, "#EE7733")):
                line = of(rows, sign=sign).sort_values("amplitude")
                if line.empty:
                    continue
                name = r"$+\mathbf{e}^k$" if sign > 0 else r"$-\mathbf{e}^k$"
                panel.plot(
                    line["amplitude"],
                    line[column],
                    "o-",
                    color=colour,
                    markerfacecolor="white",
                    linewidth=0.8,
                    label=f"along {name}",
                )
                onset = _onsets(mode).get(sign)
                if onset is not None:
                    onset = line.iloc[(line["amplitude"] - onset).abs().argmin()]
                    panel.plot(
                        onset["amplitude"],
                        onset[column],
                        "o",
                        color=colour,
                        markersize=5.5,
                        zorder=4,
                        label=rf"$A_c$, {name}",
                    )
            panel.set_xscale("log")
        sparse_ticks(below)
        below.set_xlabel(r"amplitude $A$")
    first = next(iter(panels.values()))
    first[0].set_ylabel(DISTANCE)
    first[1].set_ylabel(ENERGY)
    legend_below(figure, panels)
    return figure


@excitation_scans.caption
def _(tables):
    parts = []
    for mode, _ in _scanned(tables):
        onsets = _onsets(mode).items()
        text = ", ".join(f"{value:.3g} (sign {sign:+d})" for sign, value in onsets)
        parts.append(
            f"{model_name(mode['model'])}, N = {mode['particles']}, 1 sample ({mode['sample']}), "
            f"mode {mode['mode']}, omega = {mode['frequency']:.3g}, A_c = {text}"
        )
    return (
        "Distance (top) and energy difference (bottom) between the inherent structures before and "
        "after a mode is pulled by A sqrt(N) e^k and the energy minimised, as a function of A; "
        "closed symbols: A_c of both signs of the mode. Shown: "
        + "; ".join(parts)
        + ". The paper's statement: both stay at zero while A is small, and jump at exactly the "
        "same A = A_c, where the system transitions to a different state."
    )


# --- Figs 3 and 4 ---------------------------------------------------------------------------------


def _bounds(tables):
    """Modes without a transition and the amplitude up to which they had none, if it is stored."""
    rows = excited(tables)
    if "scanned_to" not in rows:
        return rows.iloc[:0]
    rows = rows[rows["outcome"].isin(("none", "overlap")) & (rows["scanned_to"] > 0.0)]
    return rows.assign(amplitude=rows["scanned_to"])


@PAPER.figure("Fig. 3", "Extent of anharmonicity", requires=("excitations",), uses=("boson_peak",))
def critical_amplitude(tables):
    """A_c against frequency (Fig. 3)."""
    return draw_against_frequency(
        tables,
        "amplitude",
        f"extent of anharmonicity {AMPLITUDE}",
        bounds=_bounds(tables),
    )


@critical_amplitude.caption
def _(tables):
    bounds = _bounds(tables)
    more = (
        f" Grey carets: the largest amplitude without overlapping particles that was tried, of "
        f"{counted(len(bounds), 'mode')} without a transition; medians leave them out."
        if len(bounds)
        else ""
    )
    return caption_against_frequency(
        tables,
        "amplitude",
        "Extent of anharmonicity A_c, the smallest amplitude (of both signs of the mode) at which "
        "the inherent structure changes,",
        "A_c becomes small as omega decreases, particularly below omega_BP, where it is 1e-6 to "
        "1e-2 for harmonic spheres and 1e-4 to 1e-1 for Lennard-Jones, without size effects.",
        more=more,
    )


@PAPER.figure(
    "Fig. 4",
    "Extent of anharmonicity and nature of the modes",
    requires=("excitations",),
    uses=("boson_peak",),
)
def critical_amplitude_of_nature(tables):
    """A_c against O_k and P_k below the boson peak (Fig. 4)."""
    rows = rows_below_peak(transitions_with(tables, "amplitude"))
    return draw_against_nature(tables, rows, "amplitude", AMPLITUDE)


@critical_amplitude_of_nature.caption
def _(tables):
    return caption_against_nature(
        tables,
        rows_below_peak(transitions_with(tables, "amplitude")),
        "Extent of anharmonicity A_c",
        "no apparent correlations between A_c and the nature of the mode, phonon (large O_k and "
        "P_k) or quasi-localised, shown for harmonic spheres and similar for Lennard-Jones.",
    )


# --- Fig. 5 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 5", "Energy barriers along modes", requires=("excitations",), uses=("boson_peak",)
)
def energy_barrier(tables):
    """Energy at A_c against frequency, and over that of the harmonic mode (Fig. 5)."""
    rows = transitions_with(tables, "barrier", "linear_barrier")
    rows = rows.assign(ratio=rows["barrier"] / rows["linear_barrier"])
    figure, panels = panels_by_model(rows, count=2, heights=(2.2, 1.0), height=4.6, share_x="col")
    styles = size_styles(rows)
    for model, group in by_model(rows).items():
        above, below = panels[model]
        draw_points(above, group, "frequency", "barrier", styles)
        draw_medians(above, group, "frequency", "barrier")
        draw_points(below, group, "frequency", "ratio", styles)
        below.axhline(1.0, color="black", linewidth=0.9, zorder=1)
        below.set(yscale="log", xlabel=FREQUENCY)
        frequency_axis(above, group["frequency"].min(), group["frequency"].max())
        frequency_axis(below, group["frequency"].min(), group["frequency"].max())
    first = next(iter(panels.values()))
    log_axis(first[0], rows["barrier"])
    first[0].set_ylabel(r"barrier $\Delta\Phi_\mathrm{barrier}$")
    first[1].set_ylabel(r"$\Delta\Phi_\mathrm{barrier} / \Delta\Phi_\mathrm{h}$")
    low, high = min(rows["ratio"].min(), 0.6) / 1.3, 1.3 * max(rows["ratio"].max(), 1.6)
    first[1].set_ylim(low, high)
    plain_numbers(first[1].yaxis, low, high, factors=(1, 2, 5) if high < 20.0 * low else (1,))
    make_room_below(first[0])
    for model, value in peaks_by_model(tables, rows).items():
        draw_peak_arrow(panels[model][0], value)
    legend_below(figure, panels)
    return figure


@energy_barrier.caption
def _(tables):
    rows = transitions_with(tables, "barrier", "linear_barrier")
    ratio = np.quantile(rows["barrier"] / rows["linear_barrier"], [0.05, 0.5, 0.95])
    return caption_against_frequency(
        tables,
        "barrier",
        "Energy at A_c above the inherent structure (Eq. 8; top), and over that of the harmonic "
        "mode, DPhi_h = omega^2 A_c^2 N / 2 (bottom; line: one),",
        "the barrier is approximately omega^2 A_c^2 N / 2, though not exactly, since the potential "
        "is not linear; twice the smallest barrier is the onset temperature of Table I.",
        more=f" The ratio's median is {ratio[1]:.3g}, its 5 and 95 % quantiles {ratio[0]:.3g} and "
        f"{ratio[2]:.3g}.",
    )


# --- Figs 6 and 7 ---------------------------------------------------------------------------------


@PAPER.figure("Fig. 6", "Distance between the states", requires=("excitations",))
def transition_distance(tables):
    """|Dr| against frequency (Fig. 6)."""
    return draw_against_frequency(
        tables, "distance", f"distance between the states {DISTANCE}", medians=False, peak=False
    )


def _families(rows):
    """How many distinct transitions the modes make, as text."""
    parts = [
        f"{len(distinct(group))} distinct ones from {len(group)} modes ({model_name(model)})"
        for model, group in by_model(rows).items()
    ]
    return " and ".join(parts)


@transition_distance.caption
def _(tables):
    rows = transitions_with(tables, "distance")
    return (
        "Distance |Dr| between the inherent structures before and after the transition as a "
        f"function of the frequency of the excited mode, {panel_letters(rows)}; one symbol for "
        f"each mode, colours and symbols are sizes. Transitions: {_families(rows)}. "
        + shown_words(tables, rows)
        + lost_words(tables)
        + " The paper's statement: |Dr| does not depend on omega nor on N, and is 1e-3 to 1 for "
        "harmonic spheres and 0.1 to 10 for Lennard-Jones; many different modes have the same "
        "|Dr| (points on a horizontal line), since they cause the identical transition."
    )


@PAPER.figure(
    "Fig. 7",
    "Distance between the states and nature of the modes",
    requires=("excitations",),
    uses=("boson_peak",),
)
def transition_distance_of_nature(tables):
    """|Dr| against O_k and P_k below the boson peak (Fig. 7)."""
    rows = rows_below_peak(transitions_with(tables, "distance"))
    return draw_against_nature(tables, rows, "distance", DISTANCE)


@transition_distance_of_nature.caption
def _(tables):
    return caption_against_nature(
        tables,
        rows_below_peak(transitions_with(tables, "distance")),
        "Distance |Dr| between the states",
        "no correlation of |Dr| with O_k or P_k (shown for harmonic spheres): the mode is just a "
        "trigger.",
    )


# --- Fig. 8 ---------------------------------------------------------------------------------------


@PAPER.figure("Fig. 8", "Distance and energy difference of the states", requires=("excitations",))
def energy_against_distance(tables):
    """|DPhi| against |Dr| of all transitions (Fig. 8)."""
    rows = transitions_with(tables, "distance", "size")
    figure, panels = panels_by_model(rows, height=3.6, share_y=False)
    styles = size_styles(rows)
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        draw_points(panel, group, "distance", "size", styles)
        panel.set(xscale="log", xlabel=DISTANCE)
        once = distinct(group)
        x = np.exp(np.log(once["distance"]).mean())
        y = np.exp(np.log(once["size"]).mean())
        ends = np.array([group["distance"].min(), group["distance"].max()])
        panel.plot(
            ends,
            y * (ends / x) ** 3,
            color="0.25",
            linewidth=1.0,
            label=r"$\propto |\Delta\mathbf{r}|^3$",
            zorder=1,
        )
        log_axis(panel, group["size"])
        sparse_ticks(panel)
    next(iter(panels.values()))[0].set_ylabel(ENERGY)
    legend_below(figure, panels)
    return figure


@energy_against_distance.caption
def _(tables):
    rows = transitions_with(tables, "distance", "size")
    fits = []
    for model, group in by_model(rows).items():
        once = distinct(group).reset_index(drop=True)
        error = bootstrap_error(once, ("distance", "size"), power_law_exponent)
        exponent = number_with_error(power_law_exponent(once["distance"], once["size"]), error)
        fits.append(f"{exponent} ({model_name(model)})")
    return (
        "Energy difference |DPhi| against distance |Dr| between the states before and after the "
        f"transition, {panel_letters(rows)}, one symbol for each mode (identical transitions of "
        "several modes coincide); line: |Dr|^3 through the geometric means of the distinct "
        "transitions, whose least-squares exponents are "
        + ", ".join(fits)
        + ". "
        + shown_words(tables, rows)
        + lost_words(tables)
        + " The paper's statement: |DPhi| is roughly proportional to |Dr|^3 and takes values of "
        "1e-9 to 1e-2 for harmonic spheres and 1e-4 to 1e2 for Lennard-Jones."
    )


# --- Fig. 9 ---------------------------------------------------------------------------------------


def _fields(tables):
    """One stored rearrangement for each model: its first row, and its field."""
    table = tables["excitation_fields"]
    known = tables["ensembles"][["ensemble", "model", "particles", "density"]]
    table = table.merge(known, on="ensemble")
    if table.empty:
        raise MissingData("no displacement field of a known ensemble was stored")
    chosen = []
    for _, group in by_model(table).items():
        stored = {key: rows for key, rows in group.groupby(["ensemble", "sample", "mode"])}
        fields = {
            key: (
                rows[["x", "y", "z"]].to_numpy(),
                rows[["dx", "dy", "dz"]].to_numpy(),
                (rows["particles"].iloc[0] / rows["density"].iloc[0]) ** (1.0 / 3.0),
            )
            for key, rows in stored.items()
        }
        key = typical_field(fields)
        field = DisplacementField(*fields[key], arrows=ARROWS, red=RED_ARROWS)
        chosen.append((stored[key].iloc[0], field))
    return chosen


@PAPER.figure("Fig. 9", "Rearrangement induced by a mode", requires=("excitation_fields",))
def excited_field(tables):
    """One rearrangement of each potential: arrows, and decay with distance (Fig. 9)."""
    chosen = _fields(tables)
    figure = plt.figure(figsize=(WIDTH, 3.4 * len(chosen)), layout="constrained")
    rows = figure.subfigures(len(chosen), 1, squeeze=False)[:, 0]
    letters = iter("abcdefgh")
    label = r"$|\Delta \mathbf{r}_i| / |\Delta \mathbf{r}_1|$"
    for (first, field), line in zip(chosen, rows, strict=True):
        left, right = line.subfigures(1, 2, width_ratios=(1.05, 1.0))
        name = f"{model_title(first['model'])}, $N$ = {first['particles']}"
        field.draw_arrows(left, f"({next(letters)}) {name}")
        field.draw_decay(right, f"({next(letters)}) {name}", label)
    return figure


@excited_field.caption
def _(tables):
    parts = []
    for first, field in _fields(tables):
        parts.append(
            f"{model_name(first['model'])}, N = {first['particles']}, 1 sample "
            f"({int(first['sample'])}), mode {int(first['mode'])} of omega = "
            f"{first['frequency']:.3g}, |Dr| = {np.sqrt((field.size**2).sum()):.2g}, "
            f"N_rearr = {participants(field.field):.0f}: the "
            f"{field.arrows} largest displacements times {field.scale:g}, the {field.red} largest "
            f"in red; {field.fit_words()}"
        )
    return (
        "Displacements of one transition of a single core, in the largest system with such a one "
        "stored (left, the particle that moves most in the middle of the periodic box), and over "
        "the largest one against the distance from it (right: particles, averages over spherical "
        "shells; dotted: the elastic r^-2). Shown: "
        + "; ".join(parts)
        + ". The paper's statement (harmonic spheres, N = 512000): the rearrangement is highly "
        "localised in space, surrounded by a field |Dr_i| ~ r^-a with a = 3 in its figure and 2.5 "
        "to 3 in general."
    )


# --- Figs 10 and 11 -------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 10",
    "Particles that take part in the rearrangement",
    requires=("excitations",),
    uses=("boson_peak",),
)
def rearranged_particles(tables):
    """N_rearr against frequency (Fig. 10)."""
    return draw_against_frequency(tables, "participants", f"participating particles {PARTICIPANTS}")


@rearranged_particles.caption
def _(tables):
    return caption_against_frequency(
        tables,
        "participants",
        "Number of particles that take part in the rearrangement (Eq. 9)",
        "N_rearr does not depend on the system size: rearrangements are localised in space, with "
        "1 to 1000 particles for harmonic spheres and the same or slightly more for Lennard-Jones.",
    )


@PAPER.figure(
    "Fig. 11", "Participating particles and their displacement", requires=("excitations",)
)
def participants_against_displacement(tables):
    """N_rearr against Dr^2 of all transitions, with the paper's bounds (Fig. 11)."""
    rows = transitions_with(tables, "distance", "participants")
    rows = rows.assign(square=rows["distance"] ** 2)
    figure, panels = panels_by_model(rows, height=3.6)
    styles = size_styles(rows)
    # room above the points for the legend of the lines
    top = 60.0 * rows["participants"].max()
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        draw_points(panel, group, "square", "participants", styles)
        panel.set(xscale="log", xlabel=r"$\Delta \mathbf{r}^2$")
        if model in PUBLISHED:
            for bound, style in zip(PUBLISHED[model].lines, ("-", "--"), strict=True):
                count = np.array([0.6, top])
                panel.plot(
                    bound * count,
                    count,
                    style,
                    color="0.25",
                    linewidth=1.0,
                    zorder=1,
                    label=rf"$\Delta \mathbf{{r}}^2 =$ {power_of_ten(bound)} $N_\mathrm{{rearr}}$",
                )
        panel.set_xlim(0.3 * group["square"].min(), 3.0 * group["square"].max())
        lines = [line for line in panel.get_lines() if "Delta" in line.get_label()]
        if lines:
            panel.legend(handles=lines, loc="upper left", frameon=True, edgecolor="none")
        sparse_ticks(panel)
    first = next(iter(panels.values()))[0]
    first.set(yscale="log", ylim=(0.6, top), ylabel=PARTICIPANTS)
    legend_below(figure, panels)
    return figure


@participants_against_displacement.caption
def _(tables):
    rows = transitions_with(tables, "distance", "participants")
    parts = []
    for model, group in by_model(rows).items():
        if model in PUBLISHED:
            low, high = PUBLISHED[model].lines
            inside = (group["per_particle"] ** 2).between(low, high).mean()
            parts.append(
                f"Dr^2 = {low:g} N_rearr and {high:g} N_rearr for {model_name(model)}, with "
                f"{100 * inside:.0f} % of the transitions between them"
            )
    return (
        "Number of participating particles N_rearr (Eq. 9) against the square displacement Dr^2 "
        f"of all transitions, {panel_letters(rows)}. Lines: the bounds that the paper draws, "
        + "; ".join(parts)
        + ". "
        + shown_words(tables, rows)
        + lost_words(tables)
        + " The paper's statement: points lie roughly between the two lines; each participating "
        "particle moves by 2e-3 to 0.1 for harmonic spheres and 0.07 to 0.3 for Lennard-Jones."
    )


# --- Fig. 12 --------------------------------------------------------------------------------------


def _overlapping(tables):
    rows = transitions_with(tables, "distance")
    return rows_below_peak(rows[np.isfinite(rows["overlap"])])


@PAPER.figure(
    "Fig. 12",
    "Directions of rearrangements and modes",
    requires=("excitations",),
    uses=("boson_peak",),
)
def direction_overlap(tables):
    """I of rearrangement and mode against O_k and P_k (Fig. 12)."""
    return draw_against_nature(
        tables, _overlapping(tables), "overlap", r"overlap $I$", scale="linear"
    )


@direction_overlap.caption
def _(tables):
    return caption_against_nature(
        tables,
        _overlapping(tables),
        "Normalised inner product I of the rearrangement and the mode (Eq. 10; one: the same "
        "direction, zero: orthogonal)",
        "relatively large I for some quasi-localised modes of small O_k and P_k, weak in general: "
        "rearrangements do not occur along the modes (shown for harmonic spheres).",
    )


# --- Fig. 13 --------------------------------------------------------------------------------------


def _samples(tables):
    """The ensemble of each model that shows single samples: the largest that has four of them."""
    rows = transitions_with(tables, "distance", "size")
    chosen = []
    for _, group in by_model(rows).items():
        counts = group.groupby(["particles", "ensemble"])["sample"].nunique()
        counts = counts.clip(upper=MOST_SAMPLES)
        counts = counts[counts == counts.max()]
        if counts.iloc[0] < 2:
            continue
        ensemble = counts.index[-1][1]
        found = group[group["ensemble"] == ensemble]
        few = sorted(found["sample"].unique())[:MOST_SAMPLES]
        chosen.append(found[found["sample"].isin(few)])
    if not chosen:
        raise MissingData("no ensemble has transitions in more than one sample")
    return pd.concat(chosen, ignore_index=True)


@PAPER.figure("Fig. 13", "Sample dependence of the transitions", requires=("excitations",))
def sample_dependence(tables):
    """|Dr| and |DPhi| against frequency for single samples of one size (Fig. 13)."""
    rows = _samples(tables)
    figure, panels = panels_by_model(rows, count=2, height=5.0, share_x="col", share_y=False)
    for model, group in by_model(rows).items():
        samples = sorted(group["sample"].unique())
        for panel, column in zip(panels[model], ("distance", "size"), strict=True):
            for i, sample in enumerate(samples):
                chosen = of(group, sample=sample)
                panel.plot(
                    chosen["frequency"],
                    chosen[column],
                    linestyle="none",
                    marker=SIZE_MARKERS[i],
                    color=SIZE_COLOURS[i],
                    markerfacecolor="none",
                    markersize=3.2,
                    markeredgewidth=0.7,
                    label=f"sample {'ABCD'[i]}",
                )
            log_axis(panel, group[column])
            frequency_axis(panel, group["frequency"].min(), group["frequency"].max())
        panels[model][0].set_xlabel("")
        panels[model][1].set_xlabel(FREQUENCY)
    first = next(iter(panels.values()))
    first[0].set_ylabel(DISTANCE)
    first[1].set_ylabel(ENERGY)
    legend_below(figure, panels)
    return figure


@sample_dependence.caption
def _(tables):
    rows = _samples(tables)
    return (
        "Distance |Dr| (top) and energy difference |DPhi| (bottom) of the transitions as "
        f"functions of the frequency of the excited mode, {column_names(rows)}, for single samples "
        "of one size, by colour. "
        + shown_words(tables, rows)
        + " The paper's statement (harmonic spheres, N = 16000, samples A to D): both fluctuate "
        "from sample to sample, rather randomly, so that continuous distributions are expected "
        "for large N."
    )


# --- Figs 14 and 15 -------------------------------------------------------------------------------


def _cubic(tables):
    rows = cubic_amplitudes(tables)
    if rows.empty:
        raise MissingData("no mode has an amplitude of the cubic expansion")
    return rows


def _measured(tables):
    """Measured A_c to compare with, if there are any."""
    if "excitations" not in tables or not len(tables["excitations"]):
        return None
    rows = transitions(tables)
    return rows if len(rows) else None


_MEASURED = r"measured $A_c$, all $N$"


@PAPER.figure(
    "Fig. 14",
    "Extent of anharmonicity of the cubic expansion",
    requires=("cubic_amplitudes",),
    uses=("excitations", "boson_peak"),
)
def cubic_amplitude(tables):
    """A_c of the cubic expansion against frequency, beside the measured one (Fig. 14)."""
    rows, measured = _cubic(tables), _measured(tables)
    figure, panels = panels_by_model(rows, height=3.6)
    styles = size_styles(rows)
    every = rows["amplitude"].to_numpy(dtype=float)
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        frequencies = group["frequency"].to_numpy(dtype=float)
        if measured is not None:
            other = measured[measured["model"] == model]
            panel.plot(
                other["frequency"],
                other["amplitude"],
                ".",
                color="0.6",
                markersize=3.0,
                markeredgewidth=0,
                label=_MEASURED,
                zorder=1,
            )
            every = np.append(every, other["amplitude"])
            frequencies = np.append(frequencies, other["frequency"])
        draw_points(panel, group, "frequency", "amplitude", styles)
        panel.set_xlabel(FREQUENCY)
        frequency_axis(panel, frequencies.min(), frequencies.max())
    first = next(iter(panels.values()))[0]
    log_axis(first, every)
    first.set_ylabel(f"{AMPLITUDE} of the cubic expansion")
    make_room_below(first)
    for model, value in peaks_by_model(tables, rows).items():
        draw_peak_arrow(panels[model][0], value)
    legend_below(figure, panels)
    return figure


@cubic_amplitude.caption
def _(tables):
    rows, measured = _cubic(tables), _measured(tables)
    beside = "" if measured is None else "; grey dots: the measured A_c of all sizes"
    return (
        "Extent of anharmonicity A_c of the cubic expansion of the energy along the mode (Eq. A3, "
        "2 omega^2 / (|tau| sqrt(N)), the sign of the mode being free) as a function of its "
        f"frequency, {panel_letters(rows)}; open symbols: single modes, colours and symbols are "
        "sizes"
        + beside
        + "."
        + peak_words(tables, rows)
        + " "
        + shown_words(tables, rows)
        + " The paper's statement: it is orders of magnitude larger than the measured A_c at the "
        "same frequency (up to N = 4096000 for harmonic spheres and 1024000 for Lennard-Jones)."
    )


def _cubic_below_peak(tables):
    rows = below_boson_peak(_cubic(tables))
    if rows.empty:
        raise MissingData("no mode below the boson peak has an amplitude of the cubic expansion")
    return rows


@PAPER.figure(
    "Fig. 15",
    "Cubic expansion and nature of the modes",
    requires=("cubic_amplitudes",),
    uses=("excitations", "boson_peak"),
)
def cubic_amplitude_of_nature(tables):
    """A_c of the cubic expansion against O_k and P_k, beside the measured one (Fig. 15)."""
    measured = _measured(tables)
    return draw_against_nature(
        tables,
        _cubic_below_peak(tables),
        "amplitude",
        f"{AMPLITUDE} of the cubic expansion",
        behind=None if measured is None else below_boson_peak(measured),
        note=_MEASURED,
    )


@cubic_amplitude_of_nature.caption
def _(tables):
    beside = "" if _measured(tables) is None else " Grey dots: the measured A_c of all sizes."
    return caption_against_nature(
        tables,
        _cubic_below_peak(tables),
        "Extent of anharmonicity A_c of the cubic expansion (Eq. A3)",
        "strongly correlated with O_k and P_k, in contrast to the measured A_c (shown for harmonic "
        "spheres): expanding the energy about the inherent structure cannot estimate the "
        "anharmonicities.",
        more=beside,
    )
