"""Figures: functions of tables, one module per paper, and the report that shows them."""

from analysis.figures.catalogue import FIGURES, Figure, MissingData, concerned, draw, draw_all
from analysis.figures.report import write_report

__all__ = ["FIGURES", "Figure", "MissingData", "concerned", "draw", "draw_all", "write_report"]
