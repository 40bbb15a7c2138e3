"""Inherent structures along a run: the series, restarts, little memory, and the tables of it."""

import logging

import h5py
import numpy as np
import pytest
from glassmodes.campaign import registry
from glassmodes.data.gather import validate
from glassmodes.data.storage import Glass, open_file
from glassmodes.landscape import Landscape
from glassmodes.landscape.quench import Quencher
from glassmodes.models import load_models
from glassmodes.simulation import SessionError, fcc_crystal
from glassmodes.simulation.dynamics import Frame, NveRun
from glassmodes.transitions import inherent_structures as module
from glassmodes.transitions.inherent_structures import rearrangement_tables
from glassmodes.transitions.rearrangements import displacement

from tests.runs import run_in_process

MODELS = load_models()
CRYSTAL = MODELS["ipl12_one_component"]
# so hot that every machine sees events
HOT = {"temperatures": [4.5e-1], "equilibration": 2.0, "duration": 3.6}
COLD = {"temperatures": [1e-2], "equilibration": 1.0}
# what the clock says is no part of the result
MEASURED = ("seconds",)


@pytest.fixture(scope="module")
def glass():
    from tests.conftest import small_glass

    return small_glass("ipl12", 200, 0)[2]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(module, "BATCH_FRAMES", (4, 4))
    monkeypatch.setattr(module, "CHUNK_FRAMES", 12)


def follow(path, glasses, model=MODELS["ipl12"], **changes):
    block = {"interval": 0.1, "force_tolerance": 1e-10, **HOT, **changes}
    run_in_process("follow_inherent_structures", path, model, glasses, block)


def contents(path, sample=0):
    with open_file(path) as file:
        group = file[f"s{sample:06d}"]
        return {name: values[...] for name, values in group.items() if name not in MEASURED}


@pytest.fixture(scope="module")
def whole(glass, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "T0.45.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH_FRAMES", (4, 4))
        patch.setattr(module, "CHUNK_FRAMES", 12)
        follow(path, [glass])
    return path


@pytest.mark.processor
def test_series_follows_the_data_contract(whole, glass):
    found = contents(whole)
    frames, n, d = 37, 200, 3
    distinct = len(found["structures"])
    np.testing.assert_allclose(found["time"], 0.1 * np.arange(frames))
    for name in ("energy", "max_force", "structure", "converged", "evaluations"):
        assert found[name].shape == (frames,)
    assert found["structures"].shape == (distinct, n, d)
    assert found["converged"].all()
    assert (found["max_force"] < 1e-10).all()
    assert (found["structures"] >= 0).all() and (found["structures"] <= glass.box).all()
    np.testing.assert_array_equal(found["box"], glass.box)
    # indices in the order of first appearance
    _, first = np.unique(found["structure"], return_index=True)
    assert len(first) == distinct > 1
    assert found["structure"][0] == 0
    assert (np.diff(first) > 0).all()
    np.testing.assert_allclose(
        found["energy"], found["structure_energy"][found["structure"]], rtol=1e-12
    )
    landscape = Landscape.of_glass(MODELS["ipl12"], glass)
    for positions, energy in zip(found["structures"], found["structure_energy"], strict=True):
        expansion = landscape.expand(positions)
        assert expansion.energy == pytest.approx(energy, rel=1e-12)
        assert expansion.max_force < 2e-10
    with open_file(whole) as file:
        assert file.attrs["temperature"] == 4.5e-1
        assert file["s000000"].attrs["duration"] == pytest.approx(3.6)


