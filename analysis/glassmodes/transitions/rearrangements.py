"""Properties of the change from one inherent structure to another.

Displacements are taken to the nearest periodic image, with the uniform translation removed: minima
that differ by a translation are the same. Equation and figure numbers are those of Mizuno, Tong,
Ikeda and Mossa, Intermittent rearrangements accompanying thermal fluctuations distinguish glasses
from crystals (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CORE_RADIUS = 2.5
"""Distance at which the far field begins, in units of the mean particle distance (V/N)^(1/d)."""

OUTER_FRACTION = 0.45
"""Distance at which the far field ends, in units of the shortest box edge; at 0.5, periodic images
would meet.
"""

SHELL_WIDTH = 0.25
"""Width of the shells of the far field, in units of the mean particle distance."""

SMALLEST_RANGE = 1.5
"""Smallest ratio of outer to inner end of the far field for which an exponent is fitted."""

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
        |Dr_IS|, the norm of the displacement of all particles, in units of length (Eq. 5).
    energy_change : float
        Phi_IS after the change less that before (Eq. 6, with its sign).
    participants : float
        Number of particles that take part, N_rearr (Eq. 7).
    largest : float
        Largest displacement of a particle.
    core : int
        Index of the particle with the largest displacement.
    far_field_exponent, far_field_error : float
        Exponent a of |Dr_i| ~ r^-a around that particle, and its standard error; NaN if the box is
        too small for a far field (:func:`far_field_decay`).
    """

    distance: float
    energy_change: float
    participants: float
    largest: float
    core: int
    far_field_exponent: float
    far_field_error: float


def displacement(before, after, box) -> np.ndarray:
    """Displacement of each particle to the nearest periodic image, a uniform translation removed.

    Parameters
    ----------
    before, after : ndarray, shape=(N, d)
        Configurations, inside the box or not; a uniform translation between them does not matter.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.

    Returns
    -------
    ndarray, shape=(N, d)
        With zero mean over particles.
    """
    box = np.asarray(box, dtype=float)
    moved = np.asarray(after, dtype=float) - before
    # remove the circular mean first, so that a translation by about half a box edge gives the same
    # image to all particles
    phase = np.exp(2j * np.pi * moved / box).mean(axis=0)
    moved -= box * np.angle(phase) / (2.0 * np.pi)
    moved -= box * np.rint(moved / box)
    return moved - moved.mean(axis=0)


def participants(field) -> float:
    """Number of particles that take part in a displacement, [sum d.d]^2 / sum (d.d)^2 (Eq. 7).

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        Displacements d, not all of them zero.

    Returns
    -------
    float
        Between 1 and N.
    """
    # in units of the largest component, as fourth powers of small displacements would underflow
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

    |Dr_i| is averaged over spherical shells. A straight line is fitted to the logarithm of the
    averages against that of the radii, over the shells from `core_radius` l, with l = (V/N)^(1/d),
    to `outer_fraction` times the shortest box edge.

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        Displacements, from :func:`displacement`.
    positions : ndarray, shape=(N, d)
        Positions before the change.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.
    core_radius, shell_width : float
        Inner end of the fit and width of the shells, in units of l.
    outer_fraction : float
        Outer end of the fit, in units of the shortest box edge, at most 0.5.

    Returns
    -------
    exponent, error : float
        a, and its standard error from the scatter about the line. Both are NaN if there are fewer
        than four shells, or the ratio of the ends of the fit is below 1.5.
    radii, averages : ndarray, shape=(S,)
        Mean distance and mean |Dr_i| of each shell, up to half the box edge, that contains a
        particle other than the one that moves most.
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
    """Properties of one change of the inherent structure (Eqs 5 to 7).

    Parameters
    ----------
    before, after : ndarray, shape=(N, d)
        Two distinct inherent structures.
    energy_before, energy_after : float
        Their total potential energies.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.

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
