"""The papers that a campaign can be compared with, one folder each.

A folder that declares `PAPER` (:class:`glassmodes.papers.paper.Paper`) is found by its name alone:
nothing else is edited to add a paper. Importing this package imports no paper.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassmodes.papers.paper import Paper


class PaperError(ValueError):
    """A paper that there is none of, or a folder that declares none."""


def paper_names() -> list[str]:
    """Names of the papers, in alphabetical order; imports none of them."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def find_paper(name: str) -> Paper:
    """One paper.

    Parameters
    ----------
    name : str
        Name of its folder, such as mizuno2020_intermittent.

    Raises
    ------
    PaperError
        If there is no such folder, or its `__init__` declares no `PAPER` of that name.
    """
    if name not in paper_names():
        close = get_close_matches(name, paper_names(), 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise PaperError(
            f"papers: {name!r} is not known; allowed: {', '.join(paper_names())}{hint}"
        )
    found = getattr(import_module(f"{__name__}.{name}"), "PAPER", None)
    if getattr(found, "name", None) != name:
        raise PaperError(f"papers/{name}/__init__.py: declares no PAPER whose name is {name!r}")
    return found


def papers() -> dict[str, Paper]:
    """All papers by name; their claims and figures are not imported yet."""
    return {name: find_paper(name) for name in paper_names()}


def compared_papers(settings: Mapping) -> list[str]:
    """Names of the papers that a campaign compares with, from its settings.

    Manifests of version 0.1 hold a single name under `paper`.
    """
    if "papers" in settings:
        return list(settings["papers"])
    return [settings["paper"]] if settings.get("paper") else []
