"""Say what is left to do of a campaign, and what it will cost; nothing is simulated."""

import argparse
import csv
import json
import sys
from pathlib import Path

from glassmodes import logs
from glassmodes.campaign import planning
from glassmodes.campaign.rates import RatesError
from glassmodes.campaign.runner import changed_setting
from glassmodes.campaign.settings import CampaignError, load_campaign
from glassmodes.data.storage import atomic_path


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaign", required=True, help="campaign file")
    parser.add_argument("--machine", default="{}", help="limits as JSON: cores, memory, hours")
    parser.add_argument("--output", help="folder of plan.txt, plan.csv and plan.json")
    parser.add_argument("--log")
    arguments = parser.parse_args(argv)
    logs.set_up(arguments.log, "plan_campaign")
    try:
        machine = planning.Machine.of(json.loads(arguments.machine))
        plan = planning.make_plan(load_campaign(Path(arguments.campaign)), machine, changed_setting)
    except (CampaignError, RatesError, planning.MachineError) as error:
        sys.exit(f"plan_campaign: {error}")
    text = planning.as_text(plan)
    if arguments.output:
        folder = Path(arguments.output)
        with atomic_path(folder / "plan.txt") as path:
            path.write_text(text)
        with atomic_path(folder / "plan.json") as path:
            path.write_text(json.dumps(planning.as_json(plan), indent=1) + "\n")
        with atomic_path(folder / "plan.csv") as path, open(path, "w", newline="") as file:
            table = csv.DictWriter(file, planning.COLUMNS)
            table.writeheader()
            table.writerows(planning.rows(plan))
        text += f"\nAlso as {folder}/plan.csv and {folder}/plan.json\n"
    print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
