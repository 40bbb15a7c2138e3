"""Modes of a glass pulled until its inherent structure changes."""

from glassmodes.data.columns import Column
from glassmodes.papers.paper import Paper, PaperTable

PAPER = Paper(
    name="mizuno2020_anharmonic",
    citation=(
        "H. Mizuno, M. Shimada, A. Ikeda, Anharmonic properties of vibrational excitations in "
        "amorphous solids (2020)"
    ),
    modules=("claims", "figures"),
    tables=(
        PaperTable(
            name="table_critical_temperature",
            columns=(
                Column("model", "text", "glass model"),
                Column("particles", "integer", "N"),
                Column("critical_temperature", "number", "T_c, twice the smallest barrier", False),
                Column("samples", "integer", "samples of this size"),
                Column("modes", "integer", "modes that made a transition"),
                Column("paper", "number", "the paper's T_c, NaN where it has none", False),
                Column("sample_mean", "number", "geometric mean of T_c over samples", False),
                Column("sample_spread", "number", "standard deviation of its logarithm, ln", False),
            ),
            item="Table I",
            title="Onset temperature of the anharmonicities",
            made_from="excitations",
            make="tables:critical_temperatures",
            show="tables:shown_critical_temperatures",
            caption="tables:critical_temperatures_caption",
        ),
    ),
)
