"""Full disks, disks that cannot be written to, drivers that meet, clocks that jump, damaged files:
nothing that was computed is lost, and the message says what to do."""

import os
import subprocess
import time
from pathlib import Path

import h5py
import pytest
import yaml
from glassmodes.campaign.settings import ROOT
from glassmodes.data.storage import read_glasses, read_modes

from tests.faults.test_kills import CAMPAIGN, SNAKEMAKE, kill_all
from tests.programs import run_stage


@pytest.fixture
def small_disk(kills, tmp_path):
    """A file system of its own, which root can make small, large and read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", folder)
    if mounted.returncode != 0:
        pytest.skip(f"only root can mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def campaign(kills, tmp_path):
    path = tmp_path / "campaign.yaml"
    path.write_text(yaml.safe_dump(CAMPAIGN))
    return path


def snakemake(campaign, results, *arguments):
    return subprocess.run(
        [SNAKEMAKE, "tables", "--workflow-profile", "workflow/profiles/local", *arguments]
        + ["--configfile", campaign, "--config", f"results={results}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def place_of_data(path):
    """Offset of a byte in the midst of what a file holds."""
    if path.suffix == ".parquet":
        return path.stat().st_size // 2
    with h5py.File(path) as file:
        chunk = file["positions"].id.get_chunk_info(0)
        return chunk.byte_offset + chunk.size // 2


def test_full_disk_keeps_what_is_finished(campaign, small_disk, tmp_path):
    glasses, modes = tmp_path / "glasses.h5", small_disk / "modes.h5"
    run_stage("prepare_glasses", campaign, files={"glasses": glasses}, ranks=1)
    # a sample's modes take 0.7 MB: one fits, two do not
    files = {"glasses": glasses, "mode_vectors": modes}
    stopped = run_stage("solve_modes", campaign, files=files, ranks=1, check=False)
    assert stopped.returncode != 0
    assert "no space left" in stopped.stderr.lower()
    assert "free some space" in stopped.stderr
    assert "what is finished is kept" in stopped.stderr
    assert not modes.exists()
    first = small_disk / "modes.h5.partial" / "s000000.h5"
    made = first.stat().st_mtime_ns
    assert mount("-o", "remount,size=50m", small_disk).returncode == 0
    again = run_stage("solve_modes", campaign, files=files, ranks=1)
    assert "sample 0 was finished by an earlier run" in again.stderr
    assert made < modes.stat().st_mtime_ns
    for glass in read_glasses(glasses):
        assert len(read_modes(modes, glass.sample).frequency_squared) == 297


def test_folder_that_cannot_be_written_to_is_refused_before_any_job(campaign, small_disk):
    assert mount("-o", "remount,ro", small_disk).returncode == 0
    found = snakemake(campaign, small_disk / "results")
    assert found.returncode != 0
    assert f"{small_disk}: not writable" in found.stderr
    assert "--config results=" in found.stderr
    assert "rule prepare_glasses" not in found.stderr


def test_second_driver_is_refused_and_the_first_goes_on(campaign, tmp_path):
    results = tmp_path / "results"
    call = [SNAKEMAKE, "tables", "--workflow-profile", "workflow/profiles/local", "--quiet", "all"]
    first = subprocess.Popen(
        [*call, "--configfile", campaign, "--config", f"results={results}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (results / "killed" / ".driver").is_file():
        assert first.poll() is None
        time.sleep(0.1)
    second = snakemake(campaign, results)
    assert second.returncode != 0
    assert f"another Snakemake works on it (process {first.pid} on " in second.stderr
    assert "wait for its end" in second.stderr
    assert first.wait() == 0, first.stderr.read()

    # the campaign is complete now: clocks and damaged files follow, which need one
    glasses = results / "killed" / "glass" / "glasses" / "b0000.h5"
    ahead = time.time() + 7200.0
    os.utime(glasses, (ahead, ahead))
    found = snakemake(campaign, results, "--forcerun", "gather_tables")
    assert found.returncode != 0
    assert f"{glasses}: dated 2.0 h in the future" in found.stderr
    assert "touch" in found.stderr
    os.utime(glasses, (ahead - 9000.0, ahead - 9000.0))

    part = results / "killed" / "glass" / "parts" / "modes" / "b0000.parquet"
    for path, rule in ((glasses, "solve_modes"), (part, "gather_tables")):
        whole = path.read_bytes()
        times = path.stat().st_atime_ns, path.stat().st_mtime_ns
        flipped = bytearray(whole)
        flipped[place_of_data(path)] ^= 0xFF
        path.write_bytes(flipped)
        os.utime(path, ns=times)
        found = snakemake(campaign, results, "--forcerun", rule)
        assert found.returncode != 0
        assert str(path) in found.stderr
        assert "remove it, and it is made again" in found.stderr
        path.write_bytes(whole)
        os.utime(path, ns=times)


def test_driver_that_was_killed_leaves_no_lock(campaign, tmp_path):
    call = [SNAKEMAKE, "tables", "--workflow-profile", "workflow/profiles/local", "--quiet", "all"]
    call += ["--configfile", campaign, "--config", f"results={tmp_path}"]
    first = subprocess.Popen(
        list(map(str, call)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "killed" / ".driver").is_file():
        time.sleep(0.1)
    kill_all(first)
    again = snakemake(Path(campaign), tmp_path, "--until", "prepare_glasses", "--quiet", "all")
    assert again.returncode == 0, again.stderr
