"""Simulations: LAMMPS sessions, compiled dynamics and Monte Carlo, preparation of samples."""

from glassmodes.simulation.crystallinity import crystalline_fraction
from glassmodes.simulation.displacement import (
    logarithmic_lags,
    mean_squared_displacement,
    mean_squared_displacement_direct,
    mean_squared_displacement_fft,
)
from glassmodes.simulation.dynamics import (
    DynamicsError,
    RunSettings,
    inherent_structure_changed,
)
from glassmodes.simulation.force_constants import (
    ForceConstantError,
    ThirdOrderBlocks,
    lammps_force_constants,
    read_second_order,
    read_third_order,
)
from glassmodes.simulation.liquids import (
    Liquid,
    equilibrate_liquid,
    read_liquid,
    write_liquid,
)
from glassmodes.simulation.molecular_dynamics import MolecularDynamics, MolecularDynamicsError
from glassmodes.simulation.preparation import (
    PreparationError,
    fcc_crystal,
    prepare_glass,
    quench,
)
from glassmodes.simulation.session import LammpsSession, SessionError
from glassmodes.simulation.swap import SwapError, SwapMonteCarlo
from glassmodes.simulation.time_series import dynamics_checks, time_series

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
