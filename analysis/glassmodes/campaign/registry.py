"""The studies and the papers that the package holds, found by their modules' names.

A module in `glassmodes.studies` is a study, and a package in `glassmodes.papers` is a paper:
adding one adds it to campaign files, and nothing else has to name it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from glassmodes.campaign.validation import RunSettings


@cache
def studies() -> dict[str, ModuleType]:
    """Modules of the studies by name, in alphabetical order.

    Each has the class `Settings` of one block, the names `NEEDS` of the studies that it needs for
    the same ensemble, and `faults(block, context)`, what is wrong with a block.
    """
    names = [entry.name for entry in _modules("glassmodes.studies")]
    return {name: importlib.import_module(f"glassmodes.studies.{name}") for name in names}


@cache
def papers() -> tuple[str, ...]:
    """Names of the papers, in alphabetical order; none of them is imported."""
    return tuple(entry.name for entry in _modules("glassmodes.papers") if entry.ispkg)


@cache
def studies_of_runs() -> tuple[str, ...]:
    """Studies of constant-energy runs of their own, with temperatures and a duration."""
    return tuple(
        name for name, study in studies().items() if issubclass(study.Settings, RunSettings)
    )


def _modules(package: str) -> list[pkgutil.ModuleInfo]:
    folders = find_spec(package).submodule_search_locations
    return sorted(
        (entry for entry in pkgutil.iter_modules(folders) if not entry.name.startswith("_")),
        key=lambda entry: entry.name,
    )
