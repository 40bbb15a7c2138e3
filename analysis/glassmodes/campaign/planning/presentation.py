"""A plan as people and programs read it: a table, rows for CSV, JSON; advice and warnings."""

from __future__ import annotations

import math
from collections.abc import Iterable

from glassmodes.campaign import rates, registry
from glassmodes.campaign.planning.costs import LAST, cost, requested_memory, requested_minutes
from glassmodes.campaign.planning.plan import Group, Plan

SHORTEST_JOB, LONGEST_JOB = 0.5, 4.0
"""Hours that a job should last: the queue costs less than it, and a failure loses little."""

AIM = 1.5
"""Hours of the jobs that are suggested."""

MOST_JOBS = 5000
"""Jobs above which Snakemake needs more than about ten seconds to look at them."""

COLUMNS = (
    "study",
    "rule",
    "ensemble",
    "temperature",
    "jobs",
    "done",
    "samples",
    "ranks",
    "hours_per_job",
    "core_hours",
    "memory_mb",
    "runtime_minutes",
    "disk_gb",
    "suggested_bundle",
    "suggested_ranks",
    "made_again",
)
"""Of the rows of a plan: `memory_mb` and `runtime_minutes` are what one job asks for."""


def suggestion(plan: Plan, group: Group) -> tuple[int | None, int | None]:
    """Bundle size and ranks with which the jobs of a group last as long as they should.

    Returns
    -------
    bundle, ranks : int or None
        None where what is asked for is fine, or nothing better can be had.
    """
    stage = registry.stages().get(group.rule)
    if stage is None or stage.per in ("ensemble", "campaign") or not group.jobs:
        return None, None
    entry = plan.campaign.ensembles[group.ensemble]
    hours = group.cost.seconds / 3600.0
    if SHORTEST_JOB <= hours <= LONGEST_JOB:
        return None, None
    now = min(entry.bundle, entry.samples)
    best = _bundle(plan, group, entry.samples)
    if best != now:
        return best, None
    if hours < SHORTEST_JOB or not stage.is_parallel:
        return None, None
    wanted = group.cost.ranks * math.ceil(hours / LONGEST_JOB)
    wanted = min(wanted, plan.machine.cores or wanted)
    return None, wanted if wanted > group.cost.ranks else None


def _bundle(plan: Plan, group: Group, samples: int) -> int:
    """The largest bundle, in round numbers, whose job lasts as long as it should; one at least."""
    best, stage = 1, registry.stages()[group.rule]
    for size in sorted({min(samples, m * 10**k) for k in range(7) for m in (1, 2, 3, 5, 7)}):
        one = cost(*(plan.campaign, stage, group.ensemble, size, group.temperature, plan.machine))
        if one.seconds <= 3600.0 * AIM:
            best = size
    return best


def rows(plan: Plan) -> list[dict]:
    """One row for each rule, ensemble and temperature, with the keys :data:`COLUMNS`."""
    found = []
    for group in plan.groups:
        bundle, ranks = suggestion(plan, group)
        found.append(
            {
                "study": group.study,
                "rule": group.rule,
                "ensemble": group.ensemble,
                "temperature": group.temperature,
                "jobs": group.jobs,
                "done": group.done,
                "samples": group.samples,
                "ranks": group.cost.ranks,
                "hours_per_job": round(group.cost.seconds / 3600.0, 5),
                "core_hours": round(group.core_seconds / 3600.0, 5),
                "memory_mb": requested_memory(group.cost),
                "runtime_minutes": requested_minutes(group.cost),
                "disk_gb": round(group.disk / 1e9, 6),
                "suggested_bundle": bundle,
                "suggested_ranks": ranks,
                "made_again": "; ".join(f"{n}: {why}" for why, n in group.reasons.items()),
            }
        )
    return found


def as_json(plan: Plan) -> dict:
    """Everything of a plan (JSON types)."""
    return {
        "campaign": plan.campaign.name,
        "config_hash": plan.campaign.config_hash,
        "rates": str(rates.source()),
        "jobs": plan.jobs,
        "core_hours": plan.core_seconds / 3600.0,
        "disk_gb": plan.disk / 1e9,
        "longest_chain_hours": sum(seconds for _, seconds in plan.chain) / 3600.0,
        "longest_chain": [{"job": name, "hours": s / 3600.0} for name, s in plan.chain],
        "rows": rows(plan),
        "advice": advice(plan),
        "warnings": warnings(plan),
    }


def advice(plan: Plan) -> list[str]:
    """Bundle sizes and ranks that would make jobs of half an hour to four hours."""
    lines = []
    for name, entry in plan.campaign.ensembles.items():
        # runs of a liquid belong to no bundle
        bundled = [rule for rule, stage in registry.stages().items() if stage.per != "run"]
        groups = [g for g in plan.groups if g.ensemble == name and g.jobs and g.rule in bundled]
        # the rule that costs most decides; bundles belong to the ensemble
        heaviest = max(groups, key=lambda group: group.core_seconds, default=None)
        if heaviest is None:
            continue
        bundle, ranks = suggestion(plan, heaviest)
        now = f"{heaviest.rule} has {heaviest.jobs:,} jobs of {_hours(heaviest.cost.seconds)} now"
        if bundle is not None and bundle != entry.bundle:
            lines.append(f"ensembles.{name}.bundle: {bundle} instead of {entry.bundle}; {now}")
        if ranks is not None:
            lines.append(
                f"{heaviest.rule} of {name}: {ranks} ranks instead of {heaviest.cost.ranks} "
                f"(preparation.ranks_per_sample, or --set-resources {heaviest.rule}:tasks={ranks});"
                f" {now}"
            )
    return lines


