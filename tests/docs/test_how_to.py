"""The pages on adding a study and a paper, followed to the letter in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from glassmodes.campaign.settings import ROOT

PAGES = ROOT / "docs" / "howto"
FILE = re.compile(r"^`([\w/.]+)`[^\n]*(?:\n[^\n`]+)*\n\n```\w+\n(.*?)^```$", re.M | re.S)
"""A file of a page: a paragraph that begins with its name, and the block that follows."""

COPIED = ("Snakefile", "analysis", "config", "envs", "lammps_inputs", "profiles", "workflow")
CAMPAIGN = "pair_correlation.yaml"


def follow(page, folder):
    """Write the files of a page; returns their names."""
    files = dict(FILE.findall((PAGES / page).read_text()))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return set(files)


def run(folder, *command):
    found = subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "analysis")},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project."""
    folder = tmp_path_factory.mktemp("project")
    skip = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", ".ipynb_checkpoints")
    for name in COPIED:
        if (ROOT / name).is_symlink():
            (folder / name).symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=skip)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def with_study(project):
    touched = follow("study.md", project)
    assert touched == {"analysis/glassmodes/studies/pair_correlation.py", CAMPAIGN}
    return project


@pytest.mark.slow
def test_a_study_is_one_file(with_study):
    run(with_study, "python", "-m", "glassmodes.campaign.schema")
    assert "pair_correlation" in (with_study / "workflow/schemas/campaign.schema.json").read_text()
    plan = run(with_study, "snakemake", "plan", "--configfile", CAMPAIGN)
    assert re.search(r"pair_correlation +measure_pair_correlation +2 +0 +4", plan), plan
    assert "measure_pair_correlation" in run(
        with_study, "snakemake", "--list", "--configfile", CAMPAIGN
    )
    run(with_study, "snakemake", "tables", "--cores", "2", "--configfile", CAMPAIGN)
    results = with_study / "results/pair_correlation"
    table = pd.read_parquet(results / "tables/pair_correlation.parquet")
    assert table.groupby("sample").size().to_dict() == dict.fromkeys(range(4), 40)
    mean = table.groupby("distance")["correlation"].mean()
    # nothing inside the cores, a first shell near the pair diameter, nothing ordered far away
    assert (mean[mean.index < 0.6] == 0.0).all()
    assert 0.9 < mean.idxmax() < 1.2
    assert np.mean(mean[mean.index > 0.8 * mean.index.max()]) == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
def test_a_paper_is_one_folder(with_study):
    touched = follow("paper.md", with_study) - {CAMPAIGN}
    folder = "analysis/glassmodes/papers/example2020_structure"
    assert touched == {f"{folder}/__init__.py", f"{folder}/structure.py"}
    run(with_study, "snakemake", "--cores", "2", "--configfile", CAMPAIGN)
    results = with_study / "results/pair_correlation"
    summary = pd.read_parquet(results / "tables/summary.parquet")
    assert set(summary["paper"]) == {"example2020_structure"}
    (row,) = summary.itertuples()
    assert row.verdict in ("shown", "undecided")
    assert row.observed == pytest.approx(1.0, abs=0.1)
    assert (results / "figures/pair_correlation.png").stat().st_size > 5000
    report = (results / "report.html").read_text()
    assert "Structure of simple glasses, J. Ex. Phys." in report
    assert "Particles far from each other are uncorrelated" in report
