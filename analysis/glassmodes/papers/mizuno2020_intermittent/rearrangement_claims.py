"""Rearrangements through time against mizuno2020_intermittent: Figs 5-9, Table I.

A glass often goes to and fro between the same two inherent structures. Statistics of what a
rearrangement is like therefore count each pair of structures once; only rates, and how often a
size of |Dr_IS| occurs, count every event.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from glassmodes.papers.criteria import above, row
from glassmodes.papers.mizuno2020_intermittent.tables import NO_EVENT_95, PAPER_DURATION
from glassmodes.transitions.rearrangements import CORE_RADIUS, OUTER_FRACTION

ENOUGH_EVENTS = 10
"""Distinct transitions below which a distribution or a correlation is not judged."""

OVERLAP_FACTOR = 1.5
"""Factor within which two sizes overlap: on the paper's logarithmic plots, whose points scatter by
about a decade, less is not seen."""

HALF_DECADE = 10.0**0.5

_BOOTSTRAPS = 1000

_DISTINCT = "Each pair of inherent structures counts once."


def _glasses(tables, name):
    """Rows of a table that are of glasses, with their N."""
    known = tables["ensembles"]
    sizes = known[known["kind"] == "glass"].set_index("ensemble")["particles"]
    table = tables[name]
    table = table[table["ensemble"].isin(sizes.index)]
    return table.assign(particles=table["ensemble"].map(sizes).astype(int))


def _pairs(table):
    """A number for each pair of inherent structures of each run, in either direction."""
    pair = np.sort(table[["before", "after"]].to_numpy(), axis=1)
    keys = table[["ensemble", "sample", "temperature"]].assign(low=pair[:, 0], high=pair[:, 1])
    return keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()


def distinct_transitions(table) -> pd.DataFrame:
    """The first event of each pair of inherent structures of each run, in either direction."""
    _, first = np.unique(_pairs(table), return_index=True)
    return table.iloc[np.sort(first)]


def _sizes_text(table):
    sizes = sorted(table["particles"].unique())
    ends = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"glass, N = {ends}"


def _is(temperature, value):
    return np.isclose(temperature, value, rtol=1e-6)


# --- sizes of |Dr_IS| -----------------------------------------------------------------------------


def quantile_and_error(table, column, part) -> tuple[float, float]:
    """A quantile over events, and its standard error from a bootstrap over distinct transitions.

    Events between the same two structures are drawn together: they are no independent values.
    """
    values, pair = table[column].to_numpy(dtype=float), _pairs(table)
    order = np.argsort(values)
    values, pair = values[order], pair[order]
    count = int(pair.max()) + 1
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(_BOOTSTRAPS if count > 1 else 0):
        times = np.bincount(rng.integers(count, size=count), minlength=count)[pair].cumsum()
        drawn.append(values[np.searchsorted(times, part * times[-1])])
    return float(np.quantile(values, part)), float(np.std(drawn, ddof=1)) if drawn else np.nan


def _magnitudes(tables):
    table = _glasses(tables, "rearrangements")
    for temperature, group in table.groupby("temperature"):
        pairs = len(distinct_transitions(group))
        smallest, at_cold = float(group["distance"].min()), _is(temperature, 1e-2)
        inside = smallest >= 0.1 / HALF_DECADE
        if inside and pairs < 2 * ENOUGH_EVENTS:
            # few events need not contain a small one
            inside = None
        elif inside:
            inside = smallest <= 0.1 * HALF_DECADE
        yield row(
            _sizes_text(group),
            temperature,
            "smallest |Dr_IS|",
            smallest,
            np.nan,
            0.1 if at_cold else np.nan,
            "Fig. 5(a)",
            "at T = 1e-2 within half a decade of 0.1; not above it only if there are 20 distinct "
            "transitions",
            inside if at_cold else None,
            "At T = 1e-2 |Dr_IS| can be as small as 1e-1, the least distance between adjacent "
            f"inherent structures. {len(group)} events, {pairs} distinct transitions.",
        )
        observed, error = quantile_and_error(group, "distance", 0.9)
        at_hot = _is(temperature, 5e-2)
        yield row(
            _sizes_text(group),
            temperature,
            "|Dr_IS| that a tenth of the events exceed",
            observed,
            error,
            1.0 if at_hot else np.nan,
            "Fig. 5(b)",
            "at T = 5e-2 within half a decade of 1, ten distinct transitions at least",
            1.0 / HALF_DECADE <= observed <= HALF_DECADE
            if at_hot and pairs >= ENOUGH_EVENTS
            else None,
            "At T = 5e-2 rearrangements with |Dr_IS| of order one occur frequently. Median "
            f"{group['distance'].median():.3g}, largest {group['distance'].max():.3g}; "
            f"{len(group)} events, {pairs} distinct transitions.",
        )


def _ratio_of_medians(one, other):
    (first, first_error), (second, second_error) = (
        quantile_and_error(table, "distance", 0.5) for table in (one, other)
    )
    relative = np.hypot(first_error / first, second_error / second)
    return second / first, relative


def _magnitudes_grow_with_temperature(tables):
    table = _glasses(tables, "rearrangements")
    groups = [group for _, group in table.groupby("temperature")]
    groups = [group for group in groups if len(distinct_transitions(group)) >= ENOUGH_EVENTS]
    for cold, hot in zip(groups[:-1], groups[1:], strict=True):
        ratio, relative = _ratio_of_medians(cold, hot)
        low, high = cold["temperature"].iloc[0], hot["temperature"].iloc[0]
        yield row(
            _sizes_text(pd.concat([cold, hot])),
            high,
            f"median |Dr_IS| over that at T = {low:g}",
            ratio,
            ratio * relative,
            np.nan,
            "Fig. 5",
            "more than 1 by two standard errors; less by as much disagrees",
            above(ratio, ratio * relative, 1.0),
            "A higher temperature induces larger rearrangements.",
        )


def _extreme_sizes(group):
    """Events of the smallest and the largest N that have enough distinct transitions."""
    sizes = [
        rows
        for _, rows in group.groupby("particles")
        if len(distinct_transitions(rows)) >= ENOUGH_EVENTS
    ]
    return (sizes[0], sizes[-1]) if len(sizes) > 1 else None


def _overlap_rule(logarithm, error):
    """Whether two sizes overlap, None where that is not known to a factor of two."""
    if not np.isfinite(error) or 2.0 * error > np.log(2.0):
        return None
    return abs(logarithm) <= 2.0 * error + np.log(OVERLAP_FACTOR)


_OVERLAP = (
    f"within two standard errors and a factor of {OVERLAP_FACTOR:g} of 1; not judged if two "
    "standard errors are a factor of 2"
)


def _sizes_overlap(tables):
    table = _glasses(tables, "rearrangements")
    for temperature, group in table.groupby("temperature"):
        ends = _extreme_sizes(group)
        if ends is None:
            continue
        names = f"glass, N = {' and '.join(str(rows['particles'].iloc[0]) for rows in ends)}"
        ratio, relative = _ratio_of_medians(*ends)
        yield row(
            names,
            temperature,
            "median |Dr_IS|, larger N over smaller N",
            ratio,
            ratio * relative,
            1.0,
            "Fig. 5(b, c)",
            _OVERLAP,
            _overlap_rule(np.log(ratio), relative),
            "The size of the system changes the frequency, not the magnitude of rearrangements. "
            "Error from a bootstrap over distinct transitions.",
        )
        small, large = (distinct_transitions(rows) for rows in ends)
        for column, name, source in (
            ("energy_change", "|DPhi_IS| at equal |Dr_IS|", "Fig. 6(a)"),
            ("participants", "N_rearr at equal |Dr_IS|", "Fig. 6(b)"),
        ):
            offset, error, slope = _offset(small, large, column)
            yield row(
                names,
                temperature,
                f"{name}, larger N over smaller N",
                np.exp(offset),
                np.exp(offset) * error,
                1.0,
                source,
                _OVERLAP,
                _overlap_rule(offset, error),
                "Systems of different sizes overlap in the parametric plot: distance of their "
                f"points from one another along the axis, with a common slope ({slope:.2f} on the "
                f"double logarithm) taken out. {len(small)} and {len(large)} distinct transitions.",
            )


def _offset(small, large, column):
    """ln of the factor between two sizes at equal |Dr_IS|, its error, and their common slope.

    Least squares of ln y = c + b ln |Dr_IS| + offset (for the larger size).
    """
    both = pd.concat([small, large])
    y = both[column].abs().to_numpy(dtype=float)
    which = np.repeat([0.0, 1.0], (len(small), len(large)))
    kept = y > 0.0
    y, x, which = np.log(y[kept]), np.log(both["distance"].to_numpy()[kept]), which[kept]
    design = np.column_stack([np.ones_like(x), x, which])
    solution, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    if rank < 3 or len(y) < 4:
        return np.nan, np.nan, np.nan
    left = y - design @ solution
    covariance = np.linalg.inv(design.T @ design) * (left @ left) / (len(y) - 3)
    return float(solution[2]), float(np.sqrt(covariance[2, 2])), float(solution[1])


# --- what a rearrangement is like -----------------------------------------------------------------


def rank_correlation(x, y) -> tuple[float, float]:
    """Spearman's coefficient and its standard error (Bonett and Wright 2000)."""
    value = float(spearmanr(x, y).statistic)
    return value, (1.0 - value**2) * float(np.sqrt((1.0 + 0.5 * value**2) / (len(x) - 3)))


