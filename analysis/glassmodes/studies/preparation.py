"""Preparation of the samples: liquids at equilibrium, and the inherent structures of ensembles.

Every other study rests on it; it has no key of its own in a campaign file, but `preparation:` of
each ensemble (:mod:`glassmodes.campaign.preparation`).
"""

from __future__ import annotations

from glassmodes.campaign.estimates import (
    BASE_MEMORY,
    LAMMPS_MEMORY,
    THERMOSTAT,
    Estimate,
)
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.data.columns import SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, hessian_nonzeros, mean_pairs

LIQUIDS = Array("liquids", "liquids")
GLASSES = Array("glasses", "glasses")

EQUILIBRATION = Table(
    "equilibration",
    (
        *SAMPLE,
        Column("run", "integer", "index of the equilibrium run; `sample` is its first"),
        Column("dynamics", "text", "molecular or swap"),
        Column("temperature", "number", "of the liquid (parent temperature)"),
        Column("equilibration", "number", "time, or sweeps of swap Monte Carlo, before any use"),
        Column("decorrelation_time", "number", "in which the overlap falls to 1/e", False),
        Column("spacing", "number", "time or sweeps between snapshots", False),
        Column("snapshots", "integer", "snapshots taken"),
        Column("energy", "number", "potential energy per particle, mean of the snapshots", False),
        Column("energy_deviation", "number", "its standard deviation among snapshots", False),
        Column(
            "energy_drift", "number", "of the equilibration's last half, in fluctuations", False
        ),
        Column(
            *("mean_squared_displacement", "number"),
            *("of the equilibration asked for, in squared mean diameters", False),
        ),
        Column(
            "snapshot_overlap", "number", "mean overlap of a snapshot with the one before", False
        ),
        Column(
            *("diameter_correlation", "number"),
            *("of a particle's diameter with that in the snapshot before (swaps)", False),
        ),
        Column("translation_acceptance", "number", "of Monte Carlo moves", False),
        Column("swap_acceptance", "number", "of Monte Carlo swaps", False),
        Column("status", "text", "ok, or why no sample of the run can be used"),
    ),
    csv=True,
)

SWAP_PAIRS = 55.0
"""Pairs of molecular dynamics that an attempted move of swap Monte Carlo costs as much as."""

SNAPSHOT_EVALUATIONS = 2000.0
"""Force evaluations of the quench of a liquid's snapshot, its polish included, at N = 1,000."""

FIRE_EVALUATIONS = 2500.0
"""Steps of FIRE in LAMMPS from a liquid of a thousand particles to a minimum."""

POLISH_PRODUCTS = 2000.0
"""Products of the Hessian with vectors that take a minimum to round-off."""


def estimate_liquid(campaign, ensemble, temperature=None) -> Estimate:
    """A run's share of one of its snapshots.

    The decorrelation time is not known before it is measured: that of a run which is just
    equilibrated, a fifth of its equilibration, is an upper bound.
    """
    entry = campaign.ensembles[ensemble]
    model, particles, preparation = campaign.models[entry.model], entry.particles, entry.preparation
    snapshots = min(entry.snapshots, entry.samples)
    duration = float(preparation["equilibration"])
    duration += 0.2 * duration * (3.0 + preparation.get("spacing", 2.0) * snapshots)
    if preparation["dynamics"] == "swap":
        pairs = duration * particles * SWAP_PAIRS
    else:
        steps = duration / preparation.get("time_step", model.time_step)
        pairs = THERMOSTAT * steps * mean_pairs(model, particles)
    frame = particles * 8 * (model.dimension + 1)
    return Estimate(
        memory=BASE_MEMORY + 150e6 + 10e3 * particles + 2.0 * snapshots * frame,
        core_seconds=pairs / rate("dynamics_pairs") / snapshots,
        disk=frame,
    )


def _softening(model, particles) -> float:
    """Steps of a quench over those at N = 1,000: longer in a larger box, whose modes are softer."""
    return (particles / 1000.0) ** (1.0 / model.dimension)


