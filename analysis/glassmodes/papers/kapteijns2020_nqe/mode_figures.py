"""Figures after kapteijns2020_nqe that show modes: Figs 1, 3 and 6, their decay, and populations.

Modes are drawn as arrows, those of the softest pair side by side, hybridised harmonic modes beside
the quartic ones that they are made of, and the difference of a pair. Each function takes the tables
by name and returns a matplotlib Figure; each has a caption function.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from glassmodes.papers.kapteijns2020_nqe.panels import series_name, series_styles
from glassmodes.papers.kapteijns2020_nqe.tables import described, reference, units
from glassmodes.plotting.displacement_fields import Arrows, draw_fields
from glassmodes.plotting.selection import MissingData
from glassmodes.plotting.style import SIZE_LINES, WIDTH, guide, plain_numbers

RED, PURPLE, BLUE, GREY = "#CC3311", "#AA4499", "#0077BB", "0.35"

ARROW = {2: 0.15, 3: 0.2}
"""Length of a mode's largest arrow, in units of the box edge, by dimension."""

SHOWN = {2: 1.0, 3: 0.1}
"""Part of the components that are shown: all in the plane, where far fields can be seen."""

HEAVY = 0.02
"""Part of the components that are drawn heavily."""


# --- stored modes ---------------------------------------------------------------------------------


class Picture:
    """The stored modes of one sample, as its pictures need them.

    Parameters
    ----------
    rows : DataFrame
        Of `quasilocalized_fields`, one ensemble, sample and role.
    ensemble : pandas.Series
        Of :func:`glassmodes.papers.kapteijns2020_nqe.tables.described`.
    unit : glassmodes.papers.kapteijns2020_nqe.tables.Units
    """

    def __init__(self, rows, ensemble, unit):
        self.ensemble, self.unit = ensemble, unit
        self.sample, self.dimension = int(rows["sample"].iloc[0]), int(ensemble["dimension"])
        self.edge = (ensemble["particles"] / ensemble["density"]) ** (1.0 / self.dimension)
        axes = list("xyzw"[: self.dimension])
        self.fields, self.frequencies, self.positions = {}, {}, None
        for kind, group in rows.groupby("kind", sort=False):
            group = group.sort_values("particle")
            if self.positions is None:
                self.positions = group[axes].to_numpy()
            # all kinds of a picture stand at the same particles
            if len(group) == len(self.positions):
                self.fields[kind] = group[[f"d{axis}" for axis in axes]].to_numpy()
                self.frequencies[kind] = float(group["frequency"].iloc[0])
        first = self.fields.get("quartic")
        if first is None:
            return
        self.core = int((first**2).sum(axis=1).argmax())
        for kind in ("harmonic", "second_quartic"):
            other = self.fields.get(kind)
            # the sign of a mode is arbitrary: that of the core's motion in the harmonic one
            if other is not None and (other * self.reference_of(kind)).sum() < 0.0:
                self.fields[kind] = -other

    def reference_of(self, kind):
        """The field that gives a kind its sign."""
        return self.fields["harmonic" if kind == "second_quartic" else "quartic"]

    def has(self, *kinds):
        """Whether all of some kinds are stored."""
        return all(kind in self.fields for kind in kinds)

    def largest(self, kind):
        """Size of a field's largest component."""
        return float(np.sqrt((self.fields[kind] ** 2).sum(axis=1).max()))

    def arrows(self, kind, colour, *, alike=None, part=None):
        """A field to be drawn, its largest arrow as long as that of every other picture.

        Parameters
        ----------
        alike : str, optional
            A field in whose picture this one stands: at this field's largest component both are
            drawn equally long, as in the paper.
        part : float, optional
            Of the components that are shown.
        """
        field = self.fields[kind]
        scale = ARROW[self.dimension] * self.edge / self.largest(kind)
        if alike is not None:
            place = int((field**2).sum(axis=1).argmax())
            there = float(np.linalg.norm(self.fields[alike][place]))
            scale *= there / self.largest(alike)
        count = max(1, int(round((part or SHOWN[self.dimension]) * len(field))))
        heavy = max(1, int(round(HEAVY * len(field)))) if part is None else 0
        return Arrows(field, colour, count, scale, min(heavy, count))

    def draw(self, canvas, title, fields, note=""):
        """Fields in the box, the quartic mode's core in the middle, or the middle of two cores."""
        centre = self.positions[self.core]
        if self.has("second_quartic"):
            other = int((self.fields["second_quartic"] ** 2).sum(axis=1).argmax())
            apart = self.positions[other] - centre
            centre = centre + 0.5 * (apart - self.edge * np.rint(apart / self.edge))
        draw_fields(canvas, title, self.positions, fields, self.edge, centre=centre, note=note)

    @property
    def energy_gap(self):
        """(omega_4^2 - omega_2^2) / omega_4^2."""
        return 1.0 - (self.frequencies["harmonic"] / self.frequencies["quartic"]) ** 2

    @property
    def structure_gap(self):
        """1 - |psi . pi_4| of the components that are stored."""
        difference = self.fields["quartic"] - self.fields["harmonic"]
        return 0.5 * float((difference**2).sum())

    def frequency(self, kind):
        """In the paper's units."""
        return self.frequencies[kind] / self.unit.frequency

    @property
    def name(self):
        """Model, N and sample, for a caption."""
        return f"{self.ensemble['label']}, N = {self.ensemble['particles']}, sample {self.sample}"


