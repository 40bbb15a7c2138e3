"""Parts of unfinished jobs: kept, thrown away, locked, and where they lie."""

import subprocess
import sys
import time

from glassmodes.campaign.settings import ROOT
from glassmodes.data.resume import SCRATCH, PartialFolder
from glassmodes.data.storage import create_file

HOLD = """
import sys, time
from glassmodes.data.resume import PartialFolder
held = PartialFolder(sys.argv[1], {"a": 1})
held.open()
print("open", flush=True)
time.sleep(0.5)
"""


def test_parts_of_the_same_settings_are_kept(tmp_path):
    partial = PartialFolder(tmp_path / "out.h5", {"a": 1})
    assert not partial.open()
    with create_file(partial.sample_path(3), {}):
        pass
    again = PartialFolder(tmp_path / "out.h5", {"a": 1})
    assert again.open()
    assert again.has(3)
    assert not PartialFolder(tmp_path / "out.h5", {"a": 2}).open()
    assert not partial.has(3)


def test_damaged_part_is_made_again(tmp_path):
    partial = PartialFolder(tmp_path / "out.h5", {})
    partial.open()
    partial.sample_path(0).write_bytes(b"\x89HDF")
    assert not partial.has(0)
    assert not partial.sample_path(0).exists()


def test_nothing_is_left_behind(tmp_path):
    partial = PartialFolder(tmp_path / "out.h5", {})
    partial.open()
    partial.remove()
    assert list(tmp_path.iterdir()) == []


def test_orphan_of_a_killed_driver_is_waited_for(tmp_path):
    orphan = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "out.h5")],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "analysis")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert orphan.stdout.readline() == "open\n"
    began = time.monotonic()
    assert PartialFolder(tmp_path / "out.h5", {"a": 1}).open()
    assert time.monotonic() - began > 0.1
    assert orphan.wait() == 0


def test_parts_lie_on_the_disk_of_the_node_if_asked(tmp_path, monkeypatch):
    monkeypatch.setenv(SCRATCH, str(tmp_path / "node"))
    one = PartialFolder(tmp_path / "one" / "b0000.h5", {}).folder
    two = PartialFolder(tmp_path / "two" / "b0000.h5", {}).folder
    assert one.parent == two.parent == tmp_path / "node"
    assert one != two
    # ranks on several nodes share none
    monkeypatch.setenv("SLURM_JOB_NUM_NODES", "2")
    assert PartialFolder(tmp_path / "b0000.h5", {}).folder.parent == tmp_path
