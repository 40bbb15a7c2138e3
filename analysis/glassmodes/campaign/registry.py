"""The studies that there are, found in the folder `studies/`, and the stages and tables of them.

Nothing here names a study: a module of :mod:`glassmodes.studies` with a `STUDY` is one. Their order
follows from what they read.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.data.columns import Table

STUDIES = "glassmodes.studies"
PAPERS = "glassmodes.papers"


@cache
def studies() -> dict[str, Study]:
    """Every study by name, those that read nothing of others first."""
    package = import_module(STUDIES)
    found = [
        import_module(f"{STUDIES}.{module.name}").STUDY
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    names = [study.name for study in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two modules of {STUDIES} declare the study {name!r}")
    order = {stage.name: place for place, stage in enumerate(_ordered(found))}

    def first(study):
        return min((order[stage.name] for stage in study.stages), default=len(order))

    return {study.name: study for study in sorted(found, key=first)}


@cache
def stages() -> dict[str, Stage]:
    """Every stage by name, each after those whose files it reads."""
    return {stage.name: stage for stage in _ordered(studies().values())}


def _ordered(found) -> list[Stage]:
    waiting = [stage for study in found for stage in study.stages]
    makers = {made.name: stage.name for stage in waiting for made in stage.makes}
    if len(makers) < sum(len(stage.makes) for stage in waiting):
        raise ValueError("two stages make files of the same name")
    for stage in waiting:
        for read in stage.inputs:
            if read.name not in makers:
                raise ValueError(f"stage {stage.name} reads {read.name!r}, which nothing makes")
    ordered: list[Stage] = []
    done: set[str] = set()
    while waiting:
        # depth first: what follows at once from the last stage stands beside it
        ready = [s for s in waiting if all(makers[read.name] in done for read in s.inputs)]
        if not ready:
            names = ", ".join(stage.name for stage in waiting)
            raise ValueError(f"stages that wait for each other: {names}")
        last = ordered[-1].study if ordered else ""
        stage = next((s for s in ready if s.study == last), ready[0])
        ordered.append(stage)
        done.add(stage.name)
        waiting.remove(stage)
    return ordered


@cache
def makers() -> dict[str, Stage]:
    """The stage that makes each file of arrays and each table, by its name."""
    return {made.name: stage for stage in stages().values() for made in stage.makes}


@cache
def tables() -> dict[str, Table]:
    """Every gathered table by name, in the order of the stages that make them."""
    return {table.name: table for stage in stages().values() for table in stage.tables}


@cache
def arrays() -> dict[str, Array]:
    """Every kind of file of arrays by name."""
    return {array.name: array for stage in stages().values() for array in stage.arrays}


@cache
def paper_names() -> tuple[str, ...]:
    """Papers that a campaign can be compared with: the folders of `glassmodes.papers`."""
    package = import_module(PAPERS)
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg))
