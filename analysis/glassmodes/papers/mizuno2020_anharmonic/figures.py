"""Figures after mizuno2020_anharmonic, Figs 2-15: modes pulled until the glass falls.

Each function takes the tables by name and returns a matplotlib Figure, harmonic spheres left and
Lennard-Jones right, all sizes together; each has a caption function. Reduced units: sigma, m,
epsilon, k_B = 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.markers import CARETUPBASE
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from glassmodes.papers.mizuno2020_anharmonic.claims import power
from glassmodes.papers.mizuno2020_anharmonic.tables import (
    MODEL_NAMES,
    PAPER,
    below_boson_peak,
    boson_peaks,
    cubic_amplitudes,
    distinct,
    excited,
    model_title,
    transitions,
)
from glassmodes.plotting.displacement_fields import DisplacementField
from glassmodes.plotting.selection import MissingData, by_model, of
from glassmodes.plotting.style import (
    SIZE_COLOURS,
    SIZE_MARKERS,
    WIDTH,
    frequency_axis,
    plain_numbers,
    power_of_ten,
)
from glassmodes.statistics.numbers import number_with_error
from glassmodes.statistics.resampling import bootstrap_error

ARROWS, RED_ARROWS = 2000, 100
"""Largest displacements that are shown, and that are shown in red (Fig. 9a)."""

BINS_PER_DECADE = 6
"""Of the medians that stand over single modes."""

FEWEST_IN_BIN = 8
"""Modes below which a bin has no median."""

MOST_SAMPLES = 4
"""Samples that Fig. 13 shows: the paper's A to D."""

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


def _transitions(tables, *columns):
    """Modes that made a transition, with positive values of some columns."""
    rows = transitions(tables)
    if rows.empty:
        raise MissingData("no mode has a transition")
    for column in columns:
        rows = rows[rows[column] > 0.0]
    if rows.empty:
        raise MissingData(f"no transition has {' and '.join(columns)}")
    return rows.reset_index(drop=True)


def _name(model):
    return MODEL_NAMES.get(model, model)


