"""Gathering of the parts of a table from all bundles, and validation of its columns."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from glassmodes.data.columns import KINDS, Table
from glassmodes.data.schemas import TABLES
from glassmodes.data.storage import read_table


class TableError(ValueError):
    """A table does not match its declared columns; the message names table, column and fault."""


def validate(frame: pd.DataFrame, table: Table | str) -> pd.DataFrame:
    """Check a table against its declared columns and put them in order.

    Parameters
    ----------
    frame : pandas.DataFrame
    table : Table or str
        Declaration of the table, or the name of one in :data:`glassmodes.data.schemas.TABLES`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    TableError
        If the table is unknown, or a column is missing, has the wrong type, or holds values that
        are not finite although they must be.
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
    """Declaration of a table, which may be given by its name."""
    if isinstance(table, Table):
        return table
    if table not in TABLES:
        raise TableError(f"{table}: no such table; known: {', '.join(TABLES)}")
    return TABLES[table]


def gather(parts: Iterable, table: Table | str) -> pd.DataFrame:
    """Join the parts of a table.

    Parameters
    ----------
    parts : iterable of path or DataFrame
        Parts in any order; empty ones are ignored.
    table : Table or str
        As of :func:`validate`.

    Returns
    -------
    pandas.DataFrame
        Validated, sorted by ensemble, sample and temperature; otherwise in the order of the parts.
        Its attribute `left_out` lists the samples without results, as (ensemble, sample, stage,
        reason).

    Raises
    ------
    TableError
        As :func:`validate`.
    StorageError
        If a part cannot be read.
    """
    frames = [part if isinstance(part, pd.DataFrame) else read_table(part) for part in parts]
    left_out = [entry for frame in frames for entry in _left_out(frame)]
    # the columns of an empty part have no types and would change those of the joined table
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


def _left_out(frame) -> list[tuple[str, int, str, str]]:
    """Samples without results in a part, with the reasons that its file states."""
    reasons = json.loads(frame.attrs.get("left_out", "{}"))
    ensemble = frame.attrs.get("ensemble", "")
    return [(ensemble, int(sample), *entry) for sample, entry in reasons.items()]


def ensembles_table(ensembles, models) -> pd.DataFrame:
    """Table `ensembles`: the properties of each ensemble that figures and captions need.

    Parameters
    ----------
    ensembles : mapping of str to glassmodes.ensembles.Ensemble
    models : mapping of str to glassmodes.models.GlassModel

    Returns
    -------
    pandas.DataFrame
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
    """Temperature of the liquid that was quenched, infinite if the positions were random."""
    if preparation.get("protocol") == "random":
        return np.inf
    return float(preparation.get("parent_temperature", np.nan))
