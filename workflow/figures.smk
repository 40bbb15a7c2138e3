# Figures and report from tables that somebody else computed; no simulation is in sight here.
#
#   snakemake -s workflow/figures.smk --cores 1 --config results=PATH [output=FOLDER]
#
# `results` is an archive (of `snakemake archive`), a folder that holds tables/ with manifest.json (a
# campaign's folder, or a copy of it), or a folder of several such folders. Every table must be what
# its manifest says. By default these are all results that the repository ships.
# `output` gets figures/ and report.html, in a folder for each campaign if there are several:
# results/<name of the folder>, or results/shipped, by default.
import sys
from importlib.metadata import version

from snakemake.utils import min_version

SNAKEMAKE_VERSION = version("snakemake")
min_version("9.27")
if int(SNAKEMAKE_VERSION.partition(".")[0]) > 9:
    raise WorkflowError(
        f"Snakemake {SNAKEMAKE_VERSION} is newer than what this workflow knows of: "
        "'snakemake>=9.27,<10' is needed"
    )

sys.path.insert(0, f"{workflow.current_basedir}/../analysis")


from glassmodes.campaign.run_watch import INTERRUPTED, STOPPED, RunWatch


include: "rules/programs.smk"
include: "rules/cached.smk"
include: "rules/figures.smk"


REPORTS = [REPORT.format(cache=name) for name in CACHES]


WATCH = RunWatch()
logger.addFilter(WATCH)


onstart:
    shell.executable(f"{ROOT}/workflow/session/bash")
    WATCH.catch_interrupts()


onerror:
    if WATCH.interrupted:
        print(STOPPED, flush=True)
        sys.exit(INTERRUPTED)


onsuccess:
    for report_file in REPORTS:
        print(f"Report: {Path(report_file).resolve()}")


rule all:
    default_target: True
    input:
        REPORTS,
    localrule: True