def _count(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _letters(rows):
    """Which panel is which model, for a caption."""
    names = [_name(model) for model in by_model(rows)]
    if len(names) == 1:
        return f"for {names[0]}"
    return "for " + ", ".join(f"{name} ({x})" for name, x in zip(names, "abcd", strict=False))


def _columns(rows):
    """Which column of panels is which model, for a caption."""
    return "for " + " and ".join(
        f"{_name(model)} ({side})" if len(set(rows["model"])) > 1 else _name(model)
        for model, side in zip(by_model(rows), ("left", "right"), strict=False)
    )


def _shown(rows, noun="mode"):
    """N, samples and modes of what a figure shows, as one sentence."""
    parts = []
    for model, group in by_model(rows).items():
        sizes = []
        for size, found in group.groupby("particles"):
            samples = found.groupby(["ensemble", "sample"]).ngroups
            sizes.append(f"N = {size} ({_count(samples, 'sample')}, {_count(len(found), noun)})")
        parts.append(f"{_name(model)}, " + ", ".join(sizes))
    return "Shown: " + "; ".join(parts) + "."


_LOST = {
    "none": "made no transition up to the largest amplitude",
    "overlap": "had particles overlapping first",
    "exchange": "only exchanged like particles",
    "not_converged": "did not converge and are not shown",
}


def _lost(tables, what="Not shown"):
    """What became of the excited modes that made no transition."""
    rows = excited(tables)
    counts = rows["outcome"].value_counts()
    parts = [f"{counts[outcome]} {text}" for outcome, text in _LOST.items() if outcome in counts]
    if not parts:
        return f" All {len(rows)} excited modes made a transition."
    return f" {what}, of {len(rows)} excited modes: {', '.join(parts)}."


def _peaks(tables, rows):
    """The boson peak of each model, where it is known: {model: frequency}."""
    peaks = boson_peaks(tables)
    found = {}
    for model, group in by_model(rows).items():
        values = [peaks[ensemble] for ensemble in group["ensemble"].unique() if ensemble in peaks]
        if values:
            found[model] = float(np.mean(values))
    return found


def _peak_words(tables, rows):
    found = _peaks(tables, rows)
    if not found:
        return " The boson peak is not known."
    text = ", ".join(f"{value:.3g} ({_name(model)})" for model, value in found.items())
    return f" Arrows: the boson peak, omega_BP = {text}."


def _below_words(tables, rows):
    """Which modes a figure of low-frequency modes shows."""
    found = _peaks(tables, rows)
    if len(found) < rows["model"].nunique():
        return "Modes of all excited frequencies, where the boson peak is not known. "
    text = ", ".join(f"{value:.3g} ({_name(model)})" for model, value in found.items())
    return f"Modes below the boson peak, omega_BP = {text}. "


# --- panels ---------------------------------------------------------------------------------------


def _panels(rows, *, count=1, heights=None, height=3.0, share_y="row", share_x=False):
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


def _size_styles(rows):
    """Colour and marker of each N, smallest first."""
    sizes = sorted(rows["particles"].unique())
    return {
        size: {
            "color": SIZE_COLOURS[i % len(SIZE_COLOURS)],
            "marker": SIZE_MARKERS[i % len(SIZE_MARKERS)],
        }
        for i, size in enumerate(sizes)
    }


def _points(panel, rows, x, y, styles):
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


def _medians(panel, rows, x, y, *, log_x=True):
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


def _legend(figure, panels, **settings):
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


def _peak_arrow(panel, frequency):
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


def _room_below(panel, part=0.15):
    """Lower a logarithmic axis by a part of its decades, for the arrow."""
    low, high = panel.get_ylim()
    panel.set_ylim(low * (low / high) ** part, high)


def _log_axis(panel, values):
    values = values[values > 0.0]
    panel.set(yscale="log", ylim=(0.5 * values.min(), 2.0 * values.max()))


def _sparse_ticks(panel):
    """1, 2 and 5 times powers of ten where a logarithmic axis has fewer than two decades."""
    low, high = panel.get_xlim()
    inside = int(np.floor(np.log10(high))) - int(np.ceil(np.log10(low))) + 1
    panel.xaxis.set_minor_formatter(NullFormatter())
    if inside < 2:
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        marks = [factor * 10.0**decade for decade in decades for factor in (1, 2, 5)]
        panel.xaxis.set_major_locator(FixedLocator(marks))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))


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
    rows = _transitions(tables, "distance")
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


def excitation_scans(tables):
    """|Dr| and |DPhi| against the amplitude of one mode (Fig. 2)."""
    chosen = _scanned(tables)
    modes = pd.DataFrame([mode for mode, _ in chosen])
    figure, panels = _panels(modes, count=2, height=4.2, share_y=False, share_x="col")
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
        _sparse_ticks(below)
        below.set_xlabel(r"amplitude $A$")
    first = next(iter(panels.values()))
    first[0].set_ylabel(DISTANCE)
    first[1].set_ylabel(ENERGY)
    _legend(figure, panels)
    return figure


def excitation_scans_caption(tables):
    """Caption of :func:`excitation_scans`."""
    parts = []
    for mode, _ in _scanned(tables):
        onsets = _onsets(mode).items()
        text = ", ".join(f"{value:.3g} (sign {sign:+d})" for sign, value in onsets)
        parts.append(
            f"{_name(mode['model'])}, N = {mode['particles']}, 1 sample ({mode['sample']}), mode "
            f"{mode['mode']}, omega = {mode['frequency']:.3g}, A_c = {text}"
        )
    return (
        "Distance (top) and energy difference (bottom) between the inherent structures before and "
        "after a mode is pulled by A sqrt(N) e^k and the energy minimised, as a function of A; "
        "closed symbols: A_c of both signs of the mode. Shown: "
        + "; ".join(parts)
        + ". The paper's statement: both stay at zero while A is small, and jump at exactly the "
        "same A = A_c, where the system transitions to a different state."
    )


# --- Figs 3, 5, 6, 10: against frequency ----------------------------------------------------------


