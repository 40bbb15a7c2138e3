"""Pictures of stored modes: arrows at the particles, in the middle of the periodic box."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from glassmodes.papers.kapteijns2020_nqe.glasses import described, paper_model, units
from glassmodes.plotting.displacement_fields import Arrows, draw_fields
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.style import WIDTH

RED, PURPLE, BLUE, GREY = "#CC3311", "#AA4499", "#0077BB", "0.35"

ARROW = {2: 0.15, 3: 0.2}
"""Length of a mode's largest arrow, in units of the box edge, by dimension."""

SHOWN = {2: 1.0, 3: 0.1}
"""Part of the components that are shown: all in the plane, where far fields can be seen."""

HEAVY = 0.02
"""Part of the components that are drawn heavily."""


class Picture:
    """The stored modes of one sample, as its pictures need them.

    Parameters
    ----------
    rows : DataFrame
        Of `quasilocalized_fields`, one ensemble, sample and role.
    ensemble : pandas.Series
        Of :func:`glassmodes.papers.kapteijns2020_nqe.glasses.described`.
    unit : glassmodes.papers.kapteijns2020_nqe.glasses.Units
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
        paper = paper_model(known.loc[name, "model"])
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


def page(rows, columns, height=3.4):
    """Sub-figures in a grid, one for each picture."""
    figure = plt.figure(figsize=(WIDTH, height * rows), layout="constrained")
    return figure, list(figure.subfigures(rows, columns, squeeze=False).flat)


HARMONIC_SYMBOL, QUARTIC_SYMBOL = r"$\hat{\psi}$", r"$\hat{\pi}_4$"


def frequency_note(picture, kind, order):
    """The frequency of a picture's mode as text below it."""
    return rf"$\omega_{order} = {picture.frequency(kind):.3f}\,\omega_0$"


def component_words(pictures_shown):
    """Which components the arrows of some pictures are, for a caption."""
    parts = {
        2: "all components in 2D",
        3: f"the largest {100 * SHOWN[3]:g} % of the components in 3D",
    }
    words = [parts[dimension] for dimension in sorted({p.dimension for p in pictures_shown})]
    return f"Arrows: {' and '.join(words)}, the largest {100 * HEAVY:g} % heavy."
