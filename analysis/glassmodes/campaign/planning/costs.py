"""What one job of a stage costs and asks for, and the settings that its result depends on.

What one sample costs is declared with each stage (`Stage.estimate`).
Rules ask for ranks, memory and walltime through this module, so a plan and its jobs cannot differ.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from glassmodes.campaign import estimates, layout, rates, registry
from glassmodes.campaign.layout import Job
from glassmodes.campaign.settings import Campaign
from glassmodes.campaign.study import Stage
from glassmodes.models import DEFAULT_MODELS

SNAKEMAKE_MEMORY = 450
"""Megabytes of Snakemake itself, which every job on a cluster runs inside its allocation, and of
compiling kernels, which the first job in a fresh clone does."""

MEMORY_MARGIN, TIME_MARGIN = 1.2, 2.0
"""What is asked for over what is expected: a job that exceeds it is killed and starts anew."""

SHORTEST_REQUEST = 10
"""Minutes that every job asks for at least."""

MOST_RANKS = 64


class MachineError(ValueError):
    """Limits of a machine that make no sense; names key, value and what is allowed."""


@dataclass(frozen=True)
class Machine:
    """What a node and a partition offer; None where nobody said.

    Attributes
    ----------
    cores : int, optional
        Of a node; no job of one sample gets more ranks.
    memory : float, optional
        Of a node, in gigabytes.
    hours : float, optional
        Longest walltime of the partition.
    """

    cores: int | None = None
    memory: float | None = None
    hours: float | None = None

    @classmethod
    def of(cls, settings: Mapping | None) -> Machine:
        """From the mapping `machine` of a configuration.

        Raises
        ------
        MachineError
        """
        allowed = tuple(cls.__dataclass_fields__)
        if not isinstance(settings or {}, Mapping):
            raise MachineError(
                f"machine: {settings!r} is no mapping; its keys are {', '.join(allowed)}"
            )
        # Snakemake leaves what stands in braces on the command line as text
        settings = {
            key: yaml.safe_load(value) if isinstance(value, str) else value
            for key, value in (settings or {}).items()
        }
        for key, value in settings.items():
            if key not in allowed:
                raise MachineError(f"machine.{key}: unknown key; allowed: {', '.join(allowed)}")
            whole = key != "cores" or isinstance(value, int)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not whole:
                raise MachineError(f"machine.{key}: {value!r} is no {'whole ' * (not whole)}number")
            if not 0 < value < math.inf:
                raise MachineError(
                    f"machine.{key}: {value!r} is out of bounds: it must be positive"
                )
        return cls(**settings)


LAST = ("gather_tables", "summarise_tables", "draw_figures", "write_report")
"""Rules of the whole campaign, which follow."""


def ranks(
    campaign: Campaign, stage: Stage, ensemble: str, samples: int, temperature=None, machine=None
) -> int:
    """MPI ranks that a job of so many samples can use; one for a serial stage.

    A SLURM job with an `mpi` resource must have two at least.
    """
    how = stage.ranks
    if how == "one":
        return 1
    most = (machine.cores if machine else None) or math.inf
    share = campaign.ensembles[ensemble].preparation["ranks_per_sample"] if ensemble else 1
    if how == "samples":
        # whole teams; one that is larger than a node spans several
        teams = min(samples, max(1, min(MOST_RANKS, most) // share))
        return int(max(2 if most > 1 else 1, share * teams))
    seconds = stage.estimate(campaign, ensemble, temperature).core_seconds
    if how == "work":
        wanted = min(MOST_RANKS, samples, round(samples * seconds / 3600.0))
    elif how == "time":
        wanted = min(MOST_RANKS, round(seconds / 3600.0))
    else:
        # as many ranks a sample as make it a day's work, up to the fewest frames of a batch
        wanted = samples * min(max(share, round(seconds / 86400.0)), max(share, 16))
    return int(max(2 if most > 1 else 1, min(wanted, most)))


@dataclass(frozen=True)
class Cost:
    """What one job is expected to use.

    Attributes
    ----------
    ranks : int
    seconds : float
        Walltime.
    memory : float
        Bytes of all its ranks together.
    disk : float
        Bytes of what it leaves.
    """

    ranks: int
    seconds: float
    memory: float
    disk: float

    @property
    def core_seconds(self) -> float:
        """Of all ranks: those that wait for others do it at full speed."""
        return self.ranks * self.seconds


def cost(
    campaign: Campaign, stage: Stage, ensemble: str, samples: int, temperature=None, machine=None
) -> Cost:
    """Expected cost of one job.

    Parameters
    ----------
    campaign : Campaign
    stage : Stage
    ensemble : str
    samples : int
        In its bundle.
    temperature : float, optional
        Of a run.
    machine : Machine, optional
        Bounds the ranks.

    Returns
    -------
    Cost
    """
    one = stage.estimate(campaign, ensemble, temperature)
    if stage.per == "campaign":
        tasks = ranks(campaign, stage, "", 1, None, machine)
        seconds = one.core_seconds / tasks
        return Cost(tasks, rates.rate("start") + seconds, tasks * one.memory, one.disk)
    if stage.per == "ensemble":
        return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)
    entry = campaign.ensembles[ensemble]
    tasks = ranks(campaign, stage, ensemble, samples, temperature, machine)
    how, share, busy = stage.ranks, entry.preparation["ranks_per_sample"], tasks
    each = one.core_seconds * rates.correction(stage.name, entry.model)
    if how == "samples":
        teams = max(1, tasks // share)
        work = math.ceil(samples / teams) * each / min(share, tasks)
        busy = min(tasks, share * samples)
    elif how == "work":
        work, busy = math.ceil(samples / tasks) * each, min(tasks, samples)
    elif how == "frames":
        work = samples * each / (tasks // samples * samples or tasks)
    else:
        work = samples * each / tasks
    memory = busy * one.memory + (tasks - busy) * estimates.IDLE_MEMORY
    return Cost(tasks, rates.rate("start") + work, memory, samples * one.disk)


def _table_size(campaign: Campaign, table: str) -> float:
    """Bytes of a gathered table: a part of what its stage leaves of every sample."""
    stage = registry.makers()[table]
    total = 0.0
    for name in layout.ensembles_of(campaign, stage):
        for temperature in layout.temperatures_of(campaign, stage, name):
            if stage.per == "run":
                # one row of each run
                total += 1e3 * len(campaign.ensembles[name].runs) * len(stage.tables)
                continue
            one = stage.estimate(campaign, name, temperature)
            whole = stage.per in ("ensemble", "campaign")
            total += one.disk * (1 if whole else campaign.ensembles[name].samples)
    return total / len(stage.makes if stage.per != "run" else stage.tables)


def cost_of_last(campaign: Campaign, rule: str, table: str = "") -> Cost:
    """Expected cost of a job of the whole campaign; `table` is what `gather_tables` makes."""
    if rule == LAST[0]:
        one = estimates.gathering(len(layout.parts(campaign, table)), _table_size(campaign, table))
        return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)
    size = sum(_table_size(campaign, name) for name in layout.tables(campaign))
    return cost_of_presentation(rule, size)


def cost_of_presentation(rule: str, size: float) -> Cost:
    """Expected cost of the summary, the figures or the report of tables of so many bytes."""
    one = estimates.presentation(rule, size)
    return Cost(1, rates.rate("start") + one.core_seconds, one.memory, one.disk)


def requested_memory(job: Cost, attempt: int = 1) -> int:
    """Megabytes that a job asks for, Snakemake's own included; more at every attempt."""
    return attempt * (SNAKEMAKE_MEMORY + math.ceil(MEMORY_MARGIN * job.memory / 1e6))