def _against_frequency(tables, column, label, *, medians=True, peak=True, bounds=None):
    """Modes against frequency; `bounds` are rows whose value is only known to be larger."""
    rows = _transitions(tables, column)
    every = (
        rows if bounds is None else pd.concat([rows, bounds[bounds["model"].isin(rows["model"])]])
    )
    figure, panels = _panels(rows, height=3.4)
    styles = _size_styles(rows)
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        _points(panel, group, "frequency", column, styles)
        if medians:
            _medians(panel, group, "frequency", column)
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
    _log_axis(first, every[column])
    first.set_ylabel(label)
    if peak:
        _room_below(first)
        for model, value in _peaks(tables, rows).items():
            _peak_arrow(panels[model][0], value)
    _legend(figure, panels)
    return figure


def _frequency_caption(tables, column, what, statement, *, more=""):
    rows = _transitions(tables, column)
    return (
        f"{what} as a function of the frequency of the excited mode, {_letters(rows)}; one open "
        "symbol for each mode, colours and symbols are sizes; black: medians and quartiles of all "
        f"sizes in bins of {BINS_PER_DECADE} to the decade.{more}"
        + _peak_words(tables, rows)
        + " "
        + _shown(rows)
        + _lost(tables, "Without a transition" if "Grey carets" in more else "Not shown")
        + f" The paper's statement: {statement}"
    )


def _bounds(tables):
    """Modes without a transition and the amplitude up to which they had none, if it is stored."""
    rows = excited(tables)
    if "scanned_to" not in rows:
        return rows.iloc[:0]
    rows = rows[rows["outcome"].isin(("none", "overlap")) & (rows["scanned_to"] > 0.0)]
    return rows.assign(amplitude=rows["scanned_to"])


def critical_amplitude(tables):
    """A_c against frequency (Fig. 3)."""
    return _against_frequency(
        tables,
        "amplitude",
        f"extent of anharmonicity {AMPLITUDE}",
        bounds=_bounds(tables),
    )


def critical_amplitude_caption(tables):
    """Caption of :func:`critical_amplitude`."""
    bounds = _bounds(tables)
    more = (
        f" Grey carets: the largest amplitude without overlapping particles that was tried, of "
        f"{_count(len(bounds), 'mode')} without a transition; medians leave them out."
        if len(bounds)
        else ""
    )
    return _frequency_caption(
        tables,
        "amplitude",
        "Extent of anharmonicity A_c, the smallest amplitude (of both signs of the mode) at which "
        "the inherent structure changes,",
        "A_c becomes small as omega decreases, particularly below omega_BP, where it is 1e-6 to "
        "1e-2 for harmonic spheres and 1e-4 to 1e-1 for Lennard-Jones, without size effects.",
        more=more,
    )


def energy_barrier(tables):
    """Energy at A_c against frequency, and over that of the harmonic mode (Fig. 5)."""
    rows = _transitions(tables, "barrier", "linear_barrier")
    rows = rows.assign(ratio=rows["barrier"] / rows["linear_barrier"])
    figure, panels = _panels(rows, count=2, heights=(2.2, 1.0), height=4.6, share_x="col")
    styles = _size_styles(rows)
    for model, group in by_model(rows).items():
        above, below = panels[model]
        _points(above, group, "frequency", "barrier", styles)
        _medians(above, group, "frequency", "barrier")
        _points(below, group, "frequency", "ratio", styles)
        below.axhline(1.0, color="black", linewidth=0.9, zorder=1)
        below.set(yscale="log", xlabel=FREQUENCY)
        frequency_axis(above, group["frequency"].min(), group["frequency"].max())
        frequency_axis(below, group["frequency"].min(), group["frequency"].max())
    first = next(iter(panels.values()))
    _log_axis(first[0], rows["barrier"])
    first[0].set_ylabel(r"barrier $\Delta\Phi_\mathrm{barrier}$")
    first[1].set_ylabel(r"$\Delta\Phi_\mathrm{barrier} / \Delta\Phi_\mathrm{h}$")
    low, high = min(rows["ratio"].min(), 0.6) / 1.3, 1.3 * max(rows["ratio"].max(), 1.6)
    first[1].set_ylim(low, high)
    plain_numbers(first[1].yaxis, low, high, factors=(1, 2, 5) if high < 20.0 * low else (1,))
    _room_below(first[0])
    for model, value in _peaks(tables, rows).items():
        _peak_arrow(panels[model][0], value)
    _legend(figure, panels)
    return figure


