"""The runner of stages: restarts, samples that are left out, records of settings, its arguments."""

import importlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import pytest
import yaml
from glassmodes.campaign import layout, planning, registry, runner
from glassmodes.campaign.layout import Job
from glassmodes.campaign.settings import ROOT, load_campaign
from glassmodes.data.gather import gather
from glassmodes.data.samples import statuses_table
from glassmodes.data.storage import open_file, read_table
from glassmodes.simulation.liquids import Liquid

from tests.conftest import small_glass
from tests.programs import ENVIRONMENT, program, stage_arguments
from tests.throwaway import declared, write_studies

GLASS = {
    "model": "ipl10_3d",
    "particles": 100,
    "samples": 3,
    "bundle": 2,
    "preparation": {"protocol": "random"},
}


@pytest.fixture
def dice(tmp_path):
    """Module of the study of dice, which the package has for this test."""
    write_studies(tmp_path / "studies")
    with declared(tmp_path / "studies"):
        registry.stages()
        yield importlib.import_module("glassmodes.studies.dice")


@pytest.fixture
def write(tmp_path, dice):
    """Function that writes a campaign of dice, and returns its file."""

    def campaign_file(studies=None, **glass):
        content = {"campaign": "table", "seed": 3, "results": str(tmp_path / "results")}
        content["ensembles"] = {"glass": {**GLASS, **glass}}
        content["studies"] = studies or {"dice": {"ensembles": ["glass"]}}
        path = tmp_path / "campaign.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return campaign_file


def run(stage, campaign, bundle=0):
    runner.main(stage_arguments(stage, campaign, bundle=bundle))


def output(campaign, name, bundle=0):
    return Path(layout.file(load_campaign(campaign), name, "glass", bundle))


def interrupted(dice, stage, campaign, sample, bundle=0):
    """Run a stage until it has come to a sample; what it had computed until then."""
    dice.STOPPED_AT.add((stage, sample))
    with pytest.raises(KeyboardInterrupt):
        run(stage, campaign, bundle)
    dice.STOPPED_AT.clear()
    computed = list(dice.COMPUTED)
    dice.COMPUTED.clear()
    return computed


def mark(path, sample):
    """Change what an unfinished run holds of a sample, to see that it is taken as it is."""
    with h5py.File(path.with_name(f"{path.name}.partial") / f"s{sample:06d}.h5", "r+") as file:
        file[f"s{sample:06d}/eyes"][0] += 100


def shown(path):
    """What the dice of each sample show."""
    with open_file(path) as file:
        return {
            name: group["eyes"][...].tolist()
            for name, group in file.items()
            if name[0] == "s" and isinstance(group, h5py.Group)
        }


# --- unfinished work ------------------------------------------------------------------------


def test_a_run_that_goes_on_computes_no_sample_twice(dice, write):
    campaign = write(bundle=3)
    run("throw_dice", campaign)
    never_stopped = shown(output(campaign, "eyes"))
    assert list(never_stopped) == ["s000000", "s000001", "s000002"]
    dice.COMPUTED.clear()
    path = output(campaign, "eyes")
    path.unlink()
    assert interrupted(dice, "throw_dice", campaign, 2) == [("throw_dice", 0), ("throw_dice", 1)]
    partial = path.with_name("b0000.h5.partial")
    assert sorted(file.name for file in partial.iterdir()) == [
        *("s000000.h5", "s000000.throws.parquet", "s000001.h5", "s000001.throws.parquet"),
        "settings.json",
    ]
    mark(path, 0)
    run("throw_dice", campaign)
    assert dice.COMPUTED == [("throw_dice", 2)]
    found = shown(path)
    found["s000000"][0] -= 100
    assert found == never_stopped
    assert not list(path.parent.glob("*.partial")) and not list(path.parent.glob("*.lock"))


def test_a_bundle_that_grows_keeps_its_finished_samples(dice, write):
    interrupted(dice, "throw_dice", write(samples=2, bundle=4), 1)
    campaign = write(samples=4, bundle=4)
    mark(output(campaign, "eyes"), 0)
    run("throw_dice", campaign)
    assert dice.COMPUTED == [("throw_dice", sample) for sample in (1, 2, 3)]
    grown = shown(output(campaign, "eyes"))
    assert len(grown) == 4 and grown["s000000"][0] > 100
    throws = read_table(output(campaign, "throws"))
    assert throws["sample"].tolist() == [sample for sample in range(4) for _ in range(5)]


