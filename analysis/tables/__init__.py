"""Tables: their columns, how parts are gathered, and the summary against the paper."""

from analysis.tables.gather import TableError, ensembles_table, gather, validate
from analysis.tables.paper_tables import make_table
from analysis.tables.schemas import TABLES, Column
from analysis.tables.summary import summarise

__all__ = [
    "TABLES",
    "Column",
    "TableError",
    "ensembles_table",
    "gather",
    "make_table",
    "summarise",
    "validate",
]