def energy_barrier_caption(tables):
    """Caption of :func:`energy_barrier`."""
    rows = _transitions(tables, "barrier", "linear_barrier")
    ratio = np.quantile(rows["barrier"] / rows["linear_barrier"], [0.05, 0.5, 0.95])
    return _frequency_caption(
        tables,
        "barrier",
        "Energy at A_c above the inherent structure (Eq. 8; top), and over that of the harmonic "
        "mode, DPhi_h = omega^2 A_c^2 N / 2 (bottom; line: one),",
        "the barrier is approximately omega^2 A_c^2 N / 2, though not exactly, since the potential "
        "is not linear; twice the smallest barrier is the onset temperature of Table I.",
        more=f" The ratio's median is {ratio[1]:.3g}, its 5 and 95 % quantiles {ratio[0]:.3g} and "
        f"{ratio[2]:.3g}.",
    )


def transition_distance(tables):
    """|Dr| against frequency (Fig. 6)."""
    return _against_frequency(
        tables, "distance", f"distance between the states {DISTANCE}", medians=False, peak=False
    )


def _families(rows):
    """How many distinct transitions the modes make, as text."""
    parts = [
        f"{len(distinct(group))} distinct ones from {len(group)} modes ({_name(model)})"
        for model, group in by_model(rows).items()
    ]
    return " and ".join(parts)


def transition_distance_caption(tables):
    """Caption of :func:`transition_distance`."""
    rows = _transitions(tables, "distance")
    return (
        "Distance |Dr| between the inherent structures before and after the transition as a "
        f"function of the frequency of the excited mode, {_letters(rows)}; one symbol for each "
        f"mode, colours and symbols are sizes. Transitions: {_families(rows)}. "
        + _shown(rows)
        + _lost(tables)
        + " The paper's statement: |Dr| does not depend on omega nor on N, and is 1e-3 to 1 for "
        "harmonic spheres and 0.1 to 10 for Lennard-Jones; many different modes have the same "
        "|Dr| (points on a horizontal line), since they cause the identical transition."
    )


def rearranged_particles(tables):
    """N_rearr against frequency (Fig. 10)."""
    return _against_frequency(tables, "participants", f"participating particles {PARTICIPANTS}")


def rearranged_particles_caption(tables):
    """Caption of :func:`rearranged_particles`."""
    return _frequency_caption(
        tables,
        "participants",
        "Number of particles that take part in the rearrangement (Eq. 9)",
        "N_rearr does not depend on the system size: rearrangements are localised in space, with "
        "1 to 1000 particles for harmonic spheres and the same or slightly more for Lennard-Jones.",
    )


# --- Figs 4, 7, 12, 15: against the nature of the mode --------------------------------------------


def _against_nature(tables, rows, column, label, *, scale="log", behind=None, note=None):
    """A grid: against O_k above and P_k below, a column for each model."""
    rows = rows[np.isfinite(rows["phonon_order"]) & np.isfinite(rows["participation_ratio"])]
    if rows.empty:
        raise MissingData("no mode has a phonon order and a participation ratio")
    figure, panels = _panels(rows, count=2, height=5.4, share_y=True)
    styles = _size_styles(rows)
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
            _points(panel, group, nature, column, styles)
            log_x = nature == "participation_ratio"
            _medians(panel, group, nature, column, log_x=log_x)
            panel.set_xlabel(NATURE[nature])
            if log_x:
                frequency_axis(panel, group[nature].min(), group[nature].max())
            else:
                panel.set_xlim(-0.03, 1.03)
    first = next(iter(panels.values()))
    if scale == "log":
        values = rows[column] if behind is None else np.append(rows[column], behind[column])
        _log_axis(first[0], np.asarray(values, dtype=float))
    else:
        first[0].set_ylim(-0.02, 1.05 * max(rows[column].max(), 0.5))
    for panel in first:
        panel.set_ylabel(label)
    _legend(figure, panels)
    return figure


def _below_peak(rows):
    chosen = below_boson_peak(rows)
    if chosen.empty:
        raise MissingData("no excited mode below the boson peak has a transition")
    return chosen


