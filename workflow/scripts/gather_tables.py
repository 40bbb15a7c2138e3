"""Gather one table of a campaign from the parts of all bundles, and check its columns."""

import argparse
import json
import logging
import sys

from glassmodes import logs
from glassmodes.campaign import layout, registry
from glassmodes.campaign.settings import load_campaign


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--table", required=True, choices=list(registry.tables()))
    parser.add_argument("--output", required=True, help="tables/<table>.parquet")
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, f"gather_tables {arguments.table}")

    from glassmodes import __version__
    from glassmodes.campaign.runner import LEFT_OUT
    from glassmodes.data.gather import gather
    from glassmodes.data.storage import write_table

    campaign = load_campaign(arguments.campaign)
    files = layout.parts(campaign, arguments.table)
    declared = registry.tables()[arguments.table]
    table = gather(files, declared)
    attributes = {
        "campaign": campaign.name,
        "code_version": __version__,
        "config_hash": campaign.config_hash,
        LEFT_OUT: json.dumps(table.attrs.pop(LEFT_OUT)),
    }
    write_table(arguments.output, table, attributes, csv=declared.csv)
    logging.getLogger("program").info("%d rows from %d parts", len(table), len(files))


if __name__ == "__main__":
    main(sys.argv[1:])
