"""What is left to do of a campaign: every job, its cost, and the longest chain of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from glassmodes.campaign import layout, registry
from glassmodes.campaign.layout import Job
from glassmodes.campaign.planning.costs import LAST, Cost, Machine, cost, cost_of_last
from glassmodes.campaign.settings import Campaign
from glassmodes.campaign.study import Array


@dataclass
class Group:
    """Jobs that differ by their bundle alone.

    Attributes
    ----------
    study, rule, ensemble : str
    temperature : float or None
    cost : Cost
        Of the largest job.
    jobs, samples, done : int
        Jobs that are to do, their samples, and jobs that are finished.
    core_seconds, disk : float
        Of all jobs that are to do.
    reasons : dict of str to int
        Jobs whose results are there and made again, by the reason.
    """

    study: str
    rule: str
    ensemble: str
    temperature: float | None
    cost: Cost
    jobs: int = 0
    samples: int = 0
    done: int = 0
    core_seconds: float = 0.0
    disk: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is left to do of a campaign.

    Attributes
    ----------
    campaign : Campaign
    machine : Machine
    groups : list of Group
        In the order of the rules.
    chain : list of (str, float)
        Longest chain of jobs that wait for each other, with their walltimes in seconds.
    """

    campaign: Campaign
    machine: Machine
    groups: list[Group]
    chain: list[tuple[str, float]]

    @property
    def jobs(self) -> int:
        return sum(group.jobs for group in self.groups)

    @property
    def core_seconds(self) -> float:
        return sum(group.core_seconds for group in self.groups)

    @property
    def disk(self) -> float:
        """Bytes."""
        return sum(group.disk for group in self.groups)


def all_jobs(campaign: Campaign) -> list[Job]:
    """Jobs of all stages, each after those that it waits for."""
    return [job for stage in registry.stages().values() for job in layout.jobs_of(campaign, stage)]


def _previous(campaign: Campaign, job: Job) -> list[Job]:
    """Jobs whose results a job reads."""
    found: dict[Job, None] = {}
    for read in registry.stages()[job.stage].inputs:
        found |= dict.fromkeys(layout.previous_jobs(campaign, job, read.name))
    return list(found)


class _Files:
    """Which files there are; each folder is listed once."""

    def __init__(self):
        self._names: dict[str, set[str]] = {}

    def has(self, path: str) -> bool:
        folder, name = os.path.split(path)
        if folder not in self._names:
            try:
                self._names[folder] = set(os.listdir(folder))
            except OSError:
                self._names[folder] = set()
        return name in self._names[folder]


def _to_do(campaign, jobs, changed, files) -> dict[Job, str]:
    """Jobs that are to do, each with the reason."""
    previous = {job: _previous(campaign, job) for job in jobs}
    next_jobs: dict[Job, list[Job]] = {job: [] for job in jobs}
    for job in jobs:
        for other in previous[job]:
            next_jobs[other].append(job)
    there = {job: all(map(files.has, layout.outputs_of(campaign, job))) for job in jobs}
    # arrays that are gone are not made again once everything has been measured of them
    needed: dict[Job, bool] = {}
    for job in reversed(jobs):
        arrays = isinstance(registry.stages()[job.stage].makes[0], Array)
        followers = next_jobs[job]
        needed[job] = not there[job] and (
            not arrays or not followers or any(needed[other] for other in followers)
        )
    reasons: dict[Job, str] = {}
    for job in jobs:
        if needed[job]:
            reasons[job] = "missing"
            continue
        reason = changed(campaign, job) if there[job] and changed else None
        if reason is None and any(other in reasons for other in previous[job]):
            reason = "its inputs are made again"
        if reason is not None:
            reasons[job] = reason
    # what is made again needs its inputs, which may be gone
    for job in reversed(jobs):
        if job in reasons:
            for other in previous[job]:
                if not there[other]:
                    reasons.setdefault(other, "missing")
    return reasons


