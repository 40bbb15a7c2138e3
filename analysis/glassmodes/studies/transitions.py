"""Inherent structures along constant-energy runs, and the rearrangements between them."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.estimates import BASE_MEMORY, LAMMPS_MEMORY, Estimate
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.campaign.validation import Fault, RunSettings, StudyContext, run_faults
from glassmodes.data.columns import SAMPLE, TEMPERATURE, Column, Table
from glassmodes.models.sizes import known_structure_memory, known_structures, mean_pairs
from glassmodes.studies.dynamics import run_seconds

SMALLEST_RUN = 20
"""Frames that a run must have at least: two for each of ten blocks."""


class Settings(RunSettings):
    """Inherent structures along constant-energy runs of their own, frame by frame, and the
    rearrangements between them."""

    interval: float = Field(
        0.1,
        gt=0,
        le=1e6,
        description="Time between configurations that are minimised (the lag of Eq. 5): a "
        "multiple of the time step, and at most the duration.",
    )
    force_tolerance: float = Field(
        1e-10,
        gt=0,
        le=1e-3,
        description="Largest force on a particle of an inherent structure.",
    )


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Runs that the model does not allow."""
    return run_faults(block, context, SMALLEST_RUN)


INHERENT = Array("inherent", "inherent")

INHERENT_STRUCTURES = Table(
    "inherent_structures",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("time", "number", "since the start of the constant-energy run"),
        Column("structure", "integer", "index among the run's distinct inherent structures"),
        Column("energy", "number", "Phi_IS(t) - Phi_IS(0), of all particles", False),
        Column("displacement", "number", "|r_IS(t) - r_IS(0)|", False),
        Column("step_distance", "number", "|Dr_IS| from the frame before (Eq. 5)", False),
        Column("step_energy", "number", "Phi_IS change from the frame before (Eq. 6)", False),
        Column("max_force", "number", "largest force on a particle after minimisation", False),
        Column("converged", "flag", "whether the minimisation converged"),
    ),
)

REARRANGEMENTS = Table(
    "rearrangements",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("time", "number", "of the frame after the change"),
        Column("distance", "number", "|Dr_IS| (Eq. 5)"),
        Column("energy_change", "number", "Phi_IS after less before (Eq. 6, signed)"),
        Column("participants", "number", "N_rearr (Eq. 7)"),
        Column("far_field_exponent", "number", "a of |Dr_i| ~ r^-a (Fig. 7b)", False),
        Column("far_field_error", "number", "its standard error", False),
        Column("largest", "number", "largest displacement of a particle"),
        Column("before", "integer", "index of the inherent structure before"),
        Column("after", "integer", "index of the inherent structure after"),
    ),
)

REARRANGEMENT_RUNS = Table(
    "rearrangement_runs",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("duration", "number", "length of the run"),
        Column("frames", "integer", "configurations that were minimised"),
        Column("events", "integer", "changes of the inherent structure between frames"),
        Column("distinct_structures", "integer", "distinct inherent structures"),
        Column("returned", "flag", "whether it came back to the first one after leaving it"),
        Column("not_converged", "integer", "frames whose minimisation did not converge"),
        Column("evaluations_per_frame", "number", "force evaluations", False),
        Column("seconds_per_frame", "number", "core-seconds", False),
        Column("particles", "integer", "N"),
    ),
)

REARRANGEMENT_FIELDS = Table(
    "rearrangement_fields",
    (
        *SAMPLE,
        TEMPERATURE,
        Column("time", "number", "of the run's event with the largest |Dr_IS|"),
        Column("particle", "integer", "index"),
        Column("x", "number", "position before the event"),
        Column("y", "number", "position before the event"),
        Column("z", "number", "position before the event"),
        Column("dx", "number", "displacement by the event"),
        Column("dy", "number", "displacement by the event"),
        Column("dz", "number", "displacement by the event"),
    ),
)

QUENCH_EVALUATIONS = 300.0
"""Force evaluations of a quench from a thermal configuration, on average, at N = 1,000."""


