"""One inherent structure and its vibrational modes, as the rooms hand them to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Glass:
    """One sample: an inherent structure.

    Attributes
    ----------
    sample : int
        Index of the sample within its ensemble.
    positions : ndarray, shape=(N, d)
        Positions of the particles; files store them wrapped into the box.
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    species : ndarray, shape=(N,), dtype=int
        Species of each particle, from 0.
    diameter : ndarray, shape=(N,)
        Diameter of each particle.
    energy : float
        Total potential energy.
    max_force : float
        Largest force on a particle, max_i |F_i|.
    status : str
        "ok", or the reason for which the sample cannot be used.
    diagnostics : dict of str to float
        Numbers measured during the preparation.
    """

    sample: int
    positions: np.ndarray
    box: np.ndarray
    species: np.ndarray
    diameter: np.ndarray
    energy: float = np.nan
    max_force: float = np.nan
    status: str = "ok"
    diagnostics: dict = field(default_factory=dict)

    @property
    def is_usable(self) -> bool:
        """Whether the status is "ok"."""
        return self.status == "ok"


@dataclass
class Modes:
    """Vibrational modes of one inherent structure, without the d translations; masses are one.

    Attributes
    ----------
    frequency_squared : ndarray, shape=(n,)
        Eigenvalues w^2 of the Hessian M, ascending; w is an angular frequency.
    vectors : ndarray, shape=(n, N, d)
        Eigenvectors e of unit norm.
    residual : ndarray, shape=(n,)
        |M e - w^2 e| of each mode.
    complete_below : float
        Frequency below which no mode is missing; NaN if that is unknown.
    """

    frequency_squared: np.ndarray
    vectors: np.ndarray
    residual: np.ndarray
    complete_below: float = np.nan

    @property
    def frequency(self) -> np.ndarray:
        """Angular frequency w of each mode; -|w| where w^2 is negative (an unstable direction)."""
        return np.sign(self.frequency_squared) * np.sqrt(np.abs(self.frequency_squared))