def _nature_caption(tables, rows, what, statement, *, more=""):
    return (
        f"{what} as a function of the phonon order parameter O_k (top) and the participation "
        f"ratio P_k (bottom) of the excited mode, {_columns(rows)}; open symbols: single modes, "
        "colours and symbols are sizes; black: medians and quartiles of all sizes."
        + more
        + " "
        + _below_words(tables, rows)
        + _shown(rows)
        + f" The paper's statement: {statement}"
    )


def critical_amplitude_of_nature(tables):
    """A_c against O_k and P_k below the boson peak (Fig. 4)."""
    rows = _below_peak(_transitions(tables, "amplitude"))
    return _against_nature(tables, rows, "amplitude", AMPLITUDE)


def critical_amplitude_of_nature_caption(tables):
    """Caption of :func:`critical_amplitude_of_nature`."""
    return _nature_caption(
        tables,
        _below_peak(_transitions(tables, "amplitude")),
        "Extent of anharmonicity A_c",
        "no apparent correlations between A_c and the nature of the mode, phonon (large O_k and "
        "P_k) or quasi-localised, shown for harmonic spheres and similar for Lennard-Jones.",
    )


def transition_distance_of_nature(tables):
    """|Dr| against O_k and P_k below the boson peak (Fig. 7)."""
    rows = _below_peak(_transitions(tables, "distance"))
    return _against_nature(tables, rows, "distance", DISTANCE)


def transition_distance_of_nature_caption(tables):
    """Caption of :func:`transition_distance_of_nature`."""
    return _nature_caption(
        tables,
        _below_peak(_transitions(tables, "distance")),
        "Distance |Dr| between the states",
        "no correlation of |Dr| with O_k or P_k (shown for harmonic spheres): the mode is just a "
        "trigger.",
    )


def _overlapping(tables):
    rows = _transitions(tables, "distance")
    return _below_peak(rows[np.isfinite(rows["overlap"])])


def direction_overlap(tables):
    """I of rearrangement and mode against O_k and P_k (Fig. 12)."""
    return _against_nature(tables, _overlapping(tables), "overlap", r"overlap $I$", scale="linear")


def direction_overlap_caption(tables):
    """Caption of :func:`direction_overlap`."""
    return _nature_caption(
        tables,
        _overlapping(tables),
        "Normalised inner product I of the rearrangement and the mode (Eq. 10; one: the same "
        "direction, zero: orthogonal)",
        "relatively large I for some quasi-localised modes of small O_k and P_k, weak in general: "
        "rearrangements do not occur along the modes (shown for harmonic spheres).",
    )


# --- Fig. 8 ---------------------------------------------------------------------------------------


def energy_against_distance(tables):
    """|DPhi| against |Dr| of all transitions (Fig. 8)."""
    rows = _transitions(tables, "distance", "size")
    figure, panels = _panels(rows, height=3.6, share_y=False)
    styles = _size_styles(rows)
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        _points(panel, group, "distance", "size", styles)
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
        _log_axis(panel, group["size"])
        _sparse_ticks(panel)
    next(iter(panels.values()))[0].set_ylabel(ENERGY)
    _legend(figure, panels)
    return figure


def energy_against_distance_caption(tables):
    """Caption of :func:`energy_against_distance`."""
    rows = _transitions(tables, "distance", "size")
    fits = []
    for model, group in by_model(rows).items():
        once = distinct(group).reset_index(drop=True)
        error = bootstrap_error(once, ("distance", "size"), power)
        exponent = number_with_error(power(once["distance"], once["size"]), error)
        fits.append(f"{exponent} ({_name(model)})")
    return (
        "Energy difference |DPhi| against distance |Dr| between the states before and after the "
        f"transition, {_letters(rows)}, one symbol for each mode (identical transitions of several "
        "modes coincide); line: |Dr|^3 through the geometric means of the distinct transitions, "
        "whose least-squares exponents are "
        + ", ".join(fits)
        + ". "
        + _shown(rows)
        + _lost(tables)
        + " The paper's statement: |DPhi| is roughly proportional to |Dr|^3 and takes values of "
        "1e-9 to 1e-2 for harmonic spheres and 1e-4 to 1e2 for Lennard-Jones."
    )


