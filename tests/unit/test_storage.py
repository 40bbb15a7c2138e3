"""The data contract: names, shapes, attributes, atomic writes, and the refusal of bad files."""

import h5py
import numpy as np
import pandas as pd
import pytest
from glassmodes.data import storage
from glassmodes.data.storage import Glass, Modes, StorageError
from glassmodes.models import get_model

ATTRIBUTES = storage.provenance("demo", "glass", "ipl10_3d", "abc123")
PROVENANCE = {"campaign", "ensemble", "model", "code_version", "config_hash", "created"}


def glasses(count=2, particles=8):
    rng = np.random.default_rng(0)
    model = get_model("ipl10_3d")
    out = []
    for sample in range(count):
        species, diameter = model.mixture(particles, rng)
        box = model.box(particles)
        out.append(
            Glass(
                sample=sample + 4,
                positions=rng.uniform(-1, 2, (particles, 3)) * box,
                box=box,
                species=species,
                diameter=diameter,
                energy=-1.5,
                max_force=1e-11,
                status="ok" if sample else "not_converged",
                diagnostics={"drift": 0.1 * sample},
            )
        )
    return model, out


def test_glasses_follow_the_contract(tmp_path):
    model, written = glasses()
    path = tmp_path / "glasses" / "b0000.h5"
    storage.write_glasses(path, written, model, ATTRIBUTES)
    with h5py.File(path) as file:
        shapes = {name: file[name].shape for name in file if name != "diagnostics"}
        assert shapes == {
            "sample": (2,),
            "positions": (2, 8, 3),
            "box": (2, 3),
            "species": (2, 8),
            "diameter": (2, 8),
            "energy": (2,),
            "max_force": (2,),
            "status": (2,),
        }
        assert file["positions"].dtype == np.float64
        assert PROVENANCE <= set(file.attrs)
        assert '"family": "ipl_smooth"' in file.attrs["potential"]
        assert '"pair_diameters"' in file.attrs["potential"]
        assert (file["positions"][...] >= 0).all()
        assert (file["positions"][...] <= file["box"][...][:, None, :]).all()


def test_glasses_come_back_as_they_were(tmp_path):
    model, written = glasses()
    storage.write_glasses(tmp_path / "b.h5", written, model, ATTRIBUTES)
    read = storage.read_glasses(tmp_path / "b.h5")
    assert [g.sample for g in read] == [4, 5]
    assert [g.is_usable for g in read] == [False, True]
    assert read[1].diagnostics == {"drift": 0.1}
    shift = (read[0].positions - written[0].positions) / written[0].box
    np.testing.assert_allclose(shift, np.rint(shift), atol=1e-12)


def test_modes_follow_the_contract(tmp_path):
    modes = Modes(np.array([-0.04, 0.25]), np.zeros((2, 8, 3)), np.zeros(2), 0.5)
    path = tmp_path / "modes.h5"
    with storage.create_file(path, ATTRIBUTES) as file:
        storage.put_modes(file.create_group(storage.sample_group(3)), modes)
    with h5py.File(path) as file:
        assert set(file["s000003"]) == {"frequency_squared", "vectors", "residual"}
        assert file["s000003"].attrs["complete_below"] == 0.5
    assert storage.mode_samples(path) == [3]
    np.testing.assert_allclose(storage.read_modes(path, 3).frequency, [-0.2, 0.5])
    with pytest.raises(StorageError, match=r"modes\.h5: lacks s000004"):
        storage.read_modes(path, 4)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    model, written = glasses()
    path = tmp_path / "b0000.h5"
    storage.write_glasses(path, written, model, ATTRIBUTES)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="killed"):  # noqa: SIM117
        with storage.create_file(path, ATTRIBUTES) as file:
            file["positions"] = np.zeros(3)
            raise RuntimeError("killed")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["b0000.h5"]


def test_a_truncated_file_is_refused_by_name(tmp_path):
    model, written = glasses()
    path = tmp_path / "b0007.h5"
    storage.write_glasses(path, written, model, ATTRIBUTES)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StorageError, match=r"b0007\.h5.*truncated"):
        storage.read_glasses(path)


def test_foreign_missing_and_unfinished_files_are_refused_by_name(tmp_path):
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["positions"] = np.zeros((2, 3))
    with pytest.raises(StorageError, match=r"foreign\.h5.*not written by this project"):
        storage.read_glasses(foreign)
    with h5py.File(foreign, "a") as file:
        file.attrs["format"] = storage.FORMAT
    with pytest.raises(StorageError, match=r"foreign\.h5.*incomplete"):
        storage.read_glasses(foreign)
    with h5py.File(foreign, "a") as file:
        file.attrs["complete"] = True
    with pytest.raises(StorageError, match=r"foreign\.h5: lacks sample"):
        storage.read_glasses(foreign)
    with pytest.raises(StorageError, match=r"nothing\.h5: no such file"):
        storage.read_glasses(tmp_path / "nothing.h5")


def test_tables_keep_values_and_provenance_and_have_a_csv_twin(tmp_path):
    frame = pd.DataFrame({"ensemble": ["glass"], "sample": [0], "value": [0.1 + 0.2]})
    path = tmp_path / "summary.parquet"
    storage.write_table(path, frame, ATTRIBUTES, csv=True)
    back = storage.read_table(path)
    pd.testing.assert_frame_equal(back, frame)
    assert back.attrs["config_hash"] == "abc123"
    assert (tmp_path / "summary.csv").read_text().startswith("ensemble,sample,value")


def test_bad_tables_are_refused_by_name(tmp_path):
    path = tmp_path / "modes.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(StorageError, match=r"modes\.parquet.*foreign"):
        storage.read_table(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(StorageError, match=r"modes\.parquet.*truncated"):
        storage.read_table(path)


def test_files_and_manifests_name_the_machine():
    assert ATTRIBUTES["machine"] == storage.versions()["machine"] == storage.machine() != ""


@pytest.mark.parametrize(
    "cpuinfo, expected",
    [
        ("model name\t: Xeon: 6\nflags\t\t: fpu sse4_2 avx avx2 avx512f\n", "Xeon: 6, AVX-512"),
        (
            "model name : EPYC\nflags : avx avx2\n\nmodel name : EPYC\nflags : avx avx2\n",
            "EPYC, AVX2",
        ),
        ("processor\t: 0\nFeatures\t: asimd\n", "aarch64"),
        (None, "aarch64"),
    ],
)
def test_machine_is_what_the_kernel_says(monkeypatch, cpuinfo, expected):
    def read_text(path):
        if cpuinfo is None:
            raise FileNotFoundError(path)
        return cpuinfo

    monkeypatch.setattr(storage.Path, "read_text", read_text)
    monkeypatch.setattr(storage.platform, "processor", lambda: "")
    monkeypatch.setattr(storage.platform, "machine", lambda: "aarch64")
    assert storage.machine.__wrapped__() == expected
