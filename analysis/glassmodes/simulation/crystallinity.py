"""A simple test of whether a sample has crystallised."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import sph_harm_y

NEIGHBOURS = {2: 6, 3: 12}
"""Nearest neighbours whose bonds make a particle's order parameter, by dimension."""

ALIKE = 0.7
"""Two neighbours are alike if the normalised product of their order parameters exceeds this."""

CRYSTALLINE_FRACTION = 0.5
"""A sample counts as crystallised if a larger fraction of its particles is crystalline."""


def crystalline_fraction(positions, box) -> float:
    """Fraction of particles whose surroundings are those of a crystal.

    Every particle has the bond-orientational order parameter q_6m (psi_6 in two dimensions) of its
    12 (6) nearest neighbours. It is crystalline if at least three quarters of these neighbours
    have an order parameter alike (ten Wolde, Ruiz-Montero and Frenkel, J. Chem. Phys. 104, 9932
    (1996)). FCC, BCC and HCP crystals give one, liquids and binary glasses less than a tenth.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        d is 2 or 3; for other dimensions there is no criterion and the fraction is NaN.
    box : ndarray, shape=(d,), dtype=float64

    Returns
    -------
    float
    """
    positions = np.asarray(positions, dtype=float)
    box = np.asarray(box, dtype=float)
    n, d = positions.shape
    if d not in NEIGHBOURS or n <= NEIGHBOURS[d]:
        return float("nan")
    wrapped = positions - box * np.floor(positions / box)
    wrapped[wrapped >= box] = 0.0
    _, found = cKDTree(wrapped, boxsize=box).query(wrapped, k=NEIGHBOURS[d] + 1)
    neighbours = found[:, 1:]
    bonds = wrapped[neighbours] - wrapped[:, None, :]
    bonds -= box * np.rint(bonds / box)
    azimuth = np.arctan2(bonds[..., 1], bonds[..., 0])
    if d == 2:
        order = np.exp(6j * azimuth).mean(axis=1)[:, None]
    else:
        polar = np.arccos(bonds[..., 2] / np.linalg.norm(bonds, axis=-1))
        order = np.stack(
            [sph_harm_y(6, m, polar, azimuth).mean(axis=1) for m in range(-6, 7)], axis=1
        )
    order /= np.linalg.norm(order, axis=1, keepdims=True)
    likeness = np.einsum("im,ijm->ij", order.conj(), order[neighbours]).real
    enough = 0.75 * NEIGHBOURS[d]
    return float(((likeness > ALIKE).sum(axis=1) >= enough).mean())
