"""Memory and time of every stage, known before it runs.

Each function takes numbers of a campaign alone and returns an :class:`Estimate` for one sample.
Rates were measured on one core of a 2020s server (AVX2); they are upper estimates, and the
profiles scale them by the attempt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.campaign import Campaign
from analysis.models import GlassModel

BASE_MEMORY = 350e6
"""Bytes of an interpreter with its libraries."""

ATOM_STEPS = 1.0e6
"""Particles times time steps a second of molecular dynamics on one core."""

LIQUID_STEPS = 3.0e6
"""Particles times time steps a second of our own molecular dynamics on one core, 20 neighbours."""

SWAP_MOVES = 1.5e6
"""Attempted moves a second of swap Monte Carlo on one core."""

SNAPSHOT_EVALUATIONS = 2000.0
"""Force evaluations of the quench of a liquid's snapshot, its polish included."""

FORCE_ATOMS = 2.5e6
"""Particles times force evaluations a second of a quench on one core."""

QUENCH_EVALUATIONS = 300.0
"""Force evaluations of a quench from a thermal configuration, on average."""

KNOWN_MEMORY = 2.5e8
"""Bytes for the structures of earlier frames that quenches may recognise."""

DENSE_FLOPS = 2.0e10
"""Floating-point operations a second of a dense eigen-solver on one core."""

PRODUCT_FLOPS = 4.0e10
"""Floating-point operations a second of single-precision matrix products on one core."""

LARGEST_FACTOR = 64e9
"""Bytes of the largest factorisation that is tried before an iterative solver."""

FACTOR_FLOPS = 6.0e10
"""Floating-point operations a second, by their usual count, of a sparse Cholesky on one core."""

FACTOR_NONZEROS = 23e6
"""Non-zeros of the LDL^T factor of the Hessian of 4,000 particles in three dimensions."""


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


def neighbours(model: GlassModel) -> float:
    """Mean number of neighbours within the cutoff of a particle."""
    d = model.dimension
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    reach = model.potential.cutoff * (
        0.5 * (sum(model.size_range))
        if model.is_polydisperse
        else float(model.fractions @ model.pair_diameters @ model.fractions)
    )
    return model.density * ball * reach**d


def _expansion_memory(model: GlassModel, particles: int) -> float:
    pairs = 0.5 * neighbours(model) * particles
    d = model.dimension
    # list, separations and five derivatives of each pair; Hessian blocks of both its members
    return pairs * (8 + 8 * (d + 1) + 80) + (2 * pairs + particles) * d * d * 12


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
        seconds = duration * particles / SWAP_MOVES
    else:
        seconds = (
            duration / preparation.get("time_step", model.time_step) * particles / LIQUID_STEPS
        )
        # forces cost as many pairs as there are
        seconds *= max(1.0, neighbours(model) / 20.0)
    frame = particles * 8 * (model.dimension + 1)
    return Estimate(
        memory=BASE_MEMORY + 150e6 + 10e3 * particles + 2.0 * snapshots * frame,
        core_seconds=(20.0 + seconds) / snapshots,
        disk=frame,
    )


def prepare(model: GlassModel, particles: int, preparation: dict) -> Estimate:
    """One inherent structure."""
    if preparation["protocol"] == "equilibrium":
        return Estimate(
            memory=BASE_MEMORY + 150e6 + 5.0 * _expansion_memory(model, particles),
            core_seconds=1.0 + SNAPSHOT_EVALUATIONS * particles / FORCE_ATOMS,
            disk=particles * (8 * model.dimension + 12),
        )
    time = preparation.get("equilibration") or 0.0
    if preparation["protocol"] == "cooling":
        fall = preparation["parent_temperature"] - preparation.get("final_temperature", 0.0)
        time += fall / preparation.get("rate", 1e-3)
    steps = time / preparation.get("time_step", model.time_step) + 10_000
    return Estimate(
        memory=BASE_MEMORY + 3e3 * particles + 2.0 * _expansion_memory(model, particles),
        core_seconds=20.0 + steps * particles / ATOM_STEPS,
        disk=particles * (8 * model.dimension + 12),
    )


