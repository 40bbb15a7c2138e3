"""Nonlinear quasilocalized excitations: harmonic, quartic and cubic modes of every sample."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from glassmodes.campaign.estimates import (
    BASE_MEMORY,
    SPARSE_MEMORY,
    Estimate,
    factorisation,
)
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext
from glassmodes.data.columns import SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, mean_pairs


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


QUASILOCALIZED_VECTORS = Array("quasilocalized_vectors", "quasilocalized")

_KIND = (
    Column("kind", "text", "harmonic, quartic, cubic, second_quartic or pseudo_harmonic"),
    Column("mode", "integer", "of a kind, 0-based"),
)

QUASILOCALIZED = Table(
    "quasilocalized",
    (
        *SAMPLE,
        *_KIND,
        Column("start", "text", "field that the solver began from, such as harmonic or quartic"),
        Column("frequency", "number", "square root of the stiffness", False),
        Column("stiffness", "number", "kappa = M:zz of the unit vector (Eq. 11)", False),
        Column("cubic", "number", "tau = U''':zzz; the sign of z makes it positive", False),
        Column("quartic", "number", "chi = U'''':zzzz (Eq. 10)", False),
        Column("participation_ratio", "number", "e (Eq. 14)", False),
        Column("participants", "number", "N e", False),
        Column("cubic_energy", "number", "E_3 = kappa^3 / tau^2 (Eq. 31)", False),
        Column("quartic_energy", "number", "E_4 = kappa^2 / chi (Eq. 12)", False),
        Column("quartic_response", "number", "|U'''':zzz / chi| (Fig. 9a)", False),
        Column("residual", "number", "of the equation that defines the kind, over |M z|", False),
        Column("iterations", "integer", "of the solver"),
        Column("converged", "flag", "whether the residual is within the tolerance"),
        Column("outcome", "text", "converged, or how the solver ended instead"),
        Column("overlap_harmonic", "number", "|z . harmonic mode| of the same number", False),
        Column("overlap_quartic", "number", "|z . quartic mode| of the same number", False),
        Column("overlap_cubic", "number", "|z . cubic mode| of the same number", False),
        Column("overlap_solvers", "number", "of two solvers' modes; NaN if one was run", False),
        Column("difference", "number", "|Delta| = |z - harmonic mode|, signs alike", False),
        Column("difference_stiffness", "number", "M:DD of D = Delta / |Delta| (Eq. 24)", False),
        Column("shear_coupling", "number", "nu = d2U/(dgamma dx) . z, shear x -> x + g y", False),
        Column("shear_coupling_rms", "number", "root mean square over all shears", False),
        Column("seconds", "number", "wall time of the solver"),
    ),
)

QUASILOCALIZED_SAMPLES = Table(
    "quasilocalized_samples",
    (
        *SAMPLE,
        Column("status", "text", "ok, or why the sample has no modes"),
        Column("shear_modulus", "number", "G of the inherent structure", False),
        Column("bulk_modulus", "number", "K of the inherent structure", False),
        Column("pressure", "number", "of the inherent structure", False),
        Column("energy_per_particle", "number", "of the inherent structure", False),
        Column("max_force", "number", "largest force on a particle", False),
        Column("second_frequency", "number", "of the harmonic mode above those kept", False),
        Column("seconds", "number", "wall time of all modes and moduli of the sample"),
    ),
)

QUASILOCALIZED_PROFILES = Table(
    "quasilocalized_profiles",
    (
        *SAMPLE,
        *_KIND,
        Column("distance", "number", "centre of a shell around the core, minimum image"),
        Column("median_square", "number", "median of z_i . z_i over the shell's particles"),
        Column("mean_square", "number", "mean of z_i . z_i over the shell's particles"),
        Column("particles", "integer", "in the shell"),
    ),
)

QUASILOCALIZED_POPULATION = Table(
    "quasilocalized_population",
    (
        *SAMPLE,
        *_KIND,
        Column("start", "text", "first start that led to it"),
        Column("times_found", "integer", "starts that led to it"),
        Column("frequency", "number", "square root of the stiffness"),
        Column("stiffness", "number", "kappa"),
        Column("cubic", "number", "tau"),
        Column("quartic", "number", "chi"),
        Column("participation_ratio", "number", "e (Eq. 14)"),
        Column("residual", "number", "of the equation that defines the kind, over |M z|"),
        Column("shear_coupling", "number", "nu of the shear x -> x + g y"),
        Column("core", "integer", "particle that moves most"),
    ),
)

QUASILOCALIZED_GROWTH = Table(
    "quasilocalized_growth",
    (
        *SAMPLE,
        Column("kind", "text", "cubic or quartic"),
        Column("starts", "integer", "number of starts"),
        Column("distinct", "number", "modes that so many of all starts find, on average"),
        Column("coverage", "number", "chance that one more start finds a known mode", False),
        Column("total", "number", "estimated number of modes in reach (Chao)", False),
    ),
)

QUASILOCALIZED_FIELDS = Table(
    "quasilocalized_fields",
    (
        *SAMPLE,
        Column("role", "text", "why this sample: softest, hybridised (Fig. 1a) or phonon (1c)"),
        Column("kind", "text", "harmonic, quartic, cubic, second_quartic, or difference (Delta)"),
        Column("frequency", "number", "square root of the stiffness of the unit vector"),
        Column("particle", "integer", "0-based"),
        *(Column(axis, "number", "position", axis in "xy") for axis in "xyzw"),
        *(Column(f"d{axis}", "number", "component", axis in "xy") for axis in "xyzw"),
    ),
)


def estimate(campaign, ensemble, temperature=None) -> Estimate:
    """Quasilocalized excitations of one sample, on one rank."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    block = campaign.block("quasilocalized", ensemble)
    d = model.dimension
    size = d * particles
    factor, factoring, solving = factorisation(model, particles)
    modes = block["harmonic_modes"]
    planes = d * (d - 1) // 2
    solved = modes * (2.0 + block["second_quartic"] + block["pseudo_harmonic"])
    solved += 2 * planes * block["nonaffine_starts"]
    starts = block["population_harmonic_modes"] + block["population_dipoles"]
    solved += 2.0 * (starts + 2 * planes) if starts else 0.0
    # solves with the factor: 15 for each nonlinear mode, 20 for each harmonic one
    solves = 15.0 * solved + 20.0 * (modes + 2.0) + 20.0 * starts + 4.0 * planes
    # contractions of a field with derivatives, two evaluations of forces each
    contractions = solves + (400.0 * solved if block["solver"] != "fixed_point" else 0.0)
    seconds = factoring + solves * solving
    seconds += 2.0 * contractions * mean_pairs(model, particles) / rate("quench_pairs")
    rows = 400.0 * (solved + 1.0) + (8.0 * size * solved if block["keep_vectors"] else 0.0)
    if block["profiles"]:
        rows += 40.0 * solved * particles ** (1.0 / d)
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + 3.0 * expansion_memory(model, particles)
        + 1.5 * factor
        + 8.0 * size * (300.0 + solved + starts),
        core_seconds=seconds,
        disk=rows,
    )


