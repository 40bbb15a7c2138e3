"""What a table is: its columns, their types and meanings."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = {
    "integer": "iu",
    "number": "fiu",
    "text": "OUT",
    "flag": "b",
}
"""Numpy kinds that a column of each type may have."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : {"integer", "number", "text", "flag"}
    description : str
        What the values mean, with their unit where the name does not tell.
    finite : bool
        Whether every value must be finite.
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
        Of the file, without its ending.
    columns : tuple of Column
        Further columns are allowed; they are kept after these.
    csv : bool
        Whether a small table gets a .csv twin.
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

MODE = (
    Column("mode", "integer", "0-based, ascending in frequency, translations left out"),
    Column("frequency", "number", "angular eigenfrequency"),
)
