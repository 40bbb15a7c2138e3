"""Modes of a glass pulled until its inherent structure changes."""

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
            item="Table I",
            title="Onset temperature of the anharmonicities",
            made_from="excitations",
            make="tables:critical_temperatures",
            show="tables:shown_critical_temperatures",
            caption="tables:critical_temperatures_caption",
        ),
    ),
)
