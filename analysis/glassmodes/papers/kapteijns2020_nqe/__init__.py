"""Nonlinear quasilocalized excitations: quartic and cubic modes of soft spots in glasses."""

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
            item="Table I",
            title="Ensemble sizes",
            made_from="quasilocalized_samples",
            make="tables:ensemble_sizes",
            show="tables:shown_ensemble_sizes",
            caption="tables:ensemble_sizes_caption",
        ),
        PaperTable(
            name="table_shear_modulus",
            item="Table II",
            title="Shear modulus, density and units",
            made_from="quasilocalized_samples",
            make="tables:shear_modulus_table",
            show="tables:shown_shear_modulus_table",
            caption="tables:shear_modulus_caption",
        ),
    ),
)
