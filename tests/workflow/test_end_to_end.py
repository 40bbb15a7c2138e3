"""A whole campaign at its tiniest, from its file to the report."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign import registry
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, ROOT
from glassmodes.data.schemas import TABLES
from glassmodes.data.storage import read_table
from glassmodes.papers.paper_tables import PAPER_TABLES, made_tables

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
STUDIES = {
    "modes": {"ensembles": ["glass", "crystal"], "request": "all"},
    "density_of_states": {"ensembles": ["glass"], "moments": 64, "random_vectors": 4},
    "dynamics": [
        {
            "ensembles": ["glass"],
            "temperatures": [1.0e-3, 3.0e-3],
            "equilibration": 5.0,
            "duration": 60.0,
            "interval": 0.5,
        },
        {
            "ensembles": ["crystal"],
            "temperatures": [3.0e-3],
            "equilibration": 5.0,
            "duration": 60.0,
            "interval": 0.5,
            "keep_trajectories": False,
        },
    ],
    "transitions": {
        "ensembles": ["glass", "crystal"],
        "temperatures": [5.0e-2],
        "equilibration": 5.0,
        "duration": 6.0,
        "interval": 0.1,
    },
    "lifetimes": {"ensembles": ["glass", "crystal"]},
    "decay_rates": {"ensembles": ["glass", "crystal"], "broadenings": [0.3]},
    "joint_density": {"ensembles": ["glass", "crystal"], "broadening": 0.3},
}

pytestmark = [pytest.mark.slow, pytest.mark.mpi]


def tiny(**decay_rates):
    content = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
    content["campaign"] = "tiny"
    content["ensembles"]["glass"].update(
        particles=200, preparation={"protocol": "quench", "equilibration": 10.0}
    )
    content["ensembles"]["crystal"]["preparation"]["cells"] = 4
    content["ensembles"]["crystal"]["samples"] = 1
    content["studies"] = {
        **STUDIES,
        "decay_rates": {**STUDIES["decay_rates"], **decay_rates},
    }
    return content


def snakemake(folder, content, *arguments):
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(content))
    found = subprocess.run(
        [
            *(SNAKEMAKE, "--workflow-profile", "workflow/profiles/local", *arguments),
            *("--configfile", str(file), "--config", f"results={folder / 'results'}"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    text = found.stdout + found.stderr
    assert found.returncode == 0, text
    return text


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("end_to_end")
    return folder, snakemake(folder, tiny())


def test_ends_with_the_path_of_the_report(campaign):
    folder, text = campaign
    report = folder / "results" / "tiny" / "report.html"
    assert re.search(rf"^Report: {report}$", text, re.M)
    assert report.stat().st_size > 100_000
    assert "data:image/webp;base64," in report.read_text()


def test_every_table_is_made(campaign):
    tables = campaign[0] / "results" / "tiny" / "tables"
    gathered = [name for name, stage in registry.makers().items() if stage.study in STUDIES]
    gathered = [name for name in gathered if name in registry.tables()]
    papers = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())["papers"]
    made = made_tables(gathered, papers)
    assert made
    declared = {**registry.tables(), **TABLES}
    declared |= {name: table.declared.table for name, table in PAPER_TABLES.items()}
    # in so short a time nothing need rearrange, and no sample is left out
    empty = ("rearrangements", "rearrangement_fields", "sample_statuses")
    for name in [*gathered, *made, *TABLES]:
        table = read_table(tables / f"{name}.parquet")
        assert len(table) or name in empty, name
        columns = [column.name for column in declared[name].columns]
        assert list(table.columns)[: len(columns)] == columns
    for name in ("summary", *made):
        assert (tables / f"{name}.csv").is_file()
    assert "Table I. Where rearrangements occur" in (tables.parent / "report.html").read_text()


def test_figures_have_both_formats(campaign):
    figures = campaign[0] / "results" / "tiny" / "figures"
    drawn = {path.stem for path in figures.glob("*.png")}
    assert len(drawn) >= 10
    assert {path.stem for path in figures.glob("*.pdf")} == drawn


def test_every_job_has_log_and_benchmark(campaign):
    results = campaign[0] / "results" / "tiny"
    logs = {
        path.relative_to(results / "logs").with_suffix("") for path in results.glob("logs/**/*.log")
    }
    records = {
        path.relative_to(results / "benchmarks").with_suffix("")
        for path in results.glob("benchmarks/**/*.tsv")
    }
    assert len(logs) > 20
    assert records == logs


def test_trajectories_are_kept_as_asked(campaign):
    results = campaign[0] / "results" / "tiny"
    assert len(list(results.glob("glass/trajectories/b0000/T*.h5"))) == 2
    assert not list(results.glob("crystal/trajectories/**/*.h5"))
    assert not list(results.rglob("*.partial"))


def test_a_second_call_does_nothing(campaign):
    folder, _ = campaign
    assert "Nothing to be done" in snakemake(folder, tiny())


def test_a_changed_setting_reruns_its_study_alone(campaign):
    folder, _ = campaign
    text = snakemake(folder, tiny(precision="double"), "-n")
    table = text.split("Job stats:")[1].split("\n\n")[0]
    found = dict(re.findall(r"^(\w+) +(\d+)$", table, re.M))
    found.pop("total")
    assert set(found) == {
        "compute_decay_rates",
        "gather_tables",
        "summarise_tables",
        "draw_figures",
        "write_report",
        "all",
    }
    assert found["gather_tables"] == "1"
