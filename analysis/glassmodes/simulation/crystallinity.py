"""Detection of crystalline samples by bond-orientational order."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import sph_harm_y

NEIGHBOURS = {2: 6, 3: 12}
"""Number of nearest neighbours that enter the order parameter of a particle, by dimension."""

ALIKE = 0.7
"""Smallest normalised product of the order parameters of two neighbours that are alike."""

CRYSTALLINE_FRACTION = 0.5
"""Largest fraction of crystalline particles of a sample that does not count as crystallised."""


def crystalline_fraction(positions, box) -> float:
    """Fraction of particles with crystalline surroundings.

    The order parameter of a particle is the vector q_6m (psi_6 in two dimensions) over its 12 (6)
    nearest neighbours. The particle is crystalline if the normalised product of its order parameter
    with that of at least three quarters of these neighbours exceeds 0.7 (ten Wolde, Ruiz-Montero
    and Frenkel, J. Chem. Phys. 104, 9932 (1996)). The fraction is 1 in FCC, BCC and HCP crystals
    and below 0.1 in liquids and binary glasses.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        Positions, inside the box or not.
    box : ndarray, shape=(d,), dtype=float64
        Edge lengths of the periodic box.

    Returns
    -------
    float
        NaN if d is neither 2 nor 3, or there are too few particles.
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
