"""Pack what the figures of a campaign are drawn from into one file, with a manifest of hashes."""

import argparse
import logging
import sys

from glassmodes import logs


def main(argv=None):
    """Run the program; `--help` says how."""
    from glassmodes.campaign import registry
    from glassmodes.data.archive import write_archive

    folders = [array.folder for array in registry.arrays().values()]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, help="results/<campaign>")
    parser.add_argument("--output", required=True, help="the archive, .tar")
    parser.add_argument(
        "--arrays", nargs="*", default=[], choices=folders, help="folders of arrays to pack as well"
    )
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "archive_results")
    names = write_archive(arguments.results, arguments.output, arguments.arrays)
    logging.getLogger("program").info("%d files in %s", len(names), arguments.output)


if __name__ == "__main__":
    main(sys.argv[1:])
