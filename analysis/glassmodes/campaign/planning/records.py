"""What finished jobs have used, from the last lines of their logs, beside what was expected.

The `benchmark:` records of Snakemake look at a running process every half a second at first and
twice a minute later, and count neither what it did since the last look nor a peak of memory between
two; the last line of a log (:mod:`glassmodes.logs`) is exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from glassmodes.campaign import layout, rates, registry
from glassmodes.campaign.layout import Job
from glassmodes.campaign.planning.costs import LAST, Cost, Machine, cost, cost_of_last
from glassmodes.campaign.planning.plan import all_jobs
from glassmodes.campaign.settings import Campaign
from glassmodes.logs import USAGE

RESUMED = "earlier run"
"""In the log of a job that went on where another was stopped: it used only a part."""

LEAST = 2.0
"""Core-seconds of work that a correction must rest on."""

_USAGE = re.compile(
    re.escape(USAGE)
    .replace("%d", r"(\d+)")
    .replace(r"%\.2f", r"([\d.]+)")
    .replace("%d", r"(\d+)")
    .replace(r"%\.1f", r"([\d.]+)")
)


@dataclass(frozen=True)
class Record:
    """One finished job.

    Attributes
    ----------
    job : Job
    model : str
    ranks : int
    core_seconds, memory : float
        Of all ranks together; bytes.
    expected : Cost
        On as many ranks.
    """

    job: Job
    model: str
    ranks: int
    core_seconds: float
    memory: float
    expected: Cost


def log_of_last(campaign: Campaign, rule: str, table: str = "") -> Path:
    """Log file of a job of the whole campaign (:data:`glassmodes.campaign.planning.costs.LAST`)."""
    folder = Path(layout.root(campaign)) / "logs"
    return folder / rule / f"{table}.log" if rule == LAST[0] else folder / f"{rule}.log"


def usage(log: str | Path) -> list[tuple[float, float]]:
    """Core-seconds and bytes of memory of each rank; empty if a log does not say."""
    try:
        text = Path(log).read_text()
    except OSError:
        return []
    if RESUMED in text:
        return []
    return [(float(s), 1e6 * float(mb)) for _, s, mb in _USAGE.findall(text)]


def read_records(campaign: Campaign) -> list[Record]:
    """Records of all jobs of a campaign that ran from their beginning to their end."""
    records = []
    for job in all_jobs(campaign):
        used = usage(layout.log_file(campaign, job))
        if not used:
            continue
        stage = registry.stages()[job.stage]
        model = campaign.ensembles[job.ensemble].model if job.ensemble else ""
        samples = len(layout.samples_of(campaign, stage, job.ensemble, job.index))
        machine = Machine(cores=len(used))
        expected = cost(campaign, stage, job.ensemble, samples, job.temperature, machine)
        records.append(_record(job, model, used, expected))
    last = [Job(LAST[0], table) for table in layout.tables(campaign)]
    for job in [*last, *map(Job, LAST[1:])]:
        used = usage(log_of_last(campaign, job.stage, job.ensemble))
        if used:
            records.append(_record(job, "", used, cost_of_last(campaign, job.stage, job.ensemble)))
    return records


def _record(job, model, used, expected) -> Record:
    seconds, memory = map(sum, zip(*used, strict=True))
    return Record(job, model, len(used), seconds, memory, expected)


def corrections(records: list[Record]) -> dict[str, float]:
    """Core-seconds used over those expected, without what programs need to start.

    Returns
    -------
    dict of str to float
        For "rule" and "rule of model"; corrections in force already are undone.
    """
    start = rates.rate("start")
    sums: dict[str, list[float]] = {}
    for record in records:
        if record.job.stage in LAST:
            continue
        base = start * record.ranks
        expected = record.expected.core_seconds - base
        expected /= rates.correction(record.job.stage, record.model)
        for key in (record.job.stage, f"{record.job.stage} of {record.model}"):
            total = sums.setdefault(key, [0.0, 0.0])
            total[0] += max(record.core_seconds - base, 0.0)
            total[1] += expected
    return {
        key: float(f"{used / expected:.3g}")
        for key, (used, expected) in sorted(sums.items())
        if used > LEAST and expected > 0.0
    }
