"""Vibrational modes: eigensolvers, observables of a mode, densities of states."""

from glassmodes.mechanics.debye import debye_level
from glassmodes.modes.densities import (
    Density,
    boson_peak,
    kernel_polynomial_density,
    reduced_density,
    vibrational_density_of_states,
)
from glassmodes.modes.errors import (
    ConvergenceError,
    IncompleteSpectrumError,
    MemoryLimitError,
    ModeError,
    ModeRequestError,
)
from glassmodes.modes.inverse import InverseHessian
from glassmodes.modes.localisation import participation_ratio, phonon_order
from glassmodes.modes.solvers import SolvedModes, estimate_resources, solve_modes

__all__ = [
    "ConvergenceError",
    "Density",
    "IncompleteSpectrumError",
    "InverseHessian",
    "MemoryLimitError",
    "ModeError",
    "ModeRequestError",
    "SolvedModes",
    "boson_peak",
    "debye_level",
    "estimate_resources",
    "kernel_polynomial_density",
    "participation_ratio",
    "phonon_order",
    "reduced_density",
    "solve_modes",
    "vibrational_density_of_states",
]
