"""Glass and crystal at finite temperature: lifetimes of modes, and intermittent rearrangements."""

from glassmodes.data.columns import Column
from glassmodes.papers.paper import Paper, PaperTable

PAPER = Paper(
    name="mizuno2020_intermittent",
    citation=(
        "H. Mizuno, H. Tong, A. Ikeda, S. Mossa, Intermittent rearrangements accompanying thermal "
        "fluctuations distinguish glasses from crystals (2020)"
    ),
    modules=(
        "vibration_claims",
        "rearrangement_claims",
        "vibration_figures",
        "rearrangement_figures",
        "supplement_figures",
    ),
    tables=(
        PaperTable(
            name="table_rearrangements",
            columns=(
                Column("kind", "text", "glass or crystal"),
                Column("particles", "integer", "N"),
                Column("temperature", "number", "target temperature of the runs"),
                Column("samples", "integer", "runs, one for each sample"),
                Column("duration", "number", "of all runs together"),
                Column("events", "integer", "changes of the inherent structure in all runs"),
                Column("rate", "number", "events per unit of time and system"),
                Column("rate_error", "number", "Poisson; 1.84 / duration where there was no event"),
                Column("rearranged", "text", "Yes or No"),
                Column(
                    "paper",
                    "text",
                    "Yes or No in Table I, - if not there",
                ),
            ),
            item="Table I",
            title="Where rearrangements occur",
            made_from="rearrangement_runs",
            make="tables:table_rearrangements",
            show="tables:shown_rearrangements",
            caption="tables:table_rearrangements_caption",
        ),
    ),
)
