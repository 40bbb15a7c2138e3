"""Figures of displacement fields: the largest displacements as arrows, and their decay.

The box is square or cubic. :class:`DisplacementField` draws one rearrangement,
:func:`draw_fields` several fields, such as modes, in one box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from glassmodes.plotting.style import frequency_axis, guide, legend
from glassmodes.transitions.rearrangements import (
    CORE_RADIUS,
    OUTER_FRACTION,
    SINGLE_CORE,
    far_field_decay,
    participants,
)

RED = "#CC3311"
"""Colour of the largest displacements."""

NEIGHBOURS = 1.5
"""Distance, in units of (V/N)^(1/3), within which two participating particles belong to one core:
a little beyond the first shell of neighbours."""

ONE_CORE = 0.9
"""Part of the participants' squared displacement that lies in one cluster of a single core."""

TYPICAL_PARTICIPANTS = 40.0
"""N_rearr of the rearrangement that mizuno2020_intermittent shows as a typical one (Fig. 7)."""


def core_share(positions, field, edge) -> float:
    """How much of a rearrangement is in its largest cluster of participating particles.

    Parameters
    ----------
    positions, field : ndarray, shape=(N, d)
        Positions before the rearrangement, and displacements.
    edge : float
        Of the periodic box.

    Returns
    -------
    float
        Part of the squared displacement of the N_rearr particles that move most: one for a single
        core.
    """
    square = (field**2).sum(axis=1)
    chosen = np.argsort(square)[::-1][: max(1, round(participants(field)))]
    weight = square[chosen]
    tree = cKDTree(np.mod(positions[chosen], edge) % edge, boxsize=edge)
    spacing = edge / len(field) ** (1.0 / field.shape[1])
    pairs = tree.query_pairs(NEIGHBOURS * spacing, output_type="ndarray")
    bonds = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(chosen),) * 2)
    _, cluster = connected_components(bonds, directed=False)
    return float(np.bincount(cluster, weight).max() / weight.sum())


def typical_field(fields):
    """The rearrangement to show as an example: a single core of about as many particles as usual.

    Parameters
    ----------
    fields : mapping of hashable to (positions, field, edge)
        Stored rearrangements, as :func:`core_share` takes them.

    Returns
    -------
    hashable
        Key of the one whose N_rearr is closest to 40, of those with a single core, one cluster of
        fewer than SINGLE_CORE particles; in the largest system that has one. Where there is none,
        of all.
    """
    counts = {key: participants(field) for key, (_, field, _) in fields.items()}
    single = [
        key
        for key, entry in fields.items()
        if counts[key] < SINGLE_CORE and core_share(*entry) >= ONE_CORE
    ]
    largest = max((len(fields[key][1]) for key in single), default=0)
    chosen = [key for key in single if len(fields[key][1]) == largest] or list(fields)
    return min(chosen, key=lambda key: abs(counts[key] - TYPICAL_PARTICIPANTS))