@pytest.mark.parametrize(
    "change, kept",
    [
        ({}, True),
        # a setting without influence on the results, and what other samples there are
        ({"colour": "blue"}, True),
        ({"throws": 6}, False),
    ],
)
def test_parts_of_other_settings_are_thrown_away(dice, write, change, kept):
    interrupted(dice, "throw_dice", write(), 1)
    campaign = write({"dice": {"ensembles": ["glass"], **change}})
    mark(output(campaign, "eyes"), 0)
    run("throw_dice", campaign)
    assert dice.COMPUTED == [("throw_dice", sample) for sample in ((1,) if kept else (0, 1))]
    assert (shown(output(campaign, "eyes"))["s000000"][0] > 100) == kept


def test_parts_of_an_earlier_revision_are_thrown_away(dice, write, monkeypatch):
    campaign = write()
    interrupted(dice, "throw_dice", campaign, 1)
    raise_revision(monkeypatch, "throw_dice")
    run("throw_dice", campaign)
    assert dice.COMPUTED == [("throw_dice", 0), ("throw_dice", 1)]
    with open_file(output(campaign, "eyes")) as file:
        assert file.attrs["revision"] == 2


@pytest.mark.parametrize("same", [True, False])
def test_changed_inputs_throw_unfinished_parts_away(dice, write, same):
    campaign = write()
    run("throw_dice", campaign)
    dice.COMPUTED.clear()
    interrupted(dice, "average_dice", campaign, 1)
    # a file that was made again, with the same content or with another
    with h5py.File(output(campaign, "eyes"), "r+") as file:
        file.attrs["created"] = "later"
        if not same:
            file["s000001/eyes"][0] = 7
    run("average_dice", campaign)
    wanted = [("average_dice", sample) for sample in ((1,) if same else (0, 1))]
    assert dice.COMPUTED == wanted


# --- samples that are left out --------------------------------------------------------------


def test_statuses_arrive_in_every_output_and_in_gathered_tables(dice, write, capsys):
    campaign_file = write(bundle=3, samples=4)
    campaign = load_campaign(campaign_file)
    dice.LOST |= {("throw_dice", 1): "it fell off the table", ("average_dice", 2): "a blot"}
    for bundle in (0, 1):
        run("throw_dice", campaign_file, bundle)
        run("average_dice", campaign_file, bundle)
    told = capsys.readouterr().err
    assert "sample 1 is left out: it fell off the table" in told
    assert "2 of 3 samples have results" in told and "1 of 3 samples have results" in told
    with open_file(output(campaign_file, "eyes")) as file:
        assert file["sample"][...].tolist() == [0, 1, 2]
        status = file["status"].asstr()[...].tolist()
        assert status == ["ok", "it fell off the table", "ok"]
        assert json.loads(file.attrs["left_out"]) == {"1": ["throw_dice", status[1]]}
        assert "s000001" not in file
    with open_file(output(campaign_file, "eyes", 1)) as file:
        assert file["sample"][...].tolist() == [3]
        assert "left_out" not in file.attrs
    thrown = {"1": ["throw_dice", "it fell off the table"]}
    averaged = {**thrown, "2": ["average_dice", "a blot"]}
    for table, left_out in (("throws", thrown), ("means", averaged)):
        assert json.loads(read_table(output(campaign_file, table)).attrs["left_out"]) == left_out
        entries = [("glass", int(sample), *why) for sample, why in left_out.items()]
        parts = layout.parts(campaign, table)
        gathered = gather(parts, registry.tables()[table])
        assert gathered.attrs["left_out"] == entries
        assert not {1} & set(gathered["sample"])
        # the program of the workflow keeps them in the file
        file = Path(layout.root(campaign)) / "tables" / f"{table}.parquet"
        arguments = ["--campaign", campaign_file, "--table", table, "--output", file]
        program("gather_tables").main(list(map(str, arguments)))
        stored = read_table(file)
        assert [tuple(entry) for entry in json.loads(stored.attrs["left_out"])] == entries
    tables = {
        table: read_table(Path(layout.root(campaign)) / "tables" / f"{table}.parquet")
        for table in ("throws", "means")
    }
    statuses = statuses_table(tables)
    assert statuses[["sample", "stage"]].to_numpy().tolist() == [
        [1, "throw_dice"],
        [2, "average_dice"],
    ]


