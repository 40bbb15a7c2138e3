"""Dynamics: conservation, temperature, restart, and the checks of a run."""

import h5py
import numpy as np
import pytest
from glassmodes.data.storage import Glass, open_file, sample_statuses
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape, relax
from glassmodes.models import load_models
from glassmodes.simulation import (
    DynamicsError,
    LammpsSession,
    RunSettings,
    SessionError,
    fcc_crystal,
    inherent_structure_changed,
    prepare_glass,
)
from glassmodes.simulation import dynamics as module

from tests.runs import run_in_process

MODELS = load_models()
CRYSTAL = MODELS["ipl12_one_component"]
RUN = {"temperatures": [1e-3], "equilibration": 5.0, "duration": 6.0, "interval": 0.1}


def settings_of(**changes):
    default = {
        "temperature": 1e-3,
        "equilibration": 5.0,
        "duration": 6.0,
        "interval": 0.1,
        "time_step": 0.005,
        "structure_checks": 3,
    }
    return RunSettings(**(default | changes))


@pytest.fixture(scope="module")
def crystal():
    positions, box = fcc_crystal(CRYSTAL, 4)
    landscape = Landscape(CRYSTAL, box, np.zeros(256, int), np.ones(256))
    energy, _ = landscape.energy_and_forces(positions)
    return Glass(0, positions, box, np.zeros(256, np.int32), np.ones(256), energy, 0.0)


@pytest.fixture(scope="module")
def glass():
    preparation = {"protocol": "quench", "equilibration": 5.0}
    ensemble = Ensemble("glass", "ipl12", 220, 1, 1, preparation)
    made = prepare_glass(MODELS["ipl12"], ensemble, 0, 4)
    assert made.max_force < 1e-10
    made.status = "ok"
    return made


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "CHUNK_FRAMES", (16, 16))


def run(path, glasses, model=CRYSTAL, seed=3, **changes):
    """Attributes of each sample's run."""
    return run_in_process("run_dynamics", path, model, glasses, RUN | changes, seed=seed)


def contents(path):
    with open_file(path) as file:
        groups = [name for name in file if name.startswith("s0")]
        return {
            f"{name}/{key}": values[...] for name in groups for key, values in file[name].items()
        }


def test_trajectory_follows_the_data_contract(tmp_path, crystal):
    runs = run(tmp_path / "T0.001.h5", [crystal])
    with open_file(tmp_path / "T0.001.h5", ["s000000"]) as file:
        group = file["s000000"]
        frames = 61
        assert group["time"].shape == (frames,)
        assert group["positions"].shape == group["velocities"].shape == (frames, 256, 3)
        assert group["potential_energy"].shape == group["temperature"].shape == (frames,)
        np.testing.assert_array_equal(group["box"], crystal.box)
        np.testing.assert_allclose(group["time"], 0.1 * np.arange(frames))
        velocities = group["velocities"][...]
        np.testing.assert_allclose(
            group["temperature"], (velocities**2).sum(axis=(1, 2)) / (3 * 256)
        )
        np.testing.assert_allclose(velocities.sum(axis=1), 0, atol=1e-12)
        energies = group["potential_energy"][...]
        landscape = Landscape.of_glass(CRYSTAL, crystal)
        for frame in (0, 30, 60):
            energy, _ = landscape.energy_and_forces(group["positions"][frame])
            assert energies[frame] == pytest.approx(energy, rel=1e-10)
    assert sample_statuses(tmp_path / "T0.001.h5") == {0: "ok"}
    assert runs[0]["rearranged"] == 0
    assert not (tmp_path / "T0.001.h5.partial").exists()


@pytest.mark.processor
def test_energy_is_conserved_and_the_temperature_is_met(tmp_path, glass):
    settings = {"duration": 40.0, "equilibration": 20.0, "temperatures": [1e-4]}
    row = run(tmp_path / "T.h5", [glass], MODELS["ipl12"], **settings)[0]
    assert abs(row["energy_drift"]) < 1e-6
    assert row["energy_fluctuation"] < 1e-4
    # the energy is set: only the average over a finite time is left
    assert row["mean_temperature"] == pytest.approx(1e-4, rel=0.01)
    assert abs(row["mean_temperature"] - 1e-4) < 5 * row["temperature_error"] + 2e-7


def test_time_reversal(crystal):
    rng = np.random.default_rng(0)
    velocities = 0.03 * rng.normal(size=(256, 3))
    system = (CRYSTAL, crystal.box, crystal.species, crystal.diameter)
    positions = crystal.positions
    for _ in range(2):
        with LammpsSession(*system, positions, velocities) as session:
            session.run_input("nve.in", time_step=0.005, steps=500)
            positions, velocities = session.positions(), -session.velocities()
    np.testing.assert_allclose(positions, crystal.positions, atol=1e-9)


def test_same_seed_same_bits(tmp_path, crystal):
    run(tmp_path / "a.h5", [crystal])
    run(tmp_path / "b.h5", [crystal])
    run(tmp_path / "c.h5", [crystal], seed=4)
    a, b, c = (contents(tmp_path / f"{name}.h5") for name in "abc")
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])
    assert not np.array_equal(a["s000000/positions"], c["s000000/positions"])


