"""Programs of the quasilocalized excitations: bundles, ranks, faults, restarts, pictures."""

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from glassmodes.campaign import registry, runner
from glassmodes.data.gather import gather
from glassmodes.data.storage import read_table, write_glasses, write_table
from glassmodes.quasilocalized.solvers import Solution
from glassmodes.studies import quasilocalized

from tests.conftest import small_glass
from tests.programs import program, run_stage, stage_arguments

SAMPLES = 3
BAD = 1
TABLES = (
    "quasilocalized",
    "quasilocalized_samples",
    "quasilocalized_profiles",
    "quasilocalized_population",
    "quasilocalized_growth",
)
STUDY = {
    "ensembles": ["glass"],
    "population_harmonic_modes": 2,
    "population_dipoles": 1,
    "keep_vectors": True,
}


def write_ensemble(folder, bundle, samples=range(SAMPLES), **study):
    """Folder of the only ensemble of a campaign: its inherent structures, BAD is no minimum."""
    campaign = {
        "campaign": "tiny",
        "results": str(folder),
        "seed": 7,
        "ensembles": {
            "glass": {
                "model": "ipl10_3d",
                "particles": 100,
                "samples": SAMPLES,
                "bundle": bundle,
                "preparation": {"protocol": "random"},
            }
        },
        "studies": {"quasilocalized": {**STUDY, **study}},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "campaign.yaml").write_text(yaml.safe_dump(campaign))
    glasses = []
    for sample in samples:
        model, _, glass = small_glass("ipl10_3d", 100, sample)
        positions = glass.positions.copy()
        if sample == BAD:
            positions += 0.15 * np.random.default_rng(0).standard_normal(positions.shape)
        glasses.append(
            type(glass)(sample, positions, glass.box, glass.species, glass.diameter, glass.energy)
        )
    ensemble = folder / "tiny" / "glass"
    for start in range(0, len(glasses), bundle):
        name = f"b{glasses[start].sample // bundle:04d}.h5"
        write_glasses(ensemble / "glasses" / name, glasses[start : start + bundle], model, {})
    return ensemble


def campaign_of(ensemble):
    return ensemble.parents[1] / "campaign.yaml"


def find(ensemble, bundle=0):
    """Find the modes of a bundle in this process."""
    campaign = campaign_of(ensemble)
    runner.main(stage_arguments("find_quasilocalized_modes", campaign, bundle=bundle))


def gathered(folder):
    declared = registry.tables()
    return {
        table: gather(sorted((folder / "parts" / table).glob("*.parquet")), declared[table])
        for table in TABLES
    }


