"""Decay rates of all modes by third-order perturbation theory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from glassmodes.campaign.estimates import BASE_MEMORY, Estimate
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Stage, Study
from glassmodes.campaign.validation import (
    EnsembleStudySettings,
    Fault,
    StudyContext,
    Temperatures,
    Unique,
)
from glassmodes.data.columns import MODE, SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, hessian_nonzeros
from glassmodes.studies.modes import full_spectrum_faults


class Settings(EnsembleStudySettings):
    """Decay rates from third-order perturbation theory; needs full spectra (modes.request: all)."""

    broadenings: Annotated[
        list[
            Annotated[
                float,
                Field(gt=0, le=1000, description="Standard deviation (angular frequency)."),
            ]
        ],
        *Unique,
    ] = Field(
        [0.1],
        min_length=1,
        max_length=16,
        description="Standard deviations of the Gaussian that stands for each delta function "
        "(angular frequency), computed in one pass; figures show the smallest, the summary "
        "compares them.",
    )
    precision: Literal["single", "double"] = Field(
        "single", description="Floating-point precision of the blocked products."
    )
    hbar: float = Field(
        1.0,
        gt=0,
        le=1e6,
        description="Reduced Planck constant in the model's units, for the quantum rates.",
    )
    temperatures: Temperatures = Field(
        None,
        description="Temperatures of the quantum rates; the classical ones alone where none is "
        "given.",
    )


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """A part of the spectrum, where all of it is needed."""
    return full_spectrum_faults(context)


DECAY_RATES = Table(
    "decay_rates",
    (
        *SAMPLE,
        *MODE,
        Column("decay_rate_per_temperature", "number", "classical Gamma_k / T (Eq. 13)"),
        Column("splitting", "number", "part of k -> l + m"),
        Column("combining", "number", "part of k + l -> m"),
        Column("broadening", "number", "standard deviation of the Gaussian for each delta"),
    ),
)

RESONANT_SHARE = 0.3
"""Resonant triples that are summed, over those of a flat spectrum."""


def estimate(campaign, ensemble, temperature=None) -> Estimate:
    """Decay rates of all modes of one sample."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    broadenings = campaign.block("decay_rates", ensemble)["broadenings"]
    size = model.dimension * particles
    # a quarter of all (sum, l) columns, each a product with strips of the Hessian and one with the
    # modes m within four standard deviations of resonance, in a spectrum 25 wide
    window = min(1.0, 8.0 * max(broadenings) / 25.0)
    strips = size**2 / 4.0 * 2.0 * hessian_nonzeros(model, particles)
    products = RESONANT_SHARE * size**2 / 4.0 * 2.0 * size * window * size
    return Estimate(
        memory=BASE_MEMORY + expansion_memory(model, particles) + 28.0 * size**2,
        core_seconds=(strips + products) / rate("product_flops"),
        disk=50.0 * size * len(broadenings),
    )


def compute_rates(task) -> None:
    """Decay rates of one bundle; all ranks work on one sample after another.

    Batches of modes that an interrupted run had finished are kept.
    """
    import time

    import numpy as np
    import pandas as pd

    from glassmodes.anharmonic.decay_rates import DecayRateError, broadened_decay_rates
    from glassmodes.anharmonic.vertices import PairVertices
    from glassmodes.data.storage import read_modes, sample_group
    from glassmodes.landscape import Landscape
    from glassmodes.parallel import form_teams

    block = task.block()
    temperatures = block.get("temperatures") or ()

    def compute(glass, ranks) -> Part:
        told = time.monotonic()

        def progress(done, batches):
            nonlocal told
            if time.monotonic() - told > 20.0 or done == batches:
                told = time.monotonic()
                task.log.info(
                    "sample %d: %d of %d batches of this rank", glass.sample, done, batches
                )

        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        try:
            found = broadened_decay_rates(
                PairVertices(expansion),
                read_modes(task.path("mode_vectors"), glass.sample),
                block["broadenings"],
                precision=block["precision"],
                hbar=block["hbar"],
                temperatures=temperatures,
                communicator=ranks,
                checkpoint=task.partial.folder / sample_group(glass.sample),
                progress=progress,
            )
        except DecayRateError as error:
            return Part(status=f"decay rates: {error}")
        frames = []
        for rates in found:
            frame = rates.table()
            for temperature, quantum in zip(temperatures, rates.quantum, strict=True):
                frame[f"quantum_decay_rate_{temperature:.6g}"] = quantum.sum(axis=0)
            frames.append(frame)
            task.log.info(
                "sample %d: broadening %g, median decay rate per temperature %.4g",
                *(glass.sample, rates.broadening),
                np.median(frame["decay_rate_per_temperature"]),
            )
        return Part({"decay_rates": pd.concat(frames, ignore_index=True)})

    team = form_teams(task.world, task.world.size)
    each_sample(task, task.usable_with("mode_vectors"), compute, team=team)


STUDY = Study(
    name="decay_rates",
    settings=Settings,
    needs=("modes",),
    faults=faults,
    stages=(
        Stage(
            name="compute_decay_rates",
            per="bundle",
            reads=("glasses", "mode_vectors"),
            makes=(DECAY_RATES,),
            run=compute_rates,
            estimate=estimate,
            ranks="time",
        ),
    ),
)
