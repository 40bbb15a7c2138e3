"""Memory and time of every stage, known before it runs.

Each function takes numbers of a campaign alone (particles, neighbours, steps, modes) and returns
an :class:`Estimate` for one sample: so many operations of each kind, over the rate at which the
machine does them (:mod:`glassmodes.campaign.rates`). What a rank needs to start is no part of it.
:mod:`glassmodes.campaign.planning` makes jobs of samples, and asks for what they need.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from glassmodes.campaign.rates import rate
from glassmodes.campaign.settings import Campaign
from glassmodes.models import GlassModel
from glassmodes.models.sizes import (
    expansion_memory,
    factor_nonzeros,
    hessian_nonzeros,
    known_structure_memory,
    known_structures,
    mean_pairs,
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

SWAP_PAIRS = 55.0
"""Pairs of molecular dynamics that an attempted move of swap Monte Carlo costs as much as."""

SNAPSHOT_EVALUATIONS = 2000.0
"""Force evaluations of the quench of a liquid's snapshot, its polish included, at N = 1,000."""

QUENCH_EVALUATIONS = 300.0
"""Force evaluations of a quench from a thermal configuration, on average."""

LARGEST_FACTOR = 64e9
"""Bytes of the largest factorisation that is tried before an iterative solver."""

FACTOR_FLOPS = 0.3
"""Operations of an LDL^T factorisation over its non-zeros to the power of 3/2."""

FIRE_EVALUATIONS = 2500.0
"""Steps of FIRE in LAMMPS from a liquid of a thousand particles to a minimum."""

POLISH_PRODUCTS = 2000.0
"""Products of the Hessian with vectors that take a minimum to round-off."""

CHUNK_MEMORY = 130e6
"""Bytes of the frames of a run that are kept until they are written."""

RESONANT_SHARE = 0.3
"""Resonant triples that are summed, over those of a flat spectrum."""


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


def equilibrate_liquid(model: GlassModel, particles: int, preparation: dict, snapshots: int):
    """A run's share of one of its snapshots.

    The decorrelation time is not known before it is measured: that of a run which is just
    equilibrated, a fifth of its equilibration, is an upper bound.
    """
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


def factorisation(model: GlassModel, particles: int) -> tuple[float, float, float]:
    """Bytes and core-seconds of one LDL^T factorisation, and core-seconds of a solution."""
    nonzeros = factor_nonzeros(particles, neighbours(model) + 1.0, model.dimension)
    return (
        12.0 * nonzeros,
        FACTOR_FLOPS * nonzeros**1.5 / rate("factor_flops"),
        2.0 * nonzeros / rate("solve_nonzeros"),
    )


def _softening(model: GlassModel, particles: int) -> float:
    """Steps of a quench over those at N = 1,000: longer in a larger box, whose modes are softer."""
    return (particles / 1000.0) ** (1.0 / model.dimension)


def prepare(model: GlassModel, particles: int, preparation: dict) -> Estimate:
    """One inherent structure."""
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


def solve_modes(model: GlassModel, particles: int, request) -> Estimate:
    """Modes of one sample."""
    d = model.dimension
    size = d * particles
    modes = mode_count(request, particles, d, modes_per_volume(model))
    stored = 8.0 * modes * size
    if request == "all":
        # the matrix, its copies and LAPACK's work space
        work, seconds = 36.0 * size**2 - stored, 15.0 * size**3 / rate("dense_flops")
    else:
        factor, factorising, solving = factorisation(model, particles)
        # twelve vectors of the Lanczos basis for each mode, or one slice after another
        work = factor + min(12.0 * stored, 3.0 * stored + 8.0 * 2000 * size)
        sweeps = 2.0 + modes / 75.0 if "below" in request else 1.5
        seconds = 1.0 + sweeps * factorising + 4.0 * modes * solving
        if factor > LARGEST_FACTOR:
            # an iterative solver keeps a few blocks of vectors instead
            work = 6.0 * stored
            seconds = modes * 1000.0 * hessian_nonzeros(model, particles) / rate("sparse_nonzeros")
    return Estimate(
        memory=BASE_MEMORY + SPARSE_MEMORY + expansion_memory(model, particles) + work + stored,
        core_seconds=seconds,
        disk=stored,
    )


def analysis_of_modes(model: GlassModel, particles: int, modes: int) -> Estimate:
    """Participation ratios and phonon orders of the modes of one sample, and its moduli."""
    size = model.dimension * particles
    # conjugate gradients, which take about as long as a factorisation, and none of its memory
    _, factorising, solving = factorisation(model, particles)
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + expansion_memory(model, particles)
        + 32.0 * modes * size
        + 300.0 * size,
        core_seconds=factorising + 10.0 * solving + 60.0 * modes * size / rate("sparse_nonzeros"),
        disk=100.0 * modes,
    )