def pictures(tables, role, *kinds, largest=True) -> dict[int, Picture]:
    """The stored sample of one role in each dimension: of IPL if there is.

    Parameters
    ----------
    role : str
    *kinds : str
        That it must have besides quartic.
    largest : bool
        Of the largest box, whose far field is longest; otherwise the softest one.

    Raises
    ------
    MissingData
        If no sample of the role has modes of all the kinds.
    """
    known = described(tables).set_index("ensemble")
    found = units(tables)
    table = tables["quasilocalized_fields"]
    table = table[(table["role"] == role) & table["ensemble"].isin(found)]
    chosen = {}
    for (name, _), rows in table.groupby(["ensemble", "sample"], sort=False):
        if known.loc[name, "dimension"] not in ARROW:
            continue
        picture = Picture(rows, known.loc[name], found[name])
        if not picture.has("quartic", *kinds):
            continue
        paper = reference(known.loc[name, "model"])
        is_ipl = paper is not None and not paper.beyond_bound
        rank = (not is_ipl, picture.frequency("quartic"))
        if largest:
            rank = (not is_ipl, -int(known.loc[name, "particles"]), picture.frequency("quartic"))
        kept = chosen.get(picture.dimension)
        if kept is None or rank < kept[0]:
            chosen[picture.dimension] = (rank, picture)
    if not chosen:
        raise MissingData(f"no sample is stored as {role} with its {' and '.join(kinds)} modes")
    return {dimension: chosen[dimension][1] for dimension in sorted(chosen, reverse=True)}


def _page(rows, columns, height=3.4):
    """Sub-figures in a grid, one for each picture."""
    figure = plt.figure(figsize=(WIDTH, height * rows), layout="constrained")
    return figure, list(figure.subfigures(rows, columns, squeeze=False).flat)


_HARMONIC, _QUARTIC = r"$\hat{\psi}$", r"$\hat{\pi}_4$"


def _omega(picture, kind, order):
    return rf"$\omega_{order} = {picture.frequency(kind):.3f}\,\omega_0$"


def _component_words(pictures_shown):
    parts = {
        2: "all components in 2D",
        3: f"the largest {100 * SHOWN[3]:g} % of the components in 3D",
    }
    words = [parts[dimension] for dimension in sorted({p.dimension for p in pictures_shown})]
    return f"Arrows: {' and '.join(words)}, the largest {100 * HEAVY:g} % heavy."


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


def hybridisation(tables):
    """Hybridised harmonic modes beside the quartic modes of their soft spots (Fig. 1)."""
    found = _hybridised(tables)
    figure, cells = _page(len(found), 2)
    letters = iter("abcd")
    for role, picture in found.items():
        left, right = cells[0], cells[1]
        cells = cells[2:]
        title = f"({next(letters)}) harmonic, {picture.dimension}D"
        note = _omega(picture, "harmonic", 2)
        picture.draw(left, title, [picture.arrows("harmonic", GREY)], note)
        fields = [picture.arrows("quartic", RED, alike="harmonic")]
        note = _omega(picture, "quartic", 4)
        if role == "hybridised":
            fields.append(picture.arrows("second_quartic", PURPLE, alike="harmonic"))
            note += rf" (red), {picture.frequency('second_quartic'):.3f}$\,\omega_0$ (purple)"
        title = f"({next(letters)}) quartic, {picture.dimension}D"
        picture.draw(right, title, fields, note)
    return figure


