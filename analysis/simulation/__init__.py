"""LAMMPS sessions, our own dynamics and Monte Carlo, preparation of samples, force constants."""

from analysis.simulation.crystallinity import crystalline_fraction
from analysis.simulation.dynamics import (
    DynamicsError,
    RunSettings,
    inherent_structure_changed,
    run_bundle,
)
from analysis.simulation.force_constants import (
    ForceConstantError,
    ThirdOrderBlocks,
    lammps_force_constants,
    read_second_order,
    read_third_order,
)
from analysis.simulation.liquids import (
    Liquid,
    equilibrate_liquid,
    read_liquid,
    write_liquid,
)
from analysis.simulation.molecular_dynamics import MolecularDynamics, MolecularDynamicsError
from analysis.simulation.preparation import (
    PreparationError,
    check_preparation,
    fcc_crystal,
    prepare_glass,
    quench,
)
from analysis.simulation.session import LammpsSession, SessionError
from analysis.simulation.swap import SwapError, SwapMonteCarlo

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
    "check_preparation",
    "crystalline_fraction",
    "equilibrate_liquid",
    "fcc_crystal",
    "inherent_structure_changed",
    "lammps_force_constants",
    "prepare_glass",
    "quench",
    "read_liquid",
    "read_second_order",
    "read_third_order",
    "run_bundle",
    "write_liquid",
]
