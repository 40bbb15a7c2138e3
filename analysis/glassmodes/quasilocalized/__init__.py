"""Nonlinear quasilocalized excitations (NQEs): cubic, quartic and pseudo-harmonic modes."""

from glassmodes.quasilocalized.energies import Direction, direction
from glassmodes.quasilocalized.excitations import (
    Excitation,
    SampleExcitations,
    Settings,
    excitation_rows,
    find_excitations,
    profile_rows,
    solver_seed,
)
from glassmodes.quasilocalized.fields import choose_samples, field_rows
from glassmodes.quasilocalized.forces import ForceExpansion
from glassmodes.quasilocalized.population import (
    collect,
    growth,
    growth_rows,
    population_rows,
    population_starts,
)
from glassmodes.quasilocalized.solvers import Solution, iterate, minimise

__all__ = [
    "Direction",
    "Excitation",
    "ForceExpansion",
    "SampleExcitations",
    "Settings",
    "Solution",
    "choose_samples",
    "collect",
    "direction",
    "excitation_rows",
    "field_rows",
    "find_excitations",
    "growth",
    "growth_rows",
    "iterate",
    "minimise",
    "population_rows",
    "population_starts",
    "profile_rows",
    "solver_seed",
]
