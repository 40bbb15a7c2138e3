"""Columns of the tables that no stage and no paper makes: ensembles, summary, left-out samples.

Those of the studies stand with each study (:mod:`glassmodes.studies`), those of the papers with
each paper (:mod:`glassmodes.papers`). Each gathered table begins with `ensemble` and `sample`.
Extra columns are allowed; they are kept after those named. All numbers are in reduced units (mass,
length, energy and k_B = 1), frequencies are angular.
"""

from __future__ import annotations

from glassmodes.data.columns import SAMPLE, Column, Table

ENSEMBLES = Table(
    "ensembles",
    (
        Column("ensemble", "text", "name of the ensemble in the campaign"),
        Column("model", "text", "glass model"),
        Column("kind", "text", "glass or crystal"),
        Column("particles", "integer", "N of every sample"),
        Column("samples", "integer", "samples asked for"),
        Column("dimension", "integer", "of space"),
        Column("density", "number", "N / V"),
        Column("protocol", "text", "of the preparation"),
        Column("parent_temperature", "number", "of the quenched liquid; inf: random places", False),
    ),
    csv=True,
)
"""What a campaign asked for."""

SAMPLE_STATUSES = Table(
    "sample_statuses",
    (
        *SAMPLE,
        Column("stage", "text", "stage of the workflow that left the sample out"),
        Column("status", "text", "why"),
    ),
    csv=True,
)
"""A row for each sample that a stage has no results of."""

SUMMARY = Table(
    "summary",
    (
        Column("paper", "text", "name of the paper that the value is compared with"),
        Column("item", "text", "the paper's figures, tables or equations, the main one first"),
        Column("ensemble", "text", "ensemble, or ensembles, that the value is of"),
        Column("sample", "integer", "-1: all samples"),
        Column("temperature", "number", "temperature, NaN where all or none", False),
        Column("quantity", "text", "short name"),
        Column("observed", "number", "value of this campaign", False),
        Column("error", "number", "its standard error, NaN where it has none", False),
        Column("reference", "number", "the paper's value, NaN where it gives none", False),
        Column("margin", "number", "largest difference that counts as equal, NaN: none", False),
        Column(
            *("verdict", "text"),
            "shown, undecided, contradicted, check passed, check failed or context",
        ),
        Column("statement", "text", "what the paper states"),
        Column("finding", "text", "what was found here, and how it was measured"),
        Column("rule", "text", "when the verdict is which"),
        Column("reason", "text", "why it is contradicted, or what would decide it; may be empty"),
        Column("source", "text", "where the paper states it"),
        Column("samples", "text", "samples that the value rests on"),
    ),
    csv=True,
)
"""A row for each value that is compared with a paper (:mod:`glassmodes.papers.criteria`)."""

TABLES = {table.name: table for table in (ENSEMBLES, SAMPLE_STATUSES, SUMMARY)}