@pytest.mark.parametrize("stops_after", [0, 2])
def test_a_killed_run_goes_on_with_the_same_numbers(
    tmp_path, crystal, small_chunks, monkeypatch, stops_after
):
    run(tmp_path / "whole.h5", [crystal])
    original = module.NveRun.frames
    calls = []

    def dies(self, *arguments, **options):
        # the first call measures the temperature
        if len(calls) == stops_after + 1:
            raise KeyboardInterrupt
        calls.append("frames")
        return original(self, *arguments, **options)

    monkeypatch.setattr(module.NveRun, "frames", dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed.h5", [crystal])
    assert not (tmp_path / "killed.h5").exists()
    done = sorted(p.name for p in (tmp_path / "killed.h5.partial" / "s000000").iterdir())
    assert done == [f"c{n:06d}.npz" for n in range(stops_after)] + ["start.npz"]

    calls.clear()

    def counts(self, *arguments, **options):
        calls.append(options["count"])
        return original(self, *arguments, **options)

    monkeypatch.setattr(module.NveRun, "frames", counts)
    run(tmp_path / "killed.h5", [crystal])
    assert sum(calls) == 61 - 16 * stops_after
    whole, killed = contents(tmp_path / "whole.h5"), contents(tmp_path / "killed.h5")
    assert whole.keys() == killed.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], killed[name])


def test_parts_of_other_settings_are_not_mixed_in(tmp_path, crystal, small_chunks, monkeypatch):
    original = module.collect_run

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "collect_run", dies)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "T.h5", [crystal])
    monkeypatch.setattr(module, "collect_run", original)
    run(tmp_path / "T.h5", [crystal], temperatures=[2e-3])
    run(tmp_path / "fresh.h5", [crystal], temperatures=[2e-3])
    found, expected = contents(tmp_path / "T.h5"), contents(tmp_path / "fresh.h5")
    np.testing.assert_array_equal(found["s000000/positions"], expected["s000000/positions"])


def test_samples_that_fail_are_left_out(tmp_path, crystal, monkeypatch):
    bad = Glass(1, crystal.positions, crystal.box, crystal.species, crystal.diameter, status="nan")
    worse = Glass(2, crystal.positions, crystal.box, crystal.species, crystal.diameter, 0.0)
    original = module.run_nve

    def fails(model, glass, *arguments, **options):
        if glass.sample == 2:
            raise SessionError("the dynamics made NaN")
        original(model, glass, *arguments, **options)

    monkeypatch.setattr(module, "run_nve", fails)
    assert list(run(tmp_path / "T.h5", [crystal, bad, worse])) == [0]
    assert sample_statuses(tmp_path / "T.h5") == {
        **{0: "ok", 1: "nan"},
        2: "dynamics: the dynamics made NaN",
    }


@pytest.mark.processor
def test_inherent_structure_changed(glass):
    landscape = Landscape.of_glass(MODELS["ipl12"], glass)
    rng = np.random.default_rng(5)
    near = [glass.positions + 0.003 * rng.normal(size=glass.positions.shape) for _ in range(2)]
    # a uniform translation and whole boxes are no rearrangement
    near.append(near[0] + 0.3 + glass.box)
    changed, distance = inherent_structure_changed(landscape, near, glass.positions)
    assert not changed
    assert distance < 1e-4
    far = relax(landscape, glass.positions + 0.4 * rng.normal(size=glass.positions.shape))
    changed, distance = inherent_structure_changed(landscape, [far.positions], glass.positions)
    assert changed
    assert distance > 0.01


def test_run_checks_on_known_series():
    settings = settings_of(duration=100.0)
    time = np.linspace(0, 100, 1001)
    thermal = 3 * 99 * 1e-3
    energy = 7.0 + 1e-5 * thermal * time
    temperature = np.full(1001, 1e-3) * 99 / 100
    checks = module.run_checks(settings, 100, 3, energy, temperature, np.full(1001, 0.2))
    assert checks["energy_drift"] == pytest.approx(1e-5)
    assert checks["mean_temperature"] == pytest.approx(1e-3)
    assert checks["msd_flatness"] == pytest.approx(1.0)
    diffusive = module.run_checks(settings, 100, 3, energy, temperature, time)
    assert diffusive["msd_flatness"] == pytest.approx(7 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"temperature": -1e-3}, "temperature: -0.001 must be positive"),
        ({"duration": 0.0}, "duration: 0.0 must be positive"),
        ({"interval": 0.0123}, "interval: 0.0123 is not a multiple of the time step 0.005"),
        ({"duration": 0.05}, "shorter than one interval"),
        ({"equilibration": -1.0}, "equilibration: -1.0 must not be negative"),
        ({"time_step": float("nan")}, "time_step: nan must be positive"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    with pytest.raises(DynamicsError, match=message):
        settings_of(**changes)


def test_group_attributes_are_plain_numbers(tmp_path, crystal):
    settings = settings_of(structure_checks=0)
    module.run_nve(CRYSTAL, crystal, settings, tmp_path / "run", seed=3)
    with h5py.File(tmp_path / "T.h5", "w") as file:
        module.collect_run(tmp_path / "run", CRYSTAL, crystal, settings, file.create_group("run"))
        attributes = dict(file["run"].attrs)
    assert np.isnan(attributes["rearranged"])
    assert {"target_temperature", "mean_temperature", "msd_flatness"} <= attributes.keys()
