"""Measure how fast this machine is, and learn from finished campaigns how far estimates were off.

Times of plans and walltimes of jobs come from the result. On a cluster, run it where jobs run.
"""

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

# one thread, as every rank of the workflow has: set before the libraries are loaded
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import yaml  # noqa: E402
from glassmodes import logs  # noqa: E402
from glassmodes.campaign import rates  # noqa: E402
from glassmodes.campaign.settings import CampaignError, load_campaign  # noqa: E402


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--output", default=str(rates.MEASURED), help="file of rates")
    parser.add_argument(
        "--results",
        nargs="*",
        default=[],
        metavar="FOLDER",
        help="results/<campaign> of finished campaigns, to learn corrections from",
    )
    parser.add_argument(
        "--keep-rates", action="store_true", help="learn corrections alone, from --results"
    )
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "calibrate_rates")

    from glassmodes.campaign.planning.measurement import measure
    from glassmodes.campaign.planning.records import corrections, read_records
    from glassmodes.data.storage import atomic_path

    try:
        known = rates.read_rates(rates.source())
        campaigns = [load_campaign(Path(folder) / "campaign.yaml") for folder in arguments.results]
    except (rates.RatesError, CampaignError) as error:
        sys.exit(f"calibrate_rates: {error}")
    if not arguments.keep_rates:
        known["rates"] = measure()
        # rules were off by another factor on another machine
        known["corrections"] = rates.read_rates(rates.SHIPPED)["corrections"]
        rates.use(known)
    records = [record for campaign in campaigns for record in read_records(campaign)]
    found = corrections(records)
    for key, value in found.items():
        print(f"{key}: times {value:g}")
    content = {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.node()}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "rates": dict(known["rates"]),
        "corrections": {**known["corrections"], **found},
    }
    with atomic_path(arguments.output) as path:
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    print(f"Rates: {arguments.output}")


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
