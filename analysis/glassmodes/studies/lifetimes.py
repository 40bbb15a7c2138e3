"""Lifetimes of modes from the decay of their energy fluctuations in constant-energy runs."""

from __future__ import annotations

from typing import ClassVar

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
)
from glassmodes.data.columns import MODE, SAMPLE, TEMPERATURE, Column, Table
from glassmodes.studies import modes


class Settings(EnsembleStudySettings):
    """Mode lifetimes from the decay of mode-energy fluctuations; needs modes and dynamics."""

    by_temperature: ClassVar[bool] = True

    temperatures: Temperatures = Field(
        None,
        description="Temperatures of the dynamics that are analysed; all of them where none is "
        "given.",
    )
    blocks: int = Field(
        10,
        ge=2,
        le=1000,
        description="Blocks of the trajectory from which the statistical error is taken.",
    )


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Temperatures without trajectories."""
    available = sorted(t for other in context.blocks("dynamics") for t in other["temperatures"])
    return [
        context.fault(
            "temperatures",
            f"{temperature!r} is no temperature of the dynamics of {context.ensemble.name!r}; "
            f"allowed: {', '.join(f'{t:g}' for t in available)}",
        )
        for temperature in block.get("temperatures", [])
        if available and temperature not in available
    ]


LIFETIMES = Table(
    "lifetimes",
    (
        *SAMPLE,
        TEMPERATURE,
        *MODE,
        Column("lifetime", "number", "1/e time of the energy correlation (Eq. 9)", False),
        Column("lifetime_error", "number", "jackknife over blocks of the run", False),
        Column("mean_energy", "number", "mean of E_k (Eq. 8)", False),
        Column("rearranged", "flag", "whether the inherent structure changed"),
    ),
)

WINDOW_LIFETIMES = Table(
    "window_lifetimes",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("window", "number", "centre of a window of frequency"),
        Column("lifetime", "number", "1/e time of the window's mean correlation", False),
        Column("lifetime_error", "number", "jackknife over blocks of the run", False),
        Column("modes", "integer", "modes in the window"),
    ),
)

ENERGY_AUTOCORRELATION = Table(
    "energy_autocorrelation",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("window", "number", "centre of a window of frequency"),
        Column("lag", "number", "time"),
        Column("value", "number", "C(t), one at zero", False),
    ),
)


def estimate(campaign, ensemble, temperature) -> Estimate:
    """Lifetimes of the modes of one sample at one temperature."""
    entry = campaign.ensembles[ensemble]
    block = campaign.block("dynamics", ensemble, temperature)
    frames = block["duration"] / block["interval"]
    count = modes.count(campaign, ensemble)
    size = campaign.models[entry.model].dimension * entry.particles
    energies = min(4.0 * count * frames, 2.0 * 2**30)
    # positions and velocities times vectors, in double precision
    flops = 2.0 * 4.0 * count * size * frames
    return Estimate(
        memory=BASE_MEMORY + 12.0 * count * size + 3.0 * energies,
        core_seconds=flops / rate("product_flops") + count * frames * 1e-6,
        disk=200.0 * count,
    )


def measure(task) -> None:
    """Lifetimes of the modes of one bundle at one temperature.

    Runs whose inherent structure changed are flagged in the tables.
    """
    import numpy as np

    from glassmodes.anharmonic.lifetimes import TrajectoryError, lifetimes
    from glassmodes.data.storage import open_file, read_modes, sample_group

    temperature, block = task.temperature, task.block()

    def compute(glass, ranks) -> Part:
        with open_file(task.path("trajectories")) as file:
            run = file[sample_group(glass.sample)]
            try:
                measured = lifetimes(
                    run,
                    read_modes(task.path("mode_vectors"), glass.sample),
                    glass.positions,
                    glass.box,
                    temperature,
                    rearranged=bool(np.nan_to_num(run.attrs["rearranged"])),
                    blocks=block["blocks"],
                )
            except TrajectoryError as error:
                return Part(status=f"lifetimes: {error}")
        found = measured["lifetimes"]
        task.log.info(
            "sample %d at T = %g: median lifetime %.4g of %d modes, %d not resolved",
            *(glass.sample, temperature, found["lifetime"].median(), len(found)),
            found["lifetime"].isna().sum(),
        )
        return Part(measured)

    each_sample(task, task.usable_with("mode_vectors", "trajectories"), compute)


STUDY = Study(
    name="lifetimes",
    settings=Settings,
    needs=("modes", "dynamics"),
    faults=faults,
    temperatures="dynamics",
    stages=(
        Stage(
            name="measure_lifetimes",
            per="temperature",
            reads=("glasses", "mode_vectors", "trajectories"),
            makes=(LIFETIMES, WINDOW_LIFETIMES, ENERGY_AUTOCORRELATION),
            run=measure,
            estimate=estimate,
            settings=("dynamics",),
            ignores=("keep_trajectories", "lags"),
        ),
    ),
)