def joint_density(model: GlassModel, particles: int, modes: int) -> Estimate:
    """Joint density of states of one sample, from its frequencies alone."""
    return Estimate(
        memory=BASE_MEMORY,
        core_seconds=modes * modes / rate("sparse_nonzeros"),
        disk=2e4,
    )


def density_of_states(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Kernel-polynomial density of states of one sample."""
    products = block["moments"] * block["random_vectors"]
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + expansion_memory(model, particles)
        + 8.0 * 64 * model.dimension * particles,
        core_seconds=products * hessian_nonzeros(model, particles) / rate("sparse_nonzeros"),
        disk=1e5,
    )


def _run_seconds(model: GlassModel, particles: int, block: dict) -> float:
    time = block["duration"] + THERMOSTAT * block["equilibration"]
    steps = time / block.get("time_step", model.time_step)
    return steps * mean_pairs(model, particles) / rate("dynamics_pairs")


def dynamics(model: GlassModel, particles: int, block: dict) -> Estimate:
    """One trajectory."""
    frames = block["duration"] / block["interval"] + 1.0
    trajectory = 16.0 * model.dimension * particles * frames
    return Estimate(
        # chunks of frames are kept until they are written
        memory=BASE_MEMORY
        + LAMMPS_MEMORY
        + 10e3 * particles
        + min(2.0 * trajectory, CHUNK_MEMORY + 64.0 * 16.0 * model.dimension * particles),
        core_seconds=_run_seconds(model, particles, block),
        disk=trajectory,
    )


def inherent_structures(
    model: GlassModel, particles: int, block: dict, temperature: float
) -> Estimate:
    """Inherent structures along one run."""
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
        core_seconds=_run_seconds(model, particles, block) + work / rate("quench_pairs"),
        # each structure another in the worst case, and the series
        disk=frames * (8.0 * d * particles + 100.0),
    )


def rearrangements(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Tables of the rearrangements along one run."""
    frames = block["duration"] / block["interval"] + 1.0
    return Estimate(
        memory=BASE_MEMORY + 30e6 + 1e3 * frames + 1e3 * particles,
        core_seconds=frames * particles * model.dimension * 1e-7,
        disk=200.0 * (frames + particles),
    )


def lifetimes(model: GlassModel, particles: int, modes: int, frames: float) -> Estimate:
    """Lifetimes of the modes of one sample at one temperature."""
    size = model.dimension * particles
    energies = min(4.0 * modes * frames, 2.0 * 2**30)
    # positions and velocities times vectors, in double precision
    flops = 2.0 * 4.0 * modes * size * frames
    return Estimate(
        memory=BASE_MEMORY + 12.0 * modes * size + 3.0 * energies,
        core_seconds=flops / rate("product_flops") + modes * frames * 1e-6,
        disk=200.0 * modes,
    )


def mean_squared_displacement(model: GlassModel, particles: int, frames: float) -> Estimate:
    """Mean-squared displacement of one trajectory."""
    values = frames * particles * model.dimension
    return Estimate(
        memory=BASE_MEMORY + min(8.0 * 8.0 * values, 5e8),
        core_seconds=values * 1e-7,
        disk=1e4,
    )


def decay_rates(model: GlassModel, particles: int, broadenings) -> Estimate:
    """Decay rates of all modes of one sample."""
    d = model.dimension
    size = d * particles
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


def excitations(model: GlassModel, particles: int, modes: int, block: dict) -> Estimate:
    """Excitations of the modes of one sample; every rank holds the sample by itself."""
    grid = math.log(block["largest_amplitude"] / block["smallest_amplitude"])
    minimisations = 1.5 * grid / math.log(block["grid_factor"])
    minimisations += math.log2(math.log(block["grid_factor"]) / block["relative_precision"] + 1.0)
    # a quench takes longer in a larger box, as its lowest mode is softer
    evaluations = 2000.0 * (particles / 2000.0) ** (1.0 / 3.0)
    seconds = evaluations * 0.5 * particles * (neighbours(model) + 10.0) / rate("quench_pairs")
    size = model.dimension * particles
    # distinct structures and what recognises them, a dozen at a time
    known = 12.0 * (expansion_memory(model, particles) + 16.0 * size)
    return Estimate(
        # compiled kernels and both pair lists of the descent
        memory=BASE_MEMORY + 150e6 + 5.0 * expansion_memory(model, particles) + known,
        core_seconds=modes * minimisations * seconds,
        disk=400.0 * modes + 60.0 * particles * block["fields"],
    )


def cubic_amplitudes(model: GlassModel, particles: int, modes: int) -> Estimate:
    """Cubic amplitudes of the modes of one sample, read one by one."""
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + 3.0 * expansion_memory(model, particles)
        + 100.0 * particles,
        core_seconds=modes
        * (2.0 * mean_pairs(model, particles) + 25.0 * particles)
        / rate("quench_pairs"),
        disk=60.0 * modes,
    )


