"""Rearrangements through time against mizuno2020_intermittent: Figs 5-9, Table I.

A glass often goes to and fro between the same two inherent structures. Statistics of what a
rearrangement is like therefore count each pair of structures once; only rates, and how often a
size of |Dr_IS| occurs, count every event.

Transitions of one run share its glass. Their statistics have the larger of two errors: that of a
bootstrap over runs, where there are three at least, and that of one over distinct transitions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from glassmodes.papers import far_field
from glassmodes.papers.criteria import (
    CONTRADICTED,
    SHOWN,
    UNDECIDED,
    Judgement,
    above,
    below,
    between,
    check,
    claim,
    context,
    equivalent,
    proportion,
    proportion_error,
    within_factor,
)
from glassmodes.papers.mizuno2020_intermittent import PAPER
from glassmodes.papers.mizuno2020_intermittent.tables import NO_EVENT_95, PAPER_DURATION
from glassmodes.plotting.selection import counted, samples_of
from glassmodes.statistics.correlations import rank_correlation, rank_correlation_error
from glassmodes.statistics.resampling import FEWEST_SAMPLES, bootstrap_error
from glassmodes.transitions.rearrangements import CORE_RADIUS, OUTER_FRACTION, SINGLE_CORE

ENOUGH_EVENTS = 10
"""Distinct transitions below which a distribution or a correlation is not judged."""

OVERLAP_FACTOR = 1.5
"""Factor within which two sizes overlap: on the paper's logarithmic plots, whose points scatter by
about a decade, less is not seen."""

HALF_DECADE = 10.0**0.5
"""How precisely "an order of magnitude" is taken."""

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


def event_error(events, columns: tuple[str, ...], statistic: Callable) -> float:
    """Standard error of a statistic of events: over runs or over distinct transitions.

    Parameters
    ----------
    events : pandas.DataFrame
        Rows of `rearrangements` of one temperature.
    columns : tuple of str
    statistic : callable
        Takes one array for each of the columns, returns a number.

    Returns
    -------
    float
        The larger one of the two; events between the same two structures are drawn together, and
        each size of the system keeps its number of runs. NaN for fewer than three transitions.
    """
    errors = [
        bootstrap_error(events.assign(sample=unit), columns, statistic, strata=True)
        for unit in (events["sample"], _pairs(events))
    ]
    return float(np.nanmax(errors)) if np.isfinite(errors).any() else np.nan


def _names(rows):
    """The ensembles of some rows, smallest first."""
    return ", ".join(rows.sort_values("particles", kind="stable")["ensemble"].unique())


def _samples_behind(tables, events):
    """Which runs some events are of, those without any event at these temperatures included."""
    runs = tables.get("rearrangement_runs", events)
    behind = runs["ensemble"].isin(events["ensemble"]) & runs["temperature"].isin(
        events["temperature"]
    )
    return samples_of(tables, runs[behind])


def _is(temperature, value):
    return np.isclose(temperature, value, rtol=1e-6)


def _too_few(pairs):
    """What would decide a claim where there are hardly any transitions, else nothing."""
    if pairs >= ENOUGH_EVENTS:
        return ""
    return f"{counted(pairs, 'distinct transition')}, {ENOUGH_EVENTS} at least are needed"


def _if_enough(judgement, pairs):
    """A judgement, or an undecided one where there are hardly any transitions."""
    if pairs >= ENOUGH_EVENTS:
        return judgement
    return Judgement(UNDECIDED, judgement.rule, judgement.reference, judgement.margin)


# --- sizes of |Dr_IS|: Fig. 5 ---------------------------------------------------------------------


@PAPER.claims("rearrangements")
def magnitudes(tables):
    """How small and how large |Dr_IS| is: quantiles over events, since extremes grow with them."""
    table = _glasses(tables, "rearrangements")
    for temperature, group in table.groupby("temperature"):
        pairs = len(distinct_transitions(group))
        row = {
            "ensemble": _names(group),
            "temperature": temperature,
            "samples": _samples_behind(tables, group),
            "decided_by": _too_few(pairs),
            "count": pairs,
            "noun": "distinct transitions",
        }
        counts = f"{len(group)} events, {pairs} distinct transitions."
        observed, error = _quantile(group, 0.1)
        small = below(observed, error, 0.1 * HALF_DECADE, what="half a decade above 0.1")
        yield claim(
            _if_enough(small, pairs) if _is(temperature, 1e-2) else context(),
            item="Fig. 5",
            quantity="|Dr_IS| that a tenth of the events stay below",
            observed=observed,
            error=error,
            statement="At T = 1e-2 |Dr_IS| can be as small as 1e-1, the least distance between "
            "adjacent inherent structures.",
            finding=f"Quantile over events; smallest {group['distance'].min():.3g}. {counts}",
            source="Fig. 5(a)",
            **row,
        )
        observed, error = _quantile(group, 0.9)
        large = within_factor(observed, error, 1.0, HALF_DECADE)
        yield claim(
            _if_enough(large, pairs) if _is(temperature, 5e-2) else context(),
            item="Fig. 5",
            quantity="|Dr_IS| that a tenth of the events exceed",
            observed=observed,
            error=error,
            statement="At T = 5e-2 rearrangements with |Dr_IS| of order one occur frequently.",
            finding=f"Quantile over events; median {group['distance'].median():.3g}, largest "
            f"{group['distance'].max():.3g}. {counts} Order one is taken to half a decade.",
            source="Fig. 5(b)",
            **row,
        )


def _quantile(rows, part):
    """A quantile of |Dr_IS| over events, and its standard error."""
    return (
        float(rows["distance"].quantile(part)),
        event_error(rows, ("distance",), lambda distance: np.quantile(distance, part)),
    )


def _ratio_of_medians(one, other):
    """Median |Dr_IS| of other over that of one, and the standard error of its logarithm."""
    (first, first_error), (second, second_error) = (_quantile(rows, 0.5) for rows in (one, other))
    return second / first, float(np.hypot(first_error / first, second_error / second))


@PAPER.claims("rearrangements")
def magnitudes_grow_with_temperature(tables):
    """Median |Dr_IS| at each temperature over that at the next lower one."""
    table = _glasses(tables, "rearrangements")
    groups = [group for _, group in table.groupby("temperature")]
    groups = [group for group in groups if len(distinct_transitions(group)) >= ENOUGH_EVENTS]
    for cold, hot in zip(groups[:-1], groups[1:], strict=True):
        ratio, relative = _ratio_of_medians(cold, hot)
        both = pd.concat([cold, hot])
        yield claim(
            above(ratio, ratio * relative, 1.0),
            item="Fig. 5",
            quantity=f"median |Dr_IS| over that at T = {cold['temperature'].iloc[0]:g}",
            ensemble=_names(both),
            temperature=hot["temperature"].iloc[0],
            observed=ratio,
            error=ratio * relative,
            statement="A higher temperature induces larger rearrangements.",
            finding=f"Medians over {len(cold)} and {len(hot)} events of all sizes.",
            samples=_samples_behind(tables, both),
            count=len(distinct_transitions(cold)),
            noun="distinct transitions at the lower temperature",
        )


# --- sizes of the system: Figs 5 and 6 ------------------------------------------------------------


def _extreme_sizes(group):
    """Events of the smallest and the largest N that have enough distinct transitions."""
    sizes = [
        rows
        for _, rows in group.groupby("particles")
        if len(distinct_transitions(rows)) >= ENOUGH_EVENTS
    ]
    return (sizes[0], sizes[-1]) if len(sizes) > 1 else None


@PAPER.claims("rearrangements")
def sizes_overlap(tables):
    """Rearrangements of the largest system against those of the smallest one."""
    table = _glasses(tables, "rearrangements")
    for temperature, group in table.groupby("temperature"):
        ends = _extreme_sizes(group)
        if ends is None:
            continue
        both = pd.concat(ends)
        row = {
            "ensemble": _names(both),
            "temperature": temperature,
            "samples": _samples_behind(tables, both),
            "count": len(distinct_transitions(ends[0])),
            "noun": "distinct transitions of the smaller size",
        }
        ratio, relative = _ratio_of_medians(*ends)
        yield claim(
            within_factor(ratio, ratio * relative, 1.0, OVERLAP_FACTOR),
            item="Fig. 5",
            quantity="median |Dr_IS|, larger N over smaller N",
            observed=ratio,
            error=ratio * relative,
            statement="The size of the system changes the frequency, not the magnitude of "
            "rearrangements.",
            finding=f"Medians over {len(ends[1])} and {len(ends[0])} events.",
            source="Fig. 5(b, c)",
            **row,
        )
        once = distinct_transitions(both).reset_index(drop=True)
        once["larger"] = once["ensemble"] == ends[1]["ensemble"].iloc[0]
        for column, name, source in (
            ("energy_change", "|DPhi_IS| at equal |Dr_IS|", "Fig. 6(a)"),
            ("participants", "N_rearr at equal |Dr_IS|", "Fig. 6(b)"),
        ):
            columns = ("distance", column, "larger")
            offset, slope = _offset(*(once[name] for name in columns))
            error = event_error(once, columns, lambda *values: _offset(*values)[0])
            yield claim(
                within_factor(np.exp(offset), np.exp(offset) * error, 1.0, OVERLAP_FACTOR),
                item="Fig. 6",
                quantity=f"{name}, larger N over smaller N",
                observed=np.exp(offset),
                error=np.exp(offset) * error,
                statement="Systems of different sizes overlap in the parametric plot.",
                finding="Distance of the points of the two sizes along the axis, with a common "
                f"slope ({slope:.2f} on the double logarithm) taken out. {len(once)} distinct "
                "transitions.",
                source=source,
                **row,
            )


def _offset(distance, values, larger):
    """ln of the factor between two sizes at equal |Dr_IS|, and their common slope.

    Least squares of ln |values| = c + b ln |Dr_IS| + offset (where `larger`, a flag, is set).
    """
    y = np.abs(np.asarray(values, dtype=float))
    kept = y > 0.0
    x, y = np.log(np.asarray(distance, dtype=float)[kept]), np.log(y[kept])
    which = np.asarray(larger, dtype=float)[kept]
    design = np.column_stack([np.ones_like(x), x, which])
    solution, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    if rank < 3 or len(y) < 4:
        return np.nan, np.nan
    return float(solution[2]), float(solution[1])


# --- what a rearrangement is like: Figs 6 and 7 ---------------------------------------------------


@PAPER.claims("rearrangements")
def tens_to_hundreds(tables):
    """Part of the rearrangements in which tens to hundreds of particles take part."""
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    for temperature, group in table.groupby("temperature"):
        number = group["participants"]
        inside = int(((number >= 10.0) & (number < 1000.0)).sum())
        yield claim(
            # "only tens to hundreds": nine in ten at least
            proportion(inside, len(group), 0.9, 1.0),
            item="Fig. 6",
            quantity="part of rearrangements with 10 <= N_rearr < 1000",
            ensemble=_names(group),
            temperature=temperature,
            observed=inside / len(group),
            error=proportion_error(inside, len(group)),
            statement="Rearrangements are strictly localised: only tens to hundreds of particles "
            "take part.",
            finding=f"{inside} of {len(group)} distinct transitions; median {number.median():.0f}, "
            f"nine in ten between {number.quantile(0.05):.0f} and {number.quantile(0.95):.0f}.",
            decided_by=_more_transitions(inside, len(group), 0.9),
            source="Fig. 6(b)",
            samples=_samples_behind(tables, group),
        )


def _more_transitions(successes, count, bound):
    """How many distinct transitions would decide on which side of a bound a part is."""
    if proportion(successes, count, bound, 1.0).verdict != UNDECIDED:
        return ""
    part = successes / count
    for times in range(2, 31):
        if proportion(round(times * successes), times * count, bound, 1.0).verdict != UNDECIDED:
            return (
                f"about {times * count} distinct transitions instead of {count} would decide, if "
                "the part stays"
            )
    return f"a part of {part:.2f} lies so close to {bound:g} that {30 * count} would not decide"


_TRIGGERED = (
    "the opposite is found, as in the study with single excited modes that the paper says it "
    "contradicts. Tested: with minimisations stopped at a largest force of 0.1 two frames without "
    "an event differ by |Dr_IS| = 0.07 to 0.10, spread over some 1,750 of 4,000 particles, which "
    "would pass for small and extended rearrangements; the paper does not state its tolerance"
)


@PAPER.claims("rearrangements")
def what_grows_with_displacement(tables):
    """Rank correlations of the participants and of the change of energy with |Dr_IS|."""
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    for temperature, group in table.groupby("temperature"):
        group = group.assign(size=group["energy_change"].abs())
        for column, name, source, judge, statement, why in (
            (
                "participants",
                "N_rearr",
                "Fig. 6(b)",
                below,
                "Smaller rearrangements are less localised: they involve more particles.",
                _TRIGGERED,
            ),
            (
                "size",
                "|DPhi_IS|",
                "Fig. 6(a)",
                above,
                "A larger rearrangement means a larger change of energy.",
                "",
            ),
        ):
            observed = rank_correlation(group["distance"], group[column])
            error = event_error(group, ("distance", column), rank_correlation)
            # of few transitions a bootstrap repeats the same ranks too often
            error = max(error, rank_correlation_error(observed, len(group)))
            yield claim(
                _if_enough(judge(observed, error, 0.0), len(group)),
                item="Fig. 6",
                quantity=f"Spearman coefficient of {name} and |Dr_IS|",
                ensemble=_names(group),
                temperature=temperature,
                observed=observed,
                error=error,
                statement=statement,
                finding=f"Over {len(group)} distinct transitions, each counted once.",
                reason=why,
                decided_by=_too_few(len(group)),
                source=source,
                samples=_samples_behind(tables, group),
                count=len(group),
                noun="distinct transitions",
            )


@PAPER.claims("rearrangements")
def far_field_exponents(tables):
    """Exponent of the decay of displacements around rearrangements of a single core."""
    table = distinct_transitions(_glasses(tables, "rearrangements"))
    table = table[np.isfinite(table["far_field_exponent"])]
    density = tables["ensembles"].set_index("ensemble")["density"]
    for (ensemble, temperature), everything in table.groupby(["ensemble", "temperature"]):
        group = everything[everything["participants"] < SINGLE_CORE]
        if group.empty:
            continue
        exponents = group["far_field_exponent"]
        observed = float(exponents.mean())
        error = event_error(group, ("far_field_exponent",), np.mean)
        edge = (group["particles"].iloc[0] / density[ensemble]) ** (1.0 / 3.0)
        inner = CORE_RADIUS * density[ensemble] ** (-1.0 / 3.0)
        yield claim(
            _if_enough(between(observed, error, 2.5, 3.0), len(group)),
            item="Fig. 7",
            quantity="far-field exponent a",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="|Dr_i| falls off as r^-a with a = 2.5 to 3, unlike elastic deformation with "
            "a = 2.",
            finding=f"Mean of {len(group)} distinct transitions with N_rearr < {SINGLE_CORE}, one "
            f"core each (of all {len(everything)}: {everything['far_field_exponent'].mean():.2f}); "
            f"standard deviation {exponents.std():.2f}. Fit from r = {inner:.3g} to "
            f"{OUTER_FRACTION * edge:.3g} in a periodic box of edge {edge:.3g}.",
            reason=far_field.TESTED,
            decided_by=_too_few(len(group)),
            source="Fig. 7(b)",
            samples=_samples_behind(tables, group),
            count=len(group),
            noun="distinct transitions",
        )


# --- how often: Fig. 5 and Table I ----------------------------------------------------------------


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


_POISSON = (
    "Slope of the logarithms with Poisson counts, and a larger error where the samples differ by "
    "more."
)


@PAPER.claims("rearrangement_runs")
def rates(tables):
    """Exponents of the rate of rearrangements with the size and with the temperature."""
    runs = _glasses(tables, "rearrangement_runs")
    for temperature, group in runs.groupby("temperature"):
        slope, error = rate_exponent(group, "particles")
        if not np.isfinite(slope):
            continue
        yield claim(
            above(slope, error, 0.0),
            item="Fig. 5; Table I",
            quantity="exponent of the rate with N",
            ensemble=_names(group),
            temperature=temperature,
            observed=slope,
            error=error,
            statement="Larger systems rearrange more often.",
            finding=f"{_POISSON} Independent local rearrangements would give 1.",
            samples=samples_of(tables, group),
            count=len(group),
            noun="runs",
        )
    for ensemble, group in runs.groupby("ensemble"):
        slope, error = rate_exponent(group, "temperature")
        if not np.isfinite(slope):
            continue
        temperatures = ", ".join(f"{value:g}" for value in sorted(group["temperature"].unique()))
        yield claim(
            above(slope, error, 0.0),
            item="Fig. 5; Table I",
            quantity="exponent of the rate with T",
            ensemble=ensemble,
            observed=slope,
            error=error,
            statement="A higher temperature induces more frequent rearrangements.",
            finding=f"{_POISSON} T = {temperatures}.",
            samples=samples_of(tables, group),
            count=len(group),
            noun="runs",
        )


def _occurrence(events, duration, paper):
    """Whether rearrangements occur where the paper says so, in a total time of runs.

    No event in less than the time of one of the paper's runs decides nothing.
    """
    rule = (
        "an event shows a Yes and contradicts a No; none in a total time of the paper's runs, "
        f"{PAPER_DURATION:g}, shows a No and contradicts a Yes; none in less is undecided"
    )
    if events:
        verdict = SHOWN if paper == "Yes" else CONTRADICTED
    elif duration >= PAPER_DURATION:
        verdict = SHOWN if paper == "No" else CONTRADICTED
    else:
        verdict = UNDECIDED
    return Judgement(verdict, rule, float(paper == "Yes"))


def _longer(duration):
    return f"a total time of {PAPER_DURATION:g} instead of {duration:g} would decide"


@PAPER.claims("table_rearrangements")
def table_one(tables):
    """Entries of the paper's Table I for glasses."""
    table = tables["table_rearrangements"]
    for entry in table[(table["paper"] != "-") & (table["kind"] == "glass")].itertuples():
        yield claim(
            _occurrence(entry.events, entry.duration, entry.paper),
            item="Table I; Fig. 5",
            quantity="rearranges (1: Yes, 0: No)",
            ensemble=entry.ensemble,
            temperature=entry.temperature,
            observed=float(entry.events > 0),
            statement=f"Rearrangements at this size and temperature: {entry.paper} (runs of "
            f"t = {PAPER_DURATION:g}).",
            finding=f"{entry.events} rearrangements in a total time of {entry.duration:g}.",
            reason=_ageing(tables, entry.ensemble, entry.temperature) if entry.events else "",
            decided_by=_longer(entry.duration),
            source="Table I",
            samples=f"{entry.samples} of {entry.ensemble}, N = {entry.particles:,}",
        )


