"""Sound speeds, Debye frequency and Debye level from elastic moduli, in any dimension d.

Particle masses are one. The Debye law for the density of states, normalised to one, is
g(w) = A_D w^(d-1) with A_D = d / w_D^d.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gamma, ndtri

_DIRECTIONS = 4096
"""Number of directions over which sound speeds are averaged; this is accurate to 1e-3, even in the
softest crystals of the models here.
"""


def sound_speeds(number_density, shear, bulk, dimension: int = 3) -> tuple[float, float]:
    """Transverse and longitudinal speed of sound of an isotropic solid.

    c_T = sqrt(G / rho) and c_L = sqrt((K + 2 (d-1)/d G) / rho), that is K + 4/3 G in 3D.

    Parameters
    ----------
    number_density, shear, bulk : float
        rho, G and K in the reduced units of the model; the particle mass is one.
    dimension : int
        Space dimension d.

    Returns
    -------
    transverse, longitudinal : float

    Raises
    ------
    ValueError
        If G or the longitudinal modulus is not positive.
    """
    longitudinal = bulk + 2.0 * (dimension - 1) / dimension * shear
    if shear <= 0 or longitudinal <= 0:
        raise ValueError(f"no stable solid: G = {shear:g}, K = {bulk:g}")
    return float(np.sqrt(shear / number_density)), float(np.sqrt(longitudinal / number_density))


def debye_wave_number(number_density: float, dimension: int = 3) -> float:
    """Debye wave number k_D: the radius of the sphere that holds N wave vectors.

    It is (6 pi^2 rho)^(1/3) in three dimensions.

    Parameters
    ----------
    number_density : float
        rho = N / V.
    dimension : int
        Space dimension d.
    """
    ball = np.pi ** (dimension / 2) / gamma(dimension / 2 + 1)
    return float(2.0 * np.pi * (number_density / ball) ** (1.0 / dimension))


def debye_frequency(number_density, shear, bulk, dimension: int = 3) -> float:
    """Debye frequency w_D of an isotropic solid, an angular frequency.

    w_D = k_D [d / (c_L^-d + (d-1) c_T^-d)]^(1/d), with one longitudinal and d - 1 transverse
    branches and k_D of :func:`debye_wave_number`. Parameters and errors are those of
    :func:`sound_speeds`.
    """
    transverse, longitudinal = sound_speeds(number_density, shear, bulk, dimension)
    slowness = (longitudinal**-dimension + (dimension - 1) * transverse**-dimension) / dimension
    return debye_wave_number(number_density, dimension) * slowness ** (-1.0 / dimension)


def debye_level(number_density, shear, bulk, dimension: int = 3) -> float:
    """Debye level A_D = d / w_D^d of an isotropic solid.

    Parameters and errors are those of :func:`sound_speeds`.
    """
    return dimension / debye_frequency(number_density, shear, bulk, dimension) ** dimension


def _directions(dimension: int) -> np.ndarray:
    """Unit vectors spread evenly over the sphere, shape=(n, d).

    A quasi-random sequence in the unit cube is mapped to Gaussian vectors, which are normalised.
    """
    # the sequence is additive; its steps are powers of the real root of x^(d+1) = x + 1, which
    # fractions approximate badly, so that the points spread evenly
    root = max(np.roots([1.0, *[0.0] * (dimension - 1), -1.0, -1.0]).real)
    points = (
        0.5 + np.outer(1 + np.arange(_DIRECTIONS), root ** -np.arange(1, dimension + 1))
    ) % 1.0
    vectors = ndtri(points)
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]


def debye_level_of_tensor(number_density: float, tensor) -> float:
    """Debye level A_D of an anisotropic solid, from the speeds of sound in all directions.

    A_D = d <c^-d> / k_D^d, where the mean is over directions n and the d branches of sound,
    and the rho c^2 are the eigenvalues of n_b n_d B_abcd for sound along n. For an
    isotropic solid it equals :func:`debye_level`.

    Parameters
    ----------
    number_density : float
        rho = N / V; the particle mass is one.
    tensor : ndarray, shape=(d, d, d, d)
        B_abcd of :func:`glassmodes.mechanics.moduli.elastic_tensor`.

    Returns
    -------
    float
        NaN if sound is unstable in a direction, as happens in glasses of few particles.
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
