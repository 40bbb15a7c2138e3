"""Memory and time of every stage, known before it runs.

Each function takes numbers of a campaign alone (particles, neighbours, steps, modes) and returns
an :class:`Estimate` for one sample: so many operations of each kind, over the rate at which the
machine does them (:mod:`glassmodes.campaign.rates`). What a rank needs to start is no part of it.
:mod:`glassmodes.campaign.planning` makes jobs of samples, and asks for what they need.
"""

from __future__ import annotations

from dataclasses import dataclass

from glassmodes.campaign.rates import rate
from glassmodes.models import GlassModel
from glassmodes.models.sizes import (
    factor_nonzeros,
    neighbours,
)

BASE_MEMORY = 240e6
"""Bytes of an interpreter with its libraries and compiled kernels."""

IDLE_MEMORY = 160e6
"""Bytes of a rank that only waits for the others."""

LAMMPS_MEMORY = 75e6
"""Bytes of LAMMPS beside them."""

SPARSE_MEMORY = 110e6
"""Bytes of PETSc, SLEPc and MKL beside them."""

THERMOSTAT = 2.0
"""Time of a step in a liquid or under a thermostat over that of one in a cold solid."""

LARGEST_FACTOR = 64e9
"""Bytes of the largest factorisation that is tried before an iterative solver."""

FACTOR_FLOPS = 0.3
"""Operations of an LDL^T factorisation over its non-zeros to the power of 3/2."""


@dataclass(frozen=True)
class Estimate:
    """What one sample costs.

    Attributes
    ----------
    memory : float
        Bytes on each rank that works on it.
    core_seconds : float
    disk : float
        Bytes of what stays.
    """

    memory: float
    core_seconds: float
    disk: float


def mode_count(request, particles: int, dimension: int, level: float = 0.05) -> int:
    """Number of modes that a request asks for (an upper estimate for intervals).

    `level` is that of :func:`modes_per_volume`.
    """
    available = dimension * (particles - 1)
    if request == "all":
        return available
    if "lowest" in request:
        return min(int(request["lowest"]), available)
    return min(available, int(level * particles * request["below"] ** dimension) + 100)


def modes_per_volume(model: GlassModel) -> float:
    """Modes of a particle below a frequency w over w^d: three times the Debye level.

    For interaction energies and sizes of one; harmonic spheres are softer by far.
    """
    return 3.0 if model.potential.family == "harmonic" else 0.05


def factorisation(model: GlassModel, particles: int) -> tuple[float, float, float]:
    """Bytes and core-seconds of one LDL^T factorisation, and core-seconds of a solution."""
    nonzeros = factor_nonzeros(particles, neighbours(model) + 1.0, model.dimension)
    return (
        12.0 * nonzeros,
        FACTOR_FLOPS * nonzeros**1.5 / rate("factor_flops"),
        2.0 * nonzeros / rate("solve_nonzeros"),
    )


def gathering(parts: int, size: float) -> Estimate:
    """One table of a campaign from its parts, `size` bytes altogether."""
    return Estimate(
        memory=BASE_MEMORY + 6.0 * size,
        core_seconds=5e-3 * parts + 2e-8 * size,
        disk=size,
    )


def presentation(rule: str, size: float) -> Estimate:
    """Summary, figures or report from tables of `size` bytes altogether."""
    seconds = {"summarise_tables": 3.0, "draw_figures": 60.0, "write_report": 3.0}[rule]
    return Estimate(
        memory=BASE_MEMORY + 1e8 + 6.0 * size, core_seconds=seconds + 5e-8 * size, disk=2e7
    )