@PAPER.claims("rearrangement_runs")
def crystals(tables):
    """Rearrangements of crystals, of which there should be none."""
    known = tables["ensembles"].set_index("ensemble")
    for ensemble, group in tables["rearrangement_runs"].groupby("ensemble"):
        if ensemble not in known.index or known["kind"][ensemble] != "crystal":
            continue
        events, duration = int(group["events"].sum()), float(group["duration"].sum())
        temperatures = ", ".join(f"{value:g}" for value in sorted(group["temperature"].unique()))
        yield claim(
            _occurrence(events, duration, "No"),
            item="Table I",
            quantity="rearrangements of the crystal",
            ensemble=ensemble,
            observed=events,
            statement="Crystals never rearrange.",
            finding=f"{len(group)} runs of a total time of {duration:g} at T = {temperatures}; "
            f"none means a rate below {NO_EVENT_95 / duration:.1g} (95 %).",
            decided_by=_longer(duration),
            samples=samples_of(tables, group),
        )


@PAPER.claims("rearrangement_runs")
def converged_frames(tables):
    """Part of the frames whose minimisation did not converge."""
    runs = tables["rearrangement_runs"]
    failed, frames = int(runs["not_converged"].sum()), int(runs["frames"].sum())
    yield claim(
        check(failed == 0, "passed if every minimisation converged"),
        item="Fig. 5; Eq. 5",
        quantity="part of frames whose minimisation did not converge",
        ensemble="all",
        observed=failed / max(frames, 1),
        statement="Inherent structures are minima of the potential energy.",
        finding=f"{failed} of {frames} frames; in them a rearrangement may go unseen.",
        samples=samples_of(tables, runs),
    )


