"""Table I of mizuno2020_intermittent: where rearrangements occur, how many and how often."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.mizuno2020_intermittent import PAPER

PAPER_DURATION = 1e4
"""Length of the paper's runs (Figs 8 and 9)."""

_PAPER = {
    ("glass", 4000): {1e-4: "No", 1e-3: "No", 1e-2: "No", 5e-2: "Yes"},
    ("glass", 32000): {1e-4: "No", 1e-3: "No", 1e-2: "Yes", 5e-2: "Yes"},
    ("glass", 256000): {1e-4: "No", 1e-3: "Yes", 1e-2: "Yes", 5e-2: "Yes"},
    ("crystal", 4000): {1e-3: "No", 1e-2: "No", 5e-2: "No", 1e-1: "No"},
    ("crystal", 32000): {1e-3: "No", 1e-2: "No", 5e-2: "No", 1e-1: "No"},
}
"""The paper's Table I, by kind and N, and by temperature."""

_COLUMNS = (
    *(column.name for column in PAPER.tables[0].columns),
    "ensemble",
    "not_converged",
)

_MODELS = ("ipl12", "ipl12_one_component")

NO_EVENT_UPPER_END = -np.log(0.5 * (1.0 - 0.6827))
"""Events that a Poisson count of none has as the upper end of its central 68.27 % interval."""

NO_EVENT_95 = -np.log(0.05)
"""Expected events above which a count of none has a probability below 5 %."""


def paper_rearranges(kind, model, particles, temperature) -> str:
    """What the paper's Table I says of a size and temperature: Yes, No, or - if it has none."""
    if model not in _MODELS:
        return "-"
    for known, answer in _PAPER.get((kind, particles), {}).items():
        if np.isclose(known, temperature, rtol=1e-6):
            return answer
    return "-"


def rate_and_error(events, duration) -> tuple[float, float]:
    """Rate of events and the standard error of a Poisson count.

    Without any event the error is the upper end of the central 68 % interval, 1.84 / duration.
    """
    error = np.sqrt(events) if events else NO_EVENT_UPPER_END
    return events / duration, error / duration


def table_rearrangements(tables) -> pd.DataFrame:
    """Whether rearrangements occur at each size and temperature of the campaign (Table I).

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        With `rearrangement_runs` and `ensembles`.

    Returns
    -------
    pandas.DataFrame
        Columns as the paper declares them; the extra column `ensemble` tells two of the same kind
        and size apart, `not_converged` counts the frames whose minimisation failed.
    """
    known = tables["ensembles"].set_index("ensemble")
    rows = []
    for (ensemble, temperature), runs in tables["rearrangement_runs"].groupby(
        ["ensemble", "temperature"]
    ):
        if ensemble not in known.index:
            continue
        kind, size = known["kind"][ensemble], int(known["particles"][ensemble])
        events, duration = int(runs["events"].sum()), float(runs["duration"].sum())
        rate, error = rate_and_error(events, duration)
        rows.append(
            {
                "kind": kind,
                "particles": size,
                "temperature": float(temperature),
                "samples": int(runs["sample"].nunique()),
                "duration": duration,
                "events": events,
                "rate": rate,
                "rate_error": error,
                "rearranged": "Yes" if events else "No",
                "paper": paper_rearranges(kind, known["model"][ensemble], size, temperature),
                "ensemble": ensemble,
                "not_converged": int(runs["not_converged"].sum()),
            }
        )
    table = pd.DataFrame(rows, columns=_COLUMNS)
    # glasses before crystals, as in the paper
    return table.sort_values(
        ["kind", "particles", "ensemble", "temperature"],
        ascending=[False, True, True, True],
        ignore_index=True,
    )


def shown_rearrangements(table) -> pd.DataFrame:
    """Table I as the paper arranges it: sizes downwards, temperatures across, all as text."""
    temperatures = sorted(table["temperature"].unique())
    several = table.groupby(["kind", "particles"])["ensemble"].transform("nunique") > 1
    rows = []
    for (kind, size, ensemble), group in table.groupby(
        ["kind", "particles", "ensemble"], sort=False
    ):
        name = f"{kind.capitalize()}, N = {size}"
        if several[group.index].any():
            name += f" ({ensemble})"
        entries = {row.temperature: _entry(row) for row in group.itertuples()}
        rows.append([name, *(entries.get(value, "–") for value in temperatures)])
    return pd.DataFrame(rows, columns=["", *(f"T = {value:g}" for value in temperatures)])


def _entry(row):
    count = f"{row.events} event{'' if row.events == 1 else 's'} in t = {row.duration:g}"
    if row.events:
        places = max(0, 1 - int(np.floor(np.log10(row.rate_error))))
        rate = f"rate {row.rate:.{places}f} ± {row.rate_error:.{places}f}"
    else:
        rate = f"rate < {NO_EVENT_95 / row.duration:.2g}"
    lines = [row.rearranged, count, rate]
    if row.not_converged:
        lines.append(f"{row.not_converged} frames not converged")
    if row.paper != "-":
        lines.append(f"paper: {row.paper}")
    return "\n".join(lines)


def table_rearrangements_caption(table) -> str:
    """Caption of :func:`shown_rearrangements`."""
    samples = sorted(table["samples"].unique())
    count = f"{samples[0]}" if len(samples) == 1 else f"{samples[0]} to {samples[-1]}"
    text = (
        "Whether the inherent structure changed (Yes or No) in the total time t of all runs of a "
        f"size N and temperature T (samples: {count}); the number of changes between "
        "successive frames; their rate, per unit of time and system, with the standard error of a "
        "Poisson count, or its 95 % upper limit where there was none."
    )
    if table["not_converged"].any():
        text += " In frames that did not converge a change may have gone unseen."
    beside = " stands beside ours where it has the same size and temperature."
    if not (table["paper"] != "-").any():
        beside = " has none of these sizes and temperatures."
    return (
        text
        + f" The paper's entry (runs of t = {PAPER_DURATION:g}, three samples){beside} "
        + "The paper's statement: crystals never rearrange; glasses do at all sizes, the larger "
        "they are the lower the temperature at which they begin to."
    )