def hybridisation_caption(tables):
    """Caption of :func:`hybridisation`."""
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
        f"{_component_words(found.values())} "
        "The paper's statement: hybridised soft spots are cleanly separated as two quartic modes, "
        "and the soft spot that is hybridised with a phonon is one quartic mode without a "
        "wave-like background."
    )


# --- Fig. 3 ---------------------------------------------------------------------------------------


def softest_pair(tables):
    """The softest harmonic mode and its quartic one, side by side (Fig. 3)."""
    found = pictures(tables, "softest", "harmonic", largest=False)
    figure, cells = _page(len(found), 2)
    letters = iter("abcd")
    for picture in found.values():
        for kind, symbol, order, colour in (
            ("harmonic", _HARMONIC, 2, GREY),
            ("quartic", _QUARTIC, 4, RED),
        ):
            title = f"({next(letters)}) {kind} {symbol}, {picture.dimension}D"
            fields = [picture.arrows(kind, colour)]
            picture.draw(cells.pop(0), title, fields, _omega(picture, kind, order))
    return figure


def softest_pair_caption(tables):
    """Caption of :func:`softest_pair`."""
    found = pictures(tables, "softest", "harmonic", largest=False)
    parts = [
        f"{picture.name}: (omega_4^2 - omega_2^2) / omega_4^2 = {100 * picture.energy_gap:.2g} %, "
        f"1 - |psi . pi_4| = {picture.structure_gap:.2g}"
        for picture in found.values()
    ]
    return (
        "The softest pair of a harmonic mode psi (left) and the quartic mode pi_4 (right) of this "
        f"campaign's ensembles. {'; '.join(parts)}. {_component_words(found.values())} The "
        "paper's statement: the two converge energetically and structurally at low frequency; of "
        "the softest pairs of its ensembles the energies differ by 0.15 % in 3D and 2.1 % in 2D, "
        "the structures by 3.6e-6 and 2.4e-4."
    )


# --- Fig. 6 ---------------------------------------------------------------------------------------