# --- Fig. 9 ---------------------------------------------------------------------------------------


def _fields(tables):
    """One stored rearrangement for each model: of its largest system, that of the first mode."""
    table = tables["excitation_fields"]
    known = tables["ensembles"][["ensemble", "model", "particles", "density"]]
    table = table.merge(known, on="ensemble")
    if table.empty:
        raise MissingData("no displacement field of a known ensemble was stored")
    chosen = []
    for _, group in by_model(table).items():
        group = group[group["particles"] == group["particles"].max()]
        first = group.sort_values(["sample", "mode"], kind="stable").iloc[0]
        rows = of(group, ensemble=first["ensemble"], sample=first["sample"], mode=first["mode"])
        edge = (first["particles"] / first["density"]) ** (1.0 / 3.0)
        field = DisplacementField(
            rows[["x", "y", "z"]].to_numpy(),
            rows[["dx", "dy", "dz"]].to_numpy(),
            edge,
            arrows=ARROWS,
            red=RED_ARROWS,
        )
        chosen.append((first, field))
    return chosen


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


def excited_field_caption(tables):
    """Caption of :func:`excited_field`."""
    parts = []
    for first, field in _fields(tables):
        parts.append(
            f"{_name(first['model'])}, N = {first['particles']}, 1 sample "
            f"({int(first['sample'])}), mode {int(first['mode'])} of omega = "
            f"{first['frequency']:.3g}, |Dr| = {np.sqrt((field.size**2).sum()):.2g}: the "
            f"{field.arrows} largest displacements times {field.scale:g}, the {field.red} largest "
            f"in red; {field.fit_words()}"
        )
    return (
        "Displacements of one transition in the largest system with a stored one (left, the "
        "particle that moves most in the middle of the periodic box), and over the largest one "
        "against the distance from it (right: particles, averages over spherical shells; dotted: "
        "the elastic r^-2). Shown: "
        + "; ".join(parts)
        + ". The paper's statement (harmonic spheres, N = 512000): the rearrangement is highly "
        "localised in space, surrounded by a field |Dr_i| ~ r^-a with a = 3 in its figure and 2.5 "
        "to 3 in general."
    )


# --- Fig. 11 --------------------------------------------------------------------------------------


def participants_against_displacement(tables):
    """N_rearr against Dr^2 of all transitions, with the paper's bounds (Fig. 11)."""
    rows = _transitions(tables, "distance", "participants")
    rows = rows.assign(square=rows["distance"] ** 2)
    figure, panels = _panels(rows, height=3.6)
    styles = _size_styles(rows)
    # room above the points for the legend of the lines
    top = 60.0 * rows["participants"].max()
    for model, group in by_model(rows).items():
        (panel,) = panels[model]
        _points(panel, group, "square", "participants", styles)
        panel.set(xscale="log", xlabel=r"$\Delta \mathbf{r}^2$")
        if model in PAPER:
            for bound, style in zip(PAPER[model].lines, ("-", "--"), strict=True):
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
        _sparse_ticks(panel)
    first = next(iter(panels.values()))[0]
    first.set(yscale="log", ylim=(0.6, top), ylabel=PARTICIPANTS)
    _legend(figure, panels)
    return figure


def participants_against_displacement_caption(tables):
    """Caption of :func:`participants_against_displacement`."""
    rows = _transitions(tables, "distance", "participants")
    parts = []
    for model, group in by_model(rows).items():
        if model in PAPER:
            low, high = PAPER[model].lines
            inside = (group["per_particle"] ** 2).between(low, high).mean()
            parts.append(
                f"Dr^2 = {low:g} N_rearr and {high:g} N_rearr for {_name(model)}, with "
                f"{100 * inside:.0f} % of the transitions between them"
            )
    return (
        "Number of participating particles N_rearr (Eq. 9) against the square displacement Dr^2 "
        f"of all transitions, {_letters(rows)}. Lines: the bounds that the paper draws, "
        + "; ".join(parts)
        + ". "
        + _shown(rows)
        + _lost(tables)
        + " The paper's statement: points lie roughly between the two lines; each participating "
        "particle moves by 2e-3 to 0.1 for harmonic spheres and 0.07 to 0.3 for Lennard-Jones."
    )