def quasilocalized(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Quasilocalized excitations of one sample, on one rank."""
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


def boson_peak(campaign: Campaign, ensemble: str) -> Estimate:
    """Boson peak of one ensemble, from all its spectra at once."""
    source = campaign.spectrum_of(ensemble)
    entry = campaign.ensembles[source]
    model = campaign.models[entry.model]
    request = campaign.block("modes", source)["request"]
    modes = mode_count(request, entry.particles, model.dimension, modes_per_volume(model))
    rows = entry.samples * modes
    return Estimate(memory=BASE_MEMORY + 300.0 * rows, core_seconds=2e-6 * rows, disk=5e3)


def selected_fields(campaign: Campaign, ensemble: str) -> Estimate:
    """Pictures of the modes of some samples of one ensemble, which are solved for once more."""
    entry = campaign.ensembles[ensemble]
    model = campaign.models[entry.model]
    one = quasilocalized(model, entry.particles, campaign.block("quasilocalized", ensemble))
    shown = min(entry.samples, 3)
    return Estimate(
        memory=one.memory + 2e3 * entry.samples,
        core_seconds=shown * one.core_seconds + 1e-4 * entry.samples,
        disk=shown * 5.0 * entry.particles * 16.0 * model.dimension,
    )


def of_ensemble(campaign: Campaign, rule: str, ensemble: str) -> Estimate:
    """A rule that works on a whole ensemble at once."""
    rules = {"estimate_boson_peak": boson_peak, "select_quasilocalized_fields": selected_fields}
    return rules[rule](campaign, ensemble)


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


def stage(campaign: Campaign, rule: str, ensemble: str, temperature: float | None = None):
    """Estimate of one sample in a rule of the workflow.

    Parameters
    ----------
    campaign : Campaign
    rule : str
        Name of the rule.
    ensemble : str
    temperature : float, optional

    Returns
    -------
    Estimate
    """
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    if rule == "equilibrate_liquids":
        snapshots = min(entry.snapshots, entry.samples)
        return equilibrate_liquid(model, particles, entry.preparation, snapshots)
    if rule == "prepare_glasses":
        return prepare(model, particles, entry.preparation)
    if rule == "compute_density_of_states":
        return density_of_states(model, particles, campaign.block("density_of_states", ensemble))
    if rule in ("run_dynamics", "measure_lifetimes", "measure_mean_squared_displacement"):
        block = campaign.block("dynamics", ensemble, temperature)
        if rule == "run_dynamics":
            return dynamics(model, particles, block)
        frames = block["duration"] / block["interval"]
        if rule == "measure_mean_squared_displacement":
            return mean_squared_displacement(model, particles, frames)
    if rule in ("follow_inherent_structures", "measure_rearrangements"):
        block = campaign.block("transitions", ensemble, temperature)
        if rule == "measure_rearrangements":
            return rearrangements(model, particles, block)
        return inherent_structures(model, particles, block, temperature)
    if rule == "find_quasilocalized_modes":
        return quasilocalized(model, particles, campaign.block("quasilocalized", ensemble))
    request = campaign.block("modes", ensemble)["request"]
    modes = mode_count(request, particles, model.dimension, modes_per_volume(model))
    if rule == "solve_modes":
        return solve_modes(model, particles, request)
    if rule == "measure_lifetimes":
        return lifetimes(model, particles, modes, frames)
    if rule == "compute_decay_rates":
        block = campaign.block("decay_rates", ensemble)
        return decay_rates(model, particles, block["broadenings"])
    if rule == "compute_joint_density":
        return joint_density(model, particles, modes)
    if rule == "analyse_modes":
        return analysis_of_modes(model, particles, modes)
    if rule == "compute_cubic_amplitudes":
        return cubic_amplitudes(model, particles, modes)
    if rule == "measure_excitations":
        block = campaign.block("excitations", ensemble)
        if block["below"] == "boson_peak":
            # about one mode in two hundred is below the boson peak
            pulled = max(0.005 * model.dimension * particles, block["at_least"])
        else:
            window = {"below": block["below"]}
            below = mode_count(window, particles, model.dimension, modes_per_volume(model))
            pulled = max(below, block["at_least"])
        return excitations(model, particles, int(min(pulled + block["above"], modes)), block)
    raise ValueError(f"nobody has estimated the rule {rule!r}")
