"""Draw every figure that the tables of a manifest allow, as PNG and PDF."""

import argparse
import logging
import sys
from pathlib import Path

from glassmodes import logs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--manifest", required=True, help="manifest.json beside the tables")
    parser.add_argument("--output", required=True, help="folder of the figures")
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "draw_figures")

    import matplotlib

    matplotlib.use("Agg")

    from glassmodes.data.manifest import check_manifest
    from glassmodes.data.storage import read_table
    from glassmodes.papers import compared_papers
    from glassmodes.reporting.catalogue import catalogue, concerned, draw_all

    logger = logging.getLogger("program")
    folder = Path(arguments.manifest).parent
    manifest = check_manifest(folder)
    settings = manifest["settings"]
    tables = {Path(name).stem: read_table(folder / name) for name in manifest["files"]}
    files = [Path(name) for name in settings.get("figures", [])]
    # tables may have come from another machine without the user's files
    for missing in (file for file in files if not file.is_file()):
        logger.warning("%s: this file of figures is not here; its figures are left out", missing)
    figures = catalogue(file for file in files if file.is_file())
    output = Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    names = concerned(tables, compared_papers(settings), figures)
    drawn = draw_all(tables, output, names, figures=figures)
    done = sum(bool(figure.files) for figure in drawn)
    logger.info("%d figures, %d skipped", done, len(drawn) - done)


if __name__ == "__main__":
    main(sys.argv[1:])
