"""Equilibrium runs: overlaps, phases, snapshots, restarts, and the samples made of them."""

import numpy as np
import pytest
from glassmodes.data.storage import provenance
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape
from glassmodes.models import load_models
from glassmodes.simulation import liquids as module
from glassmodes.simulation import preparation, prepare_glass
from glassmodes.simulation.liquids import (
    decay_time,
    energy_drift,
    equilibrate_liquid,
    largest_drift,
    liquid_record,
    overlap,
    read_liquid,
    write_liquid,
)

from tests.unit.declared import validate

MODELS = load_models()
# what a chaotic trajectory shows must hold on every processor
pytestmark = pytest.mark.processor
MOLECULAR = {
    **{"protocol": "equilibrium", "dynamics": "molecular", "snapshots": 3},
    **{"parent_temperature": 2.0, "equilibration": 20.0},
}
SWAP = {
    **{"protocol": "equilibrium", "dynamics": "swap", "snapshots": 3},
    **{"parent_temperature": 4.0, "equilibration": 2000, "translation_step": 0.3},
}


def ensemble_of(preparation, model, particles, samples=7, bundle=7):
    return Ensemble("glass", model, particles, samples, bundle, preparation)


CASES = {
    "molecular": ensemble_of(MOLECULAR, "ipl10_2d", 60),
    "swap": ensemble_of(SWAP, "poly", 150),
}


@pytest.fixture(scope="module", params=CASES)
def made(request):
    """An ensemble, its model and its first run."""
    ensemble = CASES[request.param]
    model = MODELS[ensemble.model]
    return ensemble, model, equilibrate_liquid(model, ensemble, 0, 9)


def test_overlap_counts_who_stayed():
    moved = np.zeros((10, 3))
    moved[:4, 0] = 1.0
    moved[5, 1] = 0.1
    # the mean displacement is that of the box, 0.4 along x, and moves nobody
    assert overlap(moved - moved.mean(axis=0), 0.45) == 0.6
    assert overlap(moved + 5.0, 0.45) == 0.6
    assert overlap(np.ones((10, 3)), 0.01) == 1.0


def test_decay_time_of_an_exponential():
    times = np.arange(0, 20, 0.5)
    assert decay_time(times, np.exp(-times / 3.2)) == pytest.approx(3.2, rel=0.01)
    assert decay_time(times, np.full(len(times), 0.9)) == np.inf


def test_an_energy_that_only_fluctuates_seldom_looks_as_if_it_drifted():
    """An Ornstein-Uhlenbeck process of relaxation time 1, whose values 2 apart are independent."""
    rng = np.random.default_rng(4)
    step, duration = 0.1, 15.0
    keep = np.exp(-step)
    drifts = []
    for _ in range(500):
        energies = [rng.normal()]
        for noise in rng.normal(size=round(duration / step) - 1):
            energies.append(keep * energies[-1] + np.sqrt(1.0 - keep**2) * noise)
        drift, fluctuation = energy_drift(energies)
        drifts.append(abs(drift / fluctuation))
    bound = largest_drift(duration, 2.0)
    assert np.mean(np.array(drifts) > bound) < 0.02
    assert np.mean(np.array(drifts) > bound / 3.0) == pytest.approx(0.32, abs=0.12)


def test_samples_are_snapshots_of_runs_whatever_the_bundle():
    places = set()
    for bundle in (1, 3, 7):
        ensemble = ensemble_of(MOLECULAR, "ipl10_2d", 60, 7, bundle)
        assert list(ensemble.runs) == [0, 1, 2]
        assert [ensemble.snapshots_of(run) for run in ensemble.runs] == [3, 3, 1]
        places.add(tuple(ensemble.snapshot_of(sample) for sample in range(7)))
        for index in ensemble.bundles:
            runs = {ensemble.snapshot_of(sample)[0] for sample in ensemble.samples_of(index)}
            assert set(ensemble.runs_of(index)) == runs
    assert len(places) == 1
    assert places.pop()[5] == (1, 2)
    with pytest.raises(IndexError):
        ensemble.snapshots_of(3)
    assert not list(Ensemble("glass", "lj", 500, 3, 3, {"protocol": "random"}).runs)


def test_run_is_equilibrated_and_its_snapshots_decorrelated(made):
    ensemble, model, liquid = made
    assert liquid.status == "ok"
    assert liquid.positions.shape == (3, ensemble.particles, model.dimension)
    found = liquid.diagnostics
    assert found["equilibration"] >= 5 * found["decorrelation_time"]
    assert found["spacing"] >= 2 * found["decorrelation_time"]
    assert found["mean_squared_displacement"] > 0.5
    assert found["snapshot_overlap"] < 0.6
    for one, other in ((0, 1), (1, 2)):
        assert not np.allclose(liquid.positions[one], liquid.positions[other])
        np.testing.assert_array_equal(
            np.sort(liquid.diameter[one]), np.sort(liquid.diameter[other])
        )
    if ensemble.preparation["dynamics"] == "swap":
        assert 0.0 < found["swap_acceptance"] < 1.0
        assert found["diameter_correlation"] < 0.9
    else:
        assert np.isnan(found["swap_acceptance"])
        np.testing.assert_array_equal(liquid.diameter[0], liquid.diameter[1])