def estimate_fields(campaign, ensemble, temperature=None) -> Estimate:
    """Pictures of the modes of some samples of one ensemble, which are solved for once more."""
    entry = campaign.ensembles[ensemble]
    one = estimate(campaign, ensemble)
    shown = min(entry.samples, 3)
    dimension = campaign.models[entry.model].dimension
    return Estimate(
        memory=one.memory + 2e3 * entry.samples,
        core_seconds=shown * one.core_seconds + 1e-4 * entry.samples,
        disk=shown * 5.0 * entry.particles * 16.0 * dimension,
    )


def find(task) -> None:
    """Find the modes of one bundle.

    A sample without modes has a status, a solver that did not converge an outcome in the table.
    """
    import pandas as pd

    block = task.block()

    def compute(glass, ranks) -> Part:
        tables, vectors = analyse(glass, task, block)
        report(task.log, glass.sample, tables)

        def write(group) -> None:
            for kind, datasets in vectors.items() if block["keep_vectors"] else ():
                for name, values in datasets.items():
                    group[f"{kind}/{name}"] = values

        frames = {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}
        return Part(frames, write, tables["quasilocalized_samples"][0]["status"])

    from glassmodes.data.storage import read_glasses
    from glassmodes.parallel import form_teams

    # a sample without an inherent structure has a row, too
    glasses = {glass.sample: glass for glass in read_glasses(task.path("glasses"))}
    each_sample(task, glasses, compute, team=form_teams(task.world, 1))