@pytest.mark.processor
def test_distinct_structures_are_distinct(whole, glass):
    structures = contents(whole)["structures"]
    for index, one in enumerate(structures):
        for other in structures[:index]:
            moved = displacement(one, other, glass.box)
            assert np.sqrt((moved**2).sum(axis=1)).max() > 1e-5


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_killed_run_goes_on_with_the_same_numbers(tmp_path, whole, glass, monkeypatch, finished):
    original = NveRun.follow
    calls = []

    def dies(self, *arguments, **options):
        calls.append(options["count"])
        # the first run measures the temperature
        for number, frame in enumerate(original(self, *arguments, **options)):
            if len(calls) == finished + 2 and number == 6:
                raise KeyboardInterrupt
            yield frame

    monkeypatch.setattr(NveRun, "follow", dies)
    with pytest.raises(KeyboardInterrupt):
        follow(tmp_path / "T0.45.h5", [glass])
    assert not (tmp_path / "T0.45.h5").exists()
    done = list((tmp_path / "T0.45.h5.partial" / "s000000").glob("c*.npz"))
    assert len(done) == finished
    monkeypatch.setattr(NveRun, "follow", original)
    follow(tmp_path / "T0.45.h5", [glass])
    assert not (tmp_path / "T0.45.h5.partial").exists()
    expected, found = contents(whole), contents(tmp_path / "T0.45.h5")
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


VISITS = (
    [0] * 5 + [1] * 4 + [0] * 3 + [2, 3, 2, 2] + [1] * 14 + [0, 2, 2] + [3] * 9 + [1, 0, 0, 3, 0]
)
"""Known structures, among them some that were left for longer than a chunk."""


@pytest.fixture(scope="module")
def minima(glass):
    """Four inherent structures, reached from the glass by pushing a few particles.

    Some are permutations of like particles: structures of one energy.
    """
    quencher = Quencher(Landscape.of_glass(MODELS["ipl12"], glass), method="fire")
    quencher.remember(glass.positions)
    rng = np.random.default_rng(5)
    while len(quencher.structures) < 4:
        apart = glass.positions - glass.positions[rng.integers(200)]
        apart -= glass.box * np.rint(apart / glass.box)
        near = np.argsort((apart**2).sum(axis=1))[:8]
        pushed = glass.positions.copy()
        pushed[near] += 0.4 * rng.normal(size=(8, 3))
        quencher.quench(pushed)
    return quencher.structures


@pytest.fixture
def scripted(monkeypatch, minima):
    """Dynamics that visits known structures; velocities carry the number of the frame."""

    def frame(index):
        rng = np.random.default_rng(index)
        positions = minima[VISITS[index]] + 0.003 * rng.normal(size=(200, 3))
        return Frame(positions, np.full((200, 3), float(index)), 0.0, 1.0)

    def visits(self, positions, velocities, *, count, from_start):
        first = int(velocities[0, 0]) + (not from_start)
        yield from map(frame, range(first, first + count))

    monkeypatch.setattr(NveRun, "thermalise", lambda self, seed: frame(0)[:2])
    monkeypatch.setattr(NveRun, "follow", visits)
    return [frame(index).positions for index in range(len(VISITS))]


@pytest.mark.processor
@pytest.mark.parametrize("in_memory", [1, 32])
def test_series_of_visits_to_known_structures(tmp_path, scripted, glass, monkeypatch, in_memory):
    """One that memory has no room for is recognised by its energy, then its positions."""
    monkeypatch.setattr(module, "known_structures", lambda *_: in_memory)
    settings = {"temperatures": [1e-2], "duration": 0.1 * (len(VISITS) - 1)}
    follow(tmp_path / "T.h5", [glass], **settings)
    found = contents(tmp_path / "T.h5")
    np.testing.assert_array_equal(found["structure"], VISITS)
    assert len(found["structures"]) == 4
    # the reference: each frame walked out to the end, and compared with all others
    reference = Quencher(Landscape.of_glass(MODELS["ipl12"], glass), method="fire")
    expected = [reference.quench(positions) for positions in scripted]
    assert [quench.structure for quench in expected] == VISITS
    np.testing.assert_allclose(found["energy"], [q.energy for q in expected], rtol=1e-12)
    assert found["evaluations"].sum() < 0.9 * sum(quench.evaluations for quench in expected)


