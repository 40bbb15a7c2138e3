"""The workflow from any folder, with results on another disk, and as a module of another one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign.settings import ROOT

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
CAMPAIGN = {
    "campaign": "elsewhere",
    "seed": 11,
    "ensembles": {
        "glass": {
            "model": "ipl10_3d",
            "particles": 100,
            "samples": 2,
            "bundle": 1,
            "preparation": {"protocol": "random"},
        }
    },
    "studies": {"modes": {"ensembles": ["glass"], "request": "all"}},
}
JOBS = {"prepare_glasses": 2, "solve_modes": 2, "analyse_modes": 2}
MODULE = """
configfile: "campaign.yaml"

module glasses:
    snakefile: "{root}/Snakefile"
    config: config

use rule * from glasses as glass_*

onstart:
    glasses.onstart()

onerror:
    glasses.onerror()

rule own:
    default_target: True
    input: rules.glass_tables.input
    output: "own.txt"
    shell: "ls {{input}} > {{output}}"
"""


def snakemake(folder, *arguments):
    """Snakemake as it is called in a folder."""
    # the environment's own package may be that of another checkout
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analysis")}
    found = subprocess.run(
        [SNAKEMAKE, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


def files_of_checkout():
    """Files of the checkout and when each was last written to, without what Python caches."""
    left_out = {"__pycache__", ".pytest_cache", ".ruff_cache", ".git", ".venv", ".snakemake"}
    found = {}
    for folder, inside, names in os.walk(ROOT):
        inside[:] = [name for name in inside if name not in left_out and name != "results"]
        for name in names:
            path = Path(folder, name)
            found[path] = path.lstat().st_mtime_ns
    return found


@pytest.fixture
def folder(tmp_path):
    """A folder of a user's, with a campaign."""
    folder = tmp_path / "my work"
    folder.mkdir()
    (folder / "campaign.yaml").write_text(yaml.safe_dump(CAMPAIGN))
    return folder


def jobs(text):
    table = text.split("Job stats:")[1].split("\n\n")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


@pytest.mark.parametrize("entry", ["Snakefile", "workflow/figures.smk"])
def test_dry_run_from_elsewhere_is_that_of_the_checkout(entry, tmp_path):
    elsewhere = jobs(snakemake(tmp_path, "-s", ROOT / entry, "-n"))
    assert elsewhere == jobs(snakemake(ROOT, "-s", entry, "-n", "--config", f"{output(entry)}"))
    # Snakemake's own records
    assert {path.name for path in tmp_path.iterdir()} <= {".snakemake"}


def output(entry):
    """Setting that leads to a folder where nothing has been made yet."""
    return "results=results/nowhere" if entry == "Snakefile" else "output=results/nowhere"


@pytest.mark.slow
@pytest.mark.mpi
def test_campaign_runs_in_another_folder_with_results_on_another_disk(folder, tmp_path):
    results, before = tmp_path / "disk", files_of_checkout()
    call = ["tables", "-s", ROOT / "Snakefile", "--directory", folder, "--cores", 2]
    call += ["--configfile", folder / "campaign.yaml", "--config", f"results={results}"]
    text = snakemake(tmp_path, *call)
    assert JOBS.items() <= jobs(text).items()
    assert (results / "elsewhere" / "tables" / "modes.parquet").is_file()
    assert sorted(path.name for path in folder.iterdir()) == [".snakemake", "campaign.yaml"]
    assert files_of_checkout() == before
    assert "Nothing to be done" in snakemake(tmp_path, *call)


@pytest.mark.slow
@pytest.mark.mpi
def test_relative_results_lie_in_the_working_folder(folder):
    before = files_of_checkout()
    call = ["-s", ROOT / "Snakefile", "--cores", 2, "--configfile", "campaign.yaml"]
    glasses = "results/elsewhere/glass/glasses/b0000.h5"
    snakemake(folder, glasses, *call)
    assert (folder / glasses).is_file()
    assert files_of_checkout() == before


@pytest.mark.slow
@pytest.mark.mpi
def test_workflow_is_a_module_of_another_one(folder):
    (folder / "Snakefile").write_text(MODULE.format(root=ROOT))
    before = files_of_checkout()
    text = snakemake(folder, "--cores", 2)
    assert {f"glass_{rule}": count for rule, count in JOBS.items()}.items() <= jobs(text).items()
    made = (folder / "own.txt").read_text().split()
    assert "results/elsewhere/tables/modes.parquet" in made
    assert files_of_checkout() == before


@pytest.mark.slow
def test_figures_are_drawn_in_another_folder(tmp_path):
    before = files_of_checkout()
    results = ROOT / "tests" / "data" / "mizuno2020_anharmonic_large"
    call = ["-s", ROOT / "workflow" / "figures.smk", "--cores", 1, "--config"]
    snakemake(tmp_path, *call, f"results={results}", "output=mine")
    assert (tmp_path / "mine" / "report.html").stat().st_size > 100_000
    assert files_of_checkout() == before
