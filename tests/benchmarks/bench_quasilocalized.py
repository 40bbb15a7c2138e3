"""Contractions against memory bandwidth; the modes of one sample, step by step, in core-seconds.

The goal is a sample's harmonic, quartic and cubic mode in one core-second at N = 2,048, as many
thousand samples are wanted. Core-seconds are those of the process, whatever else the machine does.
With the quench of a snapshot of the liquid they are what a sample of Table I of kapteijns2020_nqe
costs; the law that this gives is compared with the planner's for the whole of the 3D table.
"""

from __future__ import annotations

import time

import numpy as np
from glassmodes.campaign.planning import make_plan
from glassmodes.campaign.settings import ROOT, load_campaign
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape
from glassmodes.landscape.quench import Quencher
from glassmodes.mechanics import elastic_moduli
from glassmodes.models import get_model
from glassmodes.modes import InverseHessian
from glassmodes.quasilocalized import Settings, excitation_rows, find_excitations, iterate, minimise
from glassmodes.simulation.liquids import equilibrate_liquid
from glassmodes.simulation.preparation import prepare_glass

from tests.benchmarks.timing import compared, measured, scaling_exponent

SIZES = (512, 1024, 2048)
SNAPSHOT_SIZES, SNAPSHOTS = (512, 2048, 8192), 4
SNAPSHOT = {
    **{"protocol": "equilibrium", "dynamics": "molecular", "parent_temperature": 2.0},
    # eight decorrelation times
    **{"equilibration": 5.0, "snapshots": 1},
}

SECONDS_A_DAY = 86400.0
PAIR_BYTES = 64
"""That a contraction reads of each pair in three dimensions: separation, B_1 ... B_4, two ids."""


def inherent_structure(name, particles, seed=0):
    """A glass from a random start, walked down by the compiled FIRE."""
    model = get_model(name)
    rng = np.random.default_rng([seed, particles])
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    found = Quencher(landscape).quench(rng.random((particles, model.dimension)) * box)
    assert found.converged
    return landscape, found.positions


def core_seconds(function, *arguments, calls=1, repeats=3):
    """Least processor time of one call after one to warm up, and what it returns."""
    result = function(*arguments)
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(calls):
            result = function(*arguments)
        best = min(best, (time.process_time() - start) / calls)
    return best, result


def copy_bandwidth(size=2**24):
    """Bytes a second of a copy that no cache holds, read and written."""
    source, target = np.ones(size), np.empty(size)
    seconds, _ = core_seconds(np.copyto, target, source, calls=3)
    return 16.0 * size / seconds


def bandwidth_rows(expansion, name):
    """Each contraction's rate, and the memory traffic of the pairs against that of a copy."""
    z = np.random.default_rng(1).standard_normal(expansion.positions.shape)
    z /= np.linalg.norm(z)
    copy = copy_bandwidth()
    for label, function in (
        ("kappa, tau, chi", expansion.forms),
        ("M z", expansion.hessian_product),
        ("M z, U'''':zzz", lambda z: expansion.contractions(z, cubic=False)),
        ("M z, U''':zz, U'''':zzz", expansion.contractions),
    ):
        seconds, _ = core_seconds(function, z, calls=50)
        yield measured(f"{label}, {name}", 1.0 / seconds, "contractions/s")
        traffic = PAIR_BYTES * expansion.pairs / seconds
        yield compared(
            f"{label}, {name}, pairs", 1e-9 * traffic, "GB/s", "copy in memory", 1e-9 * copy
        )


def sample_rows(landscape, positions, particles):
    """Core-seconds of each step of one sample."""
    expansion = landscape.expand(positions)

    def factorised():
        return InverseHessian.of_expansion(expansion)

    seconds, inverse = core_seconds(factorised, repeats=1)
    yield measured(f"factorisation, N = {particles}", seconds, "core-s")
    seconds, (_, vectors, _) = core_seconds(inverse.lowest, 2)
    yield measured(f"lowest two modes, N = {particles}", seconds, "core-s")
    start = vectors[0]
    for kind in ("quartic", "cubic"):
        fast, found = core_seconds(iterate, expansion, inverse, kind, start)
        slow, other = core_seconds(minimise, expansion, kind, start, repeats=1)
        plain = iterate(expansion, inverse, kind, start, accelerate=False)
        yield compared(f"{kind} mode, N = {particles}", fast, "core-s", "minimisation", slow)
        yield measured(f"{kind} mode, accelerated maps", found.iterations, "")
        yield measured(f"{kind} mode, plain maps", plain.iterations, "")
        yield measured(f"{kind} mode, descent steps", other.iterations, "")
        yield measured(
            f"{kind} mode, 1 - overlap of the solvers",
            1.0 - abs(np.vdot(found.field, other.field)),
            "",
            goal="<= 1e-8",
        )
        start = found.field
    seconds, _ = core_seconds(lambda: elastic_moduli(expansion, solve=inverse.solve))
    yield measured(f"moduli, N = {particles}", seconds, "core-s")
    inverse.close()