def test_a_bundle_without_any_result_has_all_its_outputs(dice, write):
    campaign = write()
    dice.LOST |= {("throw_dice", sample): "lost" for sample in (0, 1)}
    run("throw_dice", campaign)
    run("average_dice", campaign)
    assert not shown(output(campaign, "eyes"))
    for table in ("throws", "means"):
        part = output(campaign, table)
        assert len(read_table(part)) == 0
        assert len(gather([part], registry.tables()[table]).attrs["left_out"]) == 2


def test_many_long_reasons_are_no_fault_of_the_file(dice, write):
    """HDF5 holds no attribute of 64 KiB; the statuses hold every reason all the same."""
    campaign = write()
    reasons = {sample: f"{sample}" * 70_000 for sample in (0, 1)}
    dice.LOST |= {("throw_dice", sample): reason for sample, reason in reasons.items()}
    run("throw_dice", campaign)
    run("average_dice", campaign)
    with open_file(output(campaign, "eyes")) as file:
        assert file["status"].asstr()[...].tolist() == list(reasons.values())
    found = gather([output(campaign, "means")], registry.tables()["means"]).attrs["left_out"]
    assert found == [("glass", s, "throw_dice", reason) for s, reason in reasons.items()]


def test_samples_of_a_liquid_that_failed_are_left_out_of_both_files(tmp_path, monkeypatch):
    content = {
        "campaign": "wet",
        "seed": 3,
        "results": str(tmp_path),
        "ensembles": {
            "glass": {
                **GLASS,
                "preparation": {
                    "protocol": "equilibrium",
                    "dynamics": "molecular",
                    "equilibration": 20.0,
                    "snapshots": 2,
                },
            }
        },
        "studies": {"modes": {"ensembles": ["glass"], "request": "all"}},
    }
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(content))
    _, _, glass = small_glass("ipl10_3d", 100)

    def never_equilibrates(model, ensemble, run, seed, **_):
        positions, diameter = glass.positions[None], glass.diameter[None]
        return Liquid(run, positions, diameter, glass.species, glass.box, "not_equilibrated")

    monkeypatch.setattr("glassmodes.simulation.liquids.equilibrate_liquid", never_equilibrates)
    monkeypatch.setattr(
        "glassmodes.simulation.liquids.liquid_record",
        lambda liquid, ensemble: {"decorrelation_time": 1.0, "energy": 1.0},
    )
    runner.main(stage_arguments("equilibrate_liquids", campaign, run=1))
    expected = {"2": ["equilibrate_liquids", "not_equilibrated"]}
    loaded = load_campaign(campaign)
    with open_file(layout.file(loaded, "liquids", "glass", 1)) as file:
        assert json.loads(file.attrs["left_out"]) == expected
    part = read_table(layout.file(loaded, "equilibration", "glass", 1))
    assert json.loads(part.attrs["left_out"]) == expected


# --- records of settings --------------------------------------------------------------------


def raise_revision(monkeypatch, name):
    stage = registry.stages()[name]
    raised = replace(stage, revision=stage.revision + 1)
    monkeypatch.setitem(registry.stages(), name, raised)


