"""The studies and papers that the package holds, found by their modules' names.

A module in `glassmodes.studies` that has a `STUDY` is a study, and a package in `glassmodes.papers`
is a paper: adding one adds it to campaign files, rules, plans and tables, and nothing else has to
name it. The order of stages follows from what they read.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec

from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.data.columns import Table


@cache
def studies() -> dict[str, Study]:
    """Every study by its name, in alphabetical order; that of the preparation is ""."""
    found: dict[str, Study] = {}
    for entry in _modules("glassmodes.studies"):
        module = importlib.import_module(f"glassmodes.studies.{entry.name}")
        study = getattr(module, "STUDY", None)
        if not isinstance(study, Study):
            raise ValueError(f"{module.__file__}: declares no study; its STUDY must be a Study")
        if study.name in found:
            raise ValueError(f"two modules of glassmodes.studies declare the study {study.name!r}")
        found[study.name] = study
    return dict(sorted(found.items()))


@cache
def stages() -> dict[str, Stage]:
    """Every stage by name, each after those whose files it reads."""
    return {stage.name: stage for stage in _ordered(studies().values())}


def _ordered(found: Iterable[Study]) -> list[Stage]:
    waiting = [stage for study in found for stage in study.stages]
    makers: dict[str, str] = {}
    # names of stages, of what they make, and the folders of arrays are each used once
    used: dict[tuple[str, str], str] = {}
    for stage in waiting:
        uses = [("stage", stage.name)]
        for made in stage.makes:
            makers[made.name] = stage.name
            uses.append(("name", made.name))
            if isinstance(made, Array):
                uses.append(("folder", made.folder))
        for use in uses:
            if use in used:
                raise ValueError(
                    f"stages {used[use]} and {stage.name} both have the {use[0]} {use[1]!r}"
                )
            used[use] = stage.name
    for stage in waiting:
        for read in stage.inputs:
            if read.name not in makers:
                raise ValueError(f"stage {stage.name} reads {read.name!r}, which nothing makes")
    ordered: list[Stage] = []
    done: set[str] = set()
    while waiting:
        ready = [s for s in waiting if all(makers[read.name] in done for read in s.inputs)]
        if not ready:
            names = ", ".join(stage.name for stage in waiting)
            raise ValueError(f"stages that wait for each other: {names}")
        # stages of one study stand together where they can
        last = ordered[-1].study if ordered else ""
        stage = next((one for one in ready if one.study == last), ready[0])
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
def papers() -> tuple[str, ...]:
    """Names of the papers, in alphabetical order; none of them is imported."""
    return tuple(entry.name for entry in _modules("glassmodes.papers") if entry.ispkg)


def _modules(package: str) -> list[pkgutil.ModuleInfo]:
    found = find_spec(package)
    folders = found.submodule_search_locations if found else None
    return sorted(
        (entry for entry in pkgutil.iter_modules(folders) if not entry.name.startswith("_")),
        key=lambda entry: entry.name,
    )
