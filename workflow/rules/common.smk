# The campaign, file names, and what the machine is asked for. Light on purpose: every job
# on a cluster reads it again.
import fcntl
import os
import shutil
import socket
import time
from functools import cache
from pathlib import Path

import yaml

from glassmodes import __version__ as CODE_VERSION
from glassmodes.campaign import layout, planning, registry
from glassmodes.campaign.settings import ROOT, CampaignError, load_campaign
from glassmodes.campaign.settings import temperature_label as label
from glassmodes.models import ModelError
from glassmodes.papers import find_paper
from glassmodes.campaign.rates import RatesError, check_rates


def read_campaign():
    """The campaign, the limits of the machine and the arrays to archive, or a message and the end."""
    files = [str(file) for file in workflow.configfiles] or ["campaign"]
    # what is not science, and yet may stand beside it
    content = {key: value for key, value in config.items() if key not in ("machine", "archive")}
    arrays = config.get("archive", [])
    try:
        campaign = load_campaign(content, file=" + ".join(files))
        machine = planning.Machine.of(config.get("machine"))
        check_rates()
    except (CampaignError, ModelError, RatesError, planning.MachineError) as error:
        raise WorkflowError(f"the campaign cannot be run\n{error}") from None
    for warning in campaign.warnings:
        logger.warning(warning)
    folders = [array.folder for array in registry.arrays().values()]
    if not isinstance(arrays, list) or not set(arrays) <= set(folders):
        raise WorkflowError(f"archive: {arrays!r} is no list of {', '.join(folders)}")
    return campaign, machine, arrays


# Snakemake counts no ranks among its cores, and without a profile nothing else says how many fit
if workflow.nodes is None and workflow.is_main_process and "tasks" not in workflow.global_resources:
    if workflow.global_resources["_cores"].value:
        workflow.register_resource("tasks", workflow.cores)

CAMPAIGN, MACHINE, ARCHIVED = read_campaign()
RESULTS = layout.root(CAMPAIGN)
TABLES_FOLDER = f"{RESULTS}/tables"
TABLES = layout.tables(CAMPAIGN)
SNAPSHOT = f"{RESULTS}/campaign.yaml"
PLAN = f"{RESULTS}/plan"
DRIVING = []


def launcher():
    """What starts the ranks of a program: Snakemake asks for it where the job runs.

    MPICH needs PMI2: under pmix, or none, `srun` silently starts N copies of "rank 0 of 1", which
    every program here detects and refuses. A rank that dies must take the others with it, or they
    would wait for it until their walltime ends. An MPI with MPICH's ABI (Cray, Intel, MVAPICH) may
    want another launcher: GLASSMODES_LAUNCHER names it.
    """
    in_allocation = "SLURM_JOB_ID" in os.environ and shutil.which("srun")
    usual = "srun --mpi=pmi2 --kill-on-bad-exit=1" if in_allocation else "mpiexec"
    return os.environ.get("GLASSMODES_LAUNCHER", usual)


def one_of(names):
    """Regular expression of a wildcard that is one of these names."""
    return "|".join(names) if names else "(?!)"


TEMPERATURES = {
    label(temperature): temperature
    for stage in registry.stages().values()
    for name in layout.ensembles_of(CAMPAIGN, stage)
    for temperature in layout.temperatures_of(CAMPAIGN, stage, name)
    if temperature is not None
}


wildcard_constraints:
    ensemble=one_of(CAMPAIGN.ensembles),
    bundle="[0-9]+",
    run="[0-9]+",
    temperature=one_of([t.replace(".", r"\.").replace("+", r"\+") for t in TEMPERATURES]),
    table="[a-z_]+",


