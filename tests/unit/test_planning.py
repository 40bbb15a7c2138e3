"""Plans: what is left to do, what it costs, and what is asked for; nothing runs here."""

import json
import math
import time
from pathlib import Path

import pytest
import yaml
from glassmodes import logs
from glassmodes.campaign import layout, planning, rates, registry
from glassmodes.campaign.planning import Machine, MachineError, cost, make_plan
from glassmodes.campaign.planning.plan import all_jobs
from glassmodes.campaign.planning.presentation import LONGEST_JOB, SHORTEST_JOB, advice, warnings
from glassmodes.campaign.planning.records import corrections, read_records
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, load_campaign

STAGES = registry.stages()
GLASS = {
    "model": "ipl12",
    "particles": 1000,
    "samples": 40,
    "bundle": 10,
    "preparation": {"protocol": "quench", "equilibration": 50.0},
}
STUDIES = {
    "modes": {"ensembles": ["glass"], "request": "all"},
    "dynamics": {"ensembles": ["glass"], "temperatures": [1e-3, 1e-2], "duration": 400.0},
    "lifetimes": {"ensembles": ["glass"]},
}


def campaign(tmp_path="results", studies=STUDIES, **glass):
    content = {"campaign": "planned", "results": str(tmp_path), "seed": 1}
    content |= {"ensembles": {"glass": {**GLASS, **glass}}, "studies": studies}
    return load_campaign(content)


def group(plan, rule, temperature=None):
    return next(g for g in plan.groups if g.rule == rule and g.temperature == temperature)


