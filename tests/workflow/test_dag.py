"""What Snakemake would do, campaign by campaign, and how it refuses: nothing here simulates."""

import os
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign import layout, planning, registry
from glassmodes.campaign.planning import make_plan
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, ROOT, load_campaign

from tests.workflow.test_campaign import CAMPAIGNS

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
SMALLEST = ("config/config.yaml", "config/smallest.yaml")
PAPER = ("config/papers/mizuno2020_intermittent.yaml",)
REDUCED = ("config/reduced/mizuno2020_intermittent.yaml",)
EXCITATIONS = ("config/papers/mizuno2020_anharmonic.yaml",)
REDUCED_EXCITATIONS = ("config/reduced/mizuno2020_anharmonic.yaml",)
NONLINEAR_MODES = ("config/papers/kapteijns2020_nqe.yaml",)
REDUCED_NONLINEAR_MODES = ("config/reduced/kapteijns2020_nqe.yaml",)


def snakemake(*arguments, check=True):
    found = subprocess.run(
        [SNAKEMAKE, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )
    text = found.stdout + found.stderr
    if check:
        assert found.returncode == 0, text
    return found.returncode, text


@cache
def dry_run(configfiles=(), *arguments, results="results/nowhere"):
    """Text of a dry-run; nothing is written, so tests share it."""
    files = ["--configfile", *configfiles] if configfiles else []
    return snakemake(*arguments, "-n", *files, "--config", f"results={results}")[1]


def jobs(text):
    """Jobs of each rule in a dry-run."""
    table = text.split("Job stats:")[1].split("\n\n")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


DEMO_JOBS = {
    "prepare_glasses": 3,
    "run_dynamics": 4,
    "measure_mean_squared_displacement": 4,
    "solve_modes": 3,
    "analyse_modes": 3,
    "measure_lifetimes": 4,
    "follow_inherent_structures": 3,
    "measure_rearrangements": 3,
    "compute_decay_rates": 2,
    "compute_joint_density": 2,
    "estimate_boson_peak": 1,
    "measure_excitations": 1,
    "compute_cubic_amplitudes": 1,
    "find_quasilocalized_modes": 1,
    "select_quasilocalized_fields": 1,
    "gather_tables": 25,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 65,
}
REDUCED_JOBS = {
    # one bundle of each ensemble, two of those of N = 4,000
    "prepare_glasses": 6,
    "solve_modes": 4,
    "analyse_modes": 4,
    # the small ones at two temperatures, the large ones at one
    "run_dynamics": 6,
    "measure_mean_squared_displacement": 6,
    "measure_lifetimes": 6,
    # three and four temperatures of the small ones, three of both of N = 4,000
    "follow_inherent_structures": 13,
    "measure_rearrangements": 13,
    "compute_decay_rates": 3,
    "compute_joint_density": 2,
    "gather_tables": 14,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 81,
}
PAPER_JOBS = {
    # five ensembles of three samples
    "prepare_glasses": 15,
    "solve_modes": 15,
    "analyse_modes": 15,
    # N = 32,000 twice and N = 256,000
    "compute_density_of_states": 9,
    # four temperatures each; trajectories of N = 4,000 stay
    "run_dynamics": 24,
    "run_discarded_dynamics": 36,
    "measure_mean_squared_displacement": 60,
    # not at N = 256,000
    "measure_lifetimes": 48,
    # four temperatures of five ensembles of three samples
    "follow_inherent_structures": 60,
    "measure_rearrangements": 60,
    "compute_decay_rates": 6,
    "compute_joint_density": 6,
    "gather_tables": 15,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 373,
}


EXCITATIONS_JOBS = {
    # four, two and two samples of harmonic spheres, then one of three sizes each, twice; ten
    # samples of the spectra in two files; Lennard-Jones with spectra in five and another four
    "prepare_glasses": 34,
    "solve_modes": 34,
    "analyse_modes": 34,
    # one for each size that is pulled
    "estimate_boson_peak": 12,
    "measure_excitations": 26,
    # every size but that of the harmonic spectra
    "compute_cubic_amplitudes": 32,
    "gather_tables": 7,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 183,
}
REDUCED_EXCITATIONS_JOBS = {
    "prepare_glasses": 6,
    "solve_modes": 6,
    "analyse_modes": 6,
    "estimate_boson_peak": 6,
    "measure_excitations": 6,
    "compute_cubic_amplitudes": 6,
    "gather_tables": 7,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 47,
}
NONLINEAR_MODES_JOBS = {
    # 320 + 160 + 200 of the liquid, and 200 + 20 + 100 + 10 + 20 + 2 of the polydisperse one
    "equilibrate_liquids": 1032,
    # 4 x 100 in two dimensions, 320 + 160 + 200 in three, 40 in four, 3 x (20 + 2) polydisperse
    "prepare_glasses": 1186,
    "find_quasilocalized_modes": 1186,
    # one of each ensemble
    "select_quasilocalized_fields": 14,
    "gather_tables": 7,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 3429,
}
REDUCED_NONLINEAR_MODES_JOBS = {
    # 1, 2 + 8 + 2 + 1 and 1 of the liquid; 2, 2, 5 and 1 polydisperse
    "equilibrate_liquids": 25,
    # 2 + 4 + 1, 2 + 8 + 2 + 1, 3 + 1, and 2 + 2 + 2 + 1 polydisperse
    "prepare_glasses": 31,
    "find_quasilocalized_modes": 31,
    "select_quasilocalized_fields": 13,
    "gather_tables": 7,
    "summarise_tables": 1,
    "draw_figures": 1,
    "write_report": 1,
    "all": 1,
    "total": 111,
}


@pytest.mark.parametrize(
    "files, expected",
    [
        ((), DEMO_JOBS),
        (SMALLEST, DEMO_JOBS),
        (REDUCED, REDUCED_JOBS),
        (PAPER, PAPER_JOBS),
        (EXCITATIONS, EXCITATIONS_JOBS),
        (REDUCED_EXCITATIONS, REDUCED_EXCITATIONS_JOBS),
        (NONLINEAR_MODES, NONLINEAR_MODES_JOBS),
        (REDUCED_NONLINEAR_MODES, REDUCED_NONLINEAR_MODES_JOBS),
    ],
    ids=[
        *("demo", "smallest", "reduced", "paper", "excitations", "reduced-excitations"),
        *("nonlinear-modes", "reduced-nonlinear-modes"),
    ],
)
def test_jobs_of_a_campaign(files, expected):
    assert jobs(dry_run(files)) == expected


def test_another_campaign_replaces_the_demo():
    text = dry_run(PAPER)
    assert "glass_32000" in text
    assert "nowhere/demo" not in text
    assert "ensemble=glass," not in text


def test_what_is_not_asked_for_is_not_run(tmp_path):
    content = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
    content["studies"] = {"modes": {"ensembles": ["glass"], "request": {"lowest": 20}}}
    file = tmp_path / "modes.yaml"
    file.write_text(yaml.safe_dump(content))
    found = jobs(dry_run((file,)))
    assert found["prepare_glasses"] == found["solve_modes"] == found["analyse_modes"] == 1
    assert "run_dynamics" not in found
    assert "compute_decay_rates" not in found


def test_bundles_make_jobs(tmp_path):
    content = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
    content["studies"] = {"modes": {"ensembles": ["glass"], "request": {"lowest": 20}}}
    content["ensembles"]["glass"].update(samples=100_000, bundle=1000)
    file = tmp_path / "many.yaml"
    file.write_text(yaml.safe_dump(content))
    found = jobs(dry_run((file,)))
    assert found["prepare_glasses"] == found["solve_modes"] == 100


def test_targets():
    found = jobs(dry_run((), "tables"))
    assert "draw_figures" not in found
    found = jobs(dry_run((), "figures"))
    assert found["draw_figures"] == 1
    assert "write_report" not in found
    assert jobs(dry_run((), "report"))["write_report"] == 1


def test_dry_run_leaves_nothing(tmp_path):
    dry_run(results=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_campaign_is_refused_before_any_job(tmp_path):
    content = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
    content["ensembles"]["glass"]["model"] = "ipl13"
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(content))
    code, text = snakemake("-n", "--configfile", file, check=False)
    assert code != 0
    assert f"{file}: ensembles.glass.model: unknown model 'ipl13'" in text
    assert "Traceback" not in text
    assert "Building DAG" not in text


@pytest.mark.parametrize("profile", ["local", "slurm"])
@pytest.mark.parametrize(
    "place, launcher",
    [
        ("machine", "mpiexec"),
        ("allocation", "srun --mpi=pmi2 --kill-on-bad-exit=1"),
        ("named", "mpirun -quiet"),
    ],
)
def test_profiles_are_understood(profile, place, launcher, tmp_path, monkeypatch):
    """Each job's ranks are started by what its place has, whatever the profile."""
    for name in ("SLURM_JOB_ID", "GLASSMODES_LAUNCHER"):
        monkeypatch.delenv(name, raising=False)
    if place == "allocation":
        (tmp_path / "srun").touch(mode=0o755)
        monkeypatch.setenv("SLURM_JOB_ID", "1")
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    if place == "named":
        monkeypatch.setenv("GLASSMODES_LAUNCHER", launcher)
    options = ("--workflow-profile", f"workflow/profiles/{profile}", "-p", "-n")
    text = snakemake(*options, "--config", "results=results/nowhere")[1]
    program = re.escape(str(ROOT / "workflow" / "scripts" / "run_stage.py"))
    commands = re.findall(rf"^ *(\S.*) -n (\d+) python {program} (\w+) ", text, re.M)
    assert {name for _, _, name in commands} == {
        "prepare_glasses",
        "solve_modes",
        "run_dynamics",
        "follow_inherent_structures",
        "compute_decay_rates",
        "measure_excitations",
        "find_quasilocalized_modes",
    }
    for start, ranks, _ in commands:
        assert start.removeprefix("Shell command: ") == launcher
        # a SLURM job with an `mpi` resource and one task fails at submission
        assert int(ranks) >= 2


@pytest.mark.parametrize(
    "options", [("--workflow-profile", "workflow/profiles/local"), ("--cores", "2")]
)
def test_local_machine_caps_ranks(options):
    text = dry_run(PAPER, *options)
    asked = {int(n) for n in re.findall(r"resources: .*tasks=(\d+)", text)}
    assert asked == {1, 2}


def test_resources_grow_with_size_and_are_known_before():
    text = dry_run(PAPER)
    memory = {}
    for block in text.split("\nrule ")[1:]:
        name = block.split(":")[0]
        ensemble = re.search(r"ensemble=(\w+)", block)
        if ensemble:
            megabytes = int(re.search(r"mem_mb=(\d+)", block)[1])
            memory[name, ensemble[1]] = megabytes
            assert re.search(r"runtime=(\d+)", block), block
    assert memory["solve_modes", "glass_256000"] > memory["solve_modes", "glass_32000"] > 1000
    # the limit for the decay rates at N = 4,000, for each rank and with Snakemake's own
    ranks = int(re.search(r"rule compute_decay_rates:.*?tasks=(\d+)", text, re.DOTALL)[1])
    assert memory["compute_decay_rates", "glass_4000"] < 8000 * ranks


def blocks_of_rules():
    """Text of each rule that the rule files write out, by its name."""
    rules = {}
    for file in (ROOT / "workflow" / "rules").glob("*.smk"):
        for block in re.split(r"^rule ", file.read_text(), flags=re.M)[1:]:
            name, colon, _ = block.partition(":")
            assert re.fullmatch(r"\w+", name) and colon
            rules[name] = block.split("\n\n\n")[0]
    return rules


def test_rules_programs_and_logs_have_one_name():
    rules = blocks_of_rules()
    programs = {file.stem for file in (ROOT / "workflow" / "scripts").glob("*.py")}
    assert set(rules) <= programs
    for name, block in rules.items():
        assert "_" in name
        assert f'program("{name}")' in block
        # gathered tables follow from their parts and columns, whatever the version
        made_again_by = "columns=" if name == "gather_tables" else "code_version"
        for directive in ("log:", "benchmark:", "resources:", made_again_by):
            assert directive in block, (name, directive)
        assert f"logs/{name}" in block
        assert f"benchmarks/{name}" in block


def test_jobs_of_stages_have_program_log_and_benchmark_of_one_name():
    text = dry_run(PAPER, "-p")
    program = str(ROOT / "workflow" / "scripts" / "run_stage.py")
    seen = set()
    for block in text.split("\nrule ")[1:]:
        rule = block.split(":")[0]
        name = "run_dynamics" if rule == "run_discarded_dynamics" else rule
        if name not in registry.stages() or name in seen:
            continue
        seen.add(name)
        assert f"python {program} {name} --ensemble " in block, block
        assert re.search(rf"^ +log: results/nowhere/\w+/logs/{name}/\S+\.log$", block, re.M), block
        assert re.search(
            rf"^ +benchmark: results/nowhere/\w+/benchmarks/{name}/\S+\.tsv$", block, re.M
        )
        for resource in ("tasks=", "mem_mb=", "runtime="):
            assert resource in block, (name, resource)
    # every one of this campaign
    campaign = load_campaign(ROOT / PAPER[0])
    asked = [s.name for s in registry.stages().values() if layout.ensembles_of(campaign, s)]
    assert seen == set(asked)


def test_physics_never_imports_snakemake():
    for file in (ROOT / "analysis" / "glassmodes").rglob("*.py"):
        assert not re.search(r"^\s*(import|from) snakemake", file.read_text(), re.M), file


@pytest.mark.slow
def test_lint_has_nothing_to_say():
    code, text = snakemake("--lint", check=False)
    assert code == 0, text


@pytest.mark.slow
def test_dry_run_of_many_samples_is_fast(tmp_path):
    content = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
    content["ensembles"]["glass"].update(samples=100_000, bundle=500)
    file = tmp_path / "many.yaml"
    file.write_text(yaml.safe_dump(content))
    began = time.monotonic()
    found = jobs(dry_run((file,), "--quiet", "rules"))
    assert found["prepare_glasses"] == 202
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("source", CAMPAIGNS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_plan_has_the_jobs_of_the_dry_run(source, tmp_path):
    """Two ways to one number: Snakemake's graph, and the planner's table of rules."""
    plan = make_plan(load_campaign(source, {"results": str(tmp_path)}))
    found = {}
    for group in plan.groups:
        found[group.rule] = found.get(group.rule, 0) + group.jobs
    files = () if source == DEFAULT_CAMPAIGN else (str(source.relative_to(ROOT)),)
    wanted = {name: n for name, n in jobs(dry_run(files)).items() if name not in ("all", "total")}
    # trajectories that are not kept are made by another name
    wanted["run_dynamics"] = wanted.get("run_dynamics", 0) + wanted.pop("run_discarded_dynamics", 0)
    assert {name: n for name, n in found.items() if n} == {k: n for k, n in wanted.items() if n}


def test_jobs_ask_for_what_the_plan_says():
    text = dry_run(PAPER, "--workflow-profile", "workflow/profiles/slurm")
    rows = planning.rows(make_plan(load_campaign(ROOT / PAPER[0], {"results": "results/nowhere"})))
    planned = {(row["rule"], row["ensemble"], row["temperature"]): row for row in rows}
    compared = 0
    for block in text.split("\nrule ")[1:]:
        name = block.split(":")[0]
        ensemble = re.search(r"ensemble=(\w+)", block)
        if name == "run_discarded_dynamics" or not ensemble:
            continue
        at = re.search(r"temperature=([\d.e+-]+)", block)
        row = planned[name, ensemble[1], float(at[1]) if at else None]
        for key, column in (("tasks", "ranks"), ("mem_mb", "memory_mb")):
            assert int(re.search(rf"{key}=(\d+)", block)[1]) == row[column], block
        assert int(re.search(r"runtime=(\d+)", block)[1]) == row["runtime_minutes"]
        compared += 1
    assert compared > 200


def test_every_rule_is_planned():
    written = set(blocks_of_rules())
    assert written - {"archive_results"} == set(planning.LAST)
    listed = set(re.findall(r"^\w+$", snakemake("--list")[1], re.M))
    assert {*registry.stages(), *planning.LAST} <= listed
    # what is listed beside those and the targets is planned under the name of its stage
    targets = {"all", "plan", "calibrate", "tables", "figures", "report", "archive"}
    discarded = {stage.temporary[0] for stage in registry.stages().values() if stage.temporary}
    others = listed - {*registry.stages(), *planning.LAST, *targets, "archive_results"}
    assert others <= discarded, others


@pytest.mark.slow
def test_plan_runs_beside_a_campaign_and_touches_nothing(tmp_path):
    code, text = snakemake("plan", "--quiet", "all", "--config", f"results={tmp_path}")
    assert "Longest chain" in text
    made = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert made == [f"demo/plan/{name}" for name in PLAN_FILES]


PLAN_FILES = ("campaign.yaml", "plan.csv", "plan.json", "plan.log", "plan.txt")
