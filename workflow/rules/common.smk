# The campaign, file names, and what the machine is asked for. Light on purpose: every job
# on a cluster reads it again.
import fcntl
import os
import socket
import sys
import time
from functools import cache
from pathlib import Path

import yaml

from glassmodes import __version__ as CODE_VERSION
from glassmodes.campaign import layout, planning
from glassmodes.campaign.registry import studies_of_runs
from glassmodes.campaign.settings import ROOT, CampaignError, load_campaign
from glassmodes.campaign.settings import temperature_label as label
from glassmodes.models import ModelError
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
    folders = [template.partition("/")[0] for template in layout.FILES.values()]
    if not isinstance(arrays, list) or not set(arrays) <= set(folders):
        raise WorkflowError(f"archive: {arrays!r} is no list of {', '.join(folders)}")
    return campaign, machine, arrays


if not Path("workflow/scripts").is_dir():
    raise WorkflowError(
        f"run Snakemake in the project's folder, {ROOT}; results go wherever --config results=... says"
    )

# Snakemake counts no ranks among its cores, and without a profile nothing else says how many fit
if workflow.nodes is None and workflow.is_main_process and "tasks" not in workflow.global_resources:
    if workflow.global_resources["_cores"].value:
        workflow.register_resource("tasks", workflow.cores)

CAMPAIGN, MACHINE, ARCHIVED = read_campaign()
RESULTS = layout.root(CAMPAIGN)
TABLES_FOLDER = f"{RESULTS}/tables"
TABLES = layout.tables(CAMPAIGN)
GLASSES, MODES, TRAJECTORIES, INHERENT, QUASILOCALIZED = (
    f"{RESULTS}/{{ensemble}}/{layout.FILES[name]}"
    for name in ("glasses", "mode_vectors", "trajectories", "inherent", "quasilocalized_vectors")
)
LIQUIDS = f"{RESULTS}/{{ensemble}}/liquids/r{{run}}.h5"
BOSON_PEAK = f"{RESULTS}/{{ensemble}}/parts/boson_peak/all.parquet"
SNAPSHOT = f"{RESULTS}/campaign.yaml"
PLAN = f"{RESULTS}/plan"
DRIVING = []

# programs of the environment before the machine's own, and this checkout's package; every job
# reads this file again, so that its programs find the same
for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", ROOT / "analysis")):
    os.environ.update({name: os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))})


def one_of(names):
    """Regular expression of a wildcard that is one of these names."""
    return "|".join(names) if names else "(?!)"


TEMPERATURES = {
    label(t): t
    for study in studies_of_runs()
    for name in CAMPAIGN.ensembles
    for t in CAMPAIGN.temperatures(study, name)
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


def settings_of(*studies):
    """Function of wildcards: all settings that a rule's result depends on, as text.

    A change of any of them makes Snakemake run the rule again.
    """

    def settings(wildcards):
        return planning.settings_text(
            CAMPAIGN,
            studies,
            wildcards.ensemble,
            range(*sample_range(wildcards)),
            TEMPERATURES.get(wildcards.get("temperature")),
        )

    return settings


def bundle_range(wildcards):
    """Samples of a bundle, as (first, end)."""
    samples = CAMPAIGN.ensembles[wildcards.ensemble].samples_of(int(wildcards.bundle))
    return samples.start, samples.stop


def sample_range(wildcards):
    """Samples of a bundle or of an equilibrium run, as (first, end)."""
    if "run" not in wildcards.keys():
        return bundle_range(wildcards)
    ensemble, run = CAMPAIGN.ensembles[wildcards.ensemble], int(wildcards.run)
    first = run * ensemble.snapshots
    return first, first + ensemble.snapshots_of(run)


def liquids_of(wildcards):
    """Equilibrium runs that a bundle's samples are taken from; none for most protocols."""
    runs = CAMPAIGN.ensembles[wildcards.ensemble].runs_of(int(wildcards.bundle))
    folder = LIQUIDS.rpartition("/")[0].format(ensemble=wildcards.ensemble)
    return [f"{folder}/{layout.run_name(run)}.h5" for run in runs]


@cache
def cost(stage, ensemble, samples, temperature):
    return planning.cost(CAMPAIGN, stage, ensemble, samples, temperature, MACHINE)


@cache
def cost_of_last(stage, table):
    return planning.cost_of_last(CAMPAIGN, stage, table)


def expected(wildcards, stage):
    """What a job is expected to use."""
    if stage in planning.LAST:
        return cost_of_last(stage, wildcards.get("table", ""))
    ensemble = CAMPAIGN.ensembles[wildcards.ensemble]
    if not {"bundle", "run"} & set(wildcards.keys()):
        return cost(stage, ensemble.name, ensemble.samples, None)
    first, end = sample_range(wildcards)
    return cost(stage, ensemble.name, end - first, TEMPERATURES.get(wildcards.get("temperature")))


def ranks(stage):
    """Function of wildcards: MPI ranks that a rule (`stage`) can use (a SLURM job must have two at least)."""
    return lambda wildcards: expected(wildcards, stage).ranks


def memory(stage):
    """Function of wildcards and attempt: memory in MB, Snakemake's own included."""
    return lambda wildcards, attempt: planning.requested_memory(expected(wildcards, stage), attempt)


def minutes(stage):
    """Function of wildcards and attempt: walltime in minutes."""
    return lambda wildcards, attempt: planning.requested_minutes(
        expected(wildcards, stage), attempt
    )


def spectra(table):
    """Function of wildcards: parts of the ensemble whose spectra give the boson peak."""

    def files(wildcards):
        source = CAMPAIGN.spectrum_of(wildcards.ensemble)
        return [
            f"{RESULTS}/{source}/parts/{table}/b{bundle:04d}.parquet"
            for bundle in CAMPAIGN.ensembles[source].bundles
        ]

    return files


def every_bundle(pattern):
    """Function of wildcards: one file of each bundle of the ensemble."""

    def files(wildcards):
        bundles = CAMPAIGN.ensembles[wildcards.ensemble].bundles
        return [pattern.format(ensemble=wildcards.ensemble, bundle=f"{b:04d}") for b in bundles]

    return files


def window(wildcards):
    """The boson peak, where it bounds the window of an ensemble."""
    block = CAMPAIGN.block("excitations", wildcards.ensemble)
    return {"boson_peak": BOSON_PEAK} if block["below"] == "boson_peak" else {}


def table(name):
    """A file beside the tables."""
    return f"{TABLES_FOLDER}/{name}"


def contents(wildcards):
    """The tables are made here, and Snakemake knows when they change."""
    return ""