def solve_modes(model: GlassModel, particles: int, request) -> Estimate:
    """Modes of one sample."""
    d = model.dimension
    size = d * particles
    modes = mode_count(request, particles, d, modes_per_volume(model))
    stored = 8.0 * modes * size
    if request == "all":
        work, seconds = 24.0 * size**2, 10.0 * size**3 / DENSE_FLOPS
    else:
        factor = FACTOR_NONZEROS * (particles / 4000.0) ** (2.0 * (d - 1) / d)
        work = 12.0 * factor + 3.0 * stored
        seconds = 20.0 * (particles / 4000.0) ** (3.0 * (d - 1) / d) + modes * factor * 8e-9
        if 12.0 * factor > LARGEST_FACTOR:
            # an iterative solver keeps a few blocks of vectors instead
            work = 6.0 * stored
            seconds = modes * 1000.0 * (neighbours(model) + 1.0) * particles * d * d * 2e-9
    return Estimate(
        memory=BASE_MEMORY + _expansion_memory(model, particles) + work + stored,
        core_seconds=10.0 + seconds,
        disk=stored,
    )


def density_of_states(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Kernel-polynomial density of states of one sample."""
    d = model.dimension
    nonzeros = (neighbours(model) + 1.0) * particles * d * d
    return Estimate(
        memory=BASE_MEMORY + _expansion_memory(model, particles) + 8.0 * 64 * d * particles,
        core_seconds=10.0 + block["moments"] * block["random_vectors"] * nonzeros * 2e-9,
        disk=1e5,
    )


def dynamics(model: GlassModel, particles: int, block: dict) -> Estimate:
    """One trajectory."""
    step = block.get("time_step", model.time_step)
    time = block["duration"] + block["equilibration"]
    frames = block["duration"] / block["interval"] + 1.0
    return Estimate(
        memory=BASE_MEMORY + 10e3 * particles + 64.0 * 16.0 * model.dimension * particles,
        core_seconds=20.0 + time / step * particles / ATOM_STEPS,
        disk=16.0 * model.dimension * particles * frames,
    )


def _known_memory(model: GlassModel, particles: int) -> float:
    # positions, and the list and derivatives of the pairs of each
    pairs = 0.5 * neighbours(model) * particles
    return pairs * (8 + 8 * (model.dimension + 1) + 80) + 8 * model.dimension * particles


def known_structures(model: GlassModel, particles: int) -> int:
    """Structures of earlier frames that quenches may recognise; as many again may join them."""
    return int(min(32, max(3, KNOWN_MEMORY // _known_memory(model, particles))))


def inherent_structures(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Inherent structures along one run."""
    d = model.dimension
    step = block.get("time_step", model.time_step)
    time = block["duration"] + block["equilibration"]
    frames = block["duration"] / block["interval"] + 1.0
    return Estimate(
        # structures that quenches may recognise, and two batches of frames on the first rank
        memory=BASE_MEMORY
        + 10e3 * particles
        + 2.0 * known_structures(model, particles) * _known_memory(model, particles)
        + 128.0 * 8.0 * d * particles,
        core_seconds=20.0
        + time / step * particles / ATOM_STEPS
        + frames * particles * QUENCH_EVALUATIONS / FORCE_ATOMS,
        # each structure another in the worst case, and the series
        disk=frames * (8.0 * d * particles + 100.0),
    )


def rearrangements(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Tables of the rearrangements along one run."""
    frames = block["duration"] / block["interval"] + 1.0
    return Estimate(
        memory=BASE_MEMORY + 1e3 * frames + 1e3 * particles,
        core_seconds=10.0 + frames * particles * model.dimension * 1e-7,
        disk=200.0 * (frames + particles),
    )


def lifetimes(model: GlassModel, particles: int, modes: int, frames: float) -> Estimate:
    """Lifetimes of the modes of one sample at one temperature."""
    size = model.dimension * particles
    energies = min(4.0 * modes * frames, 2.0 * 2**30)
    flops = 4.0 * modes * size * frames
    return Estimate(
        memory=BASE_MEMORY + 12.0 * modes * size + 3.0 * energies,
        core_seconds=20.0 + 2.0 * flops / PRODUCT_FLOPS + modes * frames * 1e-6,
        disk=200.0 * modes,
    )


def mean_squared_displacement(model: GlassModel, particles: int, frames: float) -> Estimate:
    """Mean-squared displacement of one trajectory."""
    d = model.dimension
    return Estimate(
        memory=BASE_MEMORY + 5e8,
        core_seconds=10.0 + frames * particles * d * 1e-6,
        disk=1e4,
    )


def decay_rates(model: GlassModel, particles: int, broadening: float) -> Estimate:
    """Decay rates of all modes of one sample."""
    d = model.dimension
    size = d * particles
    # a quarter of all (sum, l) columns, each a sparse product and one with the modes m within four
    # standard deviations of resonance, in a spectrum 25 wide
    window = min(1.0, 8.0 * broadening / 25.0)
    flops = size**2 / 4.0 * 2.0 * size * (d * (neighbours(model) + 1.0) + window * size)
    return Estimate(
        memory=BASE_MEMORY + _expansion_memory(model, particles) + 28.0 * size**2 + 1e9,
        core_seconds=20.0 + flops / PRODUCT_FLOPS,
        disk=50.0 * size,
    )


def excitations(model: GlassModel, particles: int, modes: int, block: dict) -> Estimate:
    """Excitations of the modes of one sample; every rank holds the sample by itself."""
    grid = math.log(block["largest_amplitude"] / block["smallest_amplitude"])
    minimisations = 1.5 * grid / math.log(block["grid_factor"])
    minimisations += math.log2(math.log(block["grid_factor"]) / block["relative_precision"] + 1.0)
    # a quench takes longer in a larger box, as its lowest mode is softer
    evaluations = 2000.0 * (particles / 2000.0) ** (1.0 / 3.0)
    seconds = evaluations * 5e-9 * particles * (neighbours(model) + 10.0)
    size = model.dimension * particles
    # distinct structures and what recognises them, a dozen at a time
    known = 12.0 * (_expansion_memory(model, particles) + 16.0 * size)
    return Estimate(
        # compiled kernels and both pair lists of the descent
        memory=BASE_MEMORY + 150e6 + 5.0 * _expansion_memory(model, particles) + known,
        core_seconds=20.0 + modes * minimisations * seconds,
        disk=400.0 * modes + 60.0 * particles * block["fields"],
    )


def cubic_amplitudes(model: GlassModel, particles: int, modes: int) -> Estimate:
    """Cubic amplitudes of the modes of one sample, read one by one."""
    bonds = 0.5 * neighbours(model) * particles
    return Estimate(
        memory=BASE_MEMORY + 2.0 * _expansion_memory(model, particles) + 100.0 * particles,
        core_seconds=10.0 + modes * (bonds * 2e-8 + particles * 5e-8),
        disk=60.0 * modes,
    )


def quasilocalized(model: GlassModel, particles: int, block: dict) -> Estimate:
    """Quasilocalized excitations of one sample, on one rank."""
    d = model.dimension
    size = d * particles
    # the factor fills as N^(2 - 2/d), with the square of the separators' width in neighbours
    width = (neighbours(model) / 66.0) ** (2.0 / d)
    factor = FACTOR_NONZEROS * width * (particles / 4000.0) ** (2.0 * (d - 1) / d)
    factor *= (d / 3.0) ** 2 * {2: 0.3, 3: 0.75, 4: 1.9}[d]
    factor = min(factor, 0.5 * size**2)
    modes = block["harmonic_modes"]
    planes = d * (d - 1) // 2
    solved = modes * (2.0 + block["second_quartic"] + block["pseudo_harmonic"])
    solved += 2 * planes * block["nonaffine_starts"]
    starts = block["population_harmonic_modes"] + block["population_dipoles"]
    solved += 2.0 * (starts + 2 * planes) if starts else 0.0
    # solves with the factor: 15 for each nonlinear mode, 20 for each harmonic one
    solves = 15.0 * solved + 20.0 * (modes + 2.0) + 20.0 * starts + 4.0 * planes
    pairs = 0.5 * neighbours(model) * particles
    seconds = 2.0 * factor**1.5 / FACTOR_FLOPS + solves * (1e-9 * factor + 1.5e-8 * pairs)
    seconds += 1e-5 * pairs
    if block["solver"] != "fixed_point":
        seconds += solved * 400.0 * 3.5e-8 * pairs
    rows = 400.0 * (solved + 1.0) + (8.0 * size * solved if block["keep_vectors"] else 0.0)
    if block["profiles"]:
        rows += 40.0 * solved * particles ** (1.0 / d)
    return Estimate(
        memory=BASE_MEMORY
        + 3.0 * _expansion_memory(model, particles)
        + 18.0 * factor
        + 8.0 * size * (300.0 + solved + starts),
        core_seconds=0.1 + seconds,
        disk=rows,
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
        follows = rule == "follow_inherent_structures"
        return (inherent_structures if follows else rearrangements)(model, particles, block)
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
        return decay_rates(model, particles, max(block["broadenings"]))
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
    # analyse_modes and the joint density read the modes, and solve a few linear systems
    size = model.dimension * particles
    return Estimate(
        memory=BASE_MEMORY + _expansion_memory(model, particles) + 16.0 * modes * size,
        core_seconds=20.0 + 1e-6 * modes * size,
        disk=100.0 * modes,
    )
