"""Figures and report from cached tables alone, once their manifest is found to hold."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, ROOT, load_campaign
from glassmodes.data.archive import write_archive
from glassmodes.data.manifest import check_manifest, write_manifest
from glassmodes.data.storage import StorageError, write_table
from glassmodes.papers.summary import summarise

from tests.unit import synthetic_tables

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))


def figures(*arguments, **config):
    pairs = [f"{key}={value}" for key, value in config.items()]
    found = subprocess.run(
        [SNAKEMAKE, "-s", "workflow/figures.smk", "--cores", "1", *arguments, "--config", *pairs],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return found.returncode, found.stdout + found.stderr


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Results that somebody else computed: tables of made-up numbers, and their manifest."""
    folder = tmp_path_factory.mktemp("somebody") / "made_up"
    tables = synthetic_tables.build(particles=40, frames=400)
    tables["summary"] = summarise(tables, ["mizuno2020_intermittent"])
    for name, table in tables.items():
        write_table(folder / "tables" / f"{name}.parquet", table)
    write_manifest(
        folder / "tables",
        [f"{name}.parquet" for name in tables],
        {"campaign": "made_up", "settings": load_campaign(DEFAULT_CAMPAIGN).settings},
    )
    return folder


@pytest.fixture
def copied(computed, tmp_path):
    return Path(shutil.copytree(computed, tmp_path / "copy"))


def test_manifest_holds(computed):
    content = check_manifest(computed / "tables")
    assert content["campaign"] == "made_up"
    assert "modes.parquet" in content["files"]


def test_altered_and_missing_tables_are_named(copied):
    tables = copied / "tables"
    with open(tables / "modes.parquet", "r+b") as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))
    (tables / "moduli.parquet").unlink()
    with pytest.raises(StorageError) as error:
        check_manifest(tables)
    lines = str(error.value).splitlines()
    assert len(lines) == 2
    assert any("modes.parquet" in line and "altered" in line for line in lines)
    assert any("moduli.parquet" in line and "missing" in line for line in lines)


def test_tables_without_manifest_are_refused(copied):
    (copied / "tables" / "manifest.json").unlink()
    with pytest.raises(StorageError, match="manifest.json: no such file"):
        check_manifest(copied / "tables")
    code, text = figures("-n", results=copied)
    assert code != 0
    assert "manifest.json: no such file" in text
    assert "Traceback" not in text


def test_no_simulation_rule_is_in_sight(computed, tmp_path):
    code, text = figures("--list-rules", results=computed, output=tmp_path)
    assert code == 0, text
    listed = {line.strip() for line in text.splitlines()}
    assert {"draw_figures", "write_report", "all"} <= listed
    assert not {"prepare_glasses", "solve_modes", "run_dynamics", "gather_tables"} & listed


def test_unknown_setting_is_refused(computed):
    code, text = figures("-n", result=computed)
    assert code != 0
    assert "result: unknown key; allowed: results, output" in text


def test_altered_table_stops_before_any_figure(copied, tmp_path):
    with open(copied / "tables" / "lifetimes.parquet", "ab") as file:
        file.write(b"x")
    code, text = figures(results=copied, output=tmp_path / "out")
    assert code != 0
    assert "lifetimes.parquet: altered" in text
    assert not (tmp_path / "out").exists()


def listed(text):
    """Jobs of each rule in a dry-run."""
    table = text.split("Job stats:")[1].split("\n\n")[0]
    return {name: int(n) for name, n in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def test_archive_serves_as_well_as_a_folder(computed, tmp_path):
    (computed / "campaign.yaml").write_text("campaign: made_up\n")
    write_archive(computed, tmp_path / "made_up.tar")
    code, text = figures("-n", results=tmp_path / "made_up.tar", output=tmp_path / "out")
    assert code == 0, text
    assert listed(text) == {"draw_figures": 1, "write_report": 1, "all": 1, "total": 3}
    assert "unpacked" in text
    with tarfile.open(tmp_path / "made_up.tar") as archive:
        table = next(m for m in archive if m.name.endswith("modes.parquet"))
    with open(tmp_path / "made_up.tar", "r+b") as file:
        file.seek(table.offset_data + table.size // 2)
        file.write(b"altered")
    code, text = figures("-n", results=tmp_path / "made_up.tar", output=tmp_path / "out")
    assert code != 0
    assert "altered" in text
    assert "Traceback" not in text


def test_folder_of_caches_stands_for_all_of_them(computed, tmp_path):
    for name in ("one", "two"):
        shutil.copytree(computed, tmp_path / "caches" / name)
    code, text = figures("-n", results=tmp_path / "caches", output=tmp_path / "out")
    assert code == 0, text
    assert listed(text) == {"draw_figures": 2, "write_report": 2, "all": 1, "total": 5}
    assert f"output: {tmp_path}/out/two/report.html" in text


def test_special_characters_never_reach_a_shell(computed):
    code, text = figures("-n", results=computed, output="out;rm")
    assert code != 0
    assert "--config output: 'out;rm' has characters other than" in text


@pytest.mark.slow
def test_figures_and_report_from_tables(computed, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in computed.rglob("*")}
    output = tmp_path / "out"
    code, text = figures(results=computed, output=output)
    assert code == 0, text
    assert f"Report: {output}/report.html" in text
    assert {path: path.stat().st_mtime_ns for path in computed.rglob("*")} == before
    drawn = {path.stem for path in (output / "figures").glob("*.png")}
    assert {"lifetimes", "joint_density", "mean_squared_displacement"} <= drawn
    assert {path.stem for path in (output / "figures").glob("*.pdf")} == drawn
    report = (output / "report.html").read_text()
    assert report.count("data:image/webp;base64,") == len(drawn)
    assert 'src="http' not in report
    caption = json.loads((output / "figures" / "lifetimes.json").read_text())["caption"]
    assert len(caption) > 50


@pytest.mark.parametrize("shipped", sorted((ROOT / "tests/data").iterdir()), ids=lambda p: p.name)
def test_shipped_results_are_whole_and_small(shipped):
    content = check_manifest(shipped / "tables")
    paper, scale = shipped.name.rsplit("_", 1)
    campaign = load_campaign(ROOT / "config" / scale / f"{paper}.yaml")
    assert content["campaign"] == campaign.name == shipped.name
    size = sum(path.stat().st_size for path in shipped.rglob("*") if path.is_file())
    assert size <= 10 * 2**20