def test_record_is_a_valid_row(made):
    import pandas as pd

    ensemble, _, liquid = made
    frame = pd.DataFrame([liquid_record(liquid, ensemble)])
    frame.insert(0, "ensemble", "glass")
    frame.insert(1, "sample", 0)
    assert validate(frame, "equilibration")["snapshots"][0] == 3


@pytest.fixture(scope="module")
def extended():
    """An ensemble whose equilibration is too short at first, its model, its run and the course."""
    ensemble = ensemble_of({**MOLECULAR, "equilibration": 3.0, "snapshots": 1}, "ipl10_2d", 60, 2)
    model = MODELS[ensemble.model]
    courses, finish = [], module._Course.liquid

    def keep(course):
        courses.append(course)
        return finish(course)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module._Course, "liquid", keep)
        liquid = equilibrate_liquid(model, ensemble, 1, 9)
    return ensemble, model, liquid, courses[0]


def test_equilibration_goes_on_until_it_has_lasted_and_no_longer(extended):
    _, _, liquid, course = extended
    found = liquid.diagnostics
    assert 3.0 < 5 * found["decorrelation_time"] <= found["equilibration"]
    # by whole decays, and at each but the last it had not lasted
    starts, decays = course.series["starts"], course.series["decays"]
    lasted = [
        starts[last - 3] * course.leg * course.dynamics.tick >= 5 * np.mean(decays[last - 3 : last])
        for last in range(3, len(decays) + 1)
    ]
    assert lasted == [False] * (len(lasted) - 1) + [True]


def resumed(monkeypatch, state, after, model, ensemble, run=0):
    """A run that was killed after some legs, and taken up from a state older than that."""
    monkeypatch.setattr(module, "STATE_INTERVAL", 0.0)
    save, legs = module._Course.save, []

    def save_seldom(course, *arguments):
        legs.append(1)
        if len(legs) % 7 == 0:
            save(course, *arguments)
        if len(legs) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(module._Course, "save", save_seldom)
    try:
        equilibrate_liquid(model, ensemble, run, 9, state=state)
    except KeyboardInterrupt:
        assert state.is_file()
    return equilibrate_liquid(model, ensemble, run, 9, state=state)


def assert_same(found, expected):
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.diameter, expected.diameter)
    np.testing.assert_equal(found.diagnostics, expected.diagnostics)


@pytest.mark.parametrize("after", [50, 203, 210])
def test_killed_and_resumed_is_the_same_to_the_last_bit(made, tmp_path, monkeypatch, after):
    """Killed in the equilibration, between the decays, and among the snapshots."""
    ensemble, model, expected = made
    found = resumed(monkeypatch, tmp_path / "state.h5", after, model, ensemble)
    assert_same(found, expected)


def test_longer_equilibration_killed_and_resumed_is_the_same(extended, tmp_path, monkeypatch):
    ensemble, model, expected, _ = extended
    # among the decays, of some sixty legs each
    assert_same(resumed(monkeypatch, tmp_path / "state.h5", 380, model, ensemble, 1), expected)


def test_stored_and_read(made, tmp_path):
    ensemble, model, liquid = made
    path = tmp_path / "r0000.h5"
    write_liquid(path, liquid, model, provenance("tiny", "glass", model.name, "0"))
    again = read_liquid(path)
    np.testing.assert_array_equal(again.positions, liquid.positions)
    assert again.status == liquid.status
    np.testing.assert_equal(again.diagnostics, liquid.diagnostics)
    np.testing.assert_array_equal(read_liquid(path, slice(1, 2)).positions[0], liquid.positions[1])


def one(liquid, snapshot):
    from dataclasses import replace

    chosen = slice(snapshot, snapshot + 1)
    return replace(liquid, positions=liquid.positions[chosen], diameter=liquid.diameter[chosen])


def test_snapshot_becomes_an_inherent_structure(made):
    ensemble, model, liquid = made
    glass = prepare_glass(model, ensemble, 1, 9, liquid=one(liquid, 1))
    # so few discs may order
    assert glass.status in ("ok", "crystallised")
    assert glass.max_force < 1e-10
    assert glass.energy / ensemble.particles < liquid.diagnostics["energy"]
    np.testing.assert_array_equal(glass.diameter, liquid.diameter[1])


def test_runs_are_independent(made):
    ensemble, model, liquid = made
    other = equilibrate_liquid(model, ensemble, 2, 9)
    assert len(other.positions) == 1
    assert not np.array_equal(np.sort(other.positions[0]), np.sort(liquid.positions[0]))