def estimate_run(campaign, ensemble, temperature) -> Estimate:
    """Inherent structures along one run."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    block = campaign.block("transitions", ensemble, temperature)
    d = model.dimension
    frames = block["duration"] / block["interval"] + 1.0
    # most quenches end where they recognise a structure; longer in a larger box and from further up
    evaluations = QUENCH_EVALUATIONS * (particles / 1000.0) ** 0.5 * (temperature / 1e-3) ** 0.27
    work = frames * evaluations * mean_pairs(model, particles)
    # new structures are rare in small and cold systems: one in ten frames at N = 4,000, T = 0.05
    new = 2.0 + 0.1 * frames * (particles / 4000.0) * (temperature / 0.05)
    structures = min(frames, new, 2.0 * known_structures(model, particles))
    return Estimate(
        # structures that quenches may recognise, and two batches of frames on the first rank
        memory=BASE_MEMORY
        + LAMMPS_MEMORY
        + 10e3 * particles
        + structures * known_structure_memory(model, particles)
        + 128.0 * 8.0 * d * particles,
        core_seconds=run_seconds(model, particles, block) + work / rate("quench_pairs"),
        # each structure another in the worst case, and the series
        disk=frames * (8.0 * d * particles + 100.0),
    )


def estimate_rearrangements(campaign, ensemble, temperature) -> Estimate:
    """Tables of the rearrangements along one run."""
    entry = campaign.ensembles[ensemble]
    particles, dimension = entry.particles, campaign.models[entry.model].dimension
    block = campaign.block("transitions", ensemble, temperature)
    frames = block["duration"] / block["interval"] + 1.0
    return Estimate(
        memory=BASE_MEMORY + 30e6 + 1e3 * frames + 1e3 * particles,
        core_seconds=frames * particles * dimension * 1e-7,
        disk=200.0 * (frames + particles),
    )


def follow(task) -> None:
    """Follow the inherent structures of one bundle along runs at one temperature.

    Frames are quenched as the runs go, spread over the ranks; chunks of them that an interrupted
    run had finished are kept.
    """
    from glassmodes.data.storage import sample_group
    from glassmodes.parallel import widest_teams
    from glassmodes.randomness import lammps_seed
    from glassmodes.simulation.dynamics import RunSettings
    from glassmodes.simulation.session import SessionError
    from glassmodes.transitions.inherent_structures import collect_series, follow_run

    block, temperature = task.block(), task.temperature
    settings = RunSettings(
        temperature=temperature,
        equilibration=block["equilibration"],
        duration=block["duration"],
        interval=block["interval"],
        time_step=task.campaign.time_step(task.ensemble.name, temperature, "transitions"),
        structure_checks=0,
    )
    label = f"transitions T={temperature!r}"
    dynamics_ranks = task.ensemble.preparation["ranks_per_sample"]

    def folder(glass):
        return task.partial.folder / sample_group(glass.sample)

    def compute(glass, ranks) -> Part:
        try:
            follow_run(
                *(task.model, glass, settings, folder(glass)),
                seed=lammps_seed(task.campaign.seed, task.ensemble.name, glass.sample, label),
                force_tolerance=block["force_tolerance"],
                dynamics_ranks=dynamics_ranks,
                communicator=ranks,
            )
        except SessionError as error:
            return Part(status=f"dynamics: {error}")
        return Part()

    def collect(glass, group) -> None:
        found = collect_series(folder(glass), task.model, glass, settings, group)
        group.attrs["force_tolerance"] = block["force_tolerance"]
        task.log.info(
            "sample %d, T = %g: %d distinct structures in %d frames, %s",
            *(glass.sample, temperature, len(group["structures"]), len(group["time"])),
            ", ".join(f"{name} {value:.4g}" for name, value in found.items()),
        )

    glasses = task.usable_glasses()
    team = widest_teams(task.world, len(glasses), dynamics_ranks)
    each_sample(task, glasses, compute, team=team, collect=collect)


def measure(task) -> None:
    """Rearrangements between successive inherent structures of one bundle's runs."""
    from glassmodes.data.storage import open_file, sample_group
    from glassmodes.transitions.inherent_structures import rearrangement_tables

    path = task.path("inherent")

    def compute(sample, ranks) -> Part:
        with open_file(path) as file:
            measured = rearrangement_tables(file[sample_group(sample)], task.temperature)
        run = measured["rearrangement_runs"].iloc[0]
        task.log.info(
            "sample %d at T = %g: %d rearrangements in %d frames, %d distinct structures, "
            "%d frames not converged",
            *(sample, task.temperature, run["events"], run["frames"]),
            *(run["distinct_structures"], run["not_converged"]),
        )
        return Part(measured)

    each_sample(task, task.samples_in("inherent"), compute)


STUDY = Study(
    name="transitions",
    settings=Settings,
    faults=faults,
    temperatures="transitions",
    stages=(
        Stage(
            name="follow_inherent_structures",
            per="temperature",
            reads=("glasses",),
            makes=(INHERENT,),
            run=follow,
            estimate=estimate_run,
            ranks="frames",
        ),
        Stage(
            name="measure_rearrangements",
            per="temperature",
            reads=("inherent",),
            makes=(
                *(INHERENT_STRUCTURES, REARRANGEMENTS, REARRANGEMENT_RUNS),
                REARRANGEMENT_FIELDS,
            ),
            run=measure,
            estimate=estimate_rearrangements,
        ),
    ),
)