def make_files(loaded, rules):
    """Empty files where the results of rules would be."""
    for job in all_jobs(loaded):
        if job.stage in rules:
            for path in map(Path, layout.outputs_of(loaded, job)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()


def test_everything_is_to_do_at_first(tmp_path):
    plan = make_plan(campaign(tmp_path))
    assert group(plan, "prepare_glasses").jobs == group(plan, "solve_modes").jobs == 4
    assert group(plan, "run_dynamics", 1e-3).samples == 40
    assert sum(g.done for g in plan.groups) == 0
    assert plan.core_seconds == pytest.approx(sum(g.core_seconds for g in plan.groups))


def test_what_is_there_is_subtracted(tmp_path):
    loaded = campaign(tmp_path)
    whole = make_plan(loaded)
    make_files(loaded, ["prepare_glasses", "solve_modes"])
    rest = make_plan(loaded)
    assert group(rest, "solve_modes").jobs == 0
    assert group(rest, "solve_modes").done == 4
    spared = group(whole, "prepare_glasses").core_seconds + group(whole, "solve_modes").core_seconds
    assert rest.core_seconds == pytest.approx(whole.core_seconds - spared)
    assert rest.chain[0][0].startswith("run_dynamics of glass")


def test_an_ensemble_is_extended_without_redoing_its_samples(tmp_path):
    make_files(campaign(tmp_path), STAGES)
    for name in ("modes", "moduli", "lifetimes"):
        (tmp_path / "planned" / "tables").mkdir(exist_ok=True)
        (tmp_path / "planned" / "tables" / f"{name}.parquet").touch()
    plan = make_plan(campaign(tmp_path, samples=400))
    assert group(plan, "prepare_glasses").jobs == 36
    assert group(plan, "prepare_glasses").done == 4
    # gathered again: they have new parts
    assert (
        group(plan, "gather_tables").jobs
        == len([name for name in ("modes", "moduli", "lifetimes")]) + 5
    )


def test_trajectories_that_are_gone_are_not_run_again(tmp_path):
    loaded = campaign(tmp_path)
    make_files(loaded, set(STAGES) - {"run_dynamics"})
    assert group(make_plan(loaded), "run_dynamics", 1e-3).jobs == 0
    Path(layout.file(loaded, "lifetimes", "glass", 2, 1e-3)).unlink()
    plan = make_plan(loaded)
    # the lifetimes of one bundle need its trajectory
    assert group(plan, "measure_lifetimes", 1e-3).jobs == 1
    assert group(plan, "run_dynamics", 1e-3).jobs == 1
    assert group(plan, "run_dynamics", 1e-2).jobs == 0


def test_what_follows_from_changed_results_is_made_again(tmp_path):
    loaded = campaign(tmp_path)
    make_files(loaded, STAGES)

    def changed(found, job):
        assert planning.settings_of(found, job)["particles"] == 1000
        second = job.stage == "solve_modes" and job.index == 1
        return "modes.request.lowest: 50 -> 60" if second else None

    plan = make_plan(loaded, changed=changed)
    assert group(plan, "solve_modes").reasons == {"modes.request.lowest: 50 -> 60": 1}
    assert group(plan, "measure_lifetimes", 1e-2).reasons == {"its inputs are made again": 1}
    assert group(plan, "run_dynamics", 1e-2).jobs == 0


def test_longest_chain_waits_for_the_slowest(tmp_path):
    plan = make_plan(campaign(tmp_path))
    names = [name.split(" of ")[0] for name, _ in plan.chain]
    assert names[:3] == ["prepare_glasses", "run_dynamics", "measure_lifetimes"]
    assert names[-4:] == list(planning.LAST)
    seconds = [
        group(plan, "prepare_glasses").cost.seconds,
        group(plan, "run_dynamics", 1e-3).cost.seconds,
    ]
    assert [s for _, s in plan.chain[:2]] == pytest.approx(seconds)


def test_all_ranks_of_a_job_are_paid_for():
    loaded = campaign()
    one = cost(loaded, STAGES["solve_modes"], "glass", 1)
    ten = cost(loaded, STAGES["solve_modes"], "glass", 10)
    # an MPI job on a cluster has two ranks at least, of which one waits here
    assert (one.ranks, ten.ranks) == (2, 10)
    assert one.seconds == pytest.approx(ten.seconds)
    assert ten.core_seconds == pytest.approx(5.0 * one.core_seconds)
    assert one.memory < 0.25 * ten.memory


def test_work_does_not_depend_on_the_ranks_that_share_it():
    loaded = campaign()
    start = rates.rate("start")
    work = [
        cost(loaded, STAGES["solve_modes"], "glass", 12, machine=Machine(cores=cores)).core_seconds
        - cores * start
        for cores in (1, 2, 4, 12)
    ]
    assert work == pytest.approx([work[0]] * 4)


@pytest.mark.parametrize(
    "rule, exponent",
    [("solve_modes", 3.0), ("prepare_glasses", 1.0), ("analyse_modes", 2.0)],
)
def test_cost_grows_with_size_as_it_should(rule, exponent):
    work = [
        cost(campaign(particles=n), STAGES[rule], "glass", 1).seconds - rates.rate("start")
        for n in (4000, 8000)
    ]
    assert math.log2(work[1] / work[0]) == pytest.approx(exponent, abs=0.4)


def test_requests_grow_with_the_attempt():
    job = cost(campaign(), STAGES["solve_modes"], "glass", 10)
    assert planning.requested_memory(job, 2) == 2 * planning.requested_memory(job)
    assert planning.requested_minutes(job, 3) == 3 * planning.requested_minutes(job)
    assert planning.requested_memory(job) * 1e6 > job.memory
    assert planning.requested_minutes(job) * 60.0 > job.seconds


def test_suggested_bundles_make_jobs_of_the_right_length():
    loaded = campaign(samples=100_000, bundle=5)
    plan = make_plan(loaded)
    shown = {row["rule"]: row for row in planning.rows(plan) if row["suggested_bundle"]}
    bundle = shown["solve_modes"]["suggested_bundle"]
    better = make_plan(campaign(samples=100_000, bundle=bundle))
    hours = group(better, "solve_modes").cost.seconds / 3600.0
    assert SHORTEST_JOB <= hours <= LONGEST_JOB
    assert any(line.startswith("ensembles.glass.bundle: ") for line in advice(plan))
    assert any("jobs: Snakemake takes long" in line for line in warnings(plan))


def test_limits_of_nodes_and_partitions_are_told(tmp_path):
    loaded = campaign(tmp_path, particles=16_000)
    told = warnings(make_plan(loaded, Machine(cores=4, memory=32.0, hours=1.0)))
    assert any("solve_modes of glass asks for" in line and "32 GB" in line for line in told)
    assert any("the partition gives 1 h" in line for line in told)
    assert warnings(make_plan(campaign(tmp_path), Machine(64, 1000.0, 1000.0))) == []


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"core": 4}, "machine.core: unknown key; allowed: cores, memory, hours"),
        ({"cores": 0}, "machine.cores: 0 is out of bounds"),
        ({"cores": 2.5}, "machine.cores: 2.5 is no whole number"),
        ({"memory": "much"}, "machine.memory: 'much' is no number"),
        ([1], "machine: [1] is no mapping"),
    ],
)
def test_senseless_machines_are_refused(settings, message):
    with pytest.raises(MachineError) as error:
        Machine.of(settings)
    assert message in str(error.value)