def analyse(glass, task, block):
    """All rows of one sample, by table, and the vectors of its modes, by kind."""
    import numpy as np

    from glassmodes.landscape import Landscape, NeighbourError
    from glassmodes.mechanics import MechanicsError
    from glassmodes.modes import InverseHessian, ModeError
    from glassmodes.quasilocalized import Settings as SolverSettings
    from glassmodes.quasilocalized import (
        excitation_rows,
        find_excitations,
        profile_rows,
        solver_seed,
    )

    tables = {table.name: [] for table in task.stage.tables}
    summary = dict.fromkeys(
        ("shear_modulus", "bulk_modulus", "pressure", "second_frequency"), np.nan
    )
    summary |= {
        "energy_per_particle": glass.energy / len(glass.positions),
        "max_force": glass.max_force,
        "seconds": 0.0,
    }

    def without_modes(status):
        tables["quasilocalized_samples"] = [{"status": status, **summary}]
        return tables, {}

    if not glass.is_usable:
        return without_modes(glass.status)
    settings = SolverSettings.of_block(block)
    seed = solver_seed(task.campaign.seed, task.ensemble.name, glass.sample)
    try:
        expansion, kept = (
            Landscape.of_glass(task.model, glass).expand(glass.positions).without_rattlers()
        )
        # one factorisation for all that is asked of the sample
        with InverseHessian.of_expansion(expansion) as inverse:
            found = find_excitations(expansion, settings, inverse=inverse, seed=seed)
            if block["population_harmonic_modes"] or block["population_dipoles"]:
                tables |= population(expansion, inverse, settings, block, seed)
    except (ModeError, MechanicsError, NeighbourError) as error:
        return without_modes(f"modes: {error}")
    tables["quasilocalized"] = excitation_rows(expansion, found)
    if block["profiles"]:
        tables["quasilocalized_profiles"] = profile_rows(found, expansion.positions, glass.box)
    summary |= {
        "shear_modulus": found.moduli.shear,
        "bulk_modulus": found.moduli.bulk,
        "pressure": found.moduli.pressure,
        "second_frequency": found.second_frequency,
        "seconds": found.seconds,
    }
    tables["quasilocalized_samples"] = [{"status": "ok", **summary}]
    vectors = {}
    frequency = {(row["kind"], row["mode"]): row["frequency"] for row in tables["quasilocalized"]}
    for kind in {one.kind for one in found.excitations}:
        of_kind = [one for one in found.excitations if one.kind == kind and one.converged]
        # rattlers do not take part in any mode
        fields = np.zeros((len(of_kind), *glass.positions.shape))
        for field, one in zip(fields, of_kind, strict=True):
            field[kept] = one.vector
        vectors[kind] = {
            "mode": np.array([one.mode for one in of_kind], dtype=int),
            "frequency": np.array([frequency[kind, one.mode] for one in of_kind]),
            "vectors": fields,
        }
    return tables, vectors


def population(expansion, inverse, settings, block, seed):
    """Rows of the tables of the population."""
    from glassmodes.quasilocalized import collect, growth_rows, population_rows, population_starts

    counts = block["population_harmonic_modes"], block["population_dipoles"]
    starts = population_starts(expansion, inverse, *counts, seed=seed)
    found = collect(expansion, inverse, starts, settings)
    return {
        "quasilocalized_population": population_rows(expansion, found),
        "quasilocalized_growth": growth_rows(found),
    }


def report(log, sample, tables):
    """One line on a sample."""
    summary = tables["quasilocalized_samples"][0]
    if summary["status"] != "ok":
        log.warning("sample %d has no modes: %s", sample, summary["status"])
        return
    modes = ", ".join(
        f"{row['kind']} {row['frequency']:.4g}"
        if row["converged"]
        else f"{row['kind']} {row['outcome']}"
        for row in tables["quasilocalized"]
    )
    log.info(
        "sample %d: %s; G = %.4g; %.2f s",
        *(sample, modes, summary["shear_modulus"], summary["seconds"]),
    )


def select_fields(task) -> None:
    """Fields of the modes of a few samples of an ensemble: softest, hybridised, phonon.

    The modes of these samples are found once more, so that no other sample's vectors need be kept.
    """
    import pandas as pd

    from glassmodes.data.storage import read_glasses, read_table
    from glassmodes.landscape import Landscape
    from glassmodes.quasilocalized import Settings as SolverSettings
    from glassmodes.quasilocalized import (
        choose_samples,
        field_rows,
        find_excitations,
        solver_seed,
    )

    ensemble = task.ensemble
    parts = [read_table(path) for path in task.paths("quasilocalized")]
    parts = [part for part in parts if len(part)]
    chosen = choose_samples(pd.concat(parts, ignore_index=True)) if parts else {}
    settings = SolverSettings.of_block(task.block())
    bundles = task.paths("glasses")
    frames = []
    for role, sample in chosen.items():
        glasses = read_glasses(bundles[sample // ensemble.bundle])
        glass = next(glass for glass in glasses if glass.sample == sample)
        landscape = Landscape.of_glass(task.model, glass)
        expansion, _ = landscape.expand(glass.positions).without_rattlers()
        seed = solver_seed(task.campaign.seed, ensemble.name, sample)
        frame = field_rows(expansion, find_excitations(expansion, settings, seed=seed))
        frame.insert(0, "role", role)
        frames.append(task.with_sample(frame, sample))
        task.log.info("%s: sample %d with %s", role, sample, ", ".join(frame["kind"].unique()))
    task.write_table("quasilocalized_fields", frames)


STUDY = Study(
    name="quasilocalized",
    settings=Settings,
    faults=faults,
    stages=(
        Stage(
            name="find_quasilocalized_modes",
            per="bundle",
            reads=("glasses",),
            makes=(
                QUASILOCALIZED_VECTORS,
                QUASILOCALIZED,
                QUASILOCALIZED_SAMPLES,
                QUASILOCALIZED_PROFILES,
                QUASILOCALIZED_POPULATION,
                QUASILOCALIZED_GROWTH,
            ),
            run=find,
            estimate=estimate,
            ranks="work",
        ),
        Stage(
            name="select_quasilocalized_fields",
            per="ensemble",
            reads=("glasses", "quasilocalized"),
            makes=(QUASILOCALIZED_FIELDS,),
            run=select_fields,
            estimate=estimate_fields,
        ),
    ),
)
