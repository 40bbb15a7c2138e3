# A campaign file in, tables, figures and a report out. See README.md.
#
#   snakemake --cores 2                                    the demo, config/config.yaml
#   snakemake --cores 2 --configfile config/papers/...     another campaign
#   snakemake plan                                         what it will cost
#   snakemake archive                                      results for others, in one file
#   snakemake -n                                           what would be done
import json
import os
import shlex
import sys
from dataclasses import asdict
from importlib.metadata import version

from snakemake.utils import min_version

SNAKEMAKE_VERSION = version("snakemake")
min_version("9.27")
if int(SNAKEMAKE_VERSION.partition(".")[0]) > 9:
    raise WorkflowError(
        f"Snakemake {SNAKEMAKE_VERSION} is newer than what this workflow knows of: "
        "'snakemake>=9.27,<10' is needed"
    )

# found without being installed, too
sys.path.insert(0, f"{workflow.current_basedir}/analysis")

# a campaign of the command line replaces the demo; `configfile` alone would mix the two
if "campaign" not in config:

    configfile: f"{workflow.current_basedir}/config/config.yaml"


from glassmodes.campaign.libraries import MissingLibraryError, check_libraries
from glassmodes.campaign.run_watch import INTERRUPTED, STOPPED, RunWatch
from snakemake_logger_plugin_glassmodes import LogHandler


include: "workflow/rules/programs.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/stages.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/archive.smk"


WATCH = RunWatch()
logger.addFilter(WATCH)


onstart:
    # a plan is made beside a running campaign, and must not touch what its jobs read
    if WATCH.rules == {"plan"}:
        save_snapshot(f"{PLAN}/campaign.yaml")
    else:
        # another workflow may have given the rules other names
        if any(rule.endswith("solve_modes") for rule in WATCH.rules):
            try:
                check_libraries(CAMPAIGN, MACHINE)
            except MissingLibraryError as error:
                raise WorkflowError(str(error)) from None
        begin_driving()
        shell.executable(f"{ROOT}/workflow/session/bash")
        WATCH.catch_interrupts()
        whole_log = f"{RESULTS}/logs/snakemake.log"
        if LogHandler.in_use:
            Path(whole_log).parent.mkdir(parents=True, exist_ok=True)
            os.environ.update(JOB_OUTPUT=whole_log)
        logger.info(
            f"Campaign {CAMPAIGN.name}: results go to {Path(RESULTS).resolve()}",
            extra={"campaign": CAMPAIGN, "machine": MACHINE, "log_file": whole_log},
        )


onsuccess:
    if Path(REPORT).is_file():
        print(f"Report: {Path(REPORT).resolve()}")


onerror:
    if WATCH.interrupted:
        print(STOPPED, flush=True)
        sys.exit(INTERRUPTED)
    print(f"Some jobs failed; their logs are in {Path(RESULTS).resolve()}/logs")


rule all:
    default_target: True
    input:
        REPORT,
    localrule: True


rule plan:
    log:
        f"{PLAN}/plan.log",
    localrule: True
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
    localrule: True


rule figures:
    input:
        FIGURES,
    localrule: True


rule report:
    input:
        REPORT,
    localrule: True


rule archive:
    input:
        ARCHIVE,
    localrule: True
