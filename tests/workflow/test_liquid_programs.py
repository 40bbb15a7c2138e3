"""Equilibrium ensembles, program by program: runs, bundles of any size, and their table."""

import numpy as np
import pytest
import yaml
from glassmodes.campaign import layout, registry
from glassmodes.campaign.settings import load_campaign
from glassmodes.data.gather import gather
from glassmodes.data.storage import read_glasses

from tests.programs import run_stage

CAMPAIGN = {
    "campaign": "tiny",
    "seed": 7,
    "papers": ["kapteijns2020_nqe"],
    "ensembles": {
        "glass": {
            "model": "ipl10_2d",
            "particles": 60,
            "samples": 3,
            "bundle": 7,
            "preparation": {
                "protocol": "equilibrium",
                "dynamics": "molecular",
                "equilibration": 20.0,
                "snapshots": 2,
            },
        }
    },
    "studies": {"modes": {"ensembles": ["glass"], "request": {"lowest": 2}}},
}

pytestmark = pytest.mark.mpi


def write_campaign(folder, bundle):
    content = yaml.safe_load(yaml.safe_dump(CAMPAIGN))
    content["ensembles"]["glass"]["bundle"] = bundle
    content["results"] = str(folder / "results")
    path = folder / f"bundles_of_{bundle}.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def liquids(tmp_path_factory):
    """Both runs of three samples."""
    folder = tmp_path_factory.mktemp("liquids")
    campaign = write_campaign(folder, 7)
    for index in (0, 1):
        name = f"r{index:04d}"
        files = {"liquids": folder / f"{name}.h5", "equilibration": folder / f"{name}.parquet"}
        run_stage("equilibrate_liquids", campaign, run=index, files=files)
    return folder


def test_bundles_and_ranks_change_no_sample(liquids):
    files = [liquids / "r0000.h5", liquids / "r0001.h5"]
    whole = liquids / "whole.h5"
    run_stage(
        *("prepare_glasses", liquids / "bundles_of_7.yaml"),
        files={"liquids": files, "glasses": whole},
    )
    single = liquids / "single.h5"
    run_stage(
        *("prepare_glasses", write_campaign(liquids, 1)),
        **{"bundle": 2, "files": {"liquids": files[1], "glasses": single}, "ranks": 1},
    )
    glasses = read_glasses(whole)
    assert [glass.sample for glass in glasses] == [0, 1, 2]
    assert all(glass.max_force < 1e-10 for glass in glasses)
    assert not np.allclose(glasses[0].positions, glasses[1].positions)
    (alone,) = read_glasses(single)
    assert alone.sample == 2
    np.testing.assert_array_equal(alone.positions, glasses[2].positions)
    assert (alone.energy, alone.status) == (glasses[2].energy, glasses[2].status)


def test_table_has_a_row_for_each_run(liquids):
    campaign = load_campaign(liquids / "bundles_of_7.yaml")
    assert layout.tables(campaign)[0] == "equilibration"
    names = [part.rpartition("/")[2] for part in layout.parts(campaign, "equilibration")]
    declared = registry.tables()["equilibration"]
    table = gather([liquids / name for name in names], declared)
    assert table["run"].tolist() == [0, 1]
    assert table["sample"].tolist() == [0, 2]
    assert table["snapshots"].tolist() == [2, 1]
    assert (table["decorrelation_time"] > 0).all()
    assert not list(liquids.glob("*.partial"))


def test_missing_runs_are_refused(liquids):
    files = {"liquids": liquids / "r0000.h5", "glasses": liquids / "none.h5"}
    found = run_stage(
        *("prepare_glasses", liquids / "bundles_of_7.yaml"), files=files, ranks=1, check=False
    )
    assert found.returncode != 0
    assert "1 files for 2 runs" in found.stderr