def _participants(tables):
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    for temperature, group in table.groupby("temperature"):
        if len(group) < ENOUGH_EVENTS:
            continue
        number = group["participants"]
        part = float(((number >= 10.0) & (number < 1000.0)).mean())
        # of Laplace's estimate, which is not zero where all or none are inside
        smoothed = (part * len(group) + 1.0) / (len(group) + 2.0)
        error = float(np.sqrt(smoothed * (1.0 - smoothed) / len(group)))
        low, median, high = number.quantile([0.1, 0.5, 0.9])
        yield row(
            _sizes_text(group),
            temperature,
            "part of rearrangements with 10 <= N_rearr < 1000",
            part,
            error,
            1.0,
            "Fig. 6(b)",
            "within two standard errors of nine in ten, or more",
            part + 2.0 * error >= 0.9,
            f"Tens to hundreds of particles take part. Median {median:.0f}, nine in ten between "
            f"{number.quantile(0.05):.0f} and {number.quantile(0.95):.0f}, 10 % below {low:.0f}, "
            f"10 % above {high:.0f}. {_DISTINCT}",
        )


def _correlations(tables):
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    for temperature, group in table.groupby("temperature"):
        if len(group) < ENOUGH_EVENTS:
            continue
        for values, name, source, sign, statement in (
            (
                group["participants"],
                "N_rearr",
                "Fig. 6(b)",
                -1.0,
                "Smaller rearrangements are less localised: they involve more particles.",
            ),
            (
                group["energy_change"].abs(),
                "|DPhi_IS|",
                "Fig. 6(a)",
                1.0,
                "A larger rearrangement means a larger change of energy.",
            ),
        ):
            observed, error = rank_correlation(group["distance"], values)
            side = "less" if sign < 0.0 else "more"
            yield row(
                _sizes_text(group),
                temperature,
                f"Spearman coefficient of {name} and |Dr_IS|",
                observed,
                error,
                np.nan,
                source,
                f"{side} than 0 by two standard errors; the opposite by as much disagrees",
                above(sign * observed, error, 0.0),
                f"{statement} {len(group)} distinct transitions, each counted once.",
            )


