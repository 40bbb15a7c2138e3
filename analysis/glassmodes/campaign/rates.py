"""How fast one core of this machine is, and how far estimates were off: what times come from.

`rates.yaml` beside this file is shipped. `make calibrate` writes `rates.measured.yaml` to
`workflow/profiles/`, which takes its place; the environment variable GLASSMODES_RATES names
another file.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

PROFILES = Path(__file__).resolve().parents[3] / "workflow" / "profiles"
SHIPPED = Path(__file__).with_name("rates.yaml")
MEASURED = PROFILES / "rates.measured.yaml"
VARIABLE = "GLASSMODES_RATES"

KINDS = (
    "start",
    "dynamics_pairs",
    "quench_pairs",
    "dense_flops",
    "product_flops",
    "sparse_nonzeros",
    "factor_flops",
    "solve_nonzeros",
)
"""Rates that a file holds; the shipped one says what they are."""


class RatesError(ValueError):
    """A file of rates that cannot be used; names file, key, value and what is allowed."""


def source() -> Path:
    """The file of rates that is in use."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    return MEASURED if MEASURED.is_file() else SHIPPED


def read_rates(path: str | Path) -> dict:
    """Content of a file of rates.

    Returns
    -------
    dict
        `rates` by kind and `corrections` by rule, both positive numbers; `machine`, `created`.

    Raises
    ------
    RatesError
    """
    try:
        content = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise RatesError(f"{path}: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise RatesError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(content, Mapping) or not isinstance(content.get("rates"), Mapping):
        raise RatesError(f"{path}: no mapping 'rates'; `make calibrate` writes one")
    missing = [kind for kind in KINDS if kind not in content["rates"]]
    if missing:
        raise RatesError(f"{path}: rates: lacks {', '.join(missing)}; `make calibrate` has them")
    corrections = content.get("corrections") or {}
    for key, values in (("rates", content["rates"]), ("corrections", corrections)):
        for name, value in values.items():
            if not isinstance(value, int | float) or not 0.0 < value < math.inf:
                raise RatesError(f"{path}: {key}.{name}: {value!r} is not a positive number")
    return {**content, "corrections": dict(corrections)}


_chosen: dict = {}


def use(content: Mapping) -> None:
    """Take these rates from now on, in this process, and none from a file."""
    _chosen.clear()
    _chosen.update(content)


def _in_use() -> dict:
    if not _chosen:
        use(read_rates(source()))
    return _chosen


def check_rates() -> None:
    """Read the file in use now, so that a damaged one stops no job later.

    Raises
    ------
    RatesError
    """
    _in_use()


def rate(kind: str) -> float:
    """One of :data:`KINDS`, of the file in use."""
    return float(_in_use()["rates"][kind])


def correction(rule: str, model: str = "") -> float:
    """Core-seconds used over those estimated, as finished campaigns had them; one if unknown.

    Parameters
    ----------
    rule, model : str
        What is known of the rule for this model comes before what is known of the rule.
    """
    known = _in_use()["corrections"]
    return float(known.get(f"{rule} of {model}", known.get(rule, 1.0)))