@pytest.mark.parametrize(
    "old, new, difference",
    [
        ({}, {}, None),
        ({"modes": {"request": "all"}}, {"modes": {"request": "all"}}, None),
        (
            {"modes": {"request": {"lowest": 50}}},
            {"modes": {"request": {"lowest": 60}}},
            "modes.request.lowest: 50 -> 60",
        ),
        (
            {"modes": {"request": "all"}},
            {"modes": {"request": {"lowest": 60}}},
            'modes.request: "all" -> {"lowest": 60}',
        ),
        ({"seed": 1}, {"seed": 1, "modes": True}, "modes: not set -> true"),
        ({"seed": 1, "modes": None}, {"seed": 1}, "modes: null -> not set"),
        # the first one only, in the order of the earlier settings
        ({"seed": 1, "particles": 10}, {"particles": 20, "seed": 2}, "seed: 1 -> 2"),
        ({"samples": [*range(10)]}, {"samples": [*range(20)]}, "samples: 0 to 9 -> 0 to 19"),
        ({"samples": [0, 1]}, {"samples": [0, 1, 2]}, "samples: [0, 1] -> [0, 1, 2]"),
        ({"broadenings": [0.1]}, {"broadenings": [0.1, 0.2]}, "broadenings: [0.1] -> [0.1, 0.2]"),
        # as JSON has them
        ({"time_step": 1.0}, {"time_step": 1}, None),
    ],
)
def test_the_first_difference_is_named(old, new, difference):
    assert runner.first_difference(old, new) == difference


def job_of(campaign, stage, bundle=0):
    return load_campaign(campaign), Job(stage, "glass", bundle)


def test_records_tell_which_setting_has_changed(dice, write, monkeypatch):
    campaign = write()
    # results that somebody else made have no record
    assert runner.changed_setting(*job_of(campaign, "throw_dice")) is None
    run("throw_dice", campaign)
    loaded, job = job_of(campaign, "throw_dice")
    record = layout.record_file(loaded, job)
    assert record == Path(layout.root(loaded)) / "records" / "throw_dice" / "glass.b0000.json"
    content = json.loads(record.read_text())
    assert content["settings"] == json.loads(planning.settings_text(loaded, job))
    assert content["versions"]["glassmodes"]
    assert runner.changed_setting(loaded, job) is None
    assert runner.changed_setting(*job_of(campaign, "throw_dice", 1)) is None

    def reason(**block):
        changed = write({"dice": {"ensembles": ["glass"], **block}})
        return runner.changed_setting(*job_of(changed, "throw_dice"))

    assert reason(throws=7) == "dice.throws: 5 -> 7"
    assert reason(colour="blue") is None
    assert runner.changed_setting(*job_of(write(samples=1), "throw_dice")) == (
        "samples: [0, 1] -> [0]"
    )
    assert runner.changed_setting(*job_of(write(particles=120), "throw_dice")) == (
        "particles: 100 -> 120"
    )
    raise_revision(monkeypatch, "throw_dice")
    assert runner.changed_setting(*job_of(write(), "throw_dice")) == "revision: 1 -> 2"
    record.write_text("{")
    assert runner.changed_setting(*job_of(write(), "throw_dice")) is None


def test_plans_name_the_setting_that_changed(dice, write):
    campaign = write()
    for bundle in (0, 1):
        run("throw_dice", campaign, bundle)
        run("average_dice", campaign, bundle)

    def reasons(campaign):
        plan = planning.make_plan(load_campaign(campaign), changed=runner.changed_setting)
        return {group.rule: group.reasons for group in plan.groups if group.reasons}

    assert reasons(campaign) == {}
    changed = write({"dice": {"ensembles": ["glass"], "throws": 7}})
    assert reasons(changed) == {
        "throw_dice": {"dice.throws: 5 -> 7": 2},
        "average_dice": {"dice.throws: 5 -> 7": 2},
    }
    # what has no record is not made again, but what follows from results that are
    for record in Path(layout.root(load_campaign(changed)), "records").glob("throw_dice/*.json"):
        record.unlink()
    assert reasons(changed) == {"average_dice": {"dice.throws: 5 -> 7": 2}}
    # of what is not there, no setting has changed
    output(changed, "means").unlink()
    assert reasons(changed) == {"average_dice": {"dice.throws: 5 -> 7": 1}}


def test_a_setting_of_a_real_study_is_named(tmp_path):
    def asked(lowest):
        content = {"campaign": "asked", "seed": 1, "results": str(tmp_path)}
        content["ensembles"] = {"glass": GLASS}
        request = {"lowest": lowest}
        content["studies"] = {"modes": {"ensembles": ["glass"], "request": request}}
        return load_campaign(content)

    job = Job("solve_modes", "glass", 1)
    before = asked(50)
    runner.write_record(runner.Task(before, job, before.ensembles["glass"], None, None, None))
    assert runner.changed_setting(asked(50), job) is None
    assert runner.changed_setting(asked(60), job) == "modes.request.lowest: 50 -> 60"


