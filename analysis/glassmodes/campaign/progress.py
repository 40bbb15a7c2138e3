"""How far a run of the workflow has come, weighed by the core time planned for each job.

The workflow engine says which jobs it starts and which end; the plan of the campaign
(:mod:`glassmodes.campaign.planning`) says what each of them costs. A job is known by its log file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from glassmodes.campaign import layout, registry
from glassmodes.campaign.planning import LAST, Cost, Machine, cost, cost_of_last, make_plan
from glassmodes.campaign.planning.plan import all_jobs
from glassmodes.campaign.planning.records import log_of_last
from glassmodes.campaign.settings import Campaign

MOST_SHOWN = 3
"""Running jobs that a line names; it counts the others."""

_PRIOR = 0.1
"""Share of the planned core time that the plan's own speed is trusted for, before the measured one
outweighs it."""

_ALMOST = 0.95
"""Largest share of a running job that counts as done, however long it takes."""


@dataclass
class _Running:
    name: str
    seconds: float
    core_seconds: float
    since: float

    def share(self, now: float) -> float:
        """Part of the job that is done if it takes as long as planned."""
        if self.seconds <= 0.0:
            return 0.0
        return min((now - self.since) / self.seconds, _ALMOST)


def expected_costs(campaign: Campaign, machine: Machine | None = None) -> dict[str, Cost]:
    """Cost of every job of a campaign, by its log file."""
    found, known = {}, {}
    for job in all_jobs(campaign):
        stage = registry.stages()[job.stage]
        samples = len(layout.samples_of(campaign, stage, job.ensemble, job.index))
        key = (job.stage, job.ensemble, samples, job.temperature)
        if key not in known:
            known[key] = cost(campaign, stage, *key[1:], machine)
        found[str(layout.log_file(campaign, job))] = known[key]
    for table in layout.tables(campaign):
        log = log_of_last(campaign, LAST[0], table)
        found[str(log)] = cost_of_last(campaign, LAST[0], table)
    for rule in LAST[1:]:
        found[str(log_of_last(campaign, rule))] = cost_of_last(campaign, rule)
    return found


def planned_name(rule: str) -> str:
    """Name under which a plan counts a rule: that of the stage, for files kept or temporary."""
    for stage in registry.stages().values():
        if stage.temporary is not None and stage.temporary[0] == rule:
            return stage.name
    return rule


def planned_core_seconds(
    campaign: Campaign, counts: Mapping[str, int], machine: Machine | None = None
) -> float:
    """Core-seconds that a plan gives so many jobs of each rule.

    Where the plan has as many jobs to do of a rule, these are their costs; otherwise, as after a
    change of settings that only the workflow engine notices, each counts as an average one.

    Parameters
    ----------
    campaign : Campaign
    counts : mapping of str to int
        Jobs of each rule; rules that no plan knows cost nothing.
    machine : Machine, optional

    Returns
    -------
    float
    """
    asked: dict[str, int] = {}
    for rule, count in counts.items():
        name = planned_name(rule)
        asked[name] = asked.get(name, 0) + count
    jobs: dict[str, int] = {}
    seconds: dict[str, float] = {}
    finished: dict[str, tuple[int, float]] = {}
    for group in make_plan(campaign, machine).groups:
        jobs[group.rule] = jobs.get(group.rule, 0) + group.jobs
        seconds[group.rule] = seconds.get(group.rule, 0.0) + group.core_seconds
        number, sum_ = finished.get(group.rule, (0, 0.0))
        finished[group.rule] = (number + group.done, sum_ + group.done * group.cost.core_seconds)
    total = 0.0
    for rule, count in asked.items():
        number, sum_ = jobs.get(rule, 0), seconds.get(rule, 0.0)
        if count > number and rule in finished:
            number, sum_ = number + finished[rule][0], sum_ + finished[rule][1]
        total += count * sum_ / number if number else 0.0
    return total


class Progress:
    """Jobs of one run of the workflow: how many there are, which run, and how much is done.

    Every method takes the time, in seconds of a clock that never goes back.

    Parameters
    ----------
    jobs : int
        Jobs that this run has to do.
    core_seconds : float
        Planned for all of them; zero if no plan is known.
    costs : mapping of str to Cost
        Of each job by its log file (:func:`expected_costs`).
    cores : int, optional
        Cores that the jobs share; None on a cluster.
    began : float
        Time of the start.
    """

    def __init__(
        self,
        jobs: int,
        core_seconds: float = 0.0,
        costs: Mapping[str, Cost] | None = None,
        cores: int | None = None,
        began: float = 0.0,
    ):
        self.jobs, self.finished, self.failed = jobs, 0, 0
        self.core_seconds, self.costs, self.cores = core_seconds, costs or {}, cores
        self.began = began
        self._running: dict[int, _Running] = {}
        self._done = 0.0

    def start(self, job: int, name: str, logs, now: float) -> None:
        """A job has been started: its number, what to call it, and its log files."""
        cost = next((self.costs[log] for log in logs if log in self.costs), Cost(1, 0.0, 0.0, 0.0))
        self._running[job] = _Running(name, cost.seconds, cost.core_seconds, now)

    def finish(self, job: int) -> None:
        """A job has ended well."""
        ended = self._running.pop(job, None)
        self._done += ended.core_seconds if ended else 0.0
        self.finished += 1

    def fail(self, job: int) -> None:
        """A job has failed; it may be started again."""
        if self._running.pop(job, None):
            self.failed += 1

    @property
    def is_complete(self) -> bool:
        """Whether every job has ended well."""
        return self.finished >= self.jobs

    def share(self, now: float) -> float:
        """Part of the planned core time that is done, from 0 to 1."""
        if self.core_seconds <= 0.0:
            return self.finished / self.jobs if self.jobs else 1.0
        return min(self._core_seconds_done(now) / self.core_seconds, 1.0)

    def _core_seconds_done(self, now: float) -> float:
        return self._done + sum(job.core_seconds * job.share(now) for job in self._running.values())

    def seconds_left(self, now: float) -> float | None:
        """Expected time to the end; None if nothing is known of it yet.

        The planned core time that is left is done at the speed measured so far; at the beginning
        the plan's own speed on all cores counts too.
        """
        if self.core_seconds <= 0.0:
            return None
        done, elapsed = self._core_seconds_done(now), now - self.began
        left = max(self.core_seconds - done, 0.0)
        if self.cores:
            trusted = _PRIOR * self.core_seconds
            done, elapsed = done + trusted, elapsed + trusted / self.cores
        if done <= 0.0:
            return None
        longest = max(
            ((1.0 - job.share(now)) * job.seconds for job in self._running.values()), default=0.0
        )
        return max(left * elapsed / done, longest)

    def line(self, now: float) -> str:
        """What to tell a user once a minute."""
        share = math.floor(100.0 * self.share(now))
        if not self.is_complete:
            share = min(share, 99)
        text = self._counts()
        if self.core_seconds > 0.0:
            text += f", {share}% of the planned core time"
        left = self.seconds_left(now)
        if left is not None and not self.is_complete:
            text += f", about {duration(left)} left"
        if self._running:
            oldest = sorted(self._running.values(), key=lambda job: job.since)
            names = [f"{job.name} ({duration(now - job.since)})" for job in oldest[:MOST_SHOWN]]
            if len(oldest) > MOST_SHOWN:
                names.append(f"{len(oldest) - MOST_SHOWN} more")
            text += "; running: " + ", ".join(names)
        return text

    def last_line(self, now: float) -> str:
        """What to tell a user at the end."""
        return f"{self._counts()}, in {duration(now - self.began)}"

    def _counts(self) -> str:
        text = f"{self.finished} of {self.jobs} jobs"
        return text + (f", {self.failed} failed" if self.failed else "")


def job_name(rule: str, wildcards: Mapping[str, str]) -> str:
    """What to call a job: its rule and what it works on."""
    words = {"ensemble": "of {}", "table": "of {}", "temperature": "at T = {}"}
    parts = [words.get(key, f"{key} {{}}").format(value) for key, value in wildcards.items()]
    return " ".join([rule, *parts])


def duration(seconds: float) -> str:
    """Seconds as a reader would say them, to two digits or so."""
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60.0)
    if minutes < 60:
        return f"{minutes} min"
    hours = round(seconds / 3600.0)
    if hours < 10:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours} h" if hours < 72 else f"{hours / 24:.0f} days"
