"""Preparation of glasses and crystals: statuses, seeds, bundles, bad settings."""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape, relax
from glassmodes.models import load_models
from glassmodes.simulation import (
    PreparationError,
    SessionError,
    crystalline_fraction,
    fcc_crystal,
    prepare_glass,
)
from glassmodes.simulation import preparation as module

MODELS = load_models()
QUICK = {"protocol": "quench", "equilibration": 4.0}


def ensemble_of(model="ipl12", particles=220, samples=3, bundle=3, **preparation):
    return Ensemble("glass", model, particles, samples, bundle, preparation or QUICK)


def test_fcc_crystal_is_a_minimum_at_the_density_of_the_model():
    model = MODELS["ipl12_one_component"]
    positions, box = fcc_crystal(model, 5)
    assert positions.shape == (500, 3)
    assert len(positions) / box.prod() == pytest.approx(model.density)
    landscape = Landscape(model, box, np.zeros(500, int), np.ones(500))
    expansion = landscape.expand(positions)
    assert expansion.max_force < 1e-10
    nearest = expansion.distance.min()
    assert nearest == pytest.approx((np.sqrt(2) / model.density) ** (1 / 3))


def test_fcc_ensemble():
    ensemble = Ensemble(
        "crystal", "ipl12_one_component", 500, 1, 1, {"protocol": "fcc", "cells": 5}
    )
    glass = prepare_glass(MODELS["ipl12_one_component"], ensemble, 0, 1)
    assert glass.status == "ok"
    assert glass.max_force < 1e-10


@pytest.mark.processor
def test_quench_reaches_a_minimum_and_reports_its_liquid():
    model = MODELS["ipl12"]
    ensemble = ensemble_of(samples=4, bundle=4, protocol="quench", equilibration=10.0)
    glasses = [prepare_glass(model, ensemble, sample, 1) for sample in range(4)]
    for glass in glasses:
        landscape = Landscape.of_glass(model, glass)
        assert landscape.expand(glass.positions).max_force < 1e-10
        assert glass.energy == pytest.approx(landscape.energy_and_forces(glass.positions)[0])
        assert glass.diagnostics["liquid_displacement"] > 1.0
        assert glass.diagnostics["crystalline_fraction"] < 0.1
    # each drifts by more than three standard errors with a chance of 0.3%
    assert sum(glass.status == "ok" for glass in glasses) >= 3
    # u/N = 2.03 at N = 216, +- 0.006 from sample to sample
    energies = [glass.energy / 220 for glass in glasses]
    assert np.mean(energies) == pytest.approx(2.02, abs=0.02)


@pytest.mark.processor
def test_annealing_lowers_or_keeps_the_minimum():
    settings = {"annealing_temperature": 1e-2, "annealing": 5.0}
    glass = prepare_glass(MODELS["ipl12"], ensemble_of(**QUICK, **settings), 1, 1)
    assert glass.max_force < 1e-10
    assert glass.diagnostics["annealing_energy_change"] < 1.0


@pytest.mark.parametrize("name", ["harmonic", "ipl10_2d", "ipl10_4d"])
def test_random_start_in_any_dimension(name):
    model = MODELS[name]
    particles = max(200, model.smallest_system())
    glass = prepare_glass(model, ensemble_of(name, particles, protocol="random"), 0, 1)
    assert glass.status == "ok"
    assert glass.max_force < 1e-10


def test_a_short_equilibration_is_flagged():
    glass = prepare_glass(MODELS["ipl12"], ensemble_of(protocol="quench", equilibration=0.2), 0, 1)
    assert glass.status == "not_equilibrated"
    assert glass.diagnostics["liquid_displacement"] < 1.0


def test_equilibration_checks():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=1000)
    drift, fluctuation = module.energy_drift(5.0 + noise)
    assert abs(drift) < fluctuation
    drift, fluctuation = module.energy_drift(np.linspace(0, 10, 1000) + noise)
    assert drift == pytest.approx(10, abs=0.5)
    assert fluctuation == pytest.approx(1, abs=0.1)
    good = {"liquid_displacement": 1.5, "liquid_energy_drift": -0.3, "equilibration": 30.0}
    assert module.is_equilibrated(good)
    assert not module.is_equilibrated(good | {"liquid_displacement": 0.5})
    # 7.5 independent energies: three standard errors are 3 sqrt(12 / 7.5) = 3.8
    assert module.is_equilibrated(good | {"liquid_energy_drift": 3.7})
    assert not module.is_equilibrated(good | {"liquid_energy_drift": -3.9})
    assert not module.is_equilibrated(good | {"liquid_energy_drift": 2.5, "equilibration": 100.0})


def lattice(basis, cells):
    corners = np.array(list(itertools.product(*(range(c) for c in cells))), dtype=float)
    return (corners[:, None, :] + np.array(basis)).reshape(-1, len(cells))