def test_settings_of_a_study_without_ensembles_count(write):
    campaign_file = write(BOTH)
    runner.main(stage_arguments("solve_spins", campaign_file))
    job = Job("solve_spins")
    assert runner.changed_setting(load_campaign(campaign_file), job) is None
    content = yaml.safe_load(campaign_file.read_text())
    content["studies"]["spins"] = {"spins": 7}
    assert "spins" in runner.changed_setting(load_campaign(content), job)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ([{"spins": 4}], [{"spins": 7}], "[0].spins: 4 -> 7"),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], "[1].a: 2 -> 3"),
    ],
)
def test_blocks_are_compared_key_by_key(old, new, said):
    assert runner.first_difference(old, new) == said


def test_files_given_by_hand_leave_no_record(dice, write, tmp_path):
    campaign = write()
    elsewhere = {"eyes": tmp_path / "eyes.h5", "throws": tmp_path / "throws.parquet"}
    runner.main(stage_arguments("throw_dice", campaign, files=elsewhere))
    assert all(path.is_file() for path in elsewhere.values())
    assert not Path(layout.root(load_campaign(campaign))).exists()


# --- arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["throw_dices"], ("STAGE", "'throw_dices'", "throw_dice")),
        (["throw_dice", "--bundle", "0"], ("--ensemble is missing", "works on glass")),
        (
            ["throw_dice", "--ensemble", "glas", "--bundle", "0"],
            ("--ensemble glas: throw_dice works on glass",),
        ),
        (["throw_dice", "--ensemble", "glass"], ("--bundle is missing",)),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "2"],
            ("--bundle 2: allowed: 0 to 1",),
        ),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "-1"],
            ("--bundle -1: allowed: 0 to 1",),
        ),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "0", "--temperature", "0.1"],
            ("--temperature 0.1: throw_dice works on no single temperature",),
        ),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "0", "--run", "0"],
            ("--run 0: throw_dice works on no single run",),
        ),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "0", "--file", "eye=x.h5"],
            ("--file eye=x.h5", "NAME=PATH", "eyes, throws"),
        ),
        (
            ["average_dice", "--ensemble", "glass", "--bundle", "0", "--file", "eyes"],
            ("--file eyes", "NAME=PATH", "eyes, means"),
        ),
        (
            ["average_dice", "--ensemble", "glass", "--bundle", "0"]
            + ["--file", "eyes=x.h5", "--file", "eyes=y.h5"],
            ("--file eyes: 2 files for 1 bundles",),
        ),
        (
            ["throw_dice", "--ensemble", "glass", "--bundle", "0"]
            + ["--file", "eyes=x.h5", "--file", "eyes=y.h5"],
            ("--file eyes: 2 files for 1 job",),
        ),
        (["solve_spins"], ("solve_spins: the campaign asks for nothing that it makes",)),
        (
            ["measure_mean_squared_displacement", "--ensemble", "glass", "--bundle", "0"],
            ("--temperature is missing",),
        ),
        (
            ["measure_mean_squared_displacement", "--ensemble", "glass", "--bundle", "0"]
            + ["--temperature", "0.2"],
            ("--temperature 0.2: allowed: 0.001, 0.003",),
        ),
    ],
)
def test_what_there_is_no_job_for_is_refused_in_one_line(write, capsys, arguments, message):
    run_settings = {"temperatures": [1e-3, 3e-3], "duration": 100.0, "interval": 0.5}
    campaign = write(
        {
            "dice": {"ensembles": ["glass"]},
            "dynamics": {"ensembles": ["glass"], **run_settings},
        }
    )
    with pytest.raises(SystemExit) as end:
        runner.main([*arguments, "--campaign", str(campaign)])
    assert end.value.code == 2
    *usage, line = capsys.readouterr().err.strip().splitlines()
    assert usage[0].startswith("usage: run_stage")
    assert line.startswith("run_stage: error: ")
    for part in message:
        assert part in line
    assert not Path(layout.root(load_campaign(campaign))).exists()


