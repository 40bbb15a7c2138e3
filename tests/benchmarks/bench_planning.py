"""Plans against what was then used: three small campaigns, run in full on one core.

Ratios are of core-seconds used over those planned, and of the memory that is planned for the
largest job over what it used. Run it twice in a fresh clone: the first time, kernels are compiled.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from glassmodes.campaign.planning.records import read_records
from glassmodes.campaign.settings import ROOT, load_campaign

from tests.benchmarks.timing import compared

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))
CAMPAIGNS = {
    "thermal": {
        "ensembles": {
            "glass": {
                "model": "ipl12",
                "particles": 864,
                "samples": 2,
                "bundle": 2,
                "preparation": {"protocol": "quench", "equilibration": 50.0},
            }
        },
        "studies": {
            "modes": {"ensembles": ["glass"], "request": "all"},
            "dynamics": {
                "ensembles": ["glass"],
                "temperatures": [1e-3],
                "equilibration": 20.0,
                "duration": 400.0,
                "interval": 0.5,
            },
            "lifetimes": {"ensembles": ["glass"]},
        },
    },
    "spheres": {
        "ensembles": {
            "spheres": {
                "model": "harmonic",
                "particles": 1200,
                "samples": 2,
                "bundle": 2,
                "preparation": {"protocol": "random"},
            }
        },
        "studies": {
            "modes": {"ensembles": ["spheres"], "request": "all"},
            "excitations": {
                "ensembles": ["spheres"],
                "at_least": 12,
                "above": 4,
                "smallest_amplitude": 1e-3,
                "largest_amplitude": 0.2,
                "scans": 1,
            },
        },
    },
    "rearranging": {
        "ensembles": {
            "glass": {
                "model": "ipl12",
                "particles": 700,
                "samples": 2,
                "bundle": 1,
                "preparation": {"protocol": "quench", "equilibration": 50.0},
            }
        },
        "studies": {
            "modes": {"ensembles": ["glass"], "request": {"lowest": 100}},
            "transitions": {
                "ensembles": ["glass"],
                "temperatures": [1e-2, 5e-2],
                "equilibration": 10.0,
                "duration": 10.0,
                "interval": 0.1,
            },
        },
    },
}


def run_campaign(name, folder):
    """All tables of a campaign, one rank at a time; its records."""
    path = folder / f"{name}.yaml"
    content = {"campaign": name, "seed": 3, "results": str(folder / "results"), **CAMPAIGNS[name]}
    path.write_text(yaml.safe_dump(content))
    options = ["--cores", "1", "--resources", "tasks=1", "--quiet", "all", "--configfile", path]
    subprocess.run([SNAKEMAKE, "tables", *options], cwd=ROOT, check=True)
    return read_records(load_campaign(path))


def run():
    """Rows of the benchmark table."""
    rows = []
    for name in CAMPAIGNS:
        with tempfile.TemporaryDirectory() as scratch:
            records = run_campaign(name, Path(scratch))
        used = sum(record.core_seconds for record in records)
        planned = sum(record.expected.core_seconds for record in records)
        goal = "0.75 <= ratio <= 1.25"
        rows.append(compared(f"core time, {name}", used, "s", "plan", planned, goal=goal))
        largest = max(records, key=lambda record: record.memory)
        rows.append(
            compared(
                f"memory planned, {name}: {largest.job.stage}",
                *(largest.expected.memory / 1e6, "MB", "used", largest.memory / 1e6),
                goal="1 <= ratio <= 1.2",
            )
        )
    return rows
