"""LAMMPS: sessions, preparation of glasses and crystals, dynamics, force constants."""

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
from analysis.simulation.preparation import (
    PreparationError,
    check_preparation,
    fcc_crystal,
    prepare_glass,
    quench,
)
from analysis.simulation.session import LammpsSession, SessionError

__all__ = [
    "DynamicsError",
    "ForceConstantError",
    "LammpsSession",
    "PreparationError",
    "RunSettings",
    "SessionError",
    "ThirdOrderBlocks",
    "check_preparation",
    "crystalline_fraction",
    "fcc_crystal",
    "inherent_structure_changed",
    "lammps_force_constants",
    "prepare_glass",
    "quench",
    "read_second_order",
    "read_third_order",
    "run_bundle",
]
