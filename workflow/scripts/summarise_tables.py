"""Compare a campaign with its papers, make the papers' tables, and write the manifest.

Either of a campaign whose tables were just gathered (--campaign and --tables), or of results that
were computed before, such as those that the repository ships (--cache): then the summary and the
papers' tables are made again from the other tables, which stay as they are. `--papers` compares
these results with other papers than before; without any name, with none.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from glassmodes import logs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", help="campaign file")
    parser.add_argument("--tables", help="folder of the campaign's tables")
    parser.add_argument("--cache", help="folder that holds tables/ with manifest.json")
    parser.add_argument(
        "--papers", nargs="*", help="of a cache: names of papers; those of its settings by default"
    )
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    of_campaign = bool(arguments.campaign) and bool(arguments.tables)
    if of_campaign == bool(arguments.cache) or (arguments.papers is not None and of_campaign):
        parser.error("give either --campaign and --tables, or --cache (and --papers)")
    logs.set_up(arguments.log, "summarise_tables")
    if of_campaign:
        summarise_campaign(arguments.campaign, Path(arguments.tables))
    else:
        summarise_cache(Path(arguments.cache) / "tables", arguments.papers)


def summarise_campaign(campaign_file, folder):
    """Summary, papers' tables and manifest of a campaign whose tables were just gathered."""
    from glassmodes import __version__
    from glassmodes.campaign import layout
    from glassmodes.campaign.settings import load_campaign
    from glassmodes.data.gather import ensembles_table
    from glassmodes.data.samples import statuses_table
    from glassmodes.data.storage import read_table, versions, write_table
    from glassmodes.papers.paper_tables import made_tables

    campaign = load_campaign(campaign_file)
    tables = {name: read_table(folder / f"{name}.parquet") for name in layout.tables(campaign)}
    tables["ensembles"] = ensembles_table(campaign.ensembles, campaign.models)
    tables["sample_statuses"] = statuses_table(tables)
    attributes = {
        "campaign": campaign.name,
        "code_version": __version__,
        "config_hash": campaign.config_hash,
    }
    for name in ("ensembles", "sample_statuses"):
        write_table(folder / f"{name}.parquet", tables[name], attributes, csv=True)
    write_summary(
        folder,
        tables,
        made_tables(tables, campaign.papers),
        attributes,
        {
            **attributes,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "settings": campaign.settings,
        },
    )


def summarise_cache(folder, names=None):
    """Summary, papers' tables and manifest made again from the other tables of a folder.

    The manifest keeps what it says of the tables: when, by which versions and with which settings
    they were computed. Only `papers` may change.
    """
    from glassmodes import __version__
    from glassmodes.data.manifest import check_manifest
    from glassmodes.data.storage import read_table
    from glassmodes.papers import compared_papers
    from glassmodes.papers.paper_tables import PAPER_TABLES

    manifest = check_manifest(folder)
    made = [name for name in PAPER_TABLES if f"{name}.parquet" in manifest["files"]]
    tables = {
        Path(name).stem: read_table(folder / name)
        for name in manifest.pop("files")
        if Path(name).stem not in (*made, "summary")
    }
    compared = compared_papers(manifest["settings"]) if names is None else names
    settings = {key: value for key, value in manifest["settings"].items() if key != "paper"}
    manifest["settings"] = settings | {"papers": list(compared)}
    attributes = {key: manifest[key] for key in ("campaign", "config_hash") if key in manifest}
    attributes["code_version"] = __version__
    write_summary(folder, tables, made, attributes, manifest)


def write_summary(folder, tables, made, attributes, provenance):
    """Write the summary, the papers' tables and the manifest beside the other tables.

    Parameters
    ----------
    folder : pathlib.Path
    tables : dict of pandas.DataFrame
        All others, by name.
    made : sequence of str
        Names of the papers' tables to make.
    attributes : dict
        Kept in each file.
    provenance : dict
        Kept in the manifest; its settings name the papers that the tables are compared with.
    """
    from glassmodes.data.manifest import write_manifest
    from glassmodes.data.storage import write_table
    from glassmodes.papers import compared_papers
    from glassmodes.papers.paper_tables import make_table
    from glassmodes.papers.summary import summarise

    tables = tables | {name: make_table(name, tables) for name in made}
    tables["summary"] = summarise(tables, compared_papers(provenance["settings"]))
    for name in (*made, "summary"):
        write_table(folder / f"{name}.parquet", tables[name], attributes, csv=True)
    write_manifest(folder, [f"{name}.parquet" for name in tables], provenance)


if __name__ == "__main__":
    main(sys.argv[1:])
