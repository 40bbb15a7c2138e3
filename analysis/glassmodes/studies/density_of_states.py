"""Vibrational density of states by the kernel polynomial method.

No mode is solved for, so it runs where no factorisation fits.
"""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.estimates import BASE_MEMORY, SPARSE_MEMORY, Estimate
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings
from glassmodes.data.columns import SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, hessian_nonzeros


class Settings(EnsembleStudySettings):
    """Vibrational density of states by the kernel polynomial method, without diagonalisation (the
    figures take it from full spectra where there are any)."""

    bin_width: float = Field(0.5, gt=0, le=1000, description="Width of the frequency bins.")
    moments: int = Field(
        512,
        ge=8,
        le=1_000_000,
        description="Number of Chebyshev moments; the resolution in frequency squared is about "
        "pi/moments of the spectrum's width.",
    )
    random_vectors: int = Field(
        16, ge=1, le=100_000, description="Number of random vectors of the stochastic trace."
    )


DENSITY_OF_STATES = Table(
    "density_of_states",
    (
        *SAMPLE,
        Column("frequency", "number", "centre of a bin of angular frequency"),
        Column("density", "number", "g(omega) by the kernel polynomial method"),
        Column("density_error", "number", "over random vectors", False),
    ),
)


def estimate(campaign, ensemble, temperature=None) -> Estimate:
    """Density of states of one sample."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    block = campaign.block("density_of_states", ensemble)
    products = block["moments"] * block["random_vectors"]
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + expansion_memory(model, particles)
        + 8.0 * 64 * model.dimension * particles,
        core_seconds=products * hessian_nonzeros(model, particles) / rate("sparse_nonzeros"),
        disk=1e5,
    )


def compute_density(task) -> None:
    """Density of states of one bundle; all ranks work on one sample after another."""
    import numpy as np
    import pandas as pd

    from glassmodes.landscape import Landscape
    from glassmodes.modes.densities import kernel_polynomial_density, largest_eigenvalue
    from glassmodes.parallel import form_teams
    from glassmodes.randomness import random_stream

    seed, name = task.campaign.seed, task.ensemble.name
    block = task.block()
    width = block["bin_width"]

    def compute(glass, ranks) -> Part:
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        top = largest_eigenvalue(
            expansion.hessian_product,
            glass.positions.shape,
            random_stream(seed, name, glass.sample, "largest eigenvalue"),
        )
        found = kernel_polynomial_density(
            expansion,
            np.arange(0.0, 1.02 * np.sqrt(top) + width, width),
            rng=random_stream(seed, name, glass.sample, "kernel polynomial"),
            moments=block["moments"],
            random_vectors=block["random_vectors"],
            communicator=ranks,
        )
        table = pd.DataFrame(
            {
                "frequency": found.frequency,
                "density": found.density,
                "density_error": found.error,
            }
        )
        task.log.info("sample %d: %d bins", glass.sample, len(table))
        return Part({"density_of_states": table})

    each_sample(task, task.usable_glasses(), compute, team=form_teams(task.world, task.world.size))


STUDY = Study(
    name="density_of_states",
    settings=Settings,
    stages=(
        Stage(
            name="compute_density_of_states",
            per="bundle",
            reads=("glasses",),
            makes=(DENSITY_OF_STATES,),
            run=compute_density,
            estimate=estimate,
            ranks="time",
        ),
    ),
)
