"""The study `quasilocalized`: nonlinear quasilocalized excitations of every sample."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext


class Settings(EnsembleStudySettings):
    """Nonlinear quasilocalized excitations (kapteijns2020_nqe): harmonic, quartic and cubic modes
    of every sample, what they look like, and on request the population of a sample."""

    harmonic_modes: int = Field(
        1,
        ge=1,
        le=1000,
        description="Lowest harmonic modes of each sample from which nonlinear ones are sought.",
    )
    nonaffine_starts: bool = Field(
        False,
        description="Whether the cubic mode of the lowest harmonic mode is the softest of those "
        "found from the quartic mode and from the non-affine velocities of simple and pure shear "
        "in every plane (the paper: for its polydisperse model).",
    )
    second_quartic: bool = Field(
        True,
        description="Whether a second quartic mode is sought from the difference between the "
        "harmonic mode and the first one (Fig. 1b).",
    )
    pseudo_harmonic: bool = Field(
        False,
        description="Whether the pseudo-harmonic mode, the minimum of kappa^2 over the sum over "
        "pairs of (z_ij.z_ij)^2, is sought, too.",
    )
    solver: Literal["fixed_point", "minimisation", "both"] = Field(
        "fixed_point",
        description="fixed_point: the fixed-point map with one factorisation, minimisation where "
        "it fails; minimisation: L-BFGS on the unit sphere; both: the first one's modes and their "
        "overlap with those of the second.",
    )
    tolerance: float = Field(
        1e-10,
        ge=1e-13,
        le=1e-3,
        description="Largest residual of the equation that defines a mode, "
        "|M z - (kappa/tau) U''':zz| / |M z| and its quartic twin.",
    )
    population_harmonic_modes: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Low harmonic modes from which the population of a sample is collected, "
        "beside the non-affine velocities; no population where this and population_dipoles are 0.",
    )
    population_dipoles: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Softest contacts whose dipole responses are starts for the population of a "
        "sample.",
    )
    profiles: bool = Field(
        True, description="Whether the decay of each mode around its core is kept."
    )
    keep_vectors: bool = Field(
        False,
        description="Whether the vectors of all modes are kept (quasilocalized/bNNNN.h5, for "
        "OVITO); 8 d N bytes each.",
    )


NEEDS: tuple[str, ...] = ()


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """More modes than there are."""
    ensemble = context.ensemble
    # one mode more than is kept is solved for
    available = context.model.dimension * (ensemble.particles - 1) - 1
    return [
        context.fault(
            name,
            f"{block[name]} is more than the {available} lowest modes that {ensemble.particles} "
            f"particles of {ensemble.name!r} can give; allowed: up to that",
        )
        for name in ("harmonic_modes", "population_harmonic_modes")
        if block[name] > available
    ]
