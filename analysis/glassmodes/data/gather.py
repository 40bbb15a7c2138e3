"""Gathering the per-bundle parts of a table, and checking it against its columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from glassmodes.data.schemas import KINDS, TABLES
from glassmodes.data.storage import read_table


class TableError(ValueError):
    """A table that breaks the data contract; names the table, the column and the fault."""


def validate(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table with its columns in order, checked.

    Raises
    ------
    TableError
        If a column is missing, has the wrong type, or holds values that are not finite where they
        must be.
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
    """One table from its parts.

    Parameters
    ----------
    parts : iterable of path or DataFrame
        Any order; empty ones count for nothing.
    name : str

    Returns
    -------
    pandas.DataFrame
        Checked, sorted by ensemble, sample, and the order within each part.
    """
    frames = [part if isinstance(part, pd.DataFrame) else read_table(part) for part in parts]
    # an empty part has no types of its own and would spoil those of the others
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame({column.name: [] for column in TABLES[name]})
    table = pd.concat(filled, ignore_index=True)
    keys = [key for key in ("ensemble", "sample", "temperature") if key in table.columns]
    return validate(table.sort_values(keys, kind="stable", ignore_index=True), name)


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
