"""Constant-energy trajectories at several temperatures, and what is measured of them at once."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.estimates import (
    BASE_MEMORY,
    LAMMPS_MEMORY,
    THERMOSTAT,
    Estimate,
)
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.campaign.validation import Fault, RunSettings, StudyContext, run_faults
from glassmodes.data.columns import SAMPLE, TEMPERATURE, Column, Table
from glassmodes.models.sizes import mean_pairs

SMALLEST_RUN = 40
"""Frames that a run must have at least: four for each of ten blocks."""


class Settings(RunSettings):
    """Constant-energy trajectories at several temperatures, with their checks: energy drift, mean
    temperature, mean-squared displacement."""

    duration: float = Field(
        gt=0,
        le=1e8,
        description="Time of the constant-energy run; lifetimes want much more than a hundred of "
        "the longest lifetime.",
    )
    keep_trajectories: bool = Field(
        True,
        description="Whether trajectories stay on disk once every measurement is made of them; "
        "one choice for all blocks of an ensemble.",
    )
    lags: int = Field(
        60,
        ge=2,
        le=100_000,
        description="Number of lags of the mean-squared displacement, spread evenly on a "
        "logarithmic scale.",
    )


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Runs that the model does not allow, and one ensemble's trajectories kept and not kept."""
    found = run_faults(block, context, SMALLEST_RUN)
    if block["keep_trajectories"] != context.blocks("dynamics")[0]["keep_trajectories"]:
        found.append(
            context.fault(
                "keep_trajectories",
                f"{block['keep_trajectories']} differs from another block of "
                f"{context.ensemble.name!r}; one choice for an ensemble is allowed",
            )
        )
    return found


TRAJECTORIES = Array("trajectories", "trajectories")

MEAN_SQUARED_DISPLACEMENT = Table(
    "mean_squared_displacement",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("lag", "number", "time"),
        Column("msd", "number", "mean-squared displacement per particle (Eq. 3)"),
    ),
)

TIME_SERIES = Table(
    "time_series",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("time", "number", "since the start of the constant-energy run"),
        Column("temperature_observed", "number", "instantaneous kinetic temperature"),
        Column("potential_energy", "number", "per particle, above the inherent structure"),
    ),
)

DYNAMICS_CHECKS = Table(
    "dynamics_checks",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("duration", "number", "length of the run"),
        Column("mean_temperature", "number", "mean kinetic temperature"),
        Column("temperature_error", "number", "standard error of block means"),
        Column("energy_drift", "number", "over the run, per particle, in units of T"),
        Column("msd_ratio", "number", "late over early mean-squared displacement", False),
    ),
    csv=True,
)

CHUNK_MEMORY = 130e6
"""Bytes of the frames of a run that are kept until they are written."""


def run_seconds(model, particles, block) -> float:
    """Core-seconds of a run: thermalisation and constant energy."""
    time = block["duration"] + THERMOSTAT * block["equilibration"]
    steps = time / block.get("time_step", model.time_step)
    return steps * mean_pairs(model, particles) / rate("dynamics_pairs")


def estimate_run(campaign, ensemble, temperature) -> Estimate:
    """One trajectory."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    block = campaign.block("dynamics", ensemble, temperature)
    frames = block["duration"] / block["interval"] + 1.0
    trajectory = 16.0 * model.dimension * particles * frames
    return Estimate(
        # chunks of frames are kept until they are written
        memory=BASE_MEMORY
        + LAMMPS_MEMORY
        + 10e3 * particles
        + min(2.0 * trajectory, CHUNK_MEMORY + 64.0 * 16.0 * model.dimension * particles),
        core_seconds=run_seconds(model, particles, block),
        disk=trajectory,
    )


def estimate_displacement(campaign, ensemble, temperature) -> Estimate:
    """Mean-squared displacement of one trajectory."""
    entry = campaign.ensembles[ensemble]
    block = campaign.block("dynamics", ensemble, temperature)
    frames = block["duration"] / block["interval"]
    values = frames * entry.particles * campaign.models[entry.model].dimension
    return Estimate(
        memory=BASE_MEMORY + min(8.0 * 8.0 * values, 5e8),
        core_seconds=values * 1e-7,
        disk=1e4,
    )


def run(task) -> None:
    """Run the trajectories of one bundle at one temperature; frames that are written are kept."""
    from glassmodes.data.storage import sample_group
    from glassmodes.randomness import lammps_seed
    from glassmodes.simulation.dynamics import RunSettings, collect_run, run_nve
    from glassmodes.simulation.session import SessionError

    block, temperature = task.block(), task.temperature
    settings = RunSettings(
        temperature=temperature,
        equilibration=block["equilibration"],
        duration=block["duration"],
        interval=block["interval"],
        time_step=task.campaign.time_step(task.ensemble.name, temperature),
    )
    label = f"dynamics T={temperature!r}"

    def folder(glass):
        return task.partial.folder / sample_group(glass.sample)

    def compute(glass, ranks) -> Part:
        seed = lammps_seed(task.campaign.seed, task.ensemble.name, glass.sample, label)
        try:
            run_nve(*(task.model, glass, settings, folder(glass)), seed=seed, communicator=ranks)
        except SessionError as error:
            return Part(status=f"dynamics: {error}")
        return Part()

    def collect(glass, group) -> None:
        found = collect_run(folder(glass), task.model, glass, settings, group)
        task.log.info(
            "sample %d, T = %g: %s",
            *(glass.sample, temperature),
            ", ".join(f"{name} {value:.4g}" for name, value in found.items()),
        )

    each_sample(task, task.usable_glasses(), compute, collect=collect)


def measure(task) -> None:
    """Mean-squared displacement, time series and checks of one bundle at one temperature."""
    from glassmodes.data.storage import open_file, sample_group
    from glassmodes.simulation import dynamics_checks, mean_squared_displacement, time_series

    temperature, particles = task.temperature, task.ensemble.particles
    lags = task.block()["lags"]

    def compute(glass, ranks) -> Part:
        with open_file(task.path("trajectories")) as file:
            run = file[sample_group(glass.sample)]
            msd = mean_squared_displacement(run, temperature, points=lags)
            series = time_series(run, temperature, glass.energy, particles)
            checks = dynamics_checks(
                run, temperature, glass.energy, particles, task.model.dimension, msd=msd
            )
        return Part(
            {"mean_squared_displacement": msd, "time_series": series, "dynamics_checks": checks}
        )

    each_sample(task, task.usable_with("trajectories"), compute)


def discards(campaign, ensemble) -> bool:
    """Whether trajectories of an ensemble are removed once everything is measured of them."""
    block = campaign.block("dynamics", ensemble)
    return block is not None and not block["keep_trajectories"]


STUDY = Study(
    name="dynamics",
    settings=Settings,
    faults=faults,
    temperatures="dynamics",
    stages=(
        Stage(
            name="run_dynamics",
            per="temperature",
            reads=("glasses",),
            makes=(TRAJECTORIES,),
            run=run,
            estimate=estimate_run,
            ranks="samples",
            ignores=("keep_trajectories", "lags"),
            temporary=("run_discarded_dynamics", discards),
        ),
        Stage(
            name="measure_mean_squared_displacement",
            per="temperature",
            reads=("glasses", "trajectories"),
            makes=(MEAN_SQUARED_DISPLACEMENT, TIME_SERIES, DYNAMICS_CHECKS),
            run=measure,
            estimate=estimate_displacement,
            ignores=("keep_trajectories",),
        ),
    ),
)
