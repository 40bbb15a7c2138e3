"""Gathering of the parts of a table from all bundles, and validation of its columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from glassmodes.data.schemas import KINDS, TABLES
from glassmodes.data.storage import read_table


class TableError(ValueError):
    """A table does not match its declared columns; the message names table, column and fault."""


def validate(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check a table against its declared columns and put them in order.

    Parameters
    ----------
    frame : DataFrame
    name : str
        Name of the table in :data:`glassmodes.data.schemas.TABLES`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    TableError
        If the table is unknown, or a column is missing, has the wrong type, or holds values that
        are not finite although they must be.
    """
    if name not in TABLES:
        raise TableError(f"{name}: no such table; known: {', '.join(TABLES)}")
    columns = TABLES[name]
    for column in columns:
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
    named = [column.name for column in columns]
    return frame[named + [extra for extra in frame.columns if extra not in named]]


def gather(parts: Iterable, name: str) -> pd.DataFrame:
    """Join the parts of a table.

    Parameters
    ----------
    parts : iterable of path or DataFrame
        Parts in any order; empty ones are ignored.
    name : str
        Name of the table.

    Returns
    -------
    pandas.DataFrame
        Validated, sorted by ensemble, sample and temperature; otherwise in the order of the parts.

    Raises
    ------
    TableError
        As :func:`validate`.
    StorageError
        If a part cannot be read.
    """
    frames = [part if isinstance(part, pd.DataFrame) else read_table(part) for part in parts]
    # the columns of an empty part have no types and would change those of the joined table
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame({column.name: [] for column in TABLES[name]})
    table = pd.concat(filled, ignore_index=True)
    keys = [key for key in ("ensemble", "sample", "temperature") if key in table.columns]
    return validate(table.sort_values(keys, kind="stable", ignore_index=True), name)


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
