# A campaign file in, tables, figures and a report out. See README.md.
#
#   snakemake --cores 2                                    the demo, config/config.yaml
#   snakemake --cores 2 --configfile config/papers/...     another campaign
#   snakemake -n                                           what would be done
import sys

from snakemake.utils import min_version

min_version("9.0")

# found without being installed, too
sys.path.insert(0, workflow.basedir)

# a campaign of the command line replaces the demo; `configfile` alone would mix the two
if "campaign" not in config:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/modes.smk"
include: "workflow/rules/lifetimes.smk"
include: "workflow/rules/transitions.smk"
include: "workflow/rules/excitations.smk"
include: "workflow/rules/quasilocalized.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"


onstart:
    save_snapshot()


onsuccess:
    if Path(REPORT).is_file():
        print(f"Report: {Path(REPORT).resolve()}")


onerror:
    print(f"Some jobs failed; their logs are in {Path(RESULTS).resolve()}/logs")


localrules:
    all,
    tables,
    figures,
    report,


rule all:
    default_target: True
    input:
        REPORT,


rule tables:
    input:
        [f"{TABLES_FOLDER}/{table}.parquet" for table in TABLES],
        f"{TABLES_FOLDER}/summary.parquet",


rule figures:
    input:
        FIGURES,


rule report:
    input:
        REPORT,