# --- Fig. 13 --------------------------------------------------------------------------------------


def _samples(tables):
    """The ensemble of each model that shows single samples: the largest that has four of them."""
    rows = _transitions(tables, "distance", "size")
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


def sample_dependence(tables):
    """|Dr| and |DPhi| against frequency for single samples of one size (Fig. 13)."""
    rows = _samples(tables)
    figure, panels = _panels(rows, count=2, height=5.0, share_x="col", share_y=False)
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
            _log_axis(panel, group[column])
            frequency_axis(panel, group["frequency"].min(), group["frequency"].max())
        panels[model][0].set_xlabel("")
        panels[model][1].set_xlabel(FREQUENCY)
    first = next(iter(panels.values()))
    first[0].set_ylabel(DISTANCE)
    first[1].set_ylabel(ENERGY)
    _legend(figure, panels)
    return figure


def sample_dependence_caption(tables):
    """Caption of :func:`sample_dependence`."""
    rows = _samples(tables)
    return (
        "Distance |Dr| (top) and energy difference |DPhi| (bottom) of the transitions as "
        f"functions of the frequency of the excited mode, {_columns(rows)}, for single samples "
        "of one size, by colour. "
        + _shown(rows)
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


def cubic_amplitude(tables):
    """A_c of the cubic expansion against frequency, beside the measured one (Fig. 14)."""
    rows, measured = _cubic(tables), _measured(tables)
    figure, panels = _panels(rows, height=3.6)
    styles = _size_styles(rows)
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
        _points(panel, group, "frequency", "amplitude", styles)
        panel.set_xlabel(FREQUENCY)
        frequency_axis(panel, frequencies.min(), frequencies.max())
    first = next(iter(panels.values()))[0]
    _log_axis(first, every)
    first.set_ylabel(f"{AMPLITUDE} of the cubic expansion")
    _room_below(first)
    for model, value in _peaks(tables, rows).items():
        _peak_arrow(panels[model][0], value)
    _legend(figure, panels)
    return figure


def cubic_amplitude_caption(tables):
    """Caption of :func:`cubic_amplitude`."""
    rows, measured = _cubic(tables), _measured(tables)
    beside = "" if measured is None else "; grey dots: the measured A_c of all sizes"
    return (
        "Extent of anharmonicity A_c of the cubic expansion of the energy along the mode (Eq. A3, "
        "2 omega^2 / (|tau| sqrt(N)), the sign of the mode being free) as a function of its "
        f"frequency, {_letters(rows)}; open symbols: single modes, colours and symbols are sizes"
        + beside
        + "."
        + _peak_words(tables, rows)
        + " "
        + _shown(rows)
        + " The paper's statement: it is orders of magnitude larger than the measured A_c at the "
        "same frequency (up to N = 4096000 for harmonic spheres and 1024000 for Lennard-Jones)."
    )


def _cubic_below_peak(tables):
    rows = below_boson_peak(_cubic(tables))
    if rows.empty:
        raise MissingData("no mode below the boson peak has an amplitude of the cubic expansion")
    return rows


def cubic_amplitude_of_nature(tables):
    """A_c of the cubic expansion against O_k and P_k, beside the measured one (Fig. 15)."""
    measured = _measured(tables)
    return _against_nature(
        tables,
        _cubic_below_peak(tables),
        "amplitude",
        f"{AMPLITUDE} of the cubic expansion",
        behind=None if measured is None else below_boson_peak(measured),
        note=_MEASURED,
    )


def cubic_amplitude_of_nature_caption(tables):
    """Caption of :func:`cubic_amplitude_of_nature`."""
    beside = "" if _measured(tables) is None else " Grey dots: the measured A_c of all sizes."
    return _nature_caption(
        tables,
        _cubic_below_peak(tables),
        "Extent of anharmonicity A_c of the cubic expansion (Eq. A3)",
        "strongly correlated with O_k and P_k, in contrast to the measured A_c (shown for harmonic "
        "spheres): expanding the energy about the inherent structure cannot estimate the "
        "anharmonicities.",
        more=beside,
    )