def make_plan(
    campaign: Campaign,
    machine: Machine | None = None,
    changed: Callable[[Campaign, Job], str | None] | None = None,
) -> Plan:
    """What is left to do of a campaign, and what it will cost.

    Parameters
    ----------
    campaign : Campaign
    machine : Machine, optional
        Bounds the ranks, and is what requests are compared with.
    changed : callable, optional
        Why the files of a job, which are there, are made again, or None if they are not; without
        it whatever is there counts as done.

    Returns
    -------
    Plan
    """
    machine = machine or Machine()
    files = _Files()
    jobs = all_jobs(campaign)
    reasons = _to_do(campaign, jobs, changed, files)
    groups: dict[tuple, Group] = {}
    costs: dict[tuple, Cost] = {}
    for job in jobs:
        stage = registry.stages()[job.stage]
        key = (job.stage, job.ensemble, job.temperature)
        samples = len(layout.samples_of(campaign, stage, job.ensemble, job.index))
        if (*key, samples) not in costs:
            costs[(*key, samples)] = cost(
                campaign, stage, job.ensemble, samples, job.temperature, machine
            )
        one = costs[(*key, samples)]
        if key not in groups:
            study = stage.study or "preparation"
            groups[key] = Group(study, job.stage, job.ensemble, job.temperature, one)
        group = groups[key]
        if job not in reasons:
            group.done += 1
            continue
        group.jobs += 1
        group.samples += samples
        group.core_seconds += one.core_seconds
        group.disk += one.disk
        if reasons[job] != "missing":
            group.reasons[reasons[job]] = group.reasons.get(reasons[job], 0) + 1
    rows = [*groups.values(), *_last_groups(campaign, reasons, files)]
    return Plan(campaign, machine, rows, _longest_chain(campaign, rows))


def _last_groups(campaign, reasons, files) -> list[Group]:
    """Tables, summary, figures and report."""
    folder = layout.root(campaign)
    again = {job.stage for job in reasons}
    groups, any_table = [], False
    for rule, outputs in zip(
        LAST,
        (
            [f"tables/{name}.parquet" for name in layout.tables(campaign)],
            ["tables/manifest.json"],
            ["figures"],
            ["report.html"],
        ),
        strict=True,
    ):
        largest = Cost(1, 0.0, 0.0, 0.0)
        group = Group("tables and figures", rule, "", None, largest)
        for output in outputs:
            name = Path(output).stem
            one = cost_of_last(campaign, rule, name)
            if one.memory > largest.memory:
                group.cost = largest = one
            fed = any_table
            if rule == LAST[0]:
                fed = registry.makers()[name].name in again
            if files.has(f"{folder}/{output}") and not fed:
                group.done += 1
                continue
            any_table = True
            group.jobs += 1
            group.core_seconds += one.core_seconds
            group.disk += one.disk
        groups.append(group)
    return groups


def _longest_chain(campaign: Campaign, groups: list[Group]) -> list[tuple[str, float]]:
    """Jobs that wait for each other for longest, if no job waits for a core."""
    chains: dict[tuple, tuple[float, list]] = {}
    stages = registry.stages()
    for group in groups:
        own = group.cost.seconds if group.jobs else 0.0
        # ensemble whose files are read, by the stage that makes them; None after whatever there is
        sources: dict[str, str] | None = None
        if group.rule in stages:
            sources = {
                registry.makers()[read.name].name: read.source(campaign, group.ensemble)
                if read.source
                else group.ensemble
                for read in stages[group.rule].inputs
            }
        best: tuple[float, list] = (0.0, [])
        for (rule, ensemble, temperature), chain in chains.items():
            if sources is not None and (
                sources.get(rule) != ensemble
                or (None not in (temperature, group.temperature))
                and temperature != group.temperature
            ):
                continue
            best = max(best, chain, key=lambda one: one[0])
        name = group.rule + (f" of {group.ensemble}" if group.ensemble else "")
        name += "" if group.temperature is None else f" at T = {group.temperature:g}"
        link = [(name, own)] if own else []
        chains[group.rule, group.ensemble, group.temperature] = (best[0] + own, best[1] + link)
    return max(chains.values(), key=lambda one: one[0], default=(0.0, []))[1]