class DisplacementField:
    """Panels of the displacement field of one rearrangement.

    Parameters
    ----------
    positions, field : ndarray, shape=(N, 3)
        Positions before the rearrangement, and displacements.
    edge : float
        Edge length of the cubic box.
    arrows, red : int
        Number of largest displacements that are drawn, and number of those drawn in red; at most a
        quarter and a fortieth of N.
    """

    def __init__(self, positions, field, edge, *, arrows, red):
        self.positions, self.field, self.edge = positions, field, float(edge)
        count = len(field)
        self.arrows = min(arrows, max(1, count // 4))
        self.red = min(red, max(1, count // 40))
        self.size = np.linalg.norm(field, axis=1)
        apart = positions - positions[self.size.argmax()]
        self.apart = apart - self.edge * np.rint(apart / self.edge)
        # the longest arrow is at most 0.4 of the box edge, about as in the papers
        self.scale = _round_down(0.4 * self.edge / self.size.max())
        decay = far_field_decay(field, positions, [self.edge] * 3)
        self.exponent, self.error, self.radii, self.averages = decay
        unit = self.edge / count ** (1.0 / 3.0)
        self.fit_range = CORE_RADIUS * unit, OUTER_FRACTION * self.edge

    def draw_arrows(self, canvas, title):
        """Draw the largest displacements in the box, centred at the particle that moves most."""
        panel = _box(canvas, title, self.edge, 3)
        order = np.argsort(self.size)[::-1]
        for chosen, colour, width, depth in (
            (order[self.red : self.arrows], "0.55", 0.6, 2),
            (order[: self.red], RED, 1.1, 3),
        ):
            panel.quiver(
                *self.apart[chosen].T,
                *(self.scale * self.field[chosen]).T,
                color=colour,
                linewidth=width,
                arrow_length_ratio=0.35,
                zorder=depth,
            )
        _below(panel, rf"displacements $\times$ {self.scale:g}, box edge {self.edge:.3g}")

    def draw_decay(self, canvas, title, label):
        """Draw relative displacements against the distance from the core, and the fitted decay."""
        panel = canvas.add_subplot()
        panel.set_title(title)
        distance = np.linalg.norm(self.apart, axis=1)
        others = distance > 0.0
        shown = self.size[others] / self.size.max()
        panel.plot(
            distance[others],
            shown,
            ".",
            color="0.7",
            markersize=2.0,
            markeredgewidth=0,
            alpha=0.6,
            rasterized=True,
        )
        panel.plot([], [], ".", color="0.6", label="particles")
        averages = self.averages / self.size.max()
        panel.plot(
            self.radii, averages, "o", color="#0077BB", markersize=3.5, label="shell averages"
        )
        inner, outer = self.fit_range
        if np.isfinite(self.exponent):
            fitted = (self.radii >= inner) & (self.radii <= outer)
            log_height = np.log(averages[fitted]) + self.exponent * np.log(self.radii[fitted])
            height = np.exp(log_height.mean())
            ends = np.array([inner, outer])
            panel.plot(
                ends,
                height * ends**-self.exponent,
                color="black",
                zorder=5,
                label=rf"$r^{{-a}}$, $a = {self.exponent:.2f} \pm {self.error:.2f}$",
            )
            panel.axvspan(inner, outer, color="0.93", linewidth=0, zorder=0, label="fit range")
            middle = np.sqrt(inner * outer)
            anchor = (middle, 4.5 * height * middle**-self.exponent)
            guide(panel, ends, -2.0, anchor, r"$\propto r^{-2}$ (elastic)", place=(0.45, 1.2))
        else:
            words = "box too small\nfor a fit of the far field"
            place = {"transform": panel.transAxes, "ha": "right", "va": "top"}
            panel.text(0.97, 0.95, words, fontsize=8, **place)
        frequency_axis(panel, distance[others].min(), distance.max())
        panel.set(
            yscale="log",
            xlabel=r"distance from the core $r$",
            ylabel=label,
            ylim=(0.5 * np.quantile(shown[shown > 0.0], 1e-3), 2.0),
        )
        legend(panel, loc="lower left")

    def fit_words(self) -> str:
        """Result of the fit, as part of a caption."""
        if not np.isfinite(self.exponent):
            return "the box is too small for a fit of the far field"
        inner, outer = self.fit_range
        return (
            f"the fit |Dr_i| ~ r^-a from r = {inner:.3g} to {outer:.3g} gives a = "
            f"{self.exponent:.2f} ± {self.error:.2f} (scatter of the shells about the line)"
        )


def _round_down(value):
    """Largest number of the form 1, 2 or 5 times a power of ten that is not above a value."""
    power = 10.0 ** np.floor(np.log10(value))
    return power * max(factor for factor in (1.0, 2.0, 5.0) if factor * power <= value * 1.0001)


@dataclass(frozen=True)
class Arrows:
    """One field to be drawn as arrows.

    Attributes
    ----------
    field : ndarray, shape=(N, d)
        Displacements.
    colour : str
        Colour of the arrows.
    count : int
        Number of largest displacements that are drawn.
    scale : float
        Length of an arrow over the displacement.
    strong : int
        Number of largest displacements that are drawn with heavier lines; 0 for all.
    """

    field: np.ndarray
    colour: str
    count: int
    scale: float
    strong: int = 0


def draw_fields(canvas, title, positions, fields, edge, *, centre, note="") -> None:
    """Draw several displacement fields as arrows in one box.

    Parameters
    ----------
    canvas : matplotlib.figure.FigureBase
        Figure or subfigure that receives the panel.
    title : str
        Title of the panel.
    positions : ndarray, shape=(N, d)
        Positions of the particles; d is 2 or 3.
    fields : sequence of Arrows
        Fields, the last one on top.
    edge : float
        Edge length of the periodic box.
    centre : ndarray, shape=(d,)
        Position that is drawn in the middle of the box.
    note : str
        Text below the box.
    """
    dimension = positions.shape[1]
    panel = _box(canvas, title, edge, dimension)
    apart = positions - centre
    apart = apart - edge * np.rint(apart / edge)
    for place, arrows in enumerate(fields):
        order = np.argsort(np.linalg.norm(arrows.field, axis=1))[::-1]
        strong = arrows.strong or arrows.count
        for chosen, alpha, width in (
            (order[strong : arrows.count], 0.5, 0.6),
            (order[:strong], 1.0, 1.0),
        ):
            _quiver(
                panel,
                apart[chosen],
                arrows.scale * arrows.field[chosen],
                color=arrows.colour,
                alpha=alpha,
                width=width,
                zorder=2 + place,
            )
    _below(panel, note)


def _quiver(panel, starts, arrows, *, width, **settings):
    """Draw arrows in a panel of two or three dimensions."""
    if starts.shape[1] == 3:
        panel.quiver(*starts.T, *arrows.T, linewidth=width, arrow_length_ratio=0.35, **settings)
        return
    panel.quiver(
        *starts.T,
        *arrows.T,
        angles="xy",
        scale_units="xy",
        scale=1.0,
        units="dots",
        width=1.6 * width,
        headwidth=4.0,
        headlength=5.0,
        headaxislength=4.5,
        minlength=0.0,
        **settings,
    )


def _box(canvas, title, edge, dimension):
    """Empty panel with the outline of the periodic box, centred at the origin."""
    half = 0.5 * edge
    if dimension == 2:
        panel = canvas.add_subplot()
        panel.set_title(title)
        panel.set(xlim=(-half, half), ylim=(-half, half), xticks=[], yticks=[], aspect="equal")
        return panel
    panel = canvas.add_subplot(projection="3d", computed_zorder=False)
    panel.set_title(title, y=1.03)
    for axis in range(3):
        for first in (-half, half):
            for second in (-half, half):
                ends = np.insert([[first, second]] * 2, axis, [-half, half], axis=1)
                panel.plot(*ends.T, color="0.75", linewidth=0.6, zorder=1)
    panel.set(xlim=(-half, half), ylim=(-half, half), zlim=(-half, half))
    panel.set_box_aspect((1, 1, 1), zoom=1.1)
    panel.view_init(elev=18, azim=-62)
    panel.set_axis_off()
    return panel


def _below(panel, words):
    """Write a small text below a box."""
    place = {"transform": panel.transAxes, "ha": "center", "fontsize": 8, "color": "0.25"}
    # three-dimensional panels have a method of their own for text in the plane of the figure
    getattr(panel, "text2D", panel.text)(0.5, -0.07, words, **place)
