"""Programs run by hand under mpiexec: ranks, bundles, faulty samples, and restarts after a kill."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from glassmodes.campaign import registry
from glassmodes.campaign.settings import load_campaign
from glassmodes.data.gather import gather
from glassmodes.data.storage import (
    mode_samples,
    read_glasses,
    read_modes,
    read_table,
    write_glasses,
)

from tests.programs import run_and_kill, run_stage

CAMPAIGN = {
    "campaign": "tiny",
    "seed": 7,
    "ensembles": {
        "glass": {
            "model": "ipl10_3d",
            "particles": 60,
            "samples": 3,
            "bundle": 3,
            "preparation": {"protocol": "random"},
        }
    },
    "studies": {
        "modes": {"ensembles": ["glass"], "request": "all"},
        "dynamics": {
            "ensembles": ["glass"],
            "temperatures": [1.0e-3],
            "equilibration": 2.0,
            "duration": 20.0,
            "interval": 0.05,
        },
        "lifetimes": {"ensembles": ["glass"]},
        "decay_rates": {"ensembles": ["glass"], "broadenings": [0.3], "precision": "double"},
        "joint_density": {"ensembles": ["glass"], "broadening": 0.3},
    },
}

pytestmark = pytest.mark.mpi


def write_campaign(folder, **ensemble):
    content = {**CAMPAIGN, "ensembles": {"glass": {**CAMPAIGN["ensembles"]["glass"], **ensemble}}}
    path = Path(folder) / "campaign.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A campaign with glasses and modes of three samples, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    campaign = write_campaign(folder)
    files = {"glasses": folder / "glasses.h5", "mode_vectors": folder / "modes.h5"}
    run_stage("prepare_glasses", campaign, files={"glasses": files["glasses"]})
    run_stage("solve_modes", campaign, files=files)
    return folder


# --- ranks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks, told", [(1, 2), (2, 1), (2, 3)])
def test_another_number_of_ranks_is_refused(tmp_path, ranks, told):
    campaign = write_campaign(tmp_path)
    output = tmp_path / "glasses.h5"
    found = run_stage(
        *("prepare_glasses", campaign),
        **{"files": {"glasses": output}, "ranks": ranks, "told": told, "check": False},
    )
    assert found.returncode != 0
    assert f"asked for {told} ranks, found {ranks}" in found.stderr
    assert "Traceback" not in found.stderr
    assert not output.exists()
    assert not Path(f"{output}.partial").exists()


def test_ranks_that_cannot_share_samples_are_refused(tmp_path):
    campaign = write_campaign(tmp_path, preparation={"protocol": "random", "ranks_per_sample": 2})
    files = {"glasses": tmp_path / "glasses.h5"}
    found = run_stage("prepare_glasses", campaign, files=files, ranks=3, check=False)
    assert found.returncode != 0
    assert "3 ranks cannot be divided into teams of 2" in found.stderr


# --- content depends on (seed, ensemble, sample, stage) alone -------------------------------


def test_bundles_and_ranks_change_no_sample(prepared, tmp_path):
    reference = read_glasses(prepared / "glasses.h5")
    assert [glass.sample for glass in reference] == [0, 1, 2]
    assert not np.allclose(reference[0].positions, reference[1].positions)
    campaign = write_campaign(tmp_path, bundle=1)
    alone = []
    for bundle, ranks in ((0, 1), (1, 2), (2, 3)):
        output = tmp_path / f"b{bundle}.h5"
        files = {"glasses": output}
        run_stage("prepare_glasses", campaign, files=files, ranks=ranks, bundle=bundle)
        alone += read_glasses(output)
    for one, other in zip(reference, alone, strict=True):
        assert one.sample == other.sample
        assert one.status == other.status == "ok"
        np.testing.assert_array_equal(one.species, other.species)
        np.testing.assert_array_equal(one.positions, other.positions)
        assert one.energy == other.energy


def test_seed_changes_samples(prepared, tmp_path):
    campaign = write_campaign(tmp_path, samples=1)
    content = yaml.safe_load(campaign.read_text())
    campaign.write_text(yaml.safe_dump({**content, "seed": 8}))
    files = {"glasses": tmp_path / "glasses.h5"}
    run_stage("prepare_glasses", campaign, files=files, ranks=1)
    other = read_glasses(tmp_path / "glasses.h5")[0]
    assert not np.allclose(other.positions, read_glasses(prepared / "glasses.h5")[0].positions)


def test_files_carry_their_provenance(prepared):
    campaign = load_campaign(prepared / "campaign.yaml")
    for name in ("glasses.h5", "modes.h5"):
        with h5py.File(prepared / name) as file:
            assert file.attrs["campaign"] == "tiny"
            assert file.attrs["ensemble"] == "glass"
            assert file.attrs["model"] == "ipl10_3d"
            assert file.attrs["config_hash"] == campaign.config_hash
            assert file.attrs["code_version"] and file.attrs["created"]


# --- a sample that fails --------------------------------------------------------------------


def test_failed_sample_stops_no_bundle(prepared, tmp_path):
    campaign = load_campaign(prepared / "campaign.yaml")
    glasses = read_glasses(prepared / "glasses.h5")
    glasses[0].status = "crystallised"
    # no minimum: its Hessian has negative eigenvalues
    rng = np.random.default_rng(1)
    glasses[1].positions = glasses[1].positions + 0.1 * rng.standard_normal(
        glasses[1].positions.shape
    )
    path = tmp_path / "glasses.h5"
    write_glasses(path, glasses, campaign.models["ipl10_3d"], {"campaign": "tiny"})
    files = {"glasses": path, "mode_vectors": tmp_path / "modes.h5"}
    found = run_stage(
        *("solve_modes", prepared / "campaign.yaml"), files=files, log=tmp_path / "log", ranks=1
    )
    assert mode_samples(tmp_path / "modes.h5") == [2]
    with h5py.File(tmp_path / "modes.h5") as file:
        status = list(file["status"].asstr())
        left_out = json.loads(file.attrs["left_out"])
    assert status[0] == "crystallised"
    assert "negative" in status[1]
    assert status[2] == "ok"
    assert left_out == {"0": ["prepare_glasses", "crystallised"], "1": ["solve_modes", status[1]]}
    assert "sample 1" in found.stderr and "negative" in (tmp_path / "log").read_text()
    # and what comes after works with what is left
    files = {"mode_vectors": files["mode_vectors"], "joint_density": tmp_path / "joint.parquet"}
    run_stage("compute_joint_density", prepared / "campaign.yaml", files=files)
    joint = read_table(tmp_path / "joint.parquet")
    assert set(joint["sample"]) == {2}
    assert gather([joint], registry.tables()["joint_density"]).attrs["left_out"] == [
        ("glass", int(sample), *why) for sample, why in left_out.items()
    ]


def test_truncated_file_is_refused_by_name(prepared, tmp_path):
    whole = (prepared / "glasses.h5").read_bytes()
    path = tmp_path / "glasses.h5"
    path.write_bytes(whole[: len(whole) // 2])
    files = {"glasses": path, "mode_vectors": tmp_path / "modes.h5"}
    found = run_stage("solve_modes", prepared / "campaign.yaml", files=files, check=False, ranks=1)
    assert found.returncode != 0
    assert str(path) in found.stderr and "truncated" in found.stderr
    assert not (tmp_path / "modes.h5").exists()


# --- killed in the middle -------------------------------------------------------------------


def test_modes_resume_without_redoing_samples(prepared, tmp_path):
    output = tmp_path / "modes.h5"
    files = {"glasses": prepared / "glasses.h5", "mode_vectors": output}
    job = "solve_modes", prepared / "campaign.yaml"
    first = Path(f"{output}.partial") / "s000000.h5"
    run_and_kill(first.is_file, *job, files=files, ranks=1)
    assert not output.exists()
    kept = first.stat().st_mtime_ns
    # samples that the killed run had finished are marked, to see that they are taken as they are
    with h5py.File(first, "r+") as file:
        file["s000000"].attrs["mark"] = 1
    assert first.stat().st_mtime_ns != kept
    found = run_stage(*job, files=files, ranks=1)
    assert "sample 0 was finished by an earlier run" in found.stderr
    with h5py.File(output) as file:
        assert file["s000000"].attrs["mark"] == 1
    assert not first.parent.exists()
    for sample in range(3):
        once = read_modes(prepared / "modes.h5", sample)
        again = read_modes(output, sample)
        np.testing.assert_array_equal(once.frequency_squared, again.frequency_squared)
        np.testing.assert_array_equal(once.vectors, again.vectors)


def test_parts_of_other_settings_are_thrown_away(prepared, tmp_path):
    output = tmp_path / "glasses.h5"
    campaign = write_campaign(tmp_path, samples=2)
    first = Path(f"{output}.partial") / "s000000.h5"
    job = {"files": {"glasses": output}}
    run_and_kill(first.is_file, "prepare_glasses", campaign, **job, ranks=1)
    content = yaml.safe_load(campaign.read_text())
    campaign.write_text(yaml.safe_dump({**content, "seed": 8}))
    found = run_stage("prepare_glasses", campaign, **job, ranks=1)
    assert "finished by an earlier run" not in found.stderr
    other = read_glasses(output)[0]
    assert not np.allclose(other.positions, read_glasses(prepared / "glasses.h5")[0].positions)


def test_preparation_resumes_without_redoing_samples(prepared, tmp_path):
    output = tmp_path / "glasses.h5"
    campaign = write_campaign(tmp_path)
    first = Path(f"{output}.partial") / "s000000.h5"
    job = {"files": {"glasses": output}}
    run_and_kill(first.is_file, "prepare_glasses", campaign, **job, ranks=1)
    found = run_stage("prepare_glasses", campaign, **job, ranks=2)
    assert "sample 0 was finished by an earlier run" in found.stderr
    for one, other in zip(read_glasses(prepared / "glasses.h5"), read_glasses(output), strict=True):
        np.testing.assert_array_equal(one.positions, other.positions)


def test_dynamics_resumes_without_redoing_frames(tmp_path):
    content = yaml.safe_load(write_campaign(tmp_path, samples=1, bundle=1).read_text())
    # a potential that LAMMPS runs fast, and two chunks of frames
    content["ensembles"]["glass"].update(model="ipl12", particles=200)
    content["studies"]["dynamics"].update(equilibration=0.5, duration=12.0, interval=0.01)
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(content))
    glasses = tmp_path / "glasses.h5"
    run_stage("prepare_glasses", campaign, files={"glasses": glasses}, ranks=1)

    job = "run_dynamics", campaign

    def settings(output):
        return {"temperature": 0.001, "files": {"glasses": glasses, "trajectories": output}}

    run_stage(*job, **settings(tmp_path / "whole.h5"), ranks=1)
    output = tmp_path / "T0.001.h5"
    partial = Path(f"{output}.partial")
    chunk = partial / "s000000" / "c000000.npz"
    run_and_kill(chunk.is_file, *job, **settings(output), ranks=1)
    assert not output.exists()
    # frames that are taken as they are show in the result; those that are redone do not
    with np.load(chunk) as stored:
        frames = {name: stored[name] for name in stored.files}
    frames["potential_energy"][10] = 123.0
    np.savez(chunk, **frames)
    found = run_stage(*job, **settings(output), ranks=1)
    assert "goes on from what an earlier run left" in found.stderr
    assert not partial.exists()
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(output) as resumed:
        one, other = whole["s000000"], resumed["s000000"]
        assert len(one["time"]) == 1201
        for name in ("time", "positions", "velocities", "temperature"):
            np.testing.assert_array_equal(one[name], other[name])
        differ = np.flatnonzero(one["potential_energy"][:] != other["potential_energy"][:])
        assert differ.tolist() == [10]


def test_inherent_structures_resume_on_another_number_of_ranks(tmp_path):
    content = yaml.safe_load(write_campaign(tmp_path, samples=1, bundle=1).read_text())
    content["ensembles"]["glass"].update(model="ipl12", particles=200)
    # two chunks
    content["studies"] = {
        "transitions": {
            **{"ensembles": ["glass"], "temperatures": [0.05], "equilibration": 1.0},
            **{"duration": 2.2, "interval": 0.01},
        }
    }
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(content))
    glasses = tmp_path / "glasses.h5"
    run_stage("prepare_glasses", campaign, files={"glasses": glasses}, ranks=1)

    job = "follow_inherent_structures", campaign

    def settings(output):
        return {"temperature": 0.05, "files": {"glasses": glasses, "inherent": output}}

    run_stage(*job, **settings(tmp_path / "whole.h5"), ranks=2)
    output = tmp_path / "T0.05.h5"
    partial = Path(f"{output}.partial")
    chunk = partial / "s000000" / "c000000.npz"
    run_and_kill(chunk.is_file, *job, **settings(output), ranks=1)
    assert not output.exists()
    # frames that are taken as they are show in the result; those that are redone do not
    with np.load(chunk) as stored:
        series = {name: stored[name] for name in stored.files}
    series["max_force"][10] = 123.0
    np.savez(chunk, **series)
    found = run_stage(*job, **settings(output), ranks=2)
    assert "goes on from what an earlier run left" in found.stderr
    assert not partial.exists()
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(output) as resumed:
        one, other = whole["s000000"], resumed["s000000"]
        assert len(one["time"]) == 221
        for name in ("time", "structure", "energy", "evaluations", "structures", "temperature"):
            np.testing.assert_array_equal(one[name], other[name])
        differ = np.flatnonzero(one["max_force"][:] != other["max_force"][:])
        assert differ.tolist() == [10]

    tables = ("inherent_structures", "rearrangements", "rearrangement_runs", "rearrangement_fields")
    parts = {name: tmp_path / f"{name}.parquet" for name in tables}
    files = {"inherent": output, **parts}
    run_stage("measure_rearrangements", campaign, temperature=0.05, files=files)
    series, runs = (read_table(parts[name]) for name in ("inherent_structures", tables[2]))
    assert len(series) == 221 and len(runs) == 1
    assert runs["events"][0] == (series["structure"].diff().fillna(0) != 0).sum()
    assert runs["not_converged"][0] == 0
    assert len(read_table(parts["rearrangements"])) == runs["events"][0]


def test_decay_rates_resume_without_redoing_blocks(prepared, tmp_path):
    job = "compute_decay_rates", prepared / "campaign.yaml"
    read = {"glasses": prepared / "glasses.h5", "mode_vectors": prepared / "modes.h5"}

    whole, output = tmp_path / "whole.parquet", tmp_path / "rates.parquet"
    run_stage(*job, files={**read, "decay_rates": whole}, ranks=2)
    files = {**read, "decay_rates": output}
    blocks = Path(f"{output}.partial") / "s000000"
    run_and_kill(lambda: len(list(blocks.glob("modes_*.npy"))) >= 3, *job, files=files, ranks=1)
    assert not output.exists()
    # a block that is taken as it is shows in the result; one that is redone does not
    mark = sorted(blocks.glob("modes_??????.npy"))[0]
    rates = np.load(mark)
    np.save(mark, rates + 1.0)
    run_stage(*job, files=files, ranks=2)
    expected, found = read_table(whole), read_table(output)
    marked = (found["sample"] == 0).to_numpy()
    difference = found["splitting"].to_numpy() - expected["splitting"].to_numpy()
    np.testing.assert_allclose(difference[marked], 1.0, rtol=1e-9)
    np.testing.assert_array_equal(difference[~marked], 0.0)
    assert not blocks.parent.exists()


# --- excitations ----------------------------------------------------------------------------

SPHERES = {
    "campaign": "spheres",
    "seed": 12,
    "ensembles": {
        "glass": {
            "model": "harmonic",
            "particles": 150,
            "samples": 2,
            "bundle": 2,
            "preparation": {"protocol": "random"},
        }
    },
    "studies": {
        "modes": {"ensembles": ["glass"], "request": "all"},
        "excitations": {
            "ensembles": ["glass"],
            "at_least": 8,
            "above": 2,
            "smallest_amplitude": 1.0e-3,
            "largest_amplitude": 0.2,
            "scans": 2,
        },
        "cubic_amplitudes": {"ensembles": ["glass"]},
    },
}
COSTS = ["seconds", "evaluations"]


@pytest.fixture(scope="module")
def spheres(tmp_path_factory):
    """Glasses, modes and their table, and the boson peak of harmonic spheres."""
    folder = tmp_path_factory.mktemp("spheres")
    campaign = folder / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(SPHERES))
    files = spectra(folder)
    run_stage("prepare_glasses", campaign, files={"glasses": files["glasses"]})
    vectors = {name: files[name] for name in ("glasses", "mode_vectors")}
    run_stage("solve_modes", campaign, files=vectors)
    tables = {name: folder / f"{name}.parquet" for name in ("modes", "moduli", "boson_peak")}
    measured = {name: tables[name] for name in ("modes", "moduli")}
    run_stage("analyse_modes", campaign, files={**vectors, **measured})
    run_stage("estimate_boson_peak", campaign, files=tables)
    return folder


def spectra(folder):
    """Files that measurements of modes read."""
    return {
        "glasses": folder / "glasses.h5",
        "mode_vectors": folder / "modes.h5",
        "modes": folder / "modes.parquet",
    }


def excitations(folder, output):
    """Files that measure_excitations reads, and in a folder those that it makes."""
    names = {"excitations": "excitations", "excitation_scans": "scans"}
    names |= {"excitation_fields": "fields"}
    made = {table: output / f"{name}.parquet" for table, name in names.items()}
    return {**spectra(folder), "boson_peak": folder / "boson_peak.parquet", **made}


@pytest.fixture(scope="module")
def excited(spheres):
    job = "measure_excitations", spheres / "campaign.yaml"
    run_stage(*job, files=excitations(spheres, spheres), ranks=1)
    return {
        name: read_table(spheres / f"{name}.parquet") for name in ("excitations", "scans", "fields")
    }


def same_tables(one, other, tolerance):
    assert list(one.columns) == list(other.columns)
    assert len(one) == len(other)
    for column in one.columns.drop(COSTS, errors="ignore"):
        if one[column].dtype.kind == "f":
            np.testing.assert_allclose(other[column], one[column], **tolerance, err_msg=column)
        else:
            assert (one[column].to_numpy() == other[column].to_numpy()).all(), column


def test_excitations_are_a_valid_table(spheres, excited):
    tables = registry.tables()
    table = gather([excited["excitations"]], tables["excitations"])
    assert set(table["sample"]) == {0, 1}
    gather([excited["scans"]], tables["excitation_scans"])
    fields = gather([excited["fields"]], tables["excitation_fields"])
    peak = gather([spheres / "boson_peak.parquet"], tables["boson_peak"])
    assert peak["spectrum_of"].tolist() == ["glass"] and peak["sample"].tolist() == [-1]
    for sample in (0, 1):
        mine = table[table["sample"] == sample]
        assert mine["mode"].is_monotonic_increasing
        assert mine["mode"].head(8).tolist() == list(range(8))
        assert set(mine["outcome"]) <= {"transition", "none"}
        changed = mine[mine["outcome"] == "transition"]
        assert len(changed) >= 4
        assert ((changed["final_structure"] > 0) & (changed["sign"].abs() == 1)).all()
        assert (changed["relative_precision"] <= 0.05).all()
        kept = mine[mine["outcome"] == "none"]
        assert (kept["final_structure"] == -1).all() and kept["amplitude"].isna().all()
        # one structure, one displacement
        for _, group in changed.groupby("final_structure"):
            assert np.ptp(group["distance"]) < 1e-5
        # the field that is kept is that of the transition
        field = fields[fields["sample"] == sample]
        distance = np.sqrt((field[["dx", "dy", "dz"]] ** 2).to_numpy().sum())
        row = mine.set_index("mode").loc[field["mode"].iloc[0]]
        assert distance == pytest.approx(row["distance"], abs=1e-5)
    modes = read_table(spheres / "modes.parquet").set_index(["sample", "mode"])
    both = table.set_index(["sample", "mode"])
    for column in ("frequency", "phonon_order", "participation_ratio"):
        assert both[column].to_numpy() == pytest.approx(modes.loc[both.index, column].to_numpy())


def test_ranks_change_no_excitation(spheres, excited, tmp_path):
    job = "measure_excitations", spheres / "campaign.yaml"
    run_stage(*job, files=excitations(spheres, tmp_path), ranks=2)
    for name in ("excitations", "fields"):
        found = read_table(tmp_path / f"{name}.parquet")
        same_tables(excited[name], found, {"rtol": 1e-5, "atol": 1e-7})


def test_excitations_resume_mode_by_mode(spheres, excited, tmp_path):
    partial = tmp_path / "excitations.parquet.partial"

    def done():
        return sorted((partial / "s000000").glob("m*.json"))

    job = "measure_excitations", spheres / "campaign.yaml"
    files = excitations(spheres, tmp_path)
    run_and_kill(lambda: len(done()) >= 3, *job, files=files, ranks=1)
    assert not (tmp_path / "excitations.parquet").exists()
    # a mode that is taken as it is shows in the result; one that is redone does not
    first = done()[0]
    record = json.loads(first.read_text())
    record["row"]["minimisations"] += 1000
    first.write_text(json.dumps(record))
    run_stage(*job, files=files, ranks=2)
    found = read_table(tmp_path / "excitations.parquet")
    marked = found["minimisations"] >= 1000
    assert found.index[marked].tolist() == [0]
    found.loc[marked, "minimisations"] -= 1000
    same_tables(excited["excitations"], found, {"rtol": 1e-5, "atol": 1e-7})
    assert not partial.exists()


def test_window_that_modes_do_not_reach_is_refused_before_any_work(spheres, tmp_path):
    campaign = tmp_path / "campaign.yaml"
    content = yaml.safe_load(yaml.safe_dump(SPHERES))
    content["studies"]["excitations"].update(below=1e-4, at_least=0)
    campaign.write_text(yaml.safe_dump(content))
    files = excitations(spheres, tmp_path)
    found = run_stage("measure_excitations", campaign, files=files, ranks=1, check=False)
    assert found.returncode != 0
    assert "modes.h5: sample 0: studies.excitations: below: no mode has a frequency" in found.stderr
    assert not list(tmp_path.glob("*.partial"))


def test_cubic_amplitudes_of_a_bundle(spheres, excited, tmp_path):
    output = tmp_path / "cubic.parquet"
    files = {**spectra(spheres), "cubic_amplitudes": output}
    run_stage("compute_cubic_amplitudes", spheres / "campaign.yaml", files=files)
    found = read_table(output).set_index(["sample", "mode"])
    assert len(found) == 2 * 447
    assert (found["amplitude"] > 0).all()
    expected = 2 * found["frequency"] ** 2 / (found["cubic"].abs() * np.sqrt(150))
    assert found["amplitude"].to_numpy() == pytest.approx(expected.to_numpy())
    # the same number beside the measured one
    beside = excited["excitations"].set_index(["sample", "mode"])["cubic_amplitude"]
    assert beside.to_numpy() == pytest.approx(found.loc[beside.index, "amplitude"].to_numpy())