def assert_same(first, second):
    for table in TABLES:
        a, b = (
            tables[table].drop(columns="seconds", errors="ignore") for tables in (first, second)
        )
        pd.testing.assert_frame_equal(a, b, rtol=1e-6, atol=1e-9)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All samples in one bundle, on one rank."""
    folder = write_ensemble(tmp_path_factory.mktemp("whole"), 7)
    find(folder)
    return folder


def test_tables_of_a_bundle(whole):
    tables = gathered(whole)
    rows = tables["quasilocalized"]
    assert sorted(rows["sample"].unique()) == [0, 2]
    assert rows["converged"].all()
    assert rows["kind"].tolist() == 2 * ["harmonic", "quartic", "cubic", "second_quartic"]
    status = tables["quasilocalized_samples"].set_index("sample")["status"]
    assert status[0] == status[2] == "ok"
    assert status[BAD].startswith("modes: ") and "not positive definite" in status[BAD]
    growth = tables["quasilocalized_growth"]
    assert growth["starts"].max() == 6 + 2 + 1
    assert set(tables["quasilocalized_population"]["kind"]) == {"quartic", "cubic"}
    assert set(tables["quasilocalized_profiles"]["kind"]) == set(rows["kind"])


def test_vectors_are_those_of_the_rows(whole):
    rows = read_table(whole / "parts/quasilocalized/b0000.parquet").query("sample == 2")
    _, landscape, glass = small_glass("ipl10_3d", 100, 2)
    expansion = landscape.expand(glass.positions)
    with h5py.File(whole / "quasilocalized/b0000.h5") as file:
        assert file["sample"][...].tolist() == [0, 1, 2] and "s000001" not in file
        for row in rows.itertuples():
            vector = file[f"s000002/{row.kind}/vectors"][0]
            kappa, tau, chi = expansion.forms(vector)
            assert (kappa, tau, chi) == pytest.approx((row.stiffness, row.cubic, row.quartic))


def test_bundles_of_one_give_the_same_rows(whole, tmp_path):
    folder = write_ensemble(tmp_path, 1)
    for bundle in range(SAMPLES):
        find(folder, bundle)
    assert_same(gathered(whole), gathered(folder))


@pytest.mark.mpi
def test_two_ranks_give_the_same_rows(whole, tmp_path):
    folder = write_ensemble(tmp_path, 7)
    run_stage("find_quasilocalized_modes", campaign_of(folder), ranks=2)
    assert_same(gathered(whole), gathered(folder))


def test_killed_and_resumed_is_as_never_killed(whole, tmp_path, monkeypatch):
    folder = write_ensemble(tmp_path, 7)
    analyse, done = quasilocalized.analyse, []

    def killed(glass, task, block):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(glass.sample)
        return analyse(glass, task, block)

    with monkeypatch.context() as patch:
        patch.setattr(quasilocalized, "analyse", killed)
        with pytest.raises(KeyboardInterrupt):
            find(folder)
    partial = folder / "quasilocalized" / "b0000.h5.partial"
    finished = sorted(path.name for path in partial.glob("s??????.h5"))
    assert finished == ["s000000.h5", "s000001.h5"]
    assert not (folder / "quasilocalized" / "b0000.h5").exists()
    assert not (folder / "parts").exists()
    # a mark shows that what was finished is not done again
    rows = partial / "s000000.quasilocalized.parquet"
    table = read_table(rows)
    table.loc[0, "iterations"] += 1000
    write_table(rows, table)
    find(folder)
    tables = gathered(folder)
    assert tables["quasilocalized"].loc[0, "iterations"] >= 1000
    tables["quasilocalized"].loc[0, "iterations"] -= 1000
    assert_same(gathered(whole), tables)
    assert not partial.exists()


def test_a_solver_that_fails_is_an_outcome_and_the_bundle_goes_on(tmp_path, monkeypatch):
    folder = write_ensemble(tmp_path, 7, population_harmonic_modes=0, population_dipoles=0)
    import glassmodes.quasilocalized.excitations as excitations

    nothing = np.full((100, 3), np.nan)
    failure = Solution(nothing, "not_finite", np.nan, 3, np.nan, np.nan, 0.0)
    real = excitations.iterate
    monkeypatch.setattr(
        excitations,
        "iterate",
        lambda e, i, kind, *a, **k: failure if kind == "quartic" else real(e, i, kind, *a, **k),
    )
    find(folder)
    tables = gathered(folder)
    rows = tables["quasilocalized"].query("sample == 0").set_index("kind")
    assert rows.loc["quartic", "outcome"] == "not_finite" and not rows.loc["quartic", "converged"]
    assert np.isnan(rows.loc["quartic", "stiffness"])
    # the cubic mode is sought from the harmonic one instead
    assert rows.loc["cubic", "converged"] and rows.loc["cubic", "start"] == "harmonic"
    assert not len(tables["quasilocalized_population"])
    assert set(tables["quasilocalized_profiles"]["kind"]) == {"harmonic", "cubic"}


def test_pictures_of_an_ensemble_do_not_depend_on_bundles(whole, tmp_path):
    folder = write_ensemble(tmp_path, 1)
    parts = read_table(whole / "parts/quasilocalized/b0000.parquet")
    for sample in range(SAMPLES):
        path = folder / f"parts/quasilocalized/b{sample:04d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(path, parts[parts["sample"] == sample].reset_index(drop=True))
    fields = []
    for place in (whole, folder):
        runner.main(stage_arguments("select_quasilocalized_fields", campaign_of(place)))
        part = place / "parts" / "quasilocalized_fields" / "all.parquet"
        fields.append(gather([part], registry.tables()["quasilocalized_fields"]))
    pd.testing.assert_frame_equal(fields[0], fields[1], rtol=1e-6, atol=1e-9)
    softest = parts.query("kind == 'quartic'").set_index("sample")["frequency"].idxmin()
    assert set(fields[0].query("role == 'softest'")["sample"]) == {softest}


def test_a_mode_is_written_for_ovito(whole, tmp_path):
    output = tmp_path / "mode.xyz"
    program("export_mode").main(
        [
            *(f"{whole}/glasses/b0000.h5", f"{whole}/quasilocalized/b0000.h5"),
            *("--sample", "2", "--kind", "quartic", "--output", str(output)),
        ]
    )
    lines = output.read_text().splitlines()
    assert lines[0] == "100" and "frequency=" in lines[1]
    with h5py.File(whole / "quasilocalized/b0000.h5") as file:
        vector = file["s000002/quartic/vectors"][0]
    arrows = np.array([line.split()[-3:] for line in lines[2:]], dtype=float)
    np.testing.assert_allclose(arrows, vector, rtol=1e-8, atol=1e-12)