def save_snapshot(path):
    """Keep the campaign as it is run, overrides included: what every program reads."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.writing")
    content = {**CAMPAIGN.settings, "results": CAMPAIGN.results}
    temporary.write_text(yaml.safe_dump(content, sort_keys=False))
    temporary.replace(path)


def begin_driving():
    """Refuse what would go wrong later: a folder that cannot be written to, another driver on it,
    files from the future. The lock ends with this process, however it ends."""
    folder = Path(RESULTS)
    there = next(path for path in (folder, *folder.resolve().parents) if path.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        raise WorkflowError(
            f"{there}: not writable; change its permissions, or choose another folder with "
            "--config results=..."
        )
    future = find_future(folder)
    if future:
        path, hours = future
        raise WorkflowError(
            f"{path}: dated {hours:.1f} h in the future: the clock of this or of another machine "
            "has jumped. Nothing is lost, but Snakemake compares dates, and would make again what "
            f"follows from it. Once the clock is right: find {folder} -newermt now -exec touch {{}} +"
        )
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / ".driver", "a+")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        lock.seek(0)
        raise WorkflowError(
            f"{folder}: another Snakemake works on it ({lock.read().strip()}); wait for its end, "
            "stop it, or choose another folder with --config results=..."
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()} on {socket.gethostname()}")
    lock.flush()
    DRIVING.append(lock)
    save_snapshot(SNAPSHOT)


def find_future(folder, tolerance=600.0):
    """A file of results that is dated in the future, and by how many hours; None if none is."""
    latest = time.time() + tolerance
    for ensemble in (*CAMPAIGN.ensembles, "tables"):
        for path in (folder / ensemble).rglob("*"):
            excess = path.stat().st_mtime - latest
            if excess > 0.0:
                return path, (excess + tolerance) / 3600.0
    return None


def job_of(stage, wildcards):
    """The job of a stage that a rule's wildcards stand for."""
    index = wildcards.get("run" if stage.per == "run" else "bundle")
    return layout.Job(
        stage.name,
        wildcards.get("ensemble", ""),
        None if index is None else int(index),
        TEMPERATURES.get(wildcards.get("temperature")),
    )


def inputs_of(stage):
    """What a stage reads, by name: functions of wildcards."""

    def files(name):
        return lambda wildcards: layout.inputs_of(CAMPAIGN, job_of(stage, wildcards), name)

    return {read.name: files(read.name) for read in stage.inputs}


def outputs_of(stage, temporary):
    """Patterns of what a stage makes; Snakemake removes temporary files after their use."""
    files = [f"{RESULTS}/{layout.pattern(made.name)}" for made in stage.makes]
    return [temp(file) for file in files] if temporary else files


def file_beside(folder, stage, ending):
    """Pattern of a job's log or benchmark."""
    return f"{RESULTS}/{folder}/{stage.name}/{layout.label_pattern(stage)}.{ending}"


def ensembles_of(stage, temporary):
    """Ensembles of a stage's rule, or of its second rule whose files are temporary."""
    names = [name for name in layout.ensembles_of(CAMPAIGN, stage) if name]
    if stage.temporary is None:
        return names
    return [name for name in names if stage.temporary[1](CAMPAIGN, name) == temporary]


def variants(parallel):
    """Stages, each with the name of its rule and whether its files are temporary."""
    for stage in registry.stages().values():
        if stage.is_parallel == parallel:
            yield stage, stage.name, False
            if stage.temporary is not None and ensembles_of(stage, True):
                yield stage, stage.temporary[0], True


def job_arguments(stage):
    """Function of wildcards: arguments of the program that name a job."""
    options = {
        "bundle": ("ensemble", "bundle"),
        "temperature": ("ensemble", "bundle", "temperature"),
        "run": ("ensemble", "run"),
        "ensemble": ("ensemble",),
        "campaign": (),
    }[stage.per]
    return lambda wildcards: " ".join(
        [stage.name, *(f"--{name} {wildcards[name]}" for name in options)]
    )


def settings_of(stage):
    """Function of wildcards: all settings that a job's result depends on, as text.

    A change of any of them, or of the stage's revision, makes Snakemake run the job again.
    """
    return lambda wildcards: planning.settings_text(CAMPAIGN, job_of(stage, wildcards))


@cache
def cost(name, ensemble, samples, temperature):
    stage = registry.stages()[name]
    return planning.cost(CAMPAIGN, stage, ensemble, samples, temperature, MACHINE)


@cache
def cost_of_last(name, table):
    return planning.cost_of_last(CAMPAIGN, name, table)


def expected(wildcards, name):
    """What a job is expected to use."""
    if name in planning.LAST:
        return cost_of_last(name, wildcards.get("table", ""))
    stage = registry.stages()[name]
    job = job_of(stage, wildcards)
    samples = len(layout.samples_of(CAMPAIGN, stage, job.ensemble, job.index))
    return cost(name, job.ensemble, samples, job.temperature)


def ranks(stage):
    """Function of wildcards: MPI ranks that a job can use (a SLURM job must have two at least)."""
    return lambda wildcards: expected(wildcards, stage.name).ranks


def memory(name):
    """Function of wildcards and attempt: memory in MB, Snakemake's own included."""
    return lambda wildcards, attempt: planning.requested_memory(expected(wildcards, name), attempt)


def minutes(name):
    """Function of wildcards and attempt: walltime in minutes."""
    return lambda wildcards, attempt: planning.requested_minutes(expected(wildcards, name), attempt)


def table(name):
    """A file beside the tables."""
    return f"{TABLES_FOLDER}/{name}"


def contents(wildcards):
    """The tables are made here, and Snakemake knows when they change."""
    return ""