# --- long times: Figs 8 and 9 ---------------------------------------------------------------------


def _ageing(tables, ensemble, temperature):
    """How far a glass fell in energy during its runs: why it is not stationary."""
    parts = []
    if "inherent_structures" in tables:
        table = _at(tables["inherent_structures"], ensemble, temperature)
        table = table[table["converged"].astype(bool)]
        fallen = [
            run.sort_values("time")["energy"].iloc[-1] - run.sort_values("time")["energy"].iloc[0]
            for _, run in table.groupby("sample")
        ]
        if fallen:
            parts.append(
                "Phi_IS changed by " + ", ".join(f"{value:.2g}" for value in fallen) + " in the "
                f"{'runs' if len(fallen) > 1 else 'run'}"
            )
    if "rearrangements" in tables:
        events = _at(tables["rearrangements"], ensemble, temperature)
        if len(events):
            downhill = 100.0 * float((events["energy_change"] < 0.0).mean())
            parts.append(f"{downhill:.0f} % of {len(events)} events went downhill")
    if not parts:
        return ""
    return (
        f"short runs of a glass that was hardly aged: {'; '.join(parts)}. A glass aged for 1e4 at "
        f"T = 5e-2, and at least {FEWEST_SAMPLES} samples of t = {PAPER_DURATION:g}, would tell"
    )


