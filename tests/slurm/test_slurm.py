"""A real SLURM: ranks are there, killed jobs get more, a killed driver loses nothing."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign.settings import ROOT
from glassmodes.data.resume import SCRATCH
from glassmodes.data.storage import read_table
from pandas.testing import assert_frame_equal

from tests.programs import PROGRAM, stage_arguments
from tests.slurm.cluster import Cluster

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
PROFILE = "workflow/profiles/slurm"
TABLES = ("modes", "moduli", "summary", "ensembles")
CAMPAIGN = {
    "campaign": "cluster",
    "seed": 5,
    "ensembles": {
        "glass": {
            "model": "ipl10_3d",
            "particles": 200,
            "samples": 3,
            "bundle": 2,
            "preparation": {"protocol": "random"},
        }
    },
    "studies": {"modes": {"ensembles": ["glass"], "request": "all"}},
}
OPTIONS = (
    *("--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "2", "--slurm-no-account"),
    *("--jobs", "4", "--latency-wait", "10"),
)


@pytest.fixture
def submit(cluster):
    """Function that starts Snakemake on the cluster; what a failed test leaves is ended."""
    drivers = []

    def start(*arguments, **environment):
        drivers.append(on_cluster(cluster, *arguments, **environment))
        return drivers[-1]

    yield start
    for driver in drivers:
        if driver.poll() is None:
            driver.kill()
            driver.communicate()
    cluster.cancel_all()


def on_cluster(cluster: Cluster, *arguments, **environment) -> subprocess.Popen:
    """Snakemake that submits to the cluster, output and errors together."""
    return subprocess.Popen(
        [SNAKEMAKE, "--workflow-profile", PROFILE, *OPTIONS, *map(str, arguments)],
        cwd=ROOT,
        env={**cluster.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # what a shell starts in the background ignores INT, and hands that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(condition, driver: subprocess.Popen, seconds=1800.0):
    end = time.monotonic() + seconds
    while not condition():
        assert driver.poll() is None, driver.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign")
    (folder / "campaign.yaml").write_text(yaml.safe_dump(CAMPAIGN))
    return folder


def arguments(campaign, results):
    files = ["--configfile", campaign / "campaign.yaml"]
    return ["tables", *files, "--config", f"results={results}"]


def test_driver_killed_twice_ends_with_the_tables_of_one_machine(submit, cluster, campaign):
    """INT cancels the jobs, KILL leaves them running; what they finished is not made again."""
    scratch = campaign / "node"
    scratch.mkdir()
    results = campaign / "slurm"
    glasses = results / "cluster" / "glass" / "glasses"
    call = arguments(campaign, results)
    # in the midst of a job, whose parts are on the node's own disk
    driver = submit(*call, **{SCRATCH: str(scratch)})
    wait_until(lambda: list(scratch.glob("b000?.h5.*.partial/settings.json")), driver)
    assert not list(glasses.glob("*.partial"))
    driver.send_signal(signal.SIGINT)
    driver.communicate(timeout=600)
    assert driver.returncode != 0
    cluster.cancel_all()

    driver = submit(*call, **{SCRATCH: str(scratch)})
    wait_until(lambda: list(glasses.glob("b*.h5")), driver)
    driver.kill()
    driver.communicate()
    # its jobs go on; the next driver's wait for them where they make the same file. What is made
    # again comes by a rename, so as another inode; Snakemake itself touches what a job left.
    kept = {path: path.stat().st_ino for path in glasses.glob("b*.h5")}

    driver = submit(*call, **{SCRATCH: str(scratch)})
    text = driver.communicate(timeout=3600)[0]
    assert driver.returncode == 0, text
    assert {path: path.stat().st_ino for path in kept} == kept
    assert not list(scratch.iterdir())

    local = campaign / "local"
    found = subprocess.run(
        [SNAKEMAKE, "--workflow-profile", "workflow/profiles/local", *map(str, call[:-1])]
        + [f"results={local}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    for name in TABLES:
        # as many ranks on either, so the arithmetic is the same to the last bit
        assert_frame_equal(
            read_table(results / "cluster" / "tables" / f"{name}.parquet"),
            read_table(local / "cluster" / "tables" / f"{name}.parquet"),
            check_exact=True,
        )


def test_copies_that_do_not_know_each_other_are_refused(cluster, campaign):
    """Without PMI2 MPICH starts two programs of one rank each, which would share one output."""
    output = campaign / "alone.h5"
    job = stage_arguments("prepare_glasses", campaign / "campaign.yaml", files={"glasses": output})
    command = [sys.executable, PROGRAM, *job, "--ranks", "2"]
    found = {
        protocol: subprocess.run(
            ["srun", f"--mpi={protocol}", "-n", "2", "--mem=2000", *command],
            cwd=ROOT,
            env={**cluster.environment, "PYTHONPATH": str(ROOT / "analysis")},
            capture_output=True,
            text=True,
        )
        for protocol in ("none", "pmi2")
    }
    assert found["none"].returncode != 0
    assert "asked for 2 ranks, found 1" in found["none"].stderr
    assert "--mpi=pmi2" in found["none"].stderr
    assert found["pmi2"].returncode == 0, found["pmi2"].stderr
    assert output.is_file()


def test_killed_jobs_get_more_and_hopeless_ones_are_named(submit, cluster, tmp_path):
    driver = submit(
        *("-s", "tests/slurm/misbehaving.smk", "--directory", tmp_path / "run"),
        *("--config", f"folder={tmp_path}"),
    )
    text = driver.communicate(timeout=3600)[0]
    assert driver.returncode != 0
    attempts = {
        name: (tmp_path / f"{name}.done.attempts").read_text().split()
        for name in ("memory", "time", "never")
    }
    retries = yaml.safe_load((ROOT / PROFILE / "config.yaml").read_text())["retries"]
    # over its memory, and over its walltime: killed once, then given more
    assert attempts["memory"] == ["700", "1400"]
    # on a slow machine the first minute may end before the job has begun
    assert attempts["time"] in (["1", "6"], ["6"])
    assert (tmp_path / "memory.done").is_file()
    assert (tmp_path / "time.done").is_file()
    assert len(attempts["never"]) == retries + 1
    assert not (tmp_path / "never.done").exists()
    assert "Error in rule fail_always" in text, text
    assert re.search(rf"log: {tmp_path}/never\.log", text), text
    states = cluster.states()
    assert "TIMEOUT" in states, states
    assert os.path.exists(tmp_path / "never.log")
