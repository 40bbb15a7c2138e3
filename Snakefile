# A campaign file in, tables, figures and a report out. See README.md.
#
#   snakemake --cores 2                                    the demo, config/config.yaml
#   snakemake --cores 2 --configfile config/papers/...     another campaign
#   snakemake plan                                         what it will cost
#   snakemake archive                                      results for others, in one file
#   snakemake -n                                           what would be done
import json
import shlex
import sys
from dataclasses import asdict

from snakemake.utils import min_version

min_version("9.0")

# found without being installed, too
sys.path.insert(0, f"{workflow.basedir}/analysis")

# a campaign of the command line replaces the demo; `configfile` alone would mix the two
if "campaign" not in config:

    configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/stages.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/archive.smk"


onstart:
    # a plan is made beside a running campaign, and must not touch what its jobs read
    if set(workflow.dag_settings.targets) == {"plan"}:
        save_snapshot(f"{PLAN}/campaign.yaml")
    else:
        begin_driving()


onsuccess:
    if Path(REPORT).is_file():
        print(f"Report: {Path(REPORT).resolve()}")


onerror:
    print(f"Some jobs failed; their logs are in {Path(RESULTS).resolve()}/logs")


localrules:
    all,
    plan,
    tables,
    figures,
    report,
    archive,


rule all:
    default_target: True
    input:
        REPORT,


rule plan:
    log:
        f"{PLAN}/plan.log",
    conda:
        "envs/conda.yaml"
    params:
        machine=shlex.quote(json.dumps(asdict(MACHINE))),
        folder=PLAN,
    shell:
        program("plan_campaign") + " --campaign {params.folder}/campaign.yaml"
        " --machine {params.machine} --output {params.folder} --log {log}"


# a job like any other, so that a cluster measures the node it runs on
rule calibrate:
    log:
        f"{RESULTS}/logs/calibrate_rates.log",
    conda:
        "envs/conda.yaml"
    resources:
        tasks=1,
        mem_mb=2000,
        runtime=10,
    params:
        results=RESULTS if Path(SNAPSHOT).is_file() else "",
    shell:
        program("calibrate_rates") + " --results {params.results} --log {log}"


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


rule archive:
    input:
        ARCHIVE,