def warnings(plan: Plan) -> list[str]:
    """What cannot run on this machine, or would be slow to look at."""
    lines, machine = [], plan.machine
    if plan.jobs > MOST_JOBS:
        lines.append(
            f"{plan.jobs:,} jobs: Snakemake takes long to look at more than {MOST_JOBS:,}; larger "
            "bundles make fewer"
        )
    worst: dict[tuple, Group] = {}
    for group in plan.groups:
        if group.jobs:
            key = (group.rule, group.ensemble)
            # temperatures of one ensemble differ by little else than their walltime
            worst[key] = max(worst.get(key, group), group, key=lambda one: one.cost.seconds)
    for (rule, ensemble), group in worst.items():
        name = rule + (f" of {ensemble}" if ensemble else "")
        ranks, memory = group.cost.ranks, requested_memory(group.cost) / 1e3
        nodes = math.ceil(ranks / machine.cores) if machine.cores else 1
        if nodes > 1:
            lines.append(
                f"{name} asks for {ranks} ranks, and a node has {machine.cores}: {nodes} nodes"
            )
        if machine.memory and memory / nodes > machine.memory:
            lines.append(
                f"{name} asks for {memory / nodes:,.1f} GB on a node, which has "
                f"{machine.memory:g} GB: fewer ranks, or a larger node"
            )
        hours = requested_minutes(group.cost) / 60.0
        if machine.hours and hours > machine.hours:
            lines.append(
                f"{name} asks for {hours:,.1f} h, and the partition gives {machine.hours:g} h: "
                "smaller bundles or more ranks (a job that is killed goes on where it was)"
            )
    return lines


def _hours(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    if seconds < 5400.0:
        return f"{seconds / 60.0:.0f} min"
    if seconds < 360_000.0:
        return f"{seconds / 3600.0:.1f} h"
    return f"{seconds / 86400.0:,.0f} d"


def _size(gigabytes: float) -> str:
    return f"{gigabytes:,.1f} GB" if gigabytes >= 0.95 else f"{1e3 * gigabytes:,.0f} MB"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


def _span(values: Iterable[float], text) -> str:
    """The smallest and the largest of several values, or the one that all are."""
    values = list(values)
    low, high = text(min(values)), text(max(values))
    return low if low == high else f"{low} - {high}"


def as_text(plan: Plan) -> str:
    """A plan as a table: one line for each rule, its ensembles and temperatures together."""
    head: tuple[str, ...]
    head = ("study", "rule", "jobs", "done", "samples", "ranks", "a job", "asks for", "core-hours")
    head += ("disk",)
    lines = []
    stages = registry.stages()
    for rule in [*stages, *LAST]:
        groups = [group for group in plan.groups if group.rule == rule]
        if not groups:
            continue
        shown = [group for group in groups if group.jobs] or groups
        lines.append(
            (
                groups[0].study,
                rule,
                f"{sum(g.jobs for g in groups):,}",
                f"{sum(g.done for g in groups):,}",
                f"{sum(g.samples for g in groups):,}" if rule in stages else "",
                _span((g.cost.ranks for g in shown), str),
                _span((g.cost.seconds for g in shown), _hours),
                _span((requested_memory(g.cost) / 1e3 for g in shown), _size),
                _number(sum(g.core_seconds for g in groups) / 3600.0),
                _size(sum(g.disk for g in groups) / 1e9),
            )
        )
    done = sum(group.done for group in plan.groups)
    total = _number(plan.core_seconds / 3600.0)
    lines.append(
        ("total", "", f"{plan.jobs:,}", f"{done:,}", "", "", "", "", total, _size(plan.disk / 1e9))
    )
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    table = [_line(head, widths), "  ".join("-" * width for width in widths)]
    table += [_line(line, widths) for line in lines]
    parts = ["\n".join(table)]
    if plan.chain:
        chain = sum(seconds for _, seconds in plan.chain)
        steps = ", ".join(f"{name} {_hours(seconds)}" for name, seconds in plan.chain)
        parts.append(f"Longest chain: {_hours(chain)}: {steps}")
    again = [
        f"  {group.rule} of {group.ensemble}: {n:,} jobs, {why}"
        for group in plan.groups
        for why, n in group.reasons.items()
    ]
    for title, found in (
        ("Made again", again),
        ("Better bundles and ranks", [f"  {line}" for line in advice(plan)]),
        ("Warnings", [f"  {line}" for line in warnings(plan)]),
    ):
        if found:
            parts.append(f"{title}:\n" + "\n".join(found))
    parts.append(f"Times by the rates of {rates.source()}; disk holds results at their largest.")
    return "\n\n".join(parts) + "\n"


def _line(cells, widths) -> str:
    left = (0, 1)
    return "  ".join(
        cell.ljust(width) if k in left else cell.rjust(width)
        for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()
