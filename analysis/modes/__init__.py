"""Vibrational modes: eigensolvers, observables of a mode, densities of states."""

from analysis.mechanics.debye import debye_level
from analysis.modes.densities import (
    Density,
    boson_peak,
    kernel_polynomial_density,
    reduced_density,
    vibrational_density_of_states,
)
from analysis.modes.errors import (
    IncompleteSpectrumError,
    MemoryLimitError,
    ModeError,
    ModeRequestError,
)
from analysis.modes.inverse import InverseHessian
from analysis.modes.observables import participation_ratio, phonon_order
from analysis.modes.solvers import SolvedModes, estimate_resources, solve_modes

__all__ = [
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
