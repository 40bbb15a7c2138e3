"""Figures on quartic modes, Figs 1-6: hybridisation, localisation, convergence of harmonic modes.

Each function takes the tables by name and returns a matplotlib Figure, in the paper's units (a_0,
omega_0, particle mass; :mod:`glassmodes.papers.kapteijns2020_nqe.glasses`).
"""

from __future__ import annotations

import numpy as np

from glassmodes.papers.kapteijns2020_nqe import PAPER
from glassmodes.papers.kapteijns2020_nqe.glasses import is_poly
from glassmodes.papers.kapteijns2020_nqe.panels import (
    IN_UNITS,
    OMEGA_4,
    ending,
    entry,
    families_with,
    few_ticks,
    grid,
    legend_below,
    letters,
    log_axes,
    medians,
    points,
    series_name,
    series_styles,
)
from glassmodes.papers.kapteijns2020_nqe.pictures import (
    ARROW,
    BLUE,
    GREY,
    HARMONIC_SYMBOL,
    PURPLE,
    QUARTIC_SYMBOL,
    RED,
    component_words,
    frequency_note,
    page,
    pictures,
)
from glassmodes.papers.kapteijns2020_nqe.soft_spots import BELOW_PHONON, far_below_phonons
from glassmodes.plotting.displacement_fields import Arrows
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.style import WIDTH, guide, size_styles
from glassmodes.statistics.distributions import fraction, median_exponent
from glassmodes.statistics.numbers import number_with_error
from glassmodes.statistics.resampling import bootstrap_error

# --- Fig. 1 ---------------------------------------------------------------------------------------


def _hybridised(tables):
    """Two soft spots in one harmonic mode, and a soft spot with a phonon: one picture each."""
    found = {}
    for role, kinds, first in (
        ("hybridised", ("harmonic", "second_quartic"), 3),
        ("phonon", ("harmonic",), 2),
    ):
        try:
            made = pictures(tables, role, *kinds)
        except MissingData:
            continue
        # waves are seen best in the plane
        found[role] = made.get(first) or next(iter(made.values()))
    if not found:
        raise MissingData("no hybridised harmonic mode is stored with its quartic modes")
    return found


@PAPER.figure(
    "Fig. 1",
    "Quartic modes are indifferent to hybridisation",
    requires=("quasilocalized_fields",),
    uses=IN_UNITS,
)
def hybridisation(tables):
    """Hybridised harmonic modes beside the quartic modes of their soft spots (Fig. 1)."""
    found = _hybridised(tables)
    figure, cells = page(len(found), 2)
    letters = iter("abcd")
    for role, picture in found.items():
        left, right = cells[0], cells[1]
        cells = cells[2:]
        title = f"({next(letters)}) harmonic, {picture.dimension}D"
        note = frequency_note(picture, "harmonic", 2)
        picture.draw(left, title, [picture.arrows("harmonic", GREY)], note)
        fields = [picture.arrows("quartic", RED, alike="harmonic")]
        note = frequency_note(picture, "quartic", 4)
        if role == "hybridised":
            fields.append(picture.arrows("second_quartic", PURPLE, alike="harmonic"))
            note += rf" (red), {picture.frequency('second_quartic'):.3f}$\,\omega_0$ (purple)"
        title = f"({next(letters)}) quartic, {picture.dimension}D"
        picture.draw(right, title, fields, note)
    return figure


@hybridisation.caption
def _(tables):
    found = _hybridised(tables)
    letters = iter(("(a)", "(b)", "(c)", "(d)"))
    parts = []
    for role, picture in found.items():
        left, right = next(letters), next(letters)
        what = {
            "hybridised": f"{left} a harmonic mode that consists of two soft spots of similar "
            f"frequency, {right} the two quartic modes, the second one (purple) found from what "
            "the first one (red) leaves of the harmonic mode",
            "phonon": f"{left} a harmonic mode that mixes a soft spot with a phonon, {right} the "
            "quartic mode of that spot",
        }[role]
        parts.append(f"{what} ({picture.name})")
    return (
        "Quartic modes are indifferent to hybridisation: "
        + "; ".join(parts)
        + ". The largest component of a quartic mode is as long as the same one of the harmonic "
        "mode, the core, or the middle of two cores, in the middle of the periodic box. "
        f"{component_words(found.values())} "
        "The paper's statement: hybridised soft spots are cleanly separated as two quartic modes, "
        "and the soft spot that is hybridised with a phonon is one quartic mode without a "
        "wave-like background."
    )