def requested_minutes(job: Cost, attempt: int = 1) -> int:
    """Walltime that a job asks for; more at every attempt."""
    return attempt * max(SHORTEST_REQUEST, math.ceil(TIME_MARGIN * job.seconds / 60.0))


@cache
def model_entries() -> dict:
    """The models' entries, as they stand in the registry."""
    return yaml.safe_load(Path(DEFAULT_MODELS).read_text())


def settings_of(campaign: Campaign, job: Job) -> dict:
    """All settings that a job's result depends on (JSON types), and the stage's revision.

    Results of other settings are made again. Keys are as in a campaign file: a key that differs
    names what was changed.
    """
    stage = registry.stages()[job.stage]
    content: dict[str, Any] = {"revision": stage.revision, "seed": campaign.seed}
    if job.temperature is not None:
        content["temperature"] = job.temperature
    if job.ensemble:
        entry = campaign.ensembles[job.ensemble]
        content |= {
            "model": model_entries()[entry.model],
            "particles": entry.particles,
            "preparation": entry.preparation,
        }
        if stage.per != "ensemble":
            samples = layout.samples_of(campaign, stage, job.ensemble, job.index)
            content["samples"] = list(samples)
    # a job of one temperature does not depend on which others there are
    ignored = ["ensembles", *stage.ignores]
    ignored += ["temperatures"] if stage.per == "temperature" else []

    def physics(block):
        return {key: value for key, value in block.items() if key not in ignored}

    for study in stage.reads_studies:
        if not job.ensemble:
            content[study] = [physics(block) for block in campaign.studies.get(study, [])]
            continue
        block = campaign.block(study, job.ensemble, job.temperature)
        if block is not None:
            content[study] = physics(block)
    sources = {
        read.name: read.source(campaign, job.ensemble)
        for read in stage.inputs
        if read.source is not None
    }
    return content | ({"reads": sources} if sources else {})


def settings_text(campaign: Campaign, job: Job) -> str:
    """:func:`settings_of` as text, which Snakemake compares."""
    return json.dumps(settings_of(campaign, job), sort_keys=True)
