"""The reporter of campaigns: what it says while a workflow runs, and what it leaves to others."""

import logging
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign import layout
from glassmodes.campaign.planning import Cost, make_plan
from glassmodes.campaign.progress import (
    Progress,
    duration,
    expected_costs,
    job_name,
    planned_core_seconds,
)
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, ROOT, load_campaign
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_logger_plugin_glassmodes import LogHandler, LogHandlerSettings

from tests.workflow.test_dag import DEMO_JOBS
from tests.workflow.test_folders import CAMPAIGN, SNAKEMAKE

COSTS = {"a.log": Cost(2, 100.0, 0.0, 0.0), "b.log": Cost(1, 200.0, 0.0, 0.0)}


@pytest.fixture
def demo(tmp_path):
    return load_campaign(DEFAULT_CAMPAIGN, {"results": str(tmp_path)})


def test_share_and_time_left_follow_the_planned_core_time():
    progress = Progress(3, 500.0, COSTS, cores=None, began=10.0)
    assert progress.seconds_left(10.0) is None
    progress.start(1, "a", ["a.log"], 10.0)
    # half of its 200 core-seconds, if it takes as long as planned
    assert progress.share(60.0) == pytest.approx(100.0 / 500.0)
    # 100 core-seconds in 50 s: two a second, and 400 are left
    assert progress.seconds_left(60.0) == pytest.approx(200.0)
    progress.finish(1)
    assert progress.share(60.0) == pytest.approx(200.0 / 500.0)
    assert progress.seconds_left(60.0) == pytest.approx(300.0 * 50.0 / 200.0)


def test_job_that_takes_longer_than_planned_is_never_taken_for_done():
    progress = Progress(1, 200.0, COSTS, cores=1)
    progress.start(1, "a", ["a.log"], 0.0)
    assert progress.share(1e6) < 1.0
    assert "99%" not in progress.line(1e6) and "100%" not in progress.line(1e6)


def test_time_left_is_at_least_that_of_the_longest_running_job():
    progress = Progress(2, 201.0, {**COSTS, "c.log": Cost(1, 1.0, 0.0, 0.0)}, cores=8)
    progress.start(1, "b", ["b.log"], 0.0)
    assert progress.seconds_left(0.0) == pytest.approx(200.0)


def test_plan_gives_the_time_left_before_anything_is_measured():
    progress = Progress(2, 400.0, COSTS, cores=2)
    assert progress.seconds_left(0.0) == pytest.approx(200.0)


def test_failed_jobs_are_counted_and_may_be_started_again():
    progress = Progress(1, 200.0, COSTS, cores=1)
    progress.start(1, "a", ["a.log"], 0.0)
    progress.fail(1)
    assert "0 of 1 jobs, 1 failed" in progress.line(1.0)
    progress.start(1, "a", ["a.log"], 1.0)
    progress.finish(1)
    assert progress.is_complete
    assert progress.last_line(90.0) == "1 of 1 jobs, 1 failed, in 2 min"


def test_line_names_the_oldest_jobs_and_counts_the_others():
    progress = Progress(9, 0.0)
    for job in range(5):
        progress.start(job, f"job{job}", [], float(job))
    line = progress.line(10.0)
    assert line.endswith("running: job0 (10 s), job1 (9 s), job2 (8 s), 2 more")
    assert "planned" not in line


def test_names_and_durations_are_read_at_a_glance():
    wildcards = {"ensemble": "glass", "bundle": "0000", "temperature": "0.01"}
    assert job_name("run_dynamics", wildcards) == "run_dynamics of glass bundle 0000 at T = 0.01"
    assert job_name("gather_tables", {"table": "modes"}) == "gather_tables of modes"
    seconds = (0.0, 59.4, 90.0, 3599.0, 5400.0, 40000.0, 400000.0)
    said = ["0 s", "59 s", "2 min", "1 h 0 min", "1 h 30 min", "11 h", "5 days"]
    assert [duration(value) for value in seconds] == said


def test_every_planned_job_of_the_demo_has_a_weight(demo):
    """The sum over single jobs is the plan's, and that of Snakemake's own counts."""
    plan = make_plan(demo)
    costs = expected_costs(demo)
    assert len(costs) == DEMO_JOBS["total"] - DEMO_JOBS["all"]
    single = sum(cost.core_seconds for cost in costs.values())
    assert single == pytest.approx(plan.core_seconds)
    counts = {rule: count for rule, count in DEMO_JOBS.items() if rule != "total"}
    assert planned_core_seconds(demo, counts) == pytest.approx(plan.core_seconds)


def test_jobs_that_the_plan_takes_for_finished_count_as_average_ones(demo):
    """Snakemake makes again what other settings made, which the plan is not asked about here."""
    before = planned_core_seconds(demo, {"solve_modes": 3})
    folder = Path(layout.root(demo))
    for ensemble in demo.ensembles:
        for file in ("glasses/b0000.h5", "modes/b0000.h5"):
            path = folder / ensemble / file
            path.parent.mkdir(parents=True)
            path.touch()
    assert not any(group.jobs for group in make_plan(demo).groups if group.rule == "solve_modes")
    assert planned_core_seconds(demo, {"solve_modes": 3}) == pytest.approx(before)


