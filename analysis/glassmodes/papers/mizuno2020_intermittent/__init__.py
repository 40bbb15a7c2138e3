"""Glass and crystal at finite temperature: lifetimes of modes, and intermittent rearrangements."""

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
            item="Table I",
            title="Where rearrangements occur",
            made_from="rearrangement_runs",
            make="tables:table_rearrangements",
            show="tables:shown_rearrangements",
            caption="tables:table_rearrangements_caption",
        ),
    ),
)