def _far_field(tables):
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    table = table[np.isfinite(table["far_field_exponent"])]
    density = tables["ensembles"].set_index("ensemble")["density"]
    for (ensemble, temperature), group in table.groupby(["ensemble", "temperature"]):
        exponents = group["far_field_exponent"]
        observed, error = float(exponents.mean()), float(exponents.sem())
        edge = (group["particles"].iloc[0] / density[ensemble]) ** (1.0 / 3.0)
        inner = CORE_RADIUS * density[ensemble] ** (-1.0 / 3.0)
        enough = len(group) >= ENOUGH_EVENTS
        inside = 2.5 - 2.0 * error <= observed <= 3.0 + 2.0 * error if enough else None
        yield row(
            ensemble,
            temperature,
            "far-field exponent a",
            observed,
            error,
            2.75,
            "Fig. 7(b)",
            "mean within two standard errors of 2.5 to 3, ten rearrangements at least",
            inside,
            "|Dr_i| falls off as r^-a, a = 2.5 to 3, faster than the elastic 2. Fit from r = "
            f"{inner:.3g} to {OUTER_FRACTION * edge:.3g} in a periodic box of edge {edge:.3g}; "
            f"{len(group)} distinct transitions, standard deviation {exponents.std():.2f}.",
        )


# --- how often ------------------------------------------------------------------------------------