def test_crystal_stays_in_its_structure(tmp_path):
    positions, box = fcc_crystal(CRYSTAL, 4)
    energy, _ = Landscape(CRYSTAL, box, np.zeros(256, int), np.ones(256)).energy_and_forces(
        positions
    )
    crystal = Glass(0, positions, box, np.zeros(256, np.int32), np.ones(256), energy, 0.0)
    follow(tmp_path / "T.h5", [crystal], CRYSTAL, temperatures=[5e-2], duration=2.0)
    found = contents(tmp_path / "T.h5")
    assert (found["structure"] == 0).all()
    moved = displacement(positions, found["structures"][0], box)
    assert np.abs(moved).max() < 1e-8
    tables = rearrangement_tables(found | {"seconds": np.zeros(21)}, 5e-2)
    run = tables["rearrangement_runs"].iloc[0]
    assert (run["events"], run["distinct_structures"], run["returned"]) == (0, 1, False)
    assert len(tables["rearrangements"]) == len(tables["rearrangement_fields"]) == 0
    assert (tables["inherent_structures"]["step_distance"] == 0).all()


def test_frames_that_do_not_converge_are_reported(tmp_path, glass, monkeypatch, caplog):
    from dataclasses import replace

    original = module.Quencher.quench
    calls = []

    def fails(self, positions):
        found = original(self, positions)
        calls.append(found)
        # the first call is that of the start
        if len(calls) in (5, 12):
            self.forget(len(self.structures) - found.is_new)
            return replace(found, converged=False, structure=-1, is_new=False, max_force=1e-3)
        return found

    monkeypatch.setattr(module.Quencher, "quench", fails)
    with caplog.at_level(logging.WARNING):
        follow(tmp_path / "T.h5", [glass], **COLD, duration=2.0)
    found = contents(tmp_path / "T.h5")
    assert np.flatnonzero(~found["converged"]).tolist() == [3, 10]
    assert (found["structure"][[3, 10]] == -1).all()
    assert "2 frames did not converge, at t = 0.3, 1" in caplog.text
    tables = rearrangement_tables(found | {"seconds": np.zeros(21)}, 1e-2)
    assert tables["rearrangement_runs"]["not_converged"].tolist() == [2]
    series = tables["inherent_structures"]
    assert len(series) == 21
    assert series["displacement"].isna().sum() == 2


def test_dynamics_that_fails_leaves_its_sample_out(tmp_path, glass, monkeypatch, caplog):
    bad = Glass(1, *(getattr(glass, name) for name in ("positions", "box", "species", "diameter")))
    bad.status = "crystallised"
    worse = Glass(2, glass.positions, glass.box, glass.species, glass.diameter, glass.energy)
    original = NveRun.thermalise

    def fails(self, seed):
        if self.glass.sample == 2:
            raise SessionError("the dynamics made NaN")
        return original(self, seed)

    monkeypatch.setattr(NveRun, "thermalise", fails)
    with caplog.at_level(logging.WARNING):
        follow(tmp_path / "T.h5", [glass, bad, worse], **COLD, duration=0.5)
    with h5py.File(tmp_path / "T.h5") as file:
        assert [name for name in file if name.startswith("s0")] == ["s000000"]
    assert "sample 2 is left out: dynamics: the dynamics made NaN" in caplog.text
    assert "sample 1 is left out: crystallised" in caplog.text


# --- tables of an invented series -----------------------------------------------------------


def invented(structure, dimension=3):
    """A run through four structures that differ by known displacements of five particles."""
    rng = np.random.default_rng(0)
    structure = np.array(structure)
    n, box = 300, np.full(dimension, 10.0)
    origin = 10.0 * rng.random((n, dimension))
    structures = np.repeat(origin[None], 4, axis=0)
    for index in range(1, 4):
        # a pair that moves apart: no translation
        structures[index, 2 * index, 0] += 0.1 * index
        structures[index, 2 * index + 1, 0] -= 0.1 * index
    frames = len(structure)
    return {
        "time": 0.1 * np.arange(frames),
        "structure": structure,
        "converged": structure >= 0,
        "energy": np.full(frames, 7.0),
        "max_force": np.full(frames, 1e-12),
        "evaluations": np.full(frames, 50),
        "seconds": np.full(frames, 0.25),
        "structure_energy": np.array([100.0, 101.0, 99.5, 100.25]),
        "structures": structures % 10.0,
        "box": box,
    }