# --- Fig. 2 ---------------------------------------------------------------------------------------


def _localised(tables):
    return families_with(tables, "chi_4", "participants_4")


@PAPER.figure(
    "Fig. 2",
    "Quartic coefficient and localisation",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def quartic_coefficient(tables):
    """chi_4 against N e_4, by size and by parent temperature (Fig. 2)."""
    rows = _localised(tables)
    poly = is_poly(rows)
    parts = [(name, rows[flags]) for name, flags in (("IPL", ~poly), ("POLY", poly))]
    parts = [(name, part) for name, part in parts if len(part)]
    figure, axes = grid(len(parts), height=3.5)
    for panel, (name, part) in zip(axes, parts, strict=True):
        styles = series_styles(part)
        markers = size_styles(part)
        x, y = part["participants_4"], part["chi_4"]
        # the largest ensembles below the others
        groups = sorted(part.groupby(["label", "particles"]), key=lambda item: -len(item[1]))
        for (label, size), group in groups:
            marker = markers[size]["marker"]
            style = {**styles[label], "marker": marker}
            points(panel, group["participants_4"], group["chi_4"], **style)
            entry(panel, series_name(label, size), **style)
        panel.set(title=name, xlabel=r"$N e_4$", ylabel=r"$\chi_4 a_0^2 / (m \omega_0^2)$")
        log_axes(panel, x, y)
        ends = np.quantile(x, [0.01, 0.99])
        # above the cloud: through the largest of chi N e
        top = np.quantile(x * y, 0.995)
        guide(panel, ends, -1.0, (1.0, 1.25 * top), r"$(N e_4)^{-1}$", place=(0.55, 1.05))
        low, high = panel.get_ylim()
        panel.set_ylim(low, max(high, 1.8 * top / ends[0]))
    if len(parts) > 1:
        letters(axes)
    legend_below(figure, axes, columns=3)
    return figure


@quartic_coefficient.caption
def _(tables):
    rows = _localised(tables)
    slopes = []
    for (_, density), group in rows.groupby(["model", "density"], sort=False):
        exponent = median_exponent(group["participants_4"], group["chi_4"])
        if np.isfinite(exponent):
            columns = ("participants_4", "chi_4")
            error = bootstrap_error(group, columns, median_exponent)
            name = group["label"].iloc[0].split(",")[0]
            slopes.append(f"{number_with_error(exponent, error)} ({name}, density {density:g})")
    fitted = f" Slopes of running medians: {', '.join(slopes)}." if slopes else ""
    return (
        "Quartic expansion coefficient chi_4 (Eq. 10) of quartic modes against N e_4 (Eq. 14); "
        "one point for each sample; dotted: the inverse proportion." + fitted
    ) + ending(
        tables,
        rows,
        "chi_4 ~ (N e_4)^-1, primarily sensitive to localisation, independent of preparation "
        "protocol or system size.",
    )


# --- Fig. 3 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 3",
    "Softest harmonic mode and its quartic mode",
    requires=("quasilocalized_fields",),
    uses=IN_UNITS,
)
def softest_pair(tables):
    """The softest harmonic mode and its quartic one, side by side (Fig. 3)."""
    found = pictures(tables, "softest", "harmonic", largest=False)
    figure, cells = page(len(found), 2)
    letters = iter("abcd")
    for picture in found.values():
        for kind, symbol, order, colour in (
            ("harmonic", HARMONIC_SYMBOL, 2, GREY),
            ("quartic", QUARTIC_SYMBOL, 4, RED),
        ):
            title = f"({next(letters)}) {kind} {symbol}, {picture.dimension}D"
            fields = [picture.arrows(kind, colour)]
            picture.draw(cells.pop(0), title, fields, frequency_note(picture, kind, order))
    return figure