def rate_exponent(runs, key) -> tuple[float, float]:
    """Slope of ln(rate) against ln(key), and its standard error.

    Counts are Poisson ones, with half an event added so that none has a logarithm; where the
    samples of one size and temperature differ by more than that, the variance is enlarged by
    chi^2 per degree of freedom.

    Parameters
    ----------
    runs : pandas.DataFrame
        Rows of `rearrangement_runs`.
    key : str
        Column: particles or temperature.

    Returns
    -------
    slope, error : float
        NaN with fewer than two values of the key, or without any event.
    """
    totals = runs.groupby(key)[["events", "duration"]].sum()
    if len(totals) < 2 or totals["events"].sum() == 0:
        return np.nan, np.nan
    expected = runs["duration"] * runs[key].map(totals["events"] / totals["duration"])
    busy = expected > 0.0
    freedom = int(busy.sum() - runs.loc[busy, key].nunique())
    surprise = ((runs["events"] - expected) ** 2 / expected)[busy].sum()
    dispersion = max(1.0, surprise / freedom) if freedom > 0 else 1.0
    count = totals["events"].to_numpy() + 0.5
    x, y = np.log(totals.index.to_numpy(dtype=float)), np.log(count / totals["duration"].to_numpy())
    weight = count / dispersion
    x = x - (weight @ x) / weight.sum()
    spread = weight @ x**2
    return float((weight * x) @ y / spread), float(1.0 / np.sqrt(spread))


_MORE_OFTEN = "more than 0 by two standard errors; less by as much disagrees"
_POISSON = (
    "Slope of the logarithms, Poisson counts, enlarged error where the samples differ by more; "
)


def _rates(tables):
    runs = _glasses(tables, "rearrangement_runs")
    for temperature, group in runs.groupby("temperature"):
        slope, error = rate_exponent(group, "particles")
        if not np.isfinite(slope):
            continue
        yield row(
            _sizes_text(group),
            temperature,
            "exponent of the rate with N",
            slope,
            error,
            np.nan,
            "Fig. 5, Table I",
            _MORE_OFTEN,
            above(slope, error, 0.0),
            f"Larger systems rearrange more often. {_POISSON}"
            "independent local rearrangements would give 1.",
        )
    for ensemble, group in runs.groupby("ensemble"):
        slope, error = rate_exponent(group, "temperature")
        if not np.isfinite(slope):
            continue
        temperatures = ", ".join(f"{value:g}" for value in sorted(group["temperature"].unique()))
        yield row(
            ensemble,
            np.nan,
            "exponent of the rate with T",
            slope,
            error,
            np.nan,
            "Fig. 5, Table I",
            _MORE_OFTEN,
            above(slope, error, 0.0),
            f"A higher temperature induces more frequent rearrangements. {_POISSON}"
            f"T = {temperatures}.",
        )


