# The campaign, file names, and what the machine is asked for. Light on purpose: every job
# on a cluster reads it again.
import json
import os
import sys
from pathlib import Path

import yaml

from analysis import __version__ as CODE_VERSION
from analysis import estimates, layout
from analysis.campaign import DEFAULT_CAMPAIGN, ROOT, RUNS, CampaignError, load_campaign
from analysis.campaign import temperature_label as label

BASE_MEMORY_MB = 300
PARALLEL = (
    "prepare_glasses",
    "solve_modes",
    "compute_density_of_states",
    "run_dynamics",
    "compute_decay_rates",
    "follow_inherent_structures",
    "measure_excitations",
    "find_quasilocalized_modes",
)


def read_campaign():
    """The campaign of this run, or a message and the end of it."""
    files = [str(file) for file in workflow.configfiles] or ["campaign"]
    try:
        campaign = load_campaign(config, file=" + ".join(files))
    except CampaignError as error:
        raise WorkflowError(f"the campaign cannot be run\n{error}") from None
    for warning in campaign.warnings:
        logger.warning(warning)
    return campaign


if not Path("workflow/scripts").is_dir():
    raise WorkflowError(
        f"run Snakemake in the project's folder, {ROOT}; results go wherever --config results=... says"
    )

CAMPAIGN = read_campaign()
RESULTS = layout.root(CAMPAIGN)
TABLES_FOLDER = f"{RESULTS}/tables"
TABLES = layout.tables(CAMPAIGN)
GLASSES = f"{RESULTS}/{{ensemble}}/glasses/b{{bundle}}.h5"
MODES = f"{RESULTS}/{{ensemble}}/modes/b{{bundle}}.h5"
TRAJECTORIES = f"{RESULTS}/{{ensemble}}/trajectories/b{{bundle}}/T{{temperature}}.h5"
INHERENT = f"{RESULTS}/{{ensemble}}/inherent/b{{bundle}}/T{{temperature}}.h5"
QUASILOCALIZED = f"{RESULTS}/{{ensemble}}/quasilocalized/b{{bundle}}.h5"
BOSON_PEAK = f"{RESULTS}/{{ensemble}}/parts/boson_peak/all.parquet"
SNAPSHOT = f"{RESULTS}/campaign.yaml"
MODEL_ENTRIES = yaml.safe_load((ROOT / "config" / "models.yaml").read_text())

# programs of the environment before the machine's own, and this checkout's package; every job
# reads this file again, so that its programs find the same
for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", ROOT)):
    os.environ.update({name: os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))})


def one_of(names):
    """Regular expression of a wildcard that is one of these names."""
    return "|".join(names) if names else "(?!)"


TEMPERATURES = {
    label(t): t
    for study in RUNS
    for name in CAMPAIGN.ensembles
    for t in CAMPAIGN.temperatures(study, name)
}


wildcard_constraints:
    ensemble=one_of(CAMPAIGN.ensembles),
    bundle="[0-9]+",
    temperature=one_of([t.replace(".", r"\.").replace("+", r"\+") for t in TEMPERATURES]),
    table="[a-z_]+",


def save_snapshot():
    """Keep the campaign as it is run, overrides included: what every program reads."""
    path = Path(SNAPSHOT)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.writing")
    content = {**CAMPAIGN.settings, "results": CAMPAIGN.results}
    temporary.write_text(yaml.safe_dump(content, sort_keys=False))
    temporary.replace(path)


def settings_of(*studies):
    """Function of wildcards: all settings that a rule's result depends on, as text.

    A change of any of them makes Snakemake run the rule again.
    """

    def settings(wildcards):
        ensemble = CAMPAIGN.ensembles[wildcards.ensemble]
        temperature = TEMPERATURES.get(wildcards.get("temperature"))
        blocks = {study: CAMPAIGN.block(study, ensemble.name, temperature) for study in studies}
        content = {
            "seed": CAMPAIGN.seed,
            "model": MODEL_ENTRIES[ensemble.model],
            "particles": ensemble.particles,
            "preparation": ensemble.preparation,
            "samples": list(map(int, bundle_range(wildcards))),
            **{
                study: {
                    key: value
                    for key, value in (block or {}).items()
                    if key not in ("ensembles", "temperatures", "keep_trajectories")
                }
                for study, block in blocks.items()
            },
        }
        return json.dumps(content, sort_keys=True)

    return settings


def bundle_range(wildcards):
    """Samples of a bundle, as (first, end)."""
    samples = CAMPAIGN.ensembles[wildcards.ensemble].samples_of(int(wildcards.bundle))
    return samples.start, samples.stop


def estimate(wildcards, stage):
    temperature = TEMPERATURES.get(wildcards.get("temperature"))
    return estimates.stage(CAMPAIGN, stage, wildcards.ensemble, temperature)


def ranks(stage):
    """Function of wildcards: MPI ranks that a rule can use (a SLURM job must have two at least)."""

    def tasks(wildcards):
        first, end = bundle_range(wildcards)
        share = CAMPAIGN.ensembles[wildcards.ensemble].preparation["ranks_per_sample"]
        if stage in ("compute_decay_rates", "compute_density_of_states", "measure_excitations"):
            return max(2, min(64, round(estimate(wildcards, stage).core_seconds / 3600)))
        if stage == "find_quasilocalized_modes":
            # as many as make it an hour's work
            needed = round((end - first) * estimate(wildcards, stage).core_seconds / 3600)
            return max(2, min(end - first, needed, 64))
        if stage == "follow_inherent_structures":
            # as many ranks a sample as make it a day's work, up to the fewest frames of a batch
            needed = round(estimate(wildcards, stage).core_seconds / 86400)
            return max(2, (end - first) * min(max(share, needed), max(share, 16)))
        return max(2, share * min(end - first, 64 // share or 1))

    return tasks


def memory(stage):
    """Function of wildcards and attempt: memory in MB, Snakemake's own included."""

    def mem_mb(wildcards, attempt):
        tasks = ranks(stage)(wildcards) if stage in PARALLEL else 1
        return int(BASE_MEMORY_MB + 1.2e-6 * tasks * estimate(wildcards, stage).memory) * attempt

    return mem_mb


def minutes(stage):
    """Function of wildcards and attempt: walltime in minutes."""

    def runtime(wildcards, attempt):
        first, end = bundle_range(wildcards)
        tasks = ranks(stage)(wildcards) if stage in PARALLEL else 1
        seconds = (end - first) * estimate(wildcards, stage).core_seconds / tasks
        return attempt * max(10, int(2.0 * seconds / 60.0))

    return runtime


def spectra(table):
    """Function of wildcards: parts of the ensemble whose spectra give the boson peak."""

    def files(wildcards):
        source = CAMPAIGN.spectrum_of(wildcards.ensemble)
        return [
            f"{RESULTS}/{source}/parts/{table}/b{bundle:04d}.parquet"
            for bundle in CAMPAIGN.ensembles[source].bundles
        ]

    return files


def window(wildcards):
    """The boson peak, where it bounds the window of an ensemble."""
    block = CAMPAIGN.block("excitations", wildcards.ensemble)
    return {"boson_peak": BOSON_PEAK} if block["below"] == "boson_peak" else {}
