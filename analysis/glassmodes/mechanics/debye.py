"""From moduli to sound speeds, Debye frequency and Debye level, in any dimension (PHYSICS 9)."""

from __future__ import annotations

import numpy as np
from scipy.special import gamma, ndtri

_DIRECTIONS = 4096
"""Of sound: the mean over them is good to 1e-3, in the softest of crystals."""


def sound_speeds(number_density, shear, bulk, dimension: int = 3) -> tuple[float, float]:
    """c_T = sqrt(G / rho) and c_L = sqrt((K + 2 (d-1)/d G) / rho); 4/3 G in 3D.

    Parameters
    ----------
    number_density, shear, bulk : float
        rho, G and K; particle mass one.
    dimension : int

    Raises
    ------
    ValueError
        G or the longitudinal modulus is not positive.
    """
    longitudinal = bulk + 2.0 * (dimension - 1) / dimension * shear
    if shear <= 0 or longitudinal <= 0:
        raise ValueError(f"no stable solid: G = {shear:g}, K = {bulk:g}")
    return float(np.sqrt(shear / number_density)), float(np.sqrt(longitudinal / number_density))


def debye_wave_number(number_density: float, dimension: int = 3) -> float:
    """Radius of the sphere in q space that holds N wave vectors: (6 pi^2 rho)^(1/3) in 3D."""
    ball = np.pi ** (dimension / 2) / gamma(dimension / 2 + 1)
    return float(2.0 * np.pi * (number_density / ball) ** (1.0 / dimension))


def debye_frequency(number_density, shear, bulk, dimension: int = 3) -> float:
    """w_D = (6 pi^2 rho)^(1/3) [3 / (c_L^-3 + 2 c_T^-3)]^(1/3) in 3D; d - 1 transverse branches.

    Raises
    ------
    ValueError
        An unstable solid.
    """
    transverse, longitudinal = sound_speeds(number_density, shear, bulk, dimension)
    slowness = (longitudinal**-dimension + (dimension - 1) * transverse**-dimension) / dimension
    return debye_wave_number(number_density, dimension) * slowness ** (-1.0 / dimension)


def debye_level(number_density, shear, bulk, dimension: int = 3) -> float:
    """A_D = d / w_D^d: the constant of the Debye law g(w) = A_D w^(d-1)."""
    return dimension / debye_frequency(number_density, shear, bulk, dimension) ** dimension


def _directions(dimension: int) -> np.ndarray:
    """Unit vectors spread evenly: normal deviates of an additive sequence, shape=(n, d)."""
    # the real root of x^(d+1) = x + 1, whose powers are hardest to approximate by fractions
    root = max(np.roots([1.0, *[0.0] * (dimension - 1), -1.0, -1.0]).real)
    points = (
        0.5 + np.outer(1 + np.arange(_DIRECTIONS), root ** -np.arange(1, dimension + 1))
    ) % 1.0
    vectors = ndtri(points)
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


def debye_level_of_tensor(number_density: float, tensor) -> float:
    """A_D of an anisotropic solid: the mean of c^-d over directions and branches of sound.

    g(w) = A_D w^(d-1) with A_D = d <c^-d> / k_D^d, where rho c^2 are the eigenvalues of
    n_b n_d B_abcd; the same as :func:`debye_level` for an isotropic solid.

    Parameters
    ----------
    number_density : float
        rho; particle mass one.
    tensor : ndarray, shape=(d, d, d, d)
        B_abcd of :func:`glassmodes.mechanics.moduli.elastic_tensor`.

    Returns
    -------
    float
        NaN where sound of some direction is not stable, as in glasses of few particles.
    """
    tensor = np.asarray(tensor, dtype=float)
    dimension = len(tensor)
    directions = _directions(dimension)
    stiffness = np.einsum("nb,nd,abcd->nac", directions, directions, tensor, optimize=True)
    squares = np.linalg.eigvalsh(stiffness) / number_density
    if squares.min() <= 0:
        return np.nan
    slowness = float(np.mean(squares ** (-0.5 * dimension)))
    return dimension * slowness / debye_wave_number(number_density, dimension) ** dimension
