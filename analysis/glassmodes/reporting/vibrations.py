"""Figures of the harmonic vibrations: densities of states, participation, phonon order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.modes.densities import reduced_density, vibrational_density_of_states
from glassmodes.plotting.figure import FigureSet, MissingData
from glassmodes.plotting.selection import (
    boson_peaks,
    by_panel,
    describe,
    of,
    panel_words,
    panels_of,
    particles,
)
from glassmodes.plotting.style import (
    KINDS,
    SIZE_COLOURS,
    frequency_axis,
    legend,
    ordered,
    panel_colours,
    two_panels,
)

FIGURES = FigureSet()
"""Figures of our own, after no paper."""

FREQUENCY = r"frequency $\omega$"

BIN_WIDTH = 0.5
"""Width of the bins of a density of states of which one frequency is known."""

BINS_PER_DECADE = 12
"""Of the reduced density of states."""


def _complete_spectra(tables):
    """The smallest ensemble of each kind, or model, whose samples all have full spectra."""
    table, known = tables["modes"], tables["ensembles"].set_index("ensemble")
    full = []
    for ensemble, rows in table.groupby("ensemble"):
        if ensemble not in known.index:
            continue
        expected = known["dimension"][ensemble] * (known["particles"][ensemble] - 1)
        if (rows.groupby("sample").size() == expected).all():
            full.append(ensemble)
    chosen = {**tables, "modes": table[table["ensemble"].isin(full)]}
    if not full:
        raise MissingData("no ensemble has full spectra")
    return by_panel(chosen, "modes")


def histogram(tables, ensemble, width=BIN_WIDTH):
    """g(w) of an ensemble: centres, density (integral one) and its standard error over samples."""
    rows = of(tables["modes"], ensemble=ensemble)
    edges = np.arange(0.0, rows["frequency"].max() + width, width)
    samples = [
        np.histogram(group, edges, density=True)[0]
        for _, group in rows.groupby("sample")["frequency"]
    ]
    density = np.mean(samples, axis=0)
    error = np.zeros_like(density)
    if len(samples) > 1:
        error = np.std(samples, axis=0, ddof=1) / np.sqrt(len(samples))
    return 0.5 * (edges[1:] + edges[:-1]), density, error


def bin_width(tables, ensemble) -> float:
    """Width of the bins of an ensemble: 1, 2 or 5 times a power of ten, some 40 to 100 bins."""
    wanted = of(tables["modes"], ensemble=ensemble)["frequency"].max() / 40.0
    power = 10.0 ** np.floor(np.log10(wanted))
    return power * max(factor for factor in (1.0, 2.0, 5.0) if factor * power <= wanted)


def reduced_histogram(tables, ensemble):
    """g(w)/w^(d-1) of an ensemble in bins of equal ratio: centres, values and standard errors."""
    rows = of(tables["modes"], ensemble=ensemble)
    spectra = [group.to_numpy() for _, group in rows.groupby("sample")["frequency"]]
    low, high = 0.999 * rows["frequency"].min(), 1.001 * rows["frequency"].max()
    count = int(np.ceil(BINS_PER_DECADE * np.log10(high / low)))
    density = vibrational_density_of_states(spectra, np.geomspace(low, high, count + 1))
    dimension = int(of(tables["ensembles"], ensemble=ensemble)["dimension"].iloc[0])
    reduced = reduced_density(density, dimension)
    centres = np.sqrt(reduced.edges[1:] * reduced.edges[:-1])
    return centres, reduced.density, reduced.error


def debye_prefactor(tables, ensemble) -> float | None:
    """A_D of the Debye law g = A_D w^2 in three dimensions, from the moduli; None without them."""
    if "moduli" not in tables:
        return None
    rows = of(tables["moduli"], ensemble=ensemble)
    known = of(tables["ensembles"], ensemble=ensemble).iloc[0]
    level = rows["debye_level"].mean()
    return float(level) if known["dimension"] == 3 and np.isfinite(level) else None


@FIGURES.figure("g(omega)", "Vibrational density of states", requires=("modes",), uses=("moduli",))
def density_of_states(tables):
    """Vibrational density of states g(w) with the Debye law."""
    chosen = _complete_spectra(tables)
    figure, panels = two_panels(chosen, share_y=False)
    colours = panel_colours(chosen)
    for kind, panel in panels.items():
        width = bin_width(tables, chosen[kind])
        centre, density, error = histogram(tables, chosen[kind], width)
        panel.plot(centre, density, drawstyle="steps-mid", color=colours[kind])
        if error.any():
            panel.errorbar(centre, density, error, fmt="none", ecolor=colours[kind], elinewidth=0.8)
        prefactor = debye_prefactor(tables, chosen[kind])
        if prefactor:
            cutoff = (3.0 / prefactor) ** (1.0 / 3.0)
            w = np.linspace(0.0, cutoff, 200)
            panel.plot(w, prefactor * w**2, "--", color="black", label="Debye")
        panel.set(xlabel=FREQUENCY, xlim=(0.0, None), ylim=(0.0, 1.6 * density.max()))
        legend(panel)
    next(iter(panels.values())).set_ylabel(r"$g(\omega)$")
    return figure


@density_of_states.caption
def _(tables):
    chosen = _complete_spectra(tables)
    widths = [f"{bin_width(tables, chosen[panel]):g}" for panel in ordered(chosen)]
    widths = " and ".join(dict.fromkeys(widths))
    return (
        f"Vibrational density of states of the inherent structures, bins of width {widths}, "
        f"integral one, {panel_words(chosen)}; dashed: the Debye law of the measured elastic "
        "moduli. " + describe(tables, "modes", chosen.values())
    )


@FIGURES.figure(
    "g(omega)",
    "Vibrational density of states by the kernel polynomial method",
    requires=("density_of_states",),
    uses=("modes",),
)
def kernel_density_of_states(tables):
    """g(w) by the kernel polynomial method, on the exact histogram where there is one."""
    table = tables["density_of_states"]
    kinds, exact = panels_of(tables, "density_of_states"), _exact_spectra(tables)
    figure, panels = two_panels(kinds, share_y=False)
    for kind, panel in panels.items():
        for ensemble, colour in zip(kinds[kind], SIZE_COLOURS, strict=False):
            curve = _mean_density(of(table, ensemble=ensemble))
            label = f"$N$ = {particles(tables, ensemble)}"
            panel.errorbar(
                curve.index,
                curve["density"],
                curve["error"],
                fmt="o-",
                markersize=2.5,
                linewidth=1.0,
                elinewidth=0.8,
                color=colour,
                label=f"{label}, kernel polynomial",
                zorder=4,
            )
        if kind in exact:
            width = _bin_width(of(table, ensemble=kinds[kind][0]))
            centre, density, _ = histogram(tables, exact[kind], width)
            panel.fill_between(
                centre,
                density,
                step="mid",
                color="0.85",
                linewidth=0,
                label=f"$N$ = {particles(tables, exact[kind])}, exact",
            )
        panel.set(xlabel=FREQUENCY, xlim=(0.0, None))
        # a third above the data for the legend
        panel.set_ylim(0.0, 1.35 * panel.get_ylim()[1])
        legend(panel, loc="upper left")
    next(iter(panels.values())).set_ylabel(r"$g(\omega)$")
    return figure


def _bin_width(rows):
    frequencies = np.sort(rows["frequency"].unique())
    return float(np.diff(frequencies).min()) if len(frequencies) > 1 else BIN_WIDTH


def _mean_density(rows):
    """Mean over samples at each frequency, and its standard error.

    Each sample has the error of its random vectors; that of the mean is the larger of what they
    give and of the scatter of the samples.
    """
    grouped = rows.groupby("frequency")
    count = grouped.size()
    vectors = np.sqrt(grouped["density_error"].agg(lambda error: (error**2).sum())) / count
    error = np.fmax(vectors, grouped["density"].sem())
    return pd.DataFrame({"density": grouped["density"].mean(), "error": error.fillna(0.0)})


def _exact_spectra(tables):
    """Ensemble of each panel whose exact histogram is shown, where there is one."""
    if "modes" not in tables or tables["modes"].empty:
        return {}
    try:
        return _complete_spectra(tables)
    except MissingData:
        return {}


@kernel_density_of_states.caption
def _(tables):
    exact = _exact_spectra(tables)
    text = (
        "Vibrational density of states by the kernel polynomial method, "
        f"{panel_words(panels_of(tables, 'density_of_states'))}: means over bins and samples, "
        "bars the standard error (over random vectors "
        "or over samples, whichever is larger). The kernel broadens: sharp peaks come out lower "
        "and wider. " + describe(tables, "density_of_states")
    )
    if exact:
        text += " Grey: histogram of all exact frequencies. "
        text += describe(tables, "modes", exact.values())
    return text


@FIGURES.figure(
    "g(omega) / omega^2",
    "Reduced vibrational density of states",
    requires=("modes",),
    uses=("moduli", "boson_peak"),
)
def reduced_density_of_states(tables):
    """g(w)/w^2 with the Debye level: the boson peak is what stands above it."""
    chosen = _complete_spectra(tables)
    # densities of two models have nothing in common
    figure, panels = two_panels(chosen, share_y=set(chosen) <= set(KINDS))
    colours, peaks = panel_colours(chosen), boson_peaks(tables)
    for kind, panel in panels.items():
        centre, density, error = reduced_histogram(tables, chosen[kind])
        shown = density > 0.0
        panel.errorbar(
            centre[shown],
            density[shown],
            # an error as large as the value would reach to minus infinity
            np.minimum(error, 0.9 * density)[shown],
            fmt="o-",
            markersize=3,
            linewidth=1.0,
            elinewidth=0.8,
            color=colours[kind],
        )
        prefactor = debye_prefactor(tables, chosen[kind])
        if prefactor:
            panel.axhline(prefactor, linestyle="--", color="black", label=r"Debye level $A_D$")
        if chosen[kind] in peaks:
            panel.axvline(
                peaks[chosen[kind]],
                ymin=0.25,
                linestyle=":",
                color="0.25",
                label=r"boson peak $\omega_\mathrm{BP}$",
            )
        panel.set(yscale="log", xlabel=FREQUENCY)
        frequency_axis(panel, centre[shown].min(), centre[shown].max())
        legend(panel, loc="lower left")
    next(iter(panels.values())).set_ylabel(r"$g(\omega) / \omega^2$")
    return figure


@reduced_density_of_states.caption
def _(tables):
    chosen, peaks = _complete_spectra(tables), boson_peaks(tables)
    text = (
        f"Reduced vibrational density of states {panel_words(chosen)} in {BINS_PER_DECADE} bins "
        "to the decade, with standard errors; dashed: the Debye level A_D of the measured elastic "
        "moduli"
    )
    found = ", ".join(f"{peaks[name]:.3g} ({name})" for name in chosen.values() if name in peaks)
    if found:
        text += f"; dotted: the boson peak, omega_BP = {found}"
    return (
        text
        + ". Small systems have their lowest phonons in a few bins. "
        + describe(tables, "modes", chosen.values())
    )


def _scatter(tables, column, label, *, scale):
    table = tables["modes"]
    table = table[np.isfinite(table[column])]
    if table.empty:
        raise MissingData(f"table modes has no values of {column}")
    chosen = by_panel({**tables, "modes": table}, "modes")
    figure, panels = two_panels(chosen)
    colours = panel_colours(chosen)
    for kind, panel in panels.items():
        rows = of(table, ensemble=chosen[kind])
        panel.plot(
            rows["frequency"],
            rows[column],
            ".",
            markersize=2.5,
            markeredgewidth=0,
            alpha=0.5,
            color=colours[kind],
            rasterized=True,
        )
        panel.set(yscale=scale, xlabel=FREQUENCY)
        frequency_axis(panel, rows["frequency"].min(), rows["frequency"].max())
    next(iter(panels.values())).set_ylabel(label)
    return figure


@FIGURES.figure("P_k", "Participation ratio", requires=("modes",))
def participation_ratio(tables):
    """Participation ratio against frequency."""
    figure = _scatter(tables, "participation_ratio", r"participation ratio $P_k$", scale="log")
    figure.axes[0].set_ylim(top=2.0)
    return figure


@participation_ratio.caption
def _(tables):
    return (
        "Participation ratio of the modes as a function of frequency, "
        f"{panel_words(by_panel(tables, 'modes'))}: 2/3 for a standing plane wave, of "
        "order 1/N for a localised mode. In a "
        "crystal it depends on the basis of each degenerate set. "
        + describe(tables, "modes", by_panel(tables, "modes").values())
    )


@FIGURES.figure("O_k", "Phonon order parameter", requires=("modes",))
def phonon_order(tables):
    """Phonon order parameter against frequency."""
    figure = _scatter(tables, "phonon_order", r"phonon order $O_k$", scale="linear")
    # a wave at the edge of the Brillouin zone counts more than once: as itself and as its opposite
    highest = max(1.0, float(np.nanmax(tables["modes"]["phonon_order"])))
    figure.axes[0].set_ylim(-0.03, 1.06 * highest)
    return figure


@phonon_order.caption
def _(tables):
    return (
        "Phonon order parameter of the modes (Eq. 3 of mizuno2020_anharmonic, N_m = 100) as a "
        f"function of frequency, {panel_words(by_panel(tables, 'modes'))}: one for a plane wave, "
        "and up to two in a crystal for a wave at the edge of its Brillouin zone, where q and -q "
        "are the same wave and both are counted. "
        + describe(tables, "modes", by_panel(tables, "modes").values())
    )