def _table_of_the_paper(tables):
    table = tables["table_rearrangements"]
    for entry in table[table["paper"] != "-"].itertuples():
        seen = entry.events > 0
        same = seen == (entry.paper == "Yes")
        # nothing seen in a shorter time than the paper's run does not contradict its Yes
        undecided = not same and not seen and entry.duration < PAPER_DURATION
        yield row(
            entry.ensemble,
            entry.temperature,
            "rearranges (1: Yes, 0: No)",
            float(seen),
            np.nan,
            float(entry.paper == "Yes"),
            "Table I",
            "the same; no event in a total time shorter than the paper's run does not count "
            "against its Yes",
            None if undecided else same,
            f"{entry.events} rearrangements in a total time of {entry.duration:g} (the paper: "
            f"{entry.paper} in runs of {PAPER_DURATION:g}).",
        )


def _crystals(tables):
    known = tables["ensembles"].set_index("ensemble")
    runs = tables["rearrangement_runs"]
    for ensemble, group in runs.groupby("ensemble"):
        if ensemble not in known.index or known["kind"][ensemble] != "crystal":
            continue
        events, duration = int(group["events"].sum()), group["duration"].sum()
        temperatures = ", ".join(f"{value:g}" for value in sorted(group["temperature"].unique()))
        yield row(
            ensemble,
            np.nan,
            "rearrangements of the crystal",
            events,
            np.nan,
            0.0,
            "Table I",
            "none",
            events == 0,
            f"Crystals never rearrange. Runs: {len(group)}, of a total time of {duration:g}, at "
            f"T = {temperatures}; none means a rate below {NO_EVENT_95 / duration:.1g} (95 %).",
        )


def _frames_that_failed(tables):
    runs = tables["rearrangement_runs"]
    failed, frames = int(runs["not_converged"].sum()), int(runs["frames"].sum())
    yield row(
        "all",
        np.nan,
        "part of frames whose minimisation did not converge",
        failed / max(frames, 1),
        np.nan,
        np.nan,
        "Eq. 5",
        "none: the paper does not say",
        None,
        f"{failed} of {frames} frames; in them a rearrangement may go unseen.",
    )


# --- long times -----------------------------------------------------------------------------------


def _by_sample(tables, column):
    """Time and values of a column for each run that rearranged, by ensemble and temperature."""
    table = tables["inherent_structures"]
    table = table[table["converged"].astype(bool) & np.isfinite(table[column])]
    for key, group in table.groupby(["ensemble", "temperature"]):
        series = []
        for _, run in group.groupby("sample"):
            if run["structure"].nunique() > 1:
                time = run["time"].to_numpy()
                series.append(((time - time[0]) / np.ptp(time), run[column].to_numpy()))
        if series:
            yield key, series


