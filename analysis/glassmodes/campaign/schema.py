"""Write the JSON Schema of campaign files, which editors complete and check campaigns by.

python -m glassmodes.campaign.schema            writes workflow/schemas/campaign.schema.json
python -m glassmodes.campaign.schema --check    fails if that file is not up to date
"""

from __future__ import annotations

import argparse
import json
import sys

from glassmodes.campaign.settings import ROOT, schema

SCHEMA = ROOT / "workflow" / "schemas" / "campaign.schema.json"


def main(argv: list[str]) -> int:
    """Write or check the file; the exit status is 1 for a file that is not up to date."""
    parser = argparse.ArgumentParser(description="The JSON Schema of campaign files.")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    arguments = parser.parse_args(argv)
    text = schema_text()
    if not arguments.check:
        SCHEMA.write_text(text)
        return 0
    if SCHEMA.is_file() and SCHEMA.read_text() == text:
        return 0
    print(
        f"{SCHEMA}: not up to date; write it by python -m glassmodes.campaign.schema",
        file=sys.stderr,
    )
    return 1


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