def test_an_ensemble_is_refused_where_a_stage_has_none(write, capsys):
    campaign = write({"spins": {"spins": 4}})
    with pytest.raises(SystemExit):
        runner.main(["solve_spins", "--ensemble", "glass", "--campaign", str(campaign)])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "--ensemble glass: solve_spins works on the whole campaign" in line


# --- a study that lives for one test --------------------------------------------------------

BOTH = {"dice": {"ensembles": ["glass"]}, "spins": [{"spins": 4}, {"spins": 7}]}


def test_a_study_in_a_folder_is_planned_run_and_gathered(write):
    campaign_file = write(BOTH)
    campaign = load_campaign(campaign_file)
    assert layout.tables(campaign) == ["throws", "means", "spin_energies"]
    folder = layout.root(campaign)
    assert layout.parts(campaign, "throws") == [
        f"{folder}/glass/parts/throws/b000{bundle}.parquet" for bundle in (0, 1)
    ]
    assert layout.parts(campaign, "spin_energies") == [f"{folder}/parts/spin_energies/all.parquet"]
    plan = planning.make_plan(campaign)
    jobs = {group.rule: group.jobs for group in plan.groups}
    assert jobs["throw_dice"] == jobs["average_dice"] == jobs["prepare_glasses"] == 2
    assert (jobs["solve_spins"], jobs["gather_tables"]) == (1, 3)
    rows = {row["rule"]: row for row in planning.rows(plan)}
    assert rows["solve_spins"]["study"] == "spins" and rows["solve_spins"]["ensemble"] == ""
    assert "solve_spins" in planning.as_text(plan)

    for bundle in (0, 1):
        run("throw_dice", campaign_file, bundle)
        run("average_dice", campaign_file, bundle)
    runner.main(stage_arguments("solve_spins", campaign_file))
    left = {group.rule: group.jobs for group in planning.make_plan(campaign).groups}
    assert left["throw_dice"] == left["average_dice"] == left["solve_spins"] == 0
    tables = {
        name: gather(layout.parts(campaign, name), registry.tables()[name])
        for name in layout.tables(campaign)
    }
    assert tables["throws"]["sample"].nunique() == 3
    means = tables["throws"].groupby("sample")["eyes"].mean()
    assert tables["means"].set_index("sample")["mean"].to_dict() == pytest.approx(means.to_dict())
    assert tables["spin_energies"].to_numpy().tolist() == [[4, -1.5], [7, -3.0]]
    records = sorted(path.name for path in Path(folder, "records").rglob("*.json"))
    assert records == ["all.json", *sorted(2 * ["glass.b0000.json", "glass.b0001.json"])]


def test_bundles_change_no_sample(write):
    campaign = write(bundle=3)
    run("throw_dice", campaign)
    whole = shown(output(campaign, "eyes"))
    campaign = write(bundle=1)
    alone = {}
    for bundle in range(3):
        run("throw_dice", campaign, bundle)
        alone |= shown(output(campaign, "eyes", bundle))
    assert alone == whole


@pytest.mark.slow
def test_snakemake_makes_rules_of_a_study_in_a_folder(tmp_path):
    write_studies(tmp_path / "studies")
    content = {"campaign": "table", "seed": 3, "results": str(tmp_path / "results")}
    content |= {"ensembles": {"glass": GLASS}, "studies": BOTH}
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(content))
    arguments = ["-n", "-p", "tables", "--configfile", str(tmp_path / "campaign.yaml")]
    code = (
        "import glassmodes.studies, snakemake.cli\n"
        f"glassmodes.studies.__path__.append({str(tmp_path / 'studies')!r})\n"
        f"snakemake.cli.main({arguments!r})\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT
    )
    text = found.stdout + found.stderr
    assert found.returncode == 0, text
    counts = text.split("Job stats:")[1]
    for rule, jobs in (("throw_dice", 2), ("average_dice", 2), ("solve_spins", 1)):
        assert f"{rule} {jobs}" in " ".join(counts.split()), counts
    assert "run_stage.py average_dice --ensemble glass --bundle 0001 --campaign" in text
    assert "run_stage.py solve_spins --campaign" in text
