"""Archives: the same bytes for the same results, and nothing of a stranger's is taken on trust."""

import io
import json
import tarfile

import h5py
import pandas as pd
import pytest
from glassmodes.data.archive import unpack_archive, write_archive
from glassmodes.data.manifest import MANIFEST, check_manifest, write_manifest
from glassmodes.data.storage import StorageError, write_table


@pytest.fixture
def results(tmp_path):
    """Results of a campaign that has one table and one trajectory."""
    folder = tmp_path / "results" / "small"
    write_table(folder / "tables" / "modes.parquet", pd.DataFrame({"frequency": [1.0, 2.0]}))
    write_manifest(
        folder / "tables",
        ["modes.parquet"],
        {"campaign": "small", "versions": {"glassmodes": "0.1.0"}, "settings": {}},
    )
    (folder / "campaign.yaml").write_text("campaign: small\n")
    trajectory = folder / "glass" / "trajectories" / "b0000" / "T0.001.h5"
    trajectory.parent.mkdir(parents=True)
    with h5py.File(trajectory, "w") as file:
        file["time"] = [0.0, 1.0]
    return folder


def packed(path, entries):
    """A tar file of (name, content, type) entries."""
    with tarfile.open(path, "w") as archive:
        for name, content, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(content)
            entry.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_unpacks_to_what_was_packed(results, tmp_path):
    write_archive(results, tmp_path / "small.tar")
    folder = unpack_archive(tmp_path / "small.tar", tmp_path / "unpacked")
    assert folder.name == "small"
    for name in ("tables/modes.parquet", "tables/manifest.json", "campaign.yaml"):
        assert (folder / name).read_bytes() == (results / name).read_bytes()
    assert json.loads((folder / "versions.json").read_text()) == {"glassmodes": "0.1.0"}
    assert "tables/modes.parquet" in check_manifest(folder)["files"]
    assert not list(folder.rglob("*.h5"))


def test_same_results_give_the_same_bytes(results, tmp_path):
    for name in ("a.tar", "b.tar"):
        write_archive(results, tmp_path / name)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_trajectories_are_packed_on_request(results, tmp_path):
    write_archive(results, tmp_path / "small.tar", ["trajectories"])
    folder = unpack_archive(tmp_path / "small.tar", tmp_path)
    assert [path.name for path in folder.rglob("*.h5")] == ["T0.001.h5"]


def test_altered_results_are_not_packed(results, tmp_path):
    with open(results / "tables" / "modes.parquet", "ab") as file:
        file.write(b"x")
    with pytest.raises(StorageError, match="modes.parquet: altered"):
        write_archive(results, tmp_path / "small.tar")
    assert not (tmp_path / "small.tar").exists()


@pytest.mark.parametrize(
    "name, kind, reason",
    [
        ("../outside", tarfile.REGTYPE, "would leave its folder"),
        ("/outside", tarfile.REGTYPE, "would leave its folder"),
        ("small/link", tarfile.SYMTYPE, "no plain file"),
        ("small/pipe", tarfile.FIFOTYPE, "no plain file"),
    ],
)
def test_hostile_entries_are_refused(tmp_path, name, kind, reason):
    path = packed(tmp_path / "bad.tar", [(name, b"" if kind != tarfile.REGTYPE else b"x", kind)])
    with pytest.raises(StorageError, match=reason):
        unpack_archive(path, tmp_path / "unpacked")
    assert list((tmp_path / "unpacked").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_manifest_of_an_archive_cannot_point_outside(tmp_path):
    manifest = json.dumps({"files": {"../../secret": "0" * 64}}).encode()
    path = packed(tmp_path / "bad.tar", [(f"small/{MANIFEST}", manifest, tarfile.REGTYPE)])
    with pytest.raises(StorageError, match="outside its folder"):
        unpack_archive(path, tmp_path / "unpacked")


def test_files_beyond_the_manifest_are_refused(tmp_path):
    manifest = json.dumps({"files": {}}).encode()
    entries = [
        (f"small/{MANIFEST}", manifest, tarfile.REGTYPE),
        ("small/tables/modes.parquet", b"x", tarfile.REGTYPE),
    ]
    with pytest.raises(StorageError, match="modes.parquet: not in its manifest"):
        unpack_archive(packed(tmp_path / "bad.tar", entries), tmp_path / "unpacked")


def test_truncated_archive_is_named(results, tmp_path):
    path = tmp_path / "small.tar"
    write_archive(results, path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(StorageError, match="small.tar: "):
        unpack_archive(path, tmp_path / "unpacked")
    assert list((tmp_path / "unpacked").iterdir()) == []