def jackknife(ratio, one, other) -> tuple[float, float]:
    """A function of two means over samples, and its jackknife standard error (NaN for one)."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    value, count = float(ratio(one.mean(), other.mean())), len(one)
    if count < 2:
        return value, np.nan
    left = [ratio(np.delete(one, i).mean(), np.delete(other, i).mean()) for i in range(count)]
    return value, float(np.sqrt((count - 1) * np.var(left)))


UNBOUNDED = np.sqrt(2.0)
"""Ratio of the mean displacements in two successive octaves of time if it grew as t^(1/2)."""

STEADY_DRIFT = np.sqrt(3.0)
"""Difference of the means of both halves of a run, over its standard deviation, in steady drift."""


def _bounded(tables):
    halfway = 0.5 * (UNBOUNDED - 1.0)
    for (ensemble, temperature), series in _by_sample(tables, "displacement"):
        late = [value[time >= 0.5].mean() for time, value in series]
        early = [value[(time >= 0.25) & (time < 0.5)].mean() for time, value in series]
        if not np.mean(early) > 0.0:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            observed, error = jackknife(np.divide, late, early)
        known = np.isfinite(error) and 2.0 * error <= UNBOUNDED - 1.0
        yield row(
            ensemble,
            temperature,
            "late / early |r_IS(t) - r_IS(0)|",
            observed,
            error,
            1.0,
            "Fig. 8",
            f"above 1 by no more than two standard errors + {halfway:.1f}; not judged if two "
            "standard errors exceed 0.4",
            observed - 1.0 <= 2.0 * error + halfway if known else None,
            "The range that |r_IS(t) - r_IS(0)| spans does not grow: the system stays in one "
            "basin. Second half of the run over the second quarter, where growth as t^(1/2) would "
            f"give {UNBOUNDED:.2f}; {len(series)} samples, jackknife error.",
        )


def _no_drift(tables):
    for (ensemble, temperature), series in _by_sample(tables, "energy"):
        late = [value[time >= 0.5].mean() for time, value in series]
        early = [value[time < 0.5].mean() for time, value in series]
        spread = float(np.sqrt(np.mean([value.var() for _, value in series])))
        observed, error = jackknife(lambda b, a, scale=spread: (b - a) / scale, late, early)
        known = np.isfinite(error) and 2.0 * error <= STEADY_DRIFT
        halfway = 0.5 * STEADY_DRIFT
        yield row(
            ensemble,
            temperature,
            "drift of Phi_IS, in its standard deviations",
            observed,
            error,
            0.0,
            "Fig. 9",
            f"within two standard errors + {halfway:.2f} of 0; not judged if two standard errors "
            f"exceed {STEADY_DRIFT:.2f}",
            abs(observed) <= 2.0 * error + halfway if known else None,
            "Energies of the inherent structures stay in a finite range and do not age: mean of "
            "the second half of the run less that of the first, over the standard deviation in a "
            f"run ({spread:.2g}); steady drift would give {STEADY_DRIFT:.2f} either way. "
            f"{len(series)} samples, jackknife error.",
        )


_RETURNS = ((4000, 5e-2, True), (32000, 1e-2, True), (32000, 5e-2, False))
"""N, T, and whether the system returns to its initial inherent structure (Fig. 8)."""


def _paper_returns(size, temperature):
    """What the paper says: a smaller or colder system than one that returns does so too."""
    for known_size, known_temperature, returns in _RETURNS:
        cooler = temperature <= known_temperature * (1.0 + 1e-6)
        if returns and size <= known_size and cooler:
            return 1.0
        if not returns and size >= known_size and temperature >= known_temperature * (1.0 - 1e-6):
            return 0.0
    return np.nan


def _returns(tables):
    runs = _glasses(tables, "rearrangement_runs")
    runs = runs[runs["distinct_structures"] > 1]
    for (ensemble, temperature), group in runs.groupby(["ensemble", "temperature"]):
        part, count = float(group["returned"].mean()), len(group)
        paper = _paper_returns(int(group["particles"].iloc[0]), temperature)
        agrees = part >= 0.5 if paper == 1.0 else part <= 0.5
        # a run shorter than the paper's may have returned later
        short = group["duration"].max() < PAPER_DURATION
        undecided = np.isnan(paper) or (paper == 1.0 and not agrees and short)
        yield row(
            ensemble,
            temperature,
            "part of runs that return to the initial structure",
            part,
            float(np.sqrt(part * (1.0 - part) / count)),
            paper,
            "Fig. 8",
            "at least half of the runs where the paper's returns (fewer in shorter runs than the "
            "paper's decide nothing), at most half where it does not",
            None if undecided else agrees,
            "The system returns to its initial inherent structure at (N, T) = (4000, 5e-2) and "
            "(32000, 1e-2), and the more so in smaller or colder ones; never at (32000, 5e-2). "
            f"Of {count} runs that left it, of t = {group['duration'].max():g} at most.",
        )


ROWS = (
    (("rearrangements",), _magnitudes),
    (("rearrangements",), _magnitudes_grow_with_temperature),
    (("rearrangement_runs",), _rates),
    (("rearrangements",), _sizes_overlap),
    (("rearrangements",), _correlations),
    (("rearrangements",), _participants),
    (("rearrangements",), _far_field),
    (("inherent_structures",), _bounded),
    (("rearrangement_runs",), _returns),
    (("inherent_structures",), _no_drift),
    (("rearrangement_runs",), _crystals),
    (("table_rearrangements",), _table_of_the_paper),
    (("rearrangement_runs",), _frames_that_failed),
)
