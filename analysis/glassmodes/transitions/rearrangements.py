"""What changes when a glass goes from one inherent structure to another.

Displacements are taken to the nearest image, with the uniform translation removed: minima that a
translation maps onto each other are the same minimum. Equations are those of
mizuno2020_intermittent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CORE_RADIUS = 2.5
"""Where the far field begins, in units of the mean distance between particles, (V/N)^(1/d)."""

OUTER_FRACTION = 0.45
"""Where the far field ends, in units of the shortest edge of the box: images meet at one half."""

SHELL_WIDTH = 0.25
"""Width of the shells of the far field, in units of the mean distance between particles."""

SMALLEST_RANGE = 1.5
"""Least ratio of the ends of the fitted range from which an exponent is taken."""

SINGLE_CORE = 80
"""N_rearr from which a rearrangement of a model glass mostly has several cores, and so no far field
of one: twice what is typical of a single core (Fig. 7 of mizuno2020_intermittent)."""

_SMALLEST_NUMBER_OF_SHELLS = 4


@dataclass(frozen=True)
class Rearrangement:
    """One change of the inherent structure.

    Attributes
    ----------
    distance : float
        |Dr_IS| (Eq. 5).
    energy_change : float
        Phi_IS after less Phi_IS before (Eq. 6, with its sign).
    participants : float
        N_rearr (Eq. 7).
    largest : float
        Largest displacement of a particle.
    core : int
        The particle that moves most.
    far_field_exponent, far_field_error : float
        a of |Dr_i| ~ r^-a around that particle, and its standard error; NaN where the box is too
        small for a far field (:func:`far_field_decay`).
    """

    distance: float
    energy_change: float
    participants: float
    largest: float
    core: int
    far_field_exponent: float
    far_field_error: float


def displacement(before, after, box) -> np.ndarray:
    """Displacement of every particle to the nearest image, less the uniform translation.

    Parameters
    ----------
    before, after : ndarray, shape=(N, d)
        Wrapped or not, in any uniform translation of each other.
    box : array_like, shape=(d,)

    Returns
    -------
    ndarray, shape=(N, d)
        Of zero mean.
    """
    box = np.asarray(box, dtype=float)
    moved = np.asarray(after, dtype=float) - before
    # the mean on the circle, so that a translation of half a box splits no particles
    phase = np.exp(2j * np.pi * moved / box).mean(axis=0)
    moved -= box * np.angle(phase) / (2.0 * np.pi)
    moved -= box * np.rint(moved / box)
    return moved - moved.mean(axis=0)


def participants(field) -> float:
    """Number of particles that take part, [sum d.d]^2 / sum (d.d)^2 (Eq. 7).

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        Displacements, not all zero.
    """
    # in units of the largest component: fourth powers of tiny displacements underflow
    squares = ((field / np.abs(field).max()) ** 2).sum(axis=1)
    return float(squares.sum() ** 2 / (squares**2).sum())


def far_field_decay(
    field,
    positions,
    box,
    *,
    core_radius: float = CORE_RADIUS,
    outer_fraction: float = OUTER_FRACTION,
    shell_width: float = SHELL_WIDTH,
) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Exponent a of the decay |Dr_i| ~ r^-a around the particle that moves most (Fig. 7b).

    |Dr_i| is averaged over spherical shells, and log average against log radius is fitted by a
    straight line over the shells between the core and a little less than half the box; with
    l = (V/N)^(1/d), from `core_radius` l to `outer_fraction` of the shortest edge.

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        Displacements, of :func:`displacement`.
    positions : ndarray, shape=(N, d)
        Before the change.
    box : array_like, shape=(d,)
    core_radius, shell_width : float
        In units of l.
    outer_fraction : float
        In units of the shortest edge of the box, at most 0.5.

    Returns
    -------
    exponent, error : float
        And its standard error from the scatter about the line; both NaN if the range has fewer
        than four shells, or its ends a ratio below 1.5.
    radii, averages : ndarray, shape=(S,)
        Mean distance and mean |Dr_i| of all shells up to half the box that hold a particle; the
        one that moves most is left out.
    """
    box = np.asarray(box, dtype=float)
    n, d = positions.shape
    size = np.sqrt((field**2).sum(axis=1))
    core = int(size.argmax())
    apart = positions - positions[core]
    apart -= box * np.rint(apart / box)
    distance = np.sqrt((apart**2).sum(axis=1))
    unit = float((box.prod() / n) ** (1.0 / d))
    inner, outer = core_radius * unit, outer_fraction * float(box.min())
    width = shell_width * unit
    shell = np.floor((distance - inner) / width).astype(int)
    near = distance < 0.5 * box.min()
    near[core] = False
    shells, index = np.unique(shell[near], return_inverse=True)
    count = np.bincount(index)
    radii = np.bincount(index, distance[near]) / count
    averages = np.bincount(index, size[near]) / count
    fitted = (shells >= 0) & (inner + (shells + 1) * width <= outer) & (averages > 0)
    exponent = error = np.nan
    if fitted.sum() >= _SMALLEST_NUMBER_OF_SHELLS and outer >= SMALLEST_RANGE * inner:
        x, y = np.log(radii[fitted]), np.log(averages[fitted])
        x = x - x.mean()
        slope = (x @ y) / (x @ x)
        left = y - y.mean() - slope * x
        exponent = -float(slope)
        error = float(np.sqrt((left @ left) / (len(x) - 2) / (x @ x)))
    return exponent, error, radii, averages


def describe(before, after, energy_before, energy_after, box) -> Rearrangement:
    """Everything that is recorded of one change of the inherent structure (Eqs 5-7).

    Parameters
    ----------
    before, after : ndarray, shape=(N, d)
        Two distinct inherent structures.
    energy_before, energy_after : float
        Their total energies.
    box : array_like, shape=(d,)

    Returns
    -------
    Rearrangement
    """
    field = displacement(before, after, box)
    squares = (field**2).sum(axis=1)
    exponent, error, _, _ = far_field_decay(field, np.asarray(before, dtype=float), box)
    return Rearrangement(
        distance=float(np.sqrt(squares.sum())),
        energy_change=float(energy_after - energy_before),
        participants=participants(field),
        largest=float(np.sqrt(squares.max())),
        core=int(squares.argmax()),
        far_field_exponent=exponent,
        far_field_error=error,
    )
