"""A campaign that is killed again and again, without warning, ends with the tables of one that
was left alone."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from glassmodes.campaign.settings import ROOT
from glassmodes.data.storage import read_table
from pandas.testing import assert_frame_equal

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
CAMPAIGN = {
    "campaign": "killed",
    "seed": 11,
    "ensembles": {
        "glass": {
            "model": "ipl10_3d",
            "particles": 100,
            "samples": 4,
            "bundle": 2,
            "preparation": {"protocol": "random"},
        }
    },
    "studies": {
        "modes": {"ensembles": ["glass"], "request": "all"},
        "transitions": {
            "ensembles": ["glass"],
            "temperatures": [0.1],
            "equilibration": 2.0,
            "duration": 3.0,
            "interval": 0.1,
        },
    },
}
TABLES = ("modes", "moduli", "inherent_structures", "rearrangement_runs", "summary", "ensembles")
LONGEST = 20.0
"""Seconds of work, at most, between the first job of a run and its end."""


def start(folder, results):
    """Snakemake on the campaign, as a user starts it."""
    campaign = folder / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(CAMPAIGN))
    return subprocess.Popen(
        [SNAKEMAKE, "tables", "--workflow-profile", "workflow/profiles/local", "--quiet", "all"]
        + ["--configfile", str(campaign), "--config", f"results={results}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill_all(driver):
    """SIGKILL to the driver and to everything that it has started; nobody may clean up."""
    family = [psutil.Process(driver.pid), *psutil.Process(driver.pid).children(recursive=True)]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=30)
    driver.communicate()


def work_is_done_in(driver) -> bool:
    """Whether a program of the workflow runs."""
    for process in psutil.Process(driver.pid).children(recursive=True):
        try:
            if any("workflow/scripts/" in word for word in process.cmdline()):
                return True
        except psutil.NoSuchProcess:
            continue
    return False


@pytest.fixture(scope="module")
def undisturbed(kills, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    driver = start(folder, folder / "results")
    text = driver.communicate()[0]
    assert driver.returncode == 0, text
    return folder / "results" / "killed"


def test_tables_after_kills_are_those_without(kills, undisturbed, tmp_path):
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 2**32))
    moments = random.Random(seed)
    results, done, finished = tmp_path / "results", 0, False
    while not finished:
        driver = start(tmp_path, results)
        if done < kills:
            while driver.poll() is None and not work_is_done_in(driver):
                time.sleep(0.05)
            end = time.monotonic() + moments.uniform(0.0, LONGEST)
            while driver.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
        if done < kills and driver.poll() is None:
            kill_all(driver)
            done += 1
            continue
        text = driver.communicate()[0]
        assert driver.returncode == 0, f"seed {seed}, {done} kills: {text}"
        finished = done >= kills
        if not finished:
            # it was faster than all kills: begin anew
            compare(undisturbed, results / "killed", seed)
            results = tmp_path / f"results_{done}"
    compare(undisturbed, results / "killed", seed)
    assert not list((results / "killed").rglob("*.partial"))


def compare(expected, found, seed):
    """Every number is the same to the last bit, but for the time that the work took."""
    for name in TABLES:
        first, second = (
            read_table(folder / "tables" / f"{name}.parquet").drop(
                columns="seconds_per_frame", errors="ignore"
            )
            for folder in (found, expected)
        )
        assert_frame_equal(first, second, check_exact=True, obj=f"{name} (FAULT_SEED={seed})")