@softest_pair.caption
def _(tables):
    found = pictures(tables, "softest", "harmonic", largest=False)
    parts = [
        f"{picture.name}: (omega_4^2 - omega_2^2) / omega_4^2 = {100 * picture.energy_gap:.2g} %, "
        f"1 - |psi . pi_4| = {picture.structure_gap:.2g}"
        for picture in found.values()
    ]
    return (
        "The softest pair of a harmonic mode psi (left) and the quartic mode pi_4 (right) of this "
        f"campaign's ensembles. {'; '.join(parts)}. {component_words(found.values())} The "
        "paper's statement: the two converge energetically and structurally at low frequency; of "
        "the softest pairs of its ensembles the energies differ by 0.15 % in 3D and 2.1 % in 2D, "
        "the structures by 3.6e-6 and 2.4e-4."
    )


# --- Fig. 4 ---------------------------------------------------------------------------------------


def _spectra(tables):
    """Pairs of harmonic and quartic modes of IPL, by dimension; of other models without it."""
    rows = families_with(tables, "omega_2", "omega_4", "participants_2", "participants_4")
    ipl = rows[~is_poly(rows)]
    return (ipl if len(ipl) else rows).reset_index(drop=True)


@PAPER.figure(
    "Fig. 4",
    "Frequency and participation of harmonic and quartic modes",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def participation(tables):
    """N e against frequency of harmonic and quartic modes (Fig. 4)."""
    rows = _spectra(tables)
    dimensions = [d for d in (3, 2, 4) if (rows["dimension"] == d).any()]
    figure, axes = grid(len(dimensions), height=3.3)
    for panel, dimension in zip(axes, dimensions, strict=True):
        group = rows[rows["dimension"] == dimension]
        points(panel, group["omega_2"], group["participants_2"], color="0.6", size=2.8)
        entry(panel, r"harmonic $\hat{\psi}$", color="0.6")
        for size, style in size_styles(group).items():
            part = group[group["particles"] == size]
            points(panel, part["omega_4"], part["participants_4"], size=2.0, **style)
            entry(panel, rf"{dimension}D, quartic $\hat{{\pi}}_4$, $N$ = {size}", **style)
            phonon = part["first_phonon"].iloc[0]
            panel.axvline(phonon, color=style["color"], linestyle="--", linewidth=1.0, zorder=0)
        x = np.append(group["omega_2"], group["omega_4"])
        y = np.append(group["participants_2"], group["participants_4"])
        log_axes(panel, np.append(x, group["first_phonon"]), y)
        panel.set(title=f"{dimension}D", xlabel=r"$\omega / \omega_0$", ylabel=r"$N e$")
    letters(axes)
    legend_below(figure, axes, columns=3)
    return figure


@participation.caption
def _(tables):
    rows = _spectra(tables)
    gaps = []
    for dimension, group in rows.groupby("dimension"):
        below, _ = fraction(group["energy_gap"] > -1e-6)
        local, _ = fraction(group["participants_4"] <= group["participants_2"])
        gaps.append(
            f"{dimension}D {100 * below:.4g} % have omega_4 >= omega_2 and {100 * local:.4g} % "
            "N e_4 <= N e_2"
        )
    return (
        "Participation N e of the lowest harmonic mode of each sample (grey) and of the quartic "
        "mode found from it (colours: sizes) against frequency; dashed: the first transverse "
        f"phonon, 2 pi c_T / L, of each size. Of the pairs, in {'; in '.join(gaps)}."
    ) + ending(
        tables,
        rows,
        "every harmonic quasilocalized mode has a quartic one of similar frequency and "
        "participation; its frequency is always slightly higher, its participation slightly "
        "lower; near the first phonon band hybridisation raises N e of the harmonic mode.",
    )


# --- Fig. 5 ---------------------------------------------------------------------------------------


_GAPS = (
    ("energy_gap", 2, r"$(\omega_4^2 - \omega_2^2) / \omega_4^2$", "f"),
    ("structure_gap", 4, r"$1 - |\hat{\pi}_4 \cdot \hat{\psi}|$", "g"),
)


def _convergent(tables):
    rows = families_with(tables, "omega_4", "energy_gap", "structure_gap")
    rows = rows[rows["dimension"].isin((2, 3))]
    ipl = rows[~is_poly(rows)]
    rows = ipl if len(ipl) else rows
    if rows.empty:
        raise MissingData("no harmonic and quartic modes in two or three dimensions")
    return rows.reset_index(drop=True)


@PAPER.figure(
    "Fig. 5",
    "Convergence of harmonic to quartic modes",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def convergence(tables):
    """Convergence of harmonic to quartic modes in energy and structure (Fig. 5)."""
    rows = _convergent(tables)
    dimensions = [d for d in (3, 2) if (rows["dimension"] == d).any()]
    figure, axes = grid(4 * len(dimensions), columns=4, height=2.6, wide=1.45)
    for place, dimension in enumerate(dimensions):
        group = rows[rows["dimension"] == dimension]
        line = axes[4 * place : 4 * place + 4]
        for (column, power, label, letter), left, right in zip(
            _GAPS, line[:2], line[2:], strict=True
        ):
            _convergence_panel(left, group, column, power)
            left.set(title=f"{dimension}D", xlabel=OMEGA_4, ylabel=label)
            _prefactor_panel(right, group, column, power, dimension)
            right.set(title=f"{dimension}D", xlabel=r"$L / a_0$", ylabel=f"${letter}(L)$")
    letters(axes)
    legend_below(figure, axes, columns=6)
    return figure


def _convergence_panel(panel, group, column, power):
    for size, style in size_styles(group).items():
        part = group[group["particles"] == size]
        colour, marker = style["color"], style["marker"]
        points(panel, part["omega_4"], part[column], size=1.8, alpha=0.25, color=colour)
        limit = BELOW_PHONON * part["first_phonon"].iloc[0]
        for chosen, filled in (
            (part[part["omega_4"] < limit], True),
            (part[part["omega_4"] >= limit], False),
        ):
            medians(
                panel,
                chosen["omega_4"],
                chosen[column],
                bins=int(np.clip(len(chosen) // 20, 2, 7)),
                filled=filled,
                colour=colour,
                marker=marker,
            )
        name = f"{part['dimension'].iloc[0]}D, $N$ = {size}"
        entry(panel, name, color=colour, marker=marker)
    log_axes(panel, group["omega_4"], group[column])
    low = far_below_phonons(group)
    low = low if len(low) else group
    ends = np.quantile(low["omega_4"], [0.02, 0.98])
    anchor = (np.sqrt(ends.prod()), 0.12 * np.median(low[column]))
    guide(panel, ends, power, anchor, rf"$\propto \omega_4^{power}$", place=(0.55, 0.2))
    panel.set_ylim(bottom=min(panel.get_ylim()[0], 0.05 * low[column].quantile(0.05)))


def _prefactor_panel(panel, group, column, power, dimension):
    """f(L) or g(L): medians over pairs far below the first phonon, with bootstrap errors."""
    low = far_below_phonons(group)
    low = low.assign(value=low[column] / low["omega_4"] ** power)
    edges, values = [], []
    for size, style in size_styles(group).items():
        part = low[low["particles"] == size].reset_index(drop=True)
        if len(part) < 5:
            continue
        edge, value = part["edge"].iloc[0], part["value"].median()
        error = bootstrap_error(part, ("value",), np.median)
        panel.errorbar(
            edge,
            value,
            np.nan_to_num(min(error, 0.9 * value)),
            color=style["color"],
            marker=style["marker"],
        )
        edges.append(edge)
        values.append(value)
    if not edges:
        panel.text(
            0.5,
            0.5,
            "no pairs far below\nthe first phonon",
            transform=panel.transAxes,
            ha="center",
            va="center",
            fontsize=8,
        )
        panel.set(xticks=[], yticks=[])
        return
    ends = np.array([0.7, 1.4]) * [min(edges), max(edges)]
    panel.set(xscale="log", yscale="log", xlim=ends, ylim=(0.2 * min(values), 5.0 * max(values)))
    panel.set_xticks(edges, [f"{edge:.3g}" for edge in edges])
    panel.set_xticks([], minor=True)
    few_ticks(panel.yaxis, panel.get_ylim())
    slope = {2: power, 3: 0}[dimension]
    middle = (np.sqrt(min(edges) * max(edges)), 0.55 * np.exp(np.log(values).mean()))
    text = rf"$\propto L^{slope}$" if slope else "constant"
    ends = np.array([0.85, 1.15]) * [min(edges), max(edges)]
    guide(panel, ends, slope, middle, text, place=(0.5, 0.5 if slope else 0.7))


@convergence.caption
def _(tables):
    rows = _convergent(tables)
    fits = []
    low = far_below_phonons(rows)
    for ensemble, group in low.groupby("ensemble", sort=False):
        words = []
        for column, _, _, _ in _GAPS:
            exponent = median_exponent(group["omega_4"], group[column])
            if np.isfinite(exponent):
                group = group.reset_index(drop=True)
                error = bootstrap_error(group, ("omega_4", column), median_exponent)
                words.append(number_with_error(exponent, error))
        if len(words) == 2:
            fits.append(f"{words[0]} and {words[1]} ({ensemble}, {len(group)} pairs)")
    fitted = f" Measured exponents: {'; '.join(fits)}." if fits else ""
    return (
        "Convergence of the harmonic mode to the quartic one: relative difference of energy "
        "(Eq. 15) and of structure (Eq. 16) against omega_4, and the prefactors f(L) and g(L) of "
        "omega_4^2 and omega_4^4. Dots: samples; symbols: running medians with quartiles, filled "
        f"where omega_4 is below {BELOW_PHONON} of the first phonon's frequency, the range of the "
        "prefactors (medians, bootstrap errors) and exponents; dotted: the paper's powers." + fitted
    ) + ending(
        tables,
        rows,
        "the relative difference of energies scales as f(L) omega_4^2 and that of the structure "
        "as g(L) omega_4^4; f and g depend weakly on L in 3D, as L^2 and L^4 in 2D.",
    )


# --- Fig. 6 ---------------------------------------------------------------------------------------


@PAPER.figure(
    "Fig. 6",
    "Difference of harmonic and quartic mode",
    requires=("quasilocalized_fields",),
    uses=IN_UNITS,
)
def difference_field(tables):
    """The difference of quartic and harmonic mode over the quartic mode (Fig. 6)."""
    found = pictures(tables, "softest", "difference")
    figure, cells = page(1, len(found))
    if len(found) == 1:
        figure.set_size_inches(0.6 * WIDTH, 3.6)
    for letter, picture, cell in zip("ab", found.values(), cells, strict=False):
        fields = _with_difference(picture)
        picture.draw(
            cell, f"({letter}) {picture.dimension}D", fields, frequency_note(picture, "quartic", 4)
        )
    return figure


DIFFERENCE_SHOWN = {2: (1.0, 0.014), 3: (0.05, 0.02)}
"""Parts of the components of Delta and of pi_4 that are shown, by dimension."""


def _with_difference(picture):
    """Delta as long as pi_4 in its core, as in the paper, and pi_4."""
    part, of_mode = DIFFERENCE_SHOWN[picture.dimension]
    mode = picture.arrows("quartic", RED, part=of_mode)
    delta = picture.fields["difference"]
    near = np.argsort((picture.fields["quartic"] ** 2).sum(axis=1))[-5:]
    largest = near[(delta[near] ** 2).sum(axis=1).argmax()]
    there = np.linalg.norm(picture.fields["quartic"][largest])
    scale = mode.scale * there / np.linalg.norm(delta[largest])
    # a wave that dwarfs the core would fill the box with its arrows
    scale = min(
        scale, 1.5 * ARROW[picture.dimension] * picture.edge / picture.largest("difference")
    )
    count = max(1, int(round(part * len(delta))))
    return [Arrows(delta, BLUE, count, scale), mode]


@difference_field.caption
def _(tables):
    found = pictures(tables, "softest", "difference")
    names = "; ".join(f"({x}) {p.name}" for x, p in zip("ab", found.values(), strict=False))
    parts = " and ".join(
        f"the largest {100 * DIFFERENCE_SHOWN[dimension][0]:g} % and "
        f"{100 * DIFFERENCE_SHOWN[dimension][1]:g} % of their components in {dimension}D"
        for dimension in found
    )
    return (
        "Fields Delta = pi_4 - psi (blue) of the softest pair of the largest box, scaled so that "
        f"it matches the quartic mode pi_4 (red) in its core: {parts}. {names}. The paper's "
        "statement: in 2D the far field of Delta is that of the phonons of the first band; in 3D "
        "it is not wave-like, but shows other quasilocalized modes."
    )
