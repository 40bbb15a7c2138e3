# Figures and report from tables that somebody else computed; no simulation is in sight here.
#
#   snakemake -s workflow/figures.smk --cores 1 --config results=FOLDER [output=FOLDER]
#
# `results` holds tables/ with its manifest.json (a campaign's folder, or a copy of it); every table
# must be what the manifest says. By default these are the results that the repository ships.
# `output` gets figures/ and report.html: results/<name of the folder> by default.
import sys

from snakemake.utils import min_version

min_version("9.0")

sys.path.insert(0, str(Path(workflow.basedir).parent))


include: "rules/cached.smk"
include: "rules/figures.smk"


onsuccess:
    if Path(REPORT).is_file():
        print(f"Report: {Path(REPORT).resolve()}")


localrules:
    all,


rule all:
    default_target: True
    input:
        FIGURES,
        REPORT,