def test_short_equilibration_is_flagged_and_so_are_its_samples():
    brief = ensemble_of({**MOLECULAR, "equilibration": 0.5, "snapshots": 1}, "ipl10_2d", 60, 1)
    liquid = equilibrate_liquid(MODELS["ipl10_2d"], brief, 0, 9)
    assert liquid.status == "not_equilibrated"
    glass = prepare_glass(MODELS["ipl10_2d"], brief, 0, 9, liquid=liquid)
    assert glass.status == "not_equilibrated"
    assert glass.max_force < 1e-10


def test_run_that_explodes_is_reported_not_raised(caplog):
    wild = ensemble_of({**MOLECULAR, "time_step": 0.9, "snapshots": 1}, "ipl10_2d", 60, 1)
    liquid = equilibrate_liquid(MODELS["ipl10_2d"], wild, 0, 9)
    assert liquid.status == "nan"
    assert "run 0" in caplog.text
    glass = prepare_glass(MODELS["ipl10_2d"], wild, 0, 9, liquid=liquid)
    assert glass.status == "nan" and np.isnan(glass.energy)
    assert np.isnan(liquid_record(liquid, wild)["decorrelation_time"])


def cooled(model, particles, samples=1, **settings):
    """Ensembles of one liquid: quenched at once, and cooled before."""
    liquid = {"parent_temperature": 4.0, "equilibration": 4.0, **settings}
    rate = liquid.pop("rate")
    return {
        protocol: Ensemble("glass", model, particles, samples, samples, {**extra, **liquid})
        for protocol, extra in (
            ("quench", {"protocol": "quench"}),
            ("cooling", {"protocol": "cooling", "rate": rate}),
        )
    }


def energy_taken_by_the_quench(ensemble, monkeypatch):
    """Energy of a particle between what the dynamics of a preparation leaves and its minimum."""
    equilibrate, left = preparation._equilibrate, []

    def keep(*arguments):
        left.append(equilibrate(*arguments))
        return left[-1]

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "_equilibrate", keep)
        glass = prepare_glass(MODELS[ensemble.model], ensemble, 0, 4)
    assert glass.max_force < 1e-10
    landscape = Landscape.of_glass(MODELS[ensemble.model], glass)
    (positions, _), *_ = left
    return (landscape.energy_and_forces(positions)[0] - glass.energy) / ensemble.particles


@pytest.mark.parametrize(
    "model, particles, rate, engine",
    [
        ("ipl10_2d", 100, 0.2, "native"),
        ("ipl10_3d", 200, 0.2, "native"),
        ("ipl10_3d", 200, 0.2, "lammps"),
        ("ipl10_4d", 400, 0.5, "native"),
    ],
)
def test_cooling_takes_the_heat_out(model, particles, rate, engine, monkeypatch):
    """A liquid holds its thermal energy when it is quenched at once; cooled, next to none."""
    temperature = 4.0
    ensembles = cooled(model, particles, rate=rate, engine=engine)
    at_once = energy_taken_by_the_quench(ensembles["quench"], monkeypatch)
    after = energy_taken_by_the_quench(ensembles["cooling"], monkeypatch)
    # half of d T per particle if it were harmonic; the liquid lags behind its bath
    assert at_once > 0.25 * MODELS[model].dimension * temperature
    assert after < 0.3 * at_once


def test_cooled_glasses_lie_lower_than_quenched_ones():
    """By 0.07 +- 0.03 from sample to sample: so many are seven standard errors."""
    ensembles = cooled("ipl10_2d", 100, samples=10, rate=0.1, engine="native")
    energies = {
        protocol: [
            prepare_glass(MODELS["ipl10_2d"], ensemble, sample, 4).energy for sample in range(10)
        ]
        for protocol, ensemble in ensembles.items()
    }
    assert np.mean(energies["cooling"]) < np.mean(energies["quench"])


def test_cooling_in_lammps_is_our_own():
    """Both engines cool to the same mean energy, within its error over samples."""
    model, samples = MODELS["ipl10_3d"], 8
    means, errors = [], []
    for engine in ("lammps", "native"):
        settings = {"parent_temperature": 1.5, "rate": 0.05, "engine": engine}
        ensemble = cooled(model.name, 200, samples=samples, **settings)["cooling"]
        glasses = [prepare_glass(model, ensemble, sample, 4) for sample in range(samples)]
        assert all(glass.max_force < 1e-10 for glass in glasses)
        energies = np.array([glass.energy for glass in glasses]) / 200
        means.append(energies.mean())
        errors.append(energies.std(ddof=1) / np.sqrt(samples))
    # 0.012 from sample to sample
    assert np.hypot(*errors) < 0.012
    assert abs(means[0] - means[1]) < 5.0 * np.hypot(*errors)