class _Output:
    """Settings of Snakemake's output, as the interface of loggers has them."""

    printshellcmds = nocolor = debug_dag = verbose = show_failed_logs = stdout = dryrun = False
    quiet = None


def record(text, level=logging.INFO, **attributes):
    made = logging.LogRecord("snakemake", level, __file__, 0, text, (), None)
    vars(made).update(attributes)
    return made


@pytest.fixture
def handler(monkeypatch):
    monkeypatch.setattr(LogHandler, "in_use", False)
    handler = LogHandler(_Output(), LogHandlerSettings(interval=3600.0))
    yield handler
    handler.close()


def run_of_two_jobs(handler, demo, log):
    """Events of a run whose first job ends well; the second is left running."""
    counts = {"solve_modes": 2, "total": 2}
    handler.handle(record("Provided cores: 2", event=LogEvent.RESOURCES_INFO, cores=2))
    handler.handle(record("Job stats:", event=LogEvent.RUN_INFO, stats=counts))
    handler.handle(record("Campaign", campaign=demo, machine=None, log_file=log))
    for job, ensemble in enumerate(("glass", "crystal")):
        attributes = {"jobid": job, "rule_name": "solve_modes", "log": []}
        attributes["wildcards"] = {"ensemble": ensemble, "bundle": "0000"}
        handler.handle(record("rule", event=LogEvent.JOB_INFO, **attributes))
    handler.handle(record("Finished", event=LogEvent.JOB_FINISHED, job_id=0))


def test_records_become_a_log_and_few_lines(handler, demo, tmp_path, capsys):
    log = tmp_path / "demo" / "logs" / "snakemake.log"
    run_of_two_jobs(handler, demo, log)
    handler.handle(record("no space left", logging.ERROR, event=LogEvent.ERROR))
    error = {"jobid": 1, "event": LogEvent.JOB_ERROR}
    handler.handle(record("Error in rule solve_modes", logging.ERROR, **error))
    handler.close()
    handler.close()
    said = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        rf"..:..:..  campaign demo: 2 jobs, .* of core time planned; full log: {log}", said[0]
    )
    assert said[1:3] == ["no space left", "Error in rule solve_modes"]
    assert re.fullmatch(r"..:..:..  1 of 2 jobs, 1 failed, in 0 s", said[3])
    assert len(said) == 4
    kept = log.read_text().splitlines()
    assert kept[:3] == ["Provided cores: 2", "Job stats:", "Campaign"]
    assert kept[-2:] == ["no space left", "Error in rule solve_modes"]


def test_run_that_was_stopped_has_no_last_line(handler, demo, tmp_path, capsys):
    run_of_two_jobs(handler, demo, tmp_path / "snakemake.log")
    handler.close()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_run_with_nothing_to_do_says_so(handler, capsys):
    handler.handle(record("Nothing to be done."))
    handler.close()
    assert capsys.readouterr().err == "Nothing to do: all that was asked for is there.\n"


def test_dry_run_is_left_to_snakemake(monkeypatch, capsys):
    monkeypatch.setattr(_Output, "dryrun", True)
    handler = LogHandler(_Output(), LogHandlerSettings())
    handler.handle(record("Job stats:", event=LogEvent.RUN_INFO, stats={"total": 1}))
    handler.close()
    assert not handler.writes_to_stream
    assert capsys.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.mpi
def test_snakemake_finds_the_reporter_and_its_own_output_goes_to_a_file(tmp_path):
    campaign = tmp_path / "campaign.yaml"
    campaign.write_text(yaml.safe_dump(CAMPAIGN))
    call = [SNAKEMAKE, "tables", "--logger", "glassmodes", "--logger-glassmodes-interval", "0.5"]
    call += ["--workflow-profile", "workflow/profiles/local", "--configfile", str(campaign)]
    call += ["--config", f"results={tmp_path}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "analysis")}
    options = {"cwd": ROOT, "env": environment, "capture_output": True, "text": True}
    found = subprocess.run(call, **options)
    assert found.returncode == 0, found.stderr
    said = [line for line in found.stderr.splitlines() if re.match(r"\d\d:\d\d:\d\d  ", line)]
    # but for a note of Snakemake's on its profile, the lines are all that is said
    assert len(found.stderr.splitlines()) <= len(said) + 1
    assert "campaign elsewhere: 10 jobs" in said[0]
    assert re.search(r"10 of 10 jobs, in \d+ (s|min)$", said[-1])
    assert any("running: prepare_glasses of glass bundle 000" in line for line in said)
    shares = [int(share) for share in re.findall(r"(\d+)% of the planned", found.stderr)]
    assert shares and shares == sorted(shares)
    log = (tmp_path / "elsewhere" / "logs" / "snakemake.log").read_text()
    assert "10 of 10 steps (100%) done" in log
    # what programs print, too
    assert "prepare_glasses glass b0000: 1 of 1 samples have results" in log
    again = subprocess.run(call, **options)
    assert "Nothing to do: all that was asked for is there." in again.stderr