def test_machine_of_the_command_line():
    assert Machine.of({"cores": "48", "hours": "24"}) == Machine(cores=48, hours=24)


def test_many_samples_are_planned_in_seconds():
    loaded = campaign(samples=100_000, bundle=20)
    began = time.process_time()
    plan = make_plan(loaded)
    planning.as_text(plan)
    assert plan.jobs > 30_000
    assert time.process_time() - began < 8.0


def test_text_and_json_say_the_same(tmp_path):
    plan = make_plan(load_campaign(DEFAULT_CAMPAIGN, {"results": str(tmp_path)}))
    content = json.loads(json.dumps(planning.as_json(plan)))
    assert content["jobs"] == sum(row["jobs"] for row in content["rows"])
    assert content["core_hours"] == pytest.approx(
        sum(row["core_hours"] for row in content["rows"]), rel=1e-3
    )
    assert set(content["rows"][0]) == set(planning.COLUMNS)
    text = planning.as_text(plan)
    for rule in {row["rule"] for row in content["rows"]}:
        assert rule in text
    assert "Longest chain" in text


@pytest.mark.parametrize(
    "content, message",
    [
        ("rates: {}", "rates: lacks start, "),
        ("[1]", "no mapping 'rates'"),
        ("rates: [", "not valid YAML"),
    ],
)
def test_damaged_rates_are_named(tmp_path, content, message):
    path = tmp_path / "rates.yaml"
    path.write_text(content)
    with pytest.raises(rates.RatesError) as error:
        rates.read_rates(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


def test_negative_rates_are_refused(tmp_path):
    content = yaml.safe_load(rates.SHIPPED.read_text())
    content["rates"]["dense_flops"] = -1.0
    path = tmp_path / "rates.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(rates.RatesError, match="rates.dense_flops: -1.0 is not a positive"):
        rates.read_rates(path)


def write_log(loaded, job, *lines):
    path = layout.log_file(loaded, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"2026-11-21 08:00:00,000 INFO program: {line}\n" for line in lines))


def test_corrections_are_learnt_from_logs(tmp_path):
    loaded = campaign(tmp_path)
    jobs = [job for job in all_jobs(loaded) if job.stage == "solve_modes"]
    expected = cost(loaded, STAGES["solve_modes"], "glass", 10, machine=Machine(cores=2))
    work = expected.core_seconds - 2.0 * rates.rate("start")
    used = 1.5 * work / rates.correction("solve_modes", "ipl12") / 2.0 + rates.rate("start")
    for job in jobs[:2]:
        write_log(loaded, job, logs.USAGE % (0, used, 500.0), logs.USAGE % (1, used, 400.0))
    # it used only what an earlier run had left
    write_log(loaded, jobs[2], "goes on from what an earlier run left", logs.USAGE % (0, 1.0, 9.0))
    records = read_records(loaded)
    assert len(records) == 2
    assert records[0].memory == pytest.approx(900e6)
    assert corrections(records)["solve_modes of ipl12"] == pytest.approx(1.5, rel=0.01)
    assert layout.root(loaded) in str(layout.log_file(loaded, jobs[0]))


LIQUID = {
    "protocol": "equilibrium",
    "dynamics": "molecular",
    "equilibration": 20.0,
    "snapshots": 5,
}


def test_corrections_are_learnt_from_every_rule(tmp_path):
    """Of runs of a liquid as of bundles, also where there are more runs than bundles."""
    loaded = campaign(tmp_path, model="ipl10_3d", samples=40, bundle=40, preparation=LIQUID)
    for job in all_jobs(loaded):
        write_log(loaded, job, logs.USAGE % (0, 100.0, 500.0))
    records = read_records(loaded)
    assert len(records) == len(all_jobs(loaded))
    runs = [record.job for record in records if record.job.stage == "equilibrate_liquids"]
    assert [job.index for job in runs] == list(range(8))
    assert {record.job.stage for record in records} <= set(corrections(records)) | {"tables"}
