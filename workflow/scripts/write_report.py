"""Write the report of a campaign: one HTML file with figures, summary and provenance."""

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
    from glassmodes.reporting.report import write_report

    folder = Path(arguments.manifest).parent
    manifest = check_manifest(folder)
    tables = {Path(name).stem: read_table(folder / name) for name in manifest["files"]}
    settings = manifest.pop("settings")
    provenance = {
        "paper": settings["paper"],
        "seed": settings["seed"],
        **{key: value for key, value in manifest.items() if key != "files"},
        "ensembles": {name: str(entry) for name, entry in settings["ensembles"].items()},
        "studies": {
            f"{study}, block {index + 1}": ", ".join(f"{k}: {v}" for k, v in block.items())
            for study, blocks in settings["studies"].items()
            for index, block in enumerate(blocks)
        },
        "tables": manifest["files"],
    }
    write_report(arguments.output, tables, arguments.figures, provenance)


if __name__ == "__main__":
    main(sys.argv[1:])