def difference_field(tables):
    """The difference of quartic and harmonic mode over the quartic mode (Fig. 6)."""
    found = pictures(tables, "softest", "difference")
    figure, cells = _page(1, len(found))
    if len(found) == 1:
        figure.set_size_inches(0.6 * WIDTH, 3.6)
    for letter, picture, cell in zip("ab", found.values(), cells, strict=False):
        fields = _with_difference(picture)
        picture.draw(
            cell, f"({letter}) {picture.dimension}D", fields, _omega(picture, "quartic", 4)
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


def difference_field_caption(tables):
    """Caption of :func:`difference_field`."""
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


# --- decay ----------------------------------------------------------------------------------------

_KINDS = {"harmonic": GREY, "quartic": RED, "cubic": BLUE}


def _profiles(tables):
    known = described(tables).set_index("ensemble")
    table = tables["quasilocalized_profiles"]
    rows = table[table["ensemble"].isin(known.index) & table["kind"].isin(_KINDS)]
    rows = rows[(rows["mode"] == 0) & (rows["median_square"] > 0.0)]
    # that of a shell; below it is N
    rows = rows.drop(columns="particles")
    if rows.empty:
        raise MissingData("no decay of a known ensemble was stored")
    columns = ["label", "dimension", "particles", "density"]
    rows = rows.merge(known[columns], left_on="ensemble", right_index=True)
    length = rows["density"] ** (-1.0 / rows["dimension"])
    rows = rows.assign(r=(rows["distance"] / length).round(3))
    # the largest box of each dimension shows the longest far field
    largest = rows.groupby("dimension")["particles"].transform("max")
    rows = rows[rows["particles"] == largest]
    first = rows.groupby("dimension")["ensemble"].transform("first")
    return rows[rows["ensemble"] == first].reset_index(drop=True)


def decay(tables):
    """Components of modes against the distance from the core."""
    rows = _profiles(tables)
    dimensions = sorted(rows["dimension"].unique())
    wide = WIDTH if len(dimensions) > 1 else 0.6 * WIDTH
    figure, axes = plt.subplots(
        1, len(dimensions), figsize=(wide, 3.1), squeeze=False, layout="constrained"
    )
    for letter, panel, dimension in zip("abc", axes[0], dimensions, strict=False):
        group = rows[rows["dimension"] == dimension]
        for kind, colour in _KINDS.items():
            of_kind = group[group["kind"] == kind].groupby("r")["median_square"]
            if not of_kind.ngroups:
                continue
            low, middle, high = (np.sqrt(of_kind.quantile(q)) for q in (0.25, 0.5, 0.75))
            panel.fill_between(middle.index, low, high, color=colour, alpha=0.15, linewidth=0)
            panel.plot(middle.index, middle, "o-", color=colour, markersize=2.5, label=kind)
        edge = group["particles"].iloc[0] ** (1.0 / dimension)
        reach = np.array([1.5, 0.5 * edge])
        outer = group[group["r"].between(*reach)]
        outer = outer if len(outer) else group
        anchor = (outer["r"].median(), 2.5 * np.sqrt(outer["median_square"].median()))
        panel.set(xscale="log", yscale="log", xlabel=r"$r / a_0$")
        plain_numbers(panel.xaxis, *panel.get_xlim(), factors=(1, 2, 5))
        guide(
            panel,
            reach,
            1.0 - dimension,
            anchor,
            rf"$r^{{-{dimension - 1}}}$",
            place=(0.55, 1.2),
        )
        panel.set_title(f"({letter}) {group['label'].iloc[0]}".replace("T_p", "$T_p$"), fontsize=9)
    axes[0, 0].set_ylabel(r"$|\mathbf{z}_i|$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def decay_caption(tables):
    """Caption of :func:`decay`."""
    rows = _profiles(tables)
    parts = [
        f"{label}, N = {group['particles'].iloc[0]} ({group.groupby('sample').ngroups} samples)"
        for label, group in rows.groupby("label", sort=False)
    ]
    return (
        "Components of the harmonic, quartic and cubic modes against the distance from the core, "
        "the particle that moves most: square roots of the medians of z_i . z_i over shells, "
        "their medians and quartiles over samples, in the largest box of each dimension; dotted: "
        f"r^(1-d). Shown: {'; '.join(parts)}. The paper's statement: quartic modes keep a "
        "disordered core dressed by an algebraic decay r^(1-d), free of the wave-like background "
        "of hybridised harmonic modes."
    )


# --- populations ----------------------------------------------------------------------------------


def _growth(tables):
    known = described(tables)[["ensemble", "label", "model", "dimension", "particles"]]
    known = known.assign(parent_temperature=described(tables)["parent_temperature"])
    rows = tables["quasilocalized_growth"].merge(known, on="ensemble")
    if rows.empty:
        raise MissingData("no population of a known ensemble")
    return rows


def population_growth(tables):
    """Distinct modes of a sample against the number of starts."""
    rows = _growth(tables)
    kinds = [kind for kind in ("quartic", "cubic") if (rows["kind"] == kind).any()]
    wide = WIDTH if len(kinds) > 1 else 0.6 * WIDTH
    figure, axes = plt.subplots(
        1, len(kinds), figsize=(wide, 3.3), squeeze=False, sharey=True, layout="constrained"
    )
    styles = series_styles(rows)
    lines = dict(zip(sorted(rows["particles"].unique()), SIZE_LINES * 3, strict=False))
    for letter, panel, kind in zip("ab", axes[0], kinds, strict=False):
        of_kind = rows[rows["kind"] == kind]
        for (label, size), group in of_kind.groupby(["label", "particles"], sort=False):
            by_starts = group.groupby("starts")
            middle = by_starts["distinct"].mean()
            style = {**styles[label], "linestyle": lines[size]}
            text = series_name(label, size)
            panel.plot(middle.index, middle, marker="o", markersize=3, label=text, **style)
            total = by_starts["total"].mean().iloc[-1]
            if np.isfinite(total):
                panel.plot(middle.index[-1], total, "_", color=style["color"], markersize=12)
        panel.set(xscale="log", xlabel="starts", title=f"({letter}) {kind} modes")
    axes[0, 0].set_ylabel("distinct modes per sample")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def population_growth_caption(tables):
    """Caption of :func:`population_growth`."""
    rows = _growth(tables)
    parts = []
    for (label, size), group in rows.groupby(["label", "particles"], sort=False):
        last = group[group["starts"] == group["starts"].max()]
        samples = group.groupby(["ensemble", "sample"]).ngroups
        parts.append(
            f"{label}, N = {size} ({samples} sample{'s' if samples > 1 else ''}; one more start "
            f"finds a known mode with a chance of {last['coverage'].mean():.2f})"
        )
    return (
        "Distinct low-lying modes of a sample that so many starts lead to, averages over the "
        "order of the starts and over samples; bars at the right: estimated number in reach of "
        f"such starts (Chao). Shown: {'; '.join(parts)}. The paper's statement: whether most low-"
        "energy solutions can be found is the computational challenge of its second part."
    )
