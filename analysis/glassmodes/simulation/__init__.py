"""Simulations: LAMMPS sessions, compiled dynamics and Monte Carlo, preparation of samples."""

from __future__ import annotations

import importlib

# at once, because this function has the name of its module
from glassmodes.simulation.time_series import dynamics_checks, time_series

# Imported where they are first used, because most of these modules need LAMMPS and MPI.
_MODULES = {
    "crystallinity": ("crystalline_fraction",),
    "displacement": (
        "logarithmic_lags",
        "mean_squared_displacement",
        "mean_squared_displacement_direct",
        "mean_squared_displacement_fft",
    ),
    "dynamics": ("DynamicsError", "RunSettings", "inherent_structure_changed"),
    "force_constants": (
        "ForceConstantError",
        "ThirdOrderBlocks",
        "lammps_force_constants",
        "read_second_order",
        "read_third_order",
    ),
    "liquids": ("Liquid", "equilibrate_liquid", "read_liquid", "write_liquid"),
    "molecular_dynamics": ("MolecularDynamics", "MolecularDynamicsError"),
    "preparation": (
        "PreparationError",
        "fcc_crystal",
        "prepare_glass",
        "quench",
    ),
    "session": ("LammpsSession", "SessionError"),
    "swap": ("SwapError", "SwapMonteCarlo"),
}

__all__ = [
    "DynamicsError",
    "ForceConstantError",
    "LammpsSession",
    "Liquid",
    "MolecularDynamics",
    "MolecularDynamicsError",
    "PreparationError",
    "RunSettings",
    "SessionError",
    "SwapError",
    "SwapMonteCarlo",
    "ThirdOrderBlocks",
    "crystalline_fraction",
    "dynamics_checks",
    "equilibrate_liquid",
    "fcc_crystal",
    "inherent_structure_changed",
    "lammps_force_constants",
    "logarithmic_lags",
    "mean_squared_displacement",
    "mean_squared_displacement_direct",
    "mean_squared_displacement_fft",
    "prepare_glass",
    "quench",
    "read_liquid",
    "read_second_order",
    "read_third_order",
    "time_series",
    "write_liquid",
]


def __getattr__(name: str):
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
