"""The report of a campaign: one HTML file with claims, figures, tables and provenance.

It works offline and without JavaScript; the embedded script adds the search, marks in the contents
where the reader is, and opens folds that a link leads into.
"""

from glassmodes.reporting.report.claims import cited_items
from glassmodes.reporting.report.document import write_report

__all__ = ["cited_items", "write_report"]
