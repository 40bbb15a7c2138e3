"""Nonlinear quasilocalized excitations: quartic and cubic modes of soft spots in glasses."""

from glassmodes.data.columns import Column
from glassmodes.papers.paper import Paper, PaperTable

PAPER = Paper(
    name="kapteijns2020_nqe",
    prefix="nqe_",
    citation=(
        "G. Kapteijns, D. Richard, E. Lerner, Nonlinear quasilocalized excitations in glasses. "
        "I. True representatives of soft spots (2020)"
    ),
    modules=(
        "mode_claims",
        "landscape_claims",
        "quartic_figures",
        "cubic_figures",
        "decay_figures",
    ),
    tables=(
        PaperTable(
            name="table_ensemble_sizes",
            columns=(
                Column("model", "text", "glass model"),
                Column("name", "text", "the paper's name of the model"),
                Column("dimension", "integer", "of space"),
                Column("density", "number", "N / V"),
                Column("parent_temperature", "number", "NaN where it does not tell", False),
                Column("protocol", "text", "of the preparation, - where the campaign has none"),
                Column("particles", "integer", "N"),
                Column("samples", "integer", "of this campaign, with or without modes"),
                Column("usable", "integer", "of those, the ones with modes"),
                Column("paper", "number", "the paper's ensemble size, NaN: none", False),
            ),
            item="Table I",
            title="Ensemble sizes",
            made_from="quasilocalized_samples",
            make="tables:ensemble_sizes",
            show="tables:shown_ensemble_sizes",
            caption="tables:ensemble_sizes_caption",
        ),
        PaperTable(
            name="table_shear_modulus",
            columns=(
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
            item="Table II",
            title="Shear modulus, density and units",
            made_from="quasilocalized_samples",
            make="tables:shear_modulus_table",
            show="tables:shown_shear_modulus_table",
            caption="tables:shear_modulus_caption",
        ),
    ),
)