def _at(table, ensemble, temperature):
    return table[(table["ensemble"] == ensemble) & (table["temperature"] == temperature)]


def _by_sample(tables, column):
    """Time and values of a column for each run that rearranged, by ensemble and temperature.

    Yields
    ------
    key : (str, float)
        Ensemble and temperature.
    series : list of (ndarray, ndarray)
        Time over the length of the run, from 0 to 1, and values, of each run.
    rows : pandas.DataFrame
        Rows of these runs.
    """
    table = tables["inherent_structures"]
    table = table[table["converged"].astype(bool) & np.isfinite(table[column])]
    for key, group in table.groupby(["ensemble", "temperature"]):
        left = group.groupby("sample")["structure"].transform("nunique") > 1
        rows = group[left]
        series = []
        for _, run in rows.groupby("sample"):
            time = run["time"].to_numpy()
            series.append(((time - time[0]) / np.ptp(time), run[column].to_numpy()))
        if series:
            yield key, series, rows


def jackknife(function, one, other) -> tuple[float, float]:
    """A function of two means over samples, and its jackknife standard error (NaN for one)."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    value, count = float(function(one.mean(), other.mean())), len(one)
    if count < 2:
        return value, np.nan
    left = [function(np.delete(one, i).mean(), np.delete(other, i).mean()) for i in range(count)]
    return value, float(np.sqrt((count - 1) * np.var(left)))


UNBOUNDED = np.sqrt(2.0)
"""Ratio of the mean displacements in two successive octaves of time if it grew as t^(1/2)."""

STEADY_DRIFT = np.sqrt(3.0)
"""Difference of the means of both halves of a run, over its standard deviation, in steady drift."""


@PAPER.claims("inherent_structures")
def bounded_displacement(tables):
    """Distance from the initial inherent structure at late over that at early times."""
    halfway = 0.5 * (1.0 + UNBOUNDED)
    for (ensemble, temperature), series, rows in _by_sample(tables, "displacement"):
        late = [value[time >= 0.5].mean() for time, value in series]
        early = [value[(time >= 0.25) & (time < 0.5)].mean() for time, value in series]
        if not np.mean(early) > 0.0:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            observed, error = jackknife(np.divide, late, early)
        yield claim(
            below(observed, error, halfway, what=f"{halfway:.2f}, half way to growth"),
            item="Fig. 8",
            quantity="late / early |r_IS(t) - r_IS(0)|",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="The range that |r_IS(t) - r_IS(0)| spans does not change: the system stays "
            "within one wide basin.",
            finding="Mean of the second half of the run over that of its second quarter, where "
            f"growth as t^(1/2) would give {UNBOUNDED:.2f}; jackknife over runs.",
            reason=_ageing(tables, ensemble, temperature),
            samples=samples_of(tables, rows),
            count=len(series),
            noun="runs",
        )


@PAPER.claims("inherent_structures")
def no_drift_of_energy(tables):
    """Energy of the inherent structures in the second half of a run less that in the first."""
    for (ensemble, temperature), series, rows in _by_sample(tables, "energy"):
        late = [value[time >= 0.5].mean() for time, value in series]
        early = [value[time < 0.5].mean() for time, value in series]
        spread = float(np.sqrt(np.mean([value.var() for _, value in series])))
        observed, error = jackknife(lambda b, a, scale=spread: (b - a) / scale, late, early)
        yield claim(
            # half way to a steady drift, up or down
            equivalent(observed, error, 0.0, 0.5 * STEADY_DRIFT),
            item="Fig. 9",
            quantity="drift of Phi_IS, in its standard deviations",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="Energies of the inherent structures stay in a finite range for long times: "
            "no ageing.",
            finding="Mean of the second half of the run less that of the first, over the standard "
            f"deviation in a run ({spread:.2g}); steady drift would give {STEADY_DRIFT:.2f} "
            "either way; jackknife over runs.",
            reason=_ageing(tables, ensemble, temperature),
            samples=samples_of(tables, rows),
            count=len(series),
            noun="runs",
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


def late_returns(tables) -> pd.DataFrame:
    """Runs of glasses that left their initial inherent structure, and whether they are back late.

    Returns
    -------
    pandas.DataFrame
        ensemble, sample, temperature, particles, late (whether some frame in the second half of
        the run is back in the initial structure); one row for each run that left it.
    """
    table = _glasses(tables, "inherent_structures")
    table = table[table["converged"].astype(bool)]
    rows = []
    for (ensemble, temperature, sample), run in table.groupby(
        ["ensemble", "temperature", "sample"]
    ):
        if run["structure"].nunique() < 2:
            continue
        time = run["time"].to_numpy()
        initial = run["structure"].to_numpy() == run["structure"].iloc[0]
        # back, not still there
        back = initial & (np.arange(len(run)) > np.argmin(initial))
        rows.append(
            {
                "ensemble": ensemble,
                "sample": sample,
                "temperature": temperature,
                "particles": run["particles"].iloc[0],
                "late": bool(back[time >= time.min() + 0.5 * np.ptp(time)].any()),
            }
        )
    return pd.DataFrame(rows, columns=["ensemble", "sample", "temperature", "particles", "late"])


@PAPER.claims("inherent_structures")
def returns_to_the_start(tables):
    """Part of the runs that are back in their initial inherent structure late."""
    for (ensemble, temperature), group in late_returns(tables).groupby(["ensemble", "temperature"]):
        back, count = int(group["late"].sum()), len(group)
        paper = _paper_returns(int(group["particles"].iloc[0]), temperature)
        judgement = context()
        if np.isfinite(paper):
            low, high = (0.5, 1.0) if paper == 1.0 else (0.0, 0.5)
            judgement = proportion(back, count, low, high, reference=paper)
        yield claim(
            judgement,
            item="Fig. 8",
            quantity="part of runs that are back in the initial structure late",
            ensemble=ensemble,
            temperature=temperature,
            observed=back / count,
            error=proportion_error(back, count),
            statement="The system returns to its initial inherent structure at (N, T) = "
            "(4000, 5e-2) and (32000, 1e-2), and the more so in smaller or colder ones; never at "
            "(32000, 5e-2).",
            finding=f"{back} of {count} runs that left it are back in it at some time in their "
            "second half.",
            reason=_ageing(tables, ensemble, temperature),
            decided_by="six runs that all do the same would decide",
            samples=samples_of(tables, group),
        )
