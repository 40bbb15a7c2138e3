"""All tables that are declared: of the studies, of the papers, and of campaigns."""

from glassmodes.campaign import registry
from glassmodes.data import gather, schemas
from glassmodes.papers.paper_tables import PAPER_TABLES

TABLES = (
    registry.tables()
    | schemas.TABLES
    | {name: table.declared.table for name, table in PAPER_TABLES.items()}
)


def validate(frame, name):
    """Check a table against its declared columns."""
    return gather.validate(frame, TABLES[name])


def columns(name):
    """Names of the declared columns of a table."""
    return [column.name for column in TABLES[name].columns]
