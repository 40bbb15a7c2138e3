"""Columns of the tables that no stage makes: ensembles, summary, and the tables of papers.

The columns of other tables are declared with each study (:mod:`glassmodes.studies`). Each gathered
table begins with the columns `ensemble` and `sample`. Exceptions are `ensembles` and `summary`,
with one row for each ensemble and each reference value, and the tables `table_...`, with one row
for each entry of a paper's table. A table may have more columns than are declared; they come last.
All numbers are in reduced units (mass, length, energy and k_B equal one), and frequencies are
angular.
"""

from __future__ import annotations

from glassmodes.data.columns import Column, Table

TABLES: dict[str, Table] = {
    "ensembles": Table(
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
            Column(
                "parent_temperature", "number", "of the quenched liquid; inf: random places", False
            ),
        ),
        csv=True,
    ),
    "table_rearrangements": Table(
        "table_rearrangements",
        (
            Column("kind", "text", "glass or crystal"),
            Column("particles", "integer", "N"),
            Column("temperature", "number", "target temperature of the runs"),
            Column("samples", "integer", "runs, one for each sample"),
            Column("duration", "number", "of all runs together"),
            Column("events", "integer", "changes of the inherent structure in all runs"),
            Column("rate", "number", "events per unit of time and system"),
            Column("rate_error", "number", "Poisson; 1.84 / duration where there was no event"),
            Column("rearranged", "text", "Yes or No"),
            Column("paper", "text", "Yes or No in the Table I of the paper, - if not there"),
        ),
        csv=True,
    ),
    "table_critical_temperature": Table(
        "table_critical_temperature",
        (
            Column("model", "text", "glass model"),
            Column("particles", "integer", "N"),
            Column("critical_temperature", "number", "T_c, twice the smallest barrier", False),
            Column("samples", "integer", "samples of this size"),
            Column("modes", "integer", "modes that made a transition"),
            Column("paper", "number", "the paper's T_c, NaN where it has none", False),
            Column("sample_mean", "number", "geometric mean of T_c over samples", False),
            Column("sample_spread", "number", "standard deviation of its logarithm, ln", False),
        ),
        csv=True,
    ),
    "table_ensemble_sizes": Table(
        "table_ensemble_sizes",
        (
            Column("model", "text", "glass model"),
            Column("name", "text", "the paper's name of the model"),
            Column("dimension", "integer", "of space"),
            Column("density", "number", "N / V"),
            Column("parent_temperature", "number", "NaN where it does not tell", False),
            Column("protocol", "text", "of the preparation, - where the campaign has none"),
            Column("particles", "integer", "N"),
            Column("samples", "integer", "of this campaign, with or without modes"),
            Column("usable", "integer", "of those, the ones with modes"),
            Column("paper", "number", "the paper's ensemble size, NaN where it has none", False),
        ),
        csv=True,
    ),
    "table_shear_modulus": Table(
        "table_shear_modulus",
        (
            Column("model", "text", "glass model"),
            Column("name", "text", "the paper's name of the model"),
            Column("dimension", "integer", "of space"),
            Column("density", "number", "N / V"),
            Column("shear_modulus", "number", "G, mean over samples"),
            Column("shear_modulus_error", "number", "standard error over samples", False),
            Column("samples", "integer", "that the mean is of"),
            Column("ensembles", "text", "that the mean is of"),
            Column("saturated", "flag", "whether these are glasses of T_p = inf"),
            Column("unit_length", "number", "a_0 = (V/N)^(1/d)"),
            Column("unit_frequency", "number", "omega_0 = sqrt(G / rho) / a_0"),
            Column("unit_frequency_error", "number", "standard error over samples", False),
            Column("paper_density", "number", "rho of Table II"),
            Column("paper_shear_modulus", "number", "G of Table II"),
            Column("paper_unit_length", "number", "a_0 that follows from Table II"),
            Column("paper_unit_frequency", "number", "omega_0 that follows from Table II"),
        ),
        csv=True,
    ),
    "summary": Table(
        "summary",
        (
            Column("ensemble", "text", "ensemble, or ensembles, that the value is of"),
            Column("sample", "integer", "-1: all samples"),
            Column("temperature", "number", "temperature, NaN where all or none", False),
            Column("quantity", "text", "short name"),
            Column("observed", "number", "value of this campaign", False),
            Column("error", "number", "its standard error, NaN where it has none", False),
            Column("paper", "number", "the paper's value, NaN where it gives none", False),
            Column("source", "text", "figure or equation of the paper"),
            Column("rule", "text", "when observed and paper are said to agree"),
            Column("agrees", "text", "yes, no, or - where there is no rule"),
            Column("statement", "text", "what the row says"),
        ),
        csv=True,
    ),
}