@pytest.mark.parametrize(
    ("basis", "scale"),
    [
        ([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], [1, 1, 1]),
        ([[0, 0, 0], [0.5, 0.5, 0.5]], [1, 1, 1]),
        ([[0, 0], [0.5, 0.5]], [1, np.sqrt(3)]),
    ],
    ids=["fcc", "bcc", "triangular"],
)
def test_crystals_are_crystalline_even_when_warm(basis, scale):
    cells = [6] * len(scale)
    positions = lattice(basis, cells) * scale
    box = np.array(cells) * np.array(scale, dtype=float)
    rng = np.random.default_rng(1)
    for noise in (0.0, 0.04):
        warm = positions + noise * rng.normal(size=positions.shape)
        assert crystalline_fraction(warm, box) > 0.9
        # neither the origin nor the axes matter
        assert crystalline_fraction((warm + 0.3)[:, ::-1], box[::-1]) > 0.9


def test_random_positions_are_not_crystalline():
    rng = np.random.default_rng(1)
    assert crystalline_fraction(rng.random((500, 3)), np.ones(3)) < 0.05
    assert crystalline_fraction(rng.random((500, 2)), np.ones(2)) < 0.1
    assert np.isnan(crystalline_fraction(rng.random((500, 4)), np.ones(4)))


def test_a_crystallised_sample_is_flagged(monkeypatch):
    monkeypatch.setattr(module, "crystalline_fraction", lambda *_: 0.9)
    glass = prepare_glass(MODELS["harmonic"], ensemble_of("harmonic", protocol="random"), 0, 1)
    assert glass.status == "crystallised"


def test_a_failing_sample_is_reported_not_raised(monkeypatch, caplog):
    def fails(*_):
        raise SessionError("positions hold NaN or infinity")

    monkeypatch.setattr(module, "_equilibrate", fails)
    glass = prepare_glass(MODELS["ipl12"], ensemble_of(), 1, 1)
    assert glass.status == "nan"
    assert np.isnan(glass.energy)
    assert "sample 1: nan" in caplog.text


def test_lammps_errors_become_a_status(monkeypatch):
    # a time step at which every particle is lost
    wild = replace(MODELS["ipl12"], time_step=5.0)
    assert prepare_glass(wild, ensemble_of(), 0, 1).status in ("failed", "nan")


def test_an_unconverged_sample_is_flagged(monkeypatch):
    def stops_early(landscape, positions, **_):
        return relax(landscape, positions, max_iterations=5, handover=1e-12)

    monkeypatch.setattr(module, "relax", stops_early)
    monkeypatch.setattr(module, "HANDOVER", 1e-2)
    glass = prepare_glass(MODELS["harmonic"], ensemble_of("harmonic", protocol="random"), 0, 1)
    assert glass.status == "not_converged"


def test_samples_do_not_depend_on_bundles():
    model = MODELS["ipl12"]
    glass = prepare_glass(model, ensemble_of(samples=2, bundle=2), 1, 9)
    same = prepare_glass(model, ensemble_of(samples=5, bundle=1), 1, 9)
    np.testing.assert_array_equal(glass.positions, same.positions)
    np.testing.assert_array_equal(glass.species, same.species)
    for sample, seed in ((0, 9), (1, 10)):
        other = prepare_glass(model, ensemble_of(), sample, seed)
        assert not np.array_equal(glass.positions, other.positions)


PROGRAM = """
import sys, json
from mpi4py import MPI
from glassmodes.ensembles import Ensemble
from glassmodes.models import load_models
from glassmodes.parallel import form_teams
from glassmodes.simulation import prepare_glass
preparation = json.loads(sys.argv[1])
ensemble = Ensemble("glass", "ipl12", 220, 2, 2, preparation)
team = form_teams(MPI.COMM_WORLD, preparation.get("ranks_per_sample", 1))
made = {}
for sample in team.share(ensemble.samples_of(0)):
    glass = prepare_glass(load_models()["ipl12"], ensemble, sample, 9, communicator=team.ranks)
    made[sample] = [glass.status, glass.max_force, glass.positions.tolist()]
gathered = MPI.COMM_WORLD.gather(made)
if MPI.COMM_WORLD.rank == 0:
    print(json.dumps({s: one for part in gathered for s, one in part.items()}))
"""


def on_two_ranks(preparation):
    mpiexec = Path(sys.executable).parent / "mpiexec"
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "analysis"),
    }
    done = subprocess.run(
        [mpiexec, "-n", "2", sys.executable, "-c", PROGRAM, json.dumps(preparation)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.mpi
def test_samples_do_not_depend_on_ranks():
    spread = on_two_ranks(QUICK)
    assert len(spread) == 2
    for sample, (status, _, positions) in spread.items():
        glass = prepare_glass(MODELS["ipl12"], ensemble_of(), int(sample), 9)
        assert status == glass.status
        np.testing.assert_array_equal(positions, glass.positions)


@pytest.mark.mpi
def test_a_sample_on_two_ranks():
    brief = {"protocol": "quench", "equilibration": 0.5, "ranks_per_sample": 2}
    for status, max_force, _ in on_two_ranks(brief).values():
        assert status == "not_equilibrated"
        assert max_force < 1e-10


@pytest.mark.parametrize(
    ("model", "cells", "message"),
    [("ipl10_2d", 4, "needs three dimensions"), ("ipl12_one_component", 0, "cells: 0 must be")],
)
def test_crystals_that_do_not_exist_are_refused(model, cells, message):
    with pytest.raises(PreparationError, match=message):
        fcc_crystal(MODELS[model], cells)
