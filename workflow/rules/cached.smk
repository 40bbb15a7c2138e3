# Where workflow/figures.smk finds tables and puts figures.
import os
import sys
from pathlib import Path

from analysis import __version__ as CODE_VERSION
from analysis import planning
from analysis.campaign import ROOT
from analysis.storage import StorageError
from analysis.tables.manifest import check_manifest

SHIPPED = ROOT / "tests" / "data" / "mizuno2020_intermittent_reduced"
ALLOWED = ("results", "output")

for name, first in (("PATH", Path(sys.executable).parent), ("PYTHONPATH", ROOT)):
    os.environ.update({name: os.pathsep.join(filter(None, [str(first), os.environ.get(name)]))})
for key in config:
    if key not in ALLOWED:
        raise WorkflowError(f"--config {key}: unknown key; allowed: {', '.join(ALLOWED)}")

CACHED = Path(config.get("results", SHIPPED))
TABLES_FOLDER = f"{CACHED}/tables"
RESULTS = config.get("output", f"results/{CACHED.resolve().name}")

try:
    MANIFEST = check_manifest(TABLES_FOLDER)
except StorageError as error:
    raise WorkflowError(f"these tables cannot be used\n{error}") from None

# columns of Parquet are compressed; in memory they are several times larger
SIZE = 4.0 * sum((Path(TABLES_FOLDER) / name).stat().st_size for name in MANIFEST["files"])


def memory(rule):
    """Function of wildcards and attempt: memory in MB, Snakemake's own included."""
    cost = planning.cost_of_presentation(rule, SIZE)
    return lambda wildcards, attempt: planning.requested_memory(cost, attempt)


def minutes(rule):
    """Function of wildcards and attempt: walltime in minutes."""
    cost = planning.cost_of_presentation(rule, SIZE)
    return lambda wildcards, attempt: planning.requested_minutes(cost, attempt)
