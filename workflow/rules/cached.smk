# Where workflow/figures.smk finds tables and puts figures.
import re
from pathlib import Path

from glassmodes import __version__ as CODE_VERSION
from glassmodes.campaign import planning
from glassmodes.data.archive import is_archive, unpack_archive
from glassmodes.campaign.settings import ROOT
from glassmodes.data.storage import StorageError
from glassmodes.data.manifest import MANIFEST, check_manifest, digest

ALLOWED = ("results", "output")
SAFE = r"[A-Za-z0-9_./+=@,%-]+"

for key, value in config.items():
    if key not in ALLOWED:
        raise WorkflowError(f"--config {key}: unknown key; allowed: {', '.join(ALLOWED)}")
    if not re.fullmatch(SAFE, str(value)):
        raise WorkflowError(f"--config {key}: {value!r} has characters other than {SAFE}")


def find_caches(results):
    """Folders with tables and their manifest: the shipped ones, or the one that is asked for.

    A folder of several such folders stands for all of them.
    """
    if results is None:
        results = ROOT / "tests" / "data"
    elif is_archive(results):
        results = unpack_archive(results, Path(OUTPUT or "results") / "unpacked")
    results = Path(results)
    if (results / MANIFEST).is_file():
        # of an archive: configuration and versions, too
        check_manifest(results)
    inside = sorted(path.parents[1] for path in results.glob(f"*/tables/{MANIFEST}"))
    return inside if inside and not (results / "tables").is_dir() else [results]


OUTPUT = config.get("output")
try:
    CACHES = {path.resolve().name: path for path in find_caches(config.get("results"))}
    MANIFESTS = {name: check_manifest(path / "tables") for name, path in CACHES.items()}
except StorageError as error:
    raise WorkflowError(f"these tables cannot be used\n{error}") from None

# one campaign has the output to itself, several have a folder each
SINGLE = next(iter(CACHES)) if len(CACHES) == 1 else None
RESULTS = OUTPUT or f"results/{SINGLE or 'shipped'}"
if SINGLE is None:
    RESULTS = f"{RESULTS}/{{cache}}"


wildcard_constraints:
    cache="|".join(map(re.escape, CACHES)),


def cache(wildcards):
    return wildcards.get("cache", SINGLE)


def table(name):
    """Function of wildcards: a file beside the tables."""
    return lambda wildcards: f"{CACHES[cache(wildcards)]}/tables/{name}"


def contents(wildcards):
    """What figures depend on, whatever the modification times."""
    return digest(CACHES[cache(wildcards)] / "tables" / MANIFEST)


def presentation(wildcards, rule):
    # columns of Parquet are compressed; in memory they are several times larger
    folder, files = CACHES[cache(wildcards)] / "tables", MANIFESTS[cache(wildcards)]["files"]
    size = 4.0 * sum((folder / name).stat().st_size for name in files)
    return planning.cost_of_presentation(rule, size)


def memory(rule):
    """Function of wildcards and attempt: memory in MB, Snakemake's own included."""
    return lambda wildcards, attempt: planning.requested_memory(
        presentation(wildcards, rule), attempt
    )


def minutes(rule):
    """Function of wildcards and attempt: walltime in minutes."""
    return lambda wildcards, attempt: planning.requested_minutes(
        presentation(wildcards, rule), attempt
    )
