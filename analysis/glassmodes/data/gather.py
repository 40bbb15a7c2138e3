"""Gathering the per-bundle parts of a table, and checking it against its columns."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from glassmodes.data.columns import KINDS, Table
from glassmodes.data.schemas import TABLES
from glassmodes.data.storage import read_table


class TableError(ValueError):
    """A table that breaks the data contract; names the table, the column and the fault."""


def validate(frame: pd.DataFrame, table: Table | str) -> pd.DataFrame:
    """A table with its columns in order, checked.

    Parameters
    ----------
    frame : pandas.DataFrame
    table : Table or str
        What is declared of it, or the name of one of :data:`glassmodes.data.schemas.TABLES`.

    Raises
    ------
    TableError
        If a column is missing, has the wrong type, or holds values that are not finite where they
        must be.
    """
    declared = _declared(table)
    name = declared.name
    for column in declared.columns:
        if column.name not in frame.columns:
            raise TableError(f"{name}: column {column.name!r} is missing")
        values = frame[column.name]
        kind = "O" if isinstance(values.dtype, pd.StringDtype) else values.dtype.kind
        if len(frame) and kind not in KINDS[column.kind]:
            raise TableError(
                f"{name}: column {column.name!r} has type {values.dtype}, not {column.kind}"
            )
        if len(frame) and column.finite and column.kind == "number":
            bad = int((~np.isfinite(values.to_numpy(dtype=float))).sum())
            if bad:
                raise TableError(f"{name}: column {column.name!r} has {bad} values not finite")
    named = [column.name for column in declared.columns]
    return frame[named + [extra for extra in frame.columns if extra not in named]]


def _declared(table: Table | str) -> Table:
    if isinstance(table, Table):
        return table
    if table not in TABLES:
        raise TableError(f"{table}: no such table; known: {', '.join(TABLES)}")
    return TABLES[table]


def gather(parts: Iterable, table: Table | str) -> pd.DataFrame:
    """One table from its parts.

    Parameters
    ----------
    parts : iterable of path or DataFrame
        Any order; empty ones count for nothing.
    table : Table or str
        As :func:`validate`.

    Returns
    -------
    pandas.DataFrame
        Checked, sorted by ensemble, sample, temperature, and the order within each part. Its
        attribute `left_out` holds samples without results, with the reasons: a list of
        (ensemble, sample, reason).
    """
    frames = [part if isinstance(part, pd.DataFrame) else read_table(part) for part in parts]
    left_out = [entry for frame in frames for entry in _left_out(frame)]
    # an empty part has no types of its own and would spoil those of the others
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        gathered = pd.DataFrame({column.name: [] for column in _declared(table).columns})
    else:
        for frame in filled:
            frame.attrs = {}
        whole = pd.concat(filled, ignore_index=True)
        keys = [key for key in ("ensemble", "sample", "temperature") if key in whole.columns]
        gathered = validate(whole.sort_values(keys, kind="stable", ignore_index=True), table)
    gathered.attrs = {"left_out": list(dict.fromkeys(left_out))}
    return gathered


def _left_out(frame) -> list[tuple[str, int, str]]:
    """Samples that a part has no results of, as its file says."""
    reasons = json.loads(frame.attrs.get("left_out", "{}"))
    return [(frame.attrs["ensemble"], int(sample), why) for sample, why in reasons.items()]


def ensembles_table(ensembles, models) -> pd.DataFrame:
    """The `ensembles` table: what figures and captions need to know of each ensemble.

    Parameters
    ----------
    ensembles : mapping of str to glassmodes.ensembles.Ensemble
    models : mapping of str to glassmodes.models.GlassModel
    """
    rows = []
    for ensemble in ensembles.values():
        model = models[ensemble.model]
        is_crystal = ensemble.preparation.get("protocol") == "fcc"
        rows.append(
            {
                "ensemble": ensemble.name,
                "model": ensemble.model,
                "kind": "crystal" if is_crystal else "glass",
                "particles": int(ensemble.particles),
                "samples": int(ensemble.samples),
                "dimension": int(model.dimension),
                "density": float(model.density),
                "protocol": str(ensemble.preparation.get("protocol", "")),
                "parent_temperature": _parent_temperature(ensemble.preparation),
            }
        )
    return validate(pd.DataFrame(rows), "ensembles")


def _parent_temperature(preparation):
    """Temperature of the liquid that was quenched, infinite where particles fell at random."""
    if preparation.get("protocol") == "random":
        return np.inf
    return float(preparation.get("parent_temperature", np.nan))