def test_events_of_an_invented_series():
    tables = rearrangement_tables(invented([0, 0, 1, 1, 2, 0, 3]), 0.05)
    for name, frame in tables.items():
        frame = frame.copy()
        frame.insert(0, "ensemble", "glass")
        frame.insert(1, "sample", 0)
        validate(frame, registry.tables()[name])
    events = tables["rearrangements"]
    np.testing.assert_allclose(events["time"], [0.2, 0.4, 0.5, 0.6])
    assert events[["before", "after"]].to_numpy().tolist() == [[0, 1], [1, 2], [2, 0], [0, 3]]
    np.testing.assert_allclose(
        events["distance"], np.sqrt(2) * 0.1 * np.array([1, np.sqrt(5), 2, 3])
    )
    np.testing.assert_allclose(events["energy_change"], [1.0, -1.5, 0.5, 0.25])
    np.testing.assert_allclose(events["participants"].iloc[[0, 2, 3]], 2.0)
    series = tables["inherent_structures"]
    np.testing.assert_allclose(series["energy"], [0, 0, 1.0, 1.0, -0.5, 0, 0.25])
    np.testing.assert_allclose(
        series["displacement"], np.sqrt(2) * 0.1 * np.array([0, 0, 1, 1, 2, 0, 3])
    )
    np.testing.assert_allclose(series["step_distance"] > 0, [0, 0, 1, 0, 1, 1, 1])
    np.testing.assert_allclose(series["step_energy"], [0, 0, 1.0, 0, -1.5, 0.5, 0.25])
    run = tables["rearrangement_runs"].iloc[0]
    assert run["events"] == 4 and run["distinct_structures"] == 4 and run["returned"]
    assert run["duration"] == pytest.approx(0.6)
    assert run["evaluations_per_frame"] == 50 and run["seconds_per_frame"] == 0.25
    # the field of the largest event
    field = tables["rearrangement_fields"]
    assert field["time"].iloc[0] == pytest.approx(0.6)
    assert len(field) == 300
    moved = field.loc[field["dx"].abs() > 1e-9]
    assert moved["particle"].tolist() == [6, 7]
    np.testing.assert_allclose(moved["dx"], [0.3, -0.3])


@pytest.mark.parametrize(
    ("structure", "returned"),
    [([0, 0, 0], False), ([0, 1, 1], False), ([0, 1, 2, 1], False), ([0, 1, 0], True)],
)
def test_returned_means_back_after_having_left(structure, returned):
    run = rearrangement_tables(invented(structure), 0.05)["rearrangement_runs"].iloc[0]
    assert run["returned"] == returned


def test_events_across_frames_that_did_not_converge():
    tables = rearrangement_tables(invented([0, -1, 0, -1, 1, -1]), 0.05)
    events = tables["rearrangements"]
    np.testing.assert_allclose(events["time"], [0.4])
    series = tables["inherent_structures"]
    assert series["energy"].isna().tolist() == [False, True, False, True, False, True]
    assert series["step_distance"].isna().tolist() == [False, True, False, True, False, True]
    run = tables["rearrangement_runs"].iloc[0]
    assert (run["events"], run["not_converged"]) == (1, 3)


def test_nothing_converged():
    run = invented([-1, -1])
    run["structure_energy"], run["structures"] = np.empty(0), np.empty((0, 300, 3))
    tables = rearrangement_tables(run, 0.05)
    assert tables["rearrangement_runs"]["not_converged"].tolist() == [2]
    assert tables["inherent_structures"]["energy"].isna().all()


def test_two_dimensions_have_no_third_component():
    field = rearrangement_tables(invented([0, 3], 2), 0.05)["rearrangement_fields"]
    assert (field[["z", "dz"]] == 0).all().all()
    assert field["dx"].max() == pytest.approx(0.3)


def test_sizes_of_chunks():
    assert module.chunk_frames(500) == 12
    assert module.batch_frames(500) == 4