def whole_sample(landscape, positions, settings):
    """What the program does with one sample after its quench."""
    expansion = landscape.expand(positions)
    return excitation_rows(expansion, find_excitations(expansion, settings))


def from_snapshot(model, ensemble, sample, liquid, settings):
    """Quench, polish and modes of one sample."""
    glass = prepare_glass(model, ensemble, sample, 1, liquid=liquid)
    assert glass.status == "ok", glass.status
    landscape = Landscape.of_glass(model, glass)
    return whole_sample(landscape, glass.positions, settings)


def table_rows(costs):
    """Core-days of Table I as the planner has them; in three dimensions beside a law.

    The law goes through the measured costs from snapshot to table; the runs of the liquid stand in
    rows of their own.
    """
    campaign = load_campaign(ROOT / "config" / "papers" / "kapteijns2020_nqe.yaml")
    groups = make_plan(campaign).groups
    ensembles = campaign.ensembles
    power = scaling_exponent(SNAPSHOT_SIZES, costs)
    law = 0.0
    for ensemble in ensembles.values():
        if ensemble.model == "ipl10_3d":
            law += ensemble.samples * costs[-1] * (ensemble.particles / SNAPSHOT_SIZES[-1]) ** power
    for model in dict.fromkeys(ensemble.model for ensemble in ensembles.values()):

        def days(*rules, model=model):
            chosen = [g for g in groups if g.rule in rules and ensembles[g.ensemble].model == model]
            return sum(group.core_seconds for group in chosen) / SECONDS_A_DAY

        name = f"Table I, {model}, glasses and modes as planned"
        samples = days("prepare_glasses", "find_quasilocalized_modes")
        if model == "ipl10_3d":
            yield compared(*(name, samples, "core-d", f"law of N^{power:.2f}", law / SECONDS_A_DAY))
        else:
            yield measured(name, samples, "core-d")
        liquids = days("equilibrate_liquids")
        if liquids > 0.0:
            yield measured(f"Table I, {model}, liquids as planned", liquids, "core-d")


def run():
    """Rows of the benchmark table."""
    costs = []
    for particles in SIZES:
        landscape, positions = inherent_structure("ipl10_3d", particles)
        settings = Settings(second_quartic=False)
        seconds, _ = core_seconds(whole_sample, landscape, positions, settings, repeats=2)
        costs.append(seconds)
        yield measured(
            f"harmonic, quartic, cubic and moduli, N = {particles}",
            seconds,
            "core-s",
            goal="<= 1 at N = 2048",
        )
    yield measured("exponent of N", scaling_exponent(SIZES, costs), "")
    model, costs = get_model("ipl10_3d"), []
    for particles in SNAPSHOT_SIZES:
        ensemble = Ensemble("snapshot", model.name, particles, SNAPSHOTS, SNAPSHOTS, SNAPSHOT)
        seconds = 0.0
        for sample in range(SNAPSHOTS):
            liquid = equilibrate_liquid(model, ensemble, sample, 1)
            start = time.process_time()
            from_snapshot(model, ensemble, sample, liquid, Settings())
            seconds += (time.process_time() - start) / SNAPSHOTS
        costs.append(seconds)
        yield measured(f"liquid snapshot to table, N = {particles}", seconds, "core-s")
    yield from table_rows(costs)
    yield from sample_rows(landscape, positions, SIZES[-1])
    yield from bandwidth_rows(landscape.expand(positions), f"N = {SIZES[-1]}")
    landscape, positions = inherent_structure("poly", 2000)
    seconds, _ = core_seconds(
        whole_sample, landscape, positions, Settings(nonaffine_starts=True), repeats=1
    )
    yield measured("polydisperse, six more starts, N = 2000", seconds, "core-s")