def estimate_glass(campaign, ensemble, temperature=None) -> Estimate:
    """One inherent structure."""
    entry = campaign.ensembles[ensemble]
    model, particles, preparation = campaign.models[entry.model], entry.particles, entry.preparation
    if preparation["protocol"] == "equilibrium":
        pairs = SNAPSHOT_EVALUATIONS * _softening(model, particles) * mean_pairs(model, particles)
        return Estimate(
            memory=BASE_MEMORY + 150e6 + 5.0 * expansion_memory(model, particles),
            core_seconds=pairs / rate("quench_pairs"),
            disk=particles * (8 * model.dimension + 12),
        )
    annealing = preparation.get("annealing", 0.0)
    time = (preparation.get("equilibration") or 0.0) + annealing
    if preparation["protocol"] == "cooling":
        fall = preparation["parent_temperature"] - preparation.get("final_temperature", 0.0)
        time += fall / preparation.get("rate", 1e-3)
    steps = time / preparation.get("time_step", model.time_step)
    evaluations = FIRE_EVALUATIONS * _softening(model, particles)
    quenches = 2.0 if annealing else 1.0
    work = (THERMOSTAT * steps + quenches * evaluations) * mean_pairs(model, particles)
    return Estimate(
        memory=BASE_MEMORY
        + LAMMPS_MEMORY
        + 3e3 * particles
        + 2.0 * expansion_memory(model, particles),
        core_seconds=work / rate("dynamics_pairs")
        + POLISH_PRODUCTS * hessian_nonzeros(model, particles) / rate("sparse_nonzeros"),
        disk=particles * (8 * model.dimension + 12),
    )


def equilibrate(task) -> None:
    """Equilibrate one liquid and take its snapshots; an interrupted run goes on from its state."""
    import pandas as pd

    from glassmodes.simulation.liquids import equilibrate_liquid, liquid_record, write_liquid

    ensemble, model, run = task.ensemble, task.model, task.job.index
    state = task.partial.folder / "state.h5"
    if state.is_file():
        task.log.info("run %d goes on where an earlier job was stopped", run)
    liquid = equilibrate_liquid(
        *(model, ensemble, run, task.campaign.seed), state=state, attributes=task.attributes
    )
    record = pd.DataFrame([liquid_record(liquid, ensemble)])
    if liquid.status != "ok":
        task.left_out |= dict.fromkeys(task.samples, liquid.status)
        task.log.warning("run %d: no sample of it can be used: %s", run, liquid.status)
    write_liquid(task.path("liquids"), liquid, model, task.array_attributes)
    task.write_table("equilibration", [task.with_sample(record, task.samples.start)])
    task.partial.remove()
    task.log.info(
        "run %d: %s, %d snapshots, decorrelation time %.4g, energy per particle %.6f",
        *(run, liquid.status, len(liquid.positions)),
        *(record["decorrelation_time"][0], record["energy"][0]),
    )


def prepare(task) -> None:
    """Prepare the inherent structures of one bundle."""
    from glassmodes.data.storage import read_glasses, sample_group, write_glasses
    from glassmodes.simulation.liquids import read_liquid
    from glassmodes.simulation.preparation import prepare_glass

    ensemble, model = task.ensemble, task.model
    liquids = dict(zip(ensemble.runs_of(task.job.index), task.paths("liquids"), strict=True))

    def part_path(sample):
        return task.partial.folder / f"{sample_group(sample)}.glass.h5"

    def compute(sample, ranks) -> Part:
        liquid = None
        if liquids:
            run, snapshot = ensemble.snapshot_of(sample)
            liquid = read_liquid(liquids[run], slice(snapshot, snapshot + 1))
        glass = prepare_glass(
            *(model, ensemble, sample, task.campaign.seed), liquid=liquid, communicator=ranks
        )
        if ranks.rank == 0:
            write_glasses(part_path(sample), [glass], model, task.attributes)
            task.log.info(
                "sample %d: %s, energy per particle %.6f, largest force %.1e",
                *(sample, glass.status, glass.energy / ensemble.particles, glass.max_force),
            )
        return Part(status=glass.status)

    def write(samples) -> None:
        glasses = [glass for sample in samples for glass in read_glasses(part_path(sample))]
        write_glasses(task.path("glasses"), glasses, model, task.array_attributes)

    samples = {sample: sample for sample in task.samples}
    each_sample(task, samples, compute, write_arrays=write)


STUDY = Study(
    name="",
    stages=(
        Stage(
            name="equilibrate_liquids",
            per="run",
            makes=(LIQUIDS, EQUILIBRATION),
            run=equilibrate,
            estimate=estimate_liquid,
            ensembles=lambda campaign: [
                name for name in campaign.prepared() if campaign.ensembles[name].runs
            ],
        ),
        Stage(
            name="prepare_glasses",
            per="bundle",
            reads=("liquids",),
            makes=(GLASSES,),
            run=prepare,
            estimate=estimate_glass,
            ranks="samples",
        ),
    ),
)
