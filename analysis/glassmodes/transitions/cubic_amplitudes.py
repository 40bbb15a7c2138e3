"""A_c from the expansion of the energy to third order (mizuno2020_anharmonic, Eqs A1-A3).

Along a mode the energy is w^2 s^2 / 2 + tau s^3 / 6 with s = A sqrt(N) and tau = U''':e e e. Its
saddle is at s = -2 w^2 / tau; a mode has no sign, so A_c = 2 w^2 / (|tau| sqrt(N)), on the side of
e where tau e e e is negative.
"""

from __future__ import annotations

import numpy as np


def saddle_amplitude(frequency, cubic, particles: int):
    """A_c of Eq. A3, infinite where the cubic coefficient vanishes.

    Parameters
    ----------
    frequency : ndarray
    cubic : ndarray
        tau of each mode.
    particles : int

    Returns
    -------
    ndarray
    """
    with np.errstate(divide="ignore"):
        return 2.0 * np.square(frequency) / (np.abs(cubic) * np.sqrt(particles))


def cubic_coefficients(expansion, vectors) -> np.ndarray:
    """tau = U''':e e e of each mode (Eq. A2), one pass over the pairs for each.

    Parameters
    ----------
    expansion : Expansion
        Of the inherent structure.
    vectors : iterable of ndarray, shape=(N, d)
        Unit norm; read one by one, so that a file's dataset need not fit in memory.

    Returns
    -------
    ndarray, shape=(n,)
    """
    return np.array([expansion.cubic_form(vector) for vector in vectors])
