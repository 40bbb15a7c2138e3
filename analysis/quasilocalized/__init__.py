"""Nonlinear quasilocalized excitations: cubic, quartic and pseudo-harmonic modes."""

from analysis.quasilocalized.energies import Direction, direction
from analysis.quasilocalized.excitations import (
    Excitation,
    SampleExcitations,
    Settings,
    excitation_rows,
    find_excitations,
    profile_rows,
    solver_seed,
)
from analysis.quasilocalized.fields import choose_samples, field_rows
from analysis.quasilocalized.forces import ForceExpansion
from analysis.quasilocalized.population import (
    collect,
    growth,
    growth_rows,
    population_rows,
    population_starts,
)
from analysis.quasilocalized.solvers import Solution, iterate, minimise

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
