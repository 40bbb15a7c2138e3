"""Compare a campaign with the papers, make their tables, and write the manifest of all tables."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from glassmodes import logs
from glassmodes.campaign import layout
from glassmodes.campaign.settings import load_campaign


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--tables", required=True, help="folder of the tables")
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "summarise_tables")

    from glassmodes import __version__
    from glassmodes.data.gather import ensembles_table
    from glassmodes.data.manifest import write_manifest
    from glassmodes.data.storage import read_table, versions, write_table
    from glassmodes.papers.paper_tables import make_table
    from glassmodes.papers.summary import summarise

    campaign = load_campaign(arguments.campaign)
    folder = Path(arguments.tables)
    attributes = {
        "campaign": campaign.name,
        "code_version": __version__,
        "config_hash": campaign.config_hash,
    }
    names = layout.tables(campaign)
    tables = {name: read_table(folder / f"{name}.parquet") for name in names}
    tables["ensembles"] = ensembles_table(campaign.ensembles, campaign.models)
    made = layout.made_tables(campaign)
    tables |= {name: make_table(name, tables) for name in made}
    tables["summary"] = summarise(tables)
    for name in ("ensembles", *made, "summary"):
        write_table(folder / f"{name}.parquet", tables[name], attributes, csv=True)
    write_manifest(
        folder,
        [f"{name}.parquet" for name in tables],
        {
            **attributes,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "settings": campaign.settings,
        },
    )


if __name__ == "__main__":
    main(sys.argv[1:])
