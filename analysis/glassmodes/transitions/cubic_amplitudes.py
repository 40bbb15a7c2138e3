"""Amplitude A_c of a mode from the expansion of the energy to third order.

Source: Mizuno, Shimada and Ikeda, Phys. Rev. Research 2, 013215 (2020), Eqs A1 to A3. Along a mode
e of unit norm the energy is w^2 s^2 / 2 + tau s^3 / 6, with s = A sqrt(N) and tau = U''':e e e. It
has a saddle at s = -2 w^2 / tau. As the sign of e is arbitrary, A_c = 2 w^2 / (|tau| sqrt(N)), in
the direction in which the third derivative is negative.
"""

from __future__ import annotations

import numpy as np


def saddle_amplitude(frequency, cubic, particles: int):
    """Amplitude A_c of the saddle of the cubic expansion (Eq. A3), in units of length.

    Parameters
    ----------
    frequency : ndarray, shape=(n,)
        Angular frequency of each mode.
    cubic : ndarray, shape=(n,)
        tau of each mode.
    particles : int
        Number of particles N.

    Returns
    -------
    ndarray, shape=(n,)
        Infinite where tau is 0.
    """
    with np.errstate(divide="ignore"):
        return 2.0 * np.square(frequency) / (np.abs(cubic) * np.sqrt(particles))


def cubic_coefficients(expansion, vectors) -> np.ndarray:
    """Cubic coefficient tau = U''':e e e of each mode (Eq. A2).

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at the inherent structure.
    vectors : iterable of ndarray, shape=(N, d)
        Modes of unit norm. They are read one by one, so that the dataset of a file need not fit in
        memory.

    Returns
    -------
    ndarray, shape=(n,)
    """
    return np.array([expansion.cubic_form(vector) for vector in vectors])
