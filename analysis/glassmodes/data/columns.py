"""Declaration of a table: its columns, their types and meanings."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "integer": "iu",
    "number": "fiu",
    "text": "OUT",
    "flag": "b",
}
"""Kinds of NumPy dtypes that a column of each type may have."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : {"integer", "number", "text", "flag"}
        Type of the values.
    description : str
        Meaning of the values, with their unit if the name does not show it.
    finite : bool
        Whether every number must be finite.
    """

    name: str
    kind: str
    description: str
    finite: bool = True


@dataclass(frozen=True)
class Table:
    """A table of a campaign: one Parquet file, gathered from the parts of its jobs.

    Attributes
    ----------
    name : str
        Name of the table, and of its file without the suffix.
    columns : tuple of Column
        Declared columns. A table may have more; they come last.
    csv : bool
        Whether the table, if small, is also written as a .csv file.
    """

    name: str
    columns: tuple[Column, ...]
    csv: bool = False


SAMPLE = (
    Column("ensemble", "text", "name of the ensemble in the campaign"),
    Column("sample", "integer", "index of the sample within its ensemble"),
)
"""First columns of every gathered table."""

TEMPERATURE = Column("temperature", "number", "target temperature of the run")
"""Column of tables of runs."""

MODE = (
    Column("mode", "integer", "0-based, ascending in frequency, translations left out"),
    Column("frequency", "number", "angular eigenfrequency"),
)
"""Columns of tables of modes."""
