"""Write the report of a campaign: one HTML file with claims, figures, tables and provenance."""

import argparse
import sys
from pathlib import Path

from glassmodes import logs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", required=True, help="manifest.json beside the tables")
    parser.add_argument("--figures", required=True, help="folder of the figures")
    parser.add_argument("--output", required=True, help="report.html")
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "write_report")

    from glassmodes.data.manifest import check_manifest
    from glassmodes.data.storage import read_table
    from glassmodes.papers import compared_papers, papers
    from glassmodes.reporting.report import write_report

    folder = Path(arguments.manifest).parent
    manifest = check_manifest(folder)
    tables = {Path(name).stem: read_table(folder / name) for name in manifest["files"]}
    settings = manifest["settings"]
    compared = compared_papers(settings)
    head = {"campaign": manifest["campaign"], "papers": compared, "seed": settings["seed"]}
    write_report(
        arguments.output,
        tables,
        arguments.figures,
        {**head, **manifest},
        citations={name: paper.citation for name, paper in papers().items()},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
