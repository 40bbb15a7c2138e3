"""Modes pulled until the inherent structure changes, against mizuno2020_anharmonic.

Figs 3-15 and Table I. The paper gives orders of magnitude and words, not numbers with errors: what
a word such as "weak" is taken to mean stands beside each constant below. Ranges over several
decades are shown beside the paper's and not judged, since hardly any value would lie outside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers import far_field
from glassmodes.papers.criteria import (
    above,
    below,
    between,
    claim,
    context,
    equivalent,
    mean_and_error,
    within_factor,
)
from glassmodes.papers.mizuno2020_anharmonic import PAPER
from glassmodes.papers.mizuno2020_anharmonic.tables import (
    PUBLISHED,
    below_boson_peak,
    critical_temperatures,
    critical_temperatures_of_samples,
    cubic_amplitudes,
    distinct,
    excited,
    transitions,
)
from glassmodes.plotting.selection import samples_of
from glassmodes.statistics.correlations import (
    partial_rank_correlation,
    power_law_exponent,
    rank_correlation,
)
from glassmodes.statistics.resampling import SAMPLE, bootstrap_error, jackknife_error
from glassmodes.transitions.rearrangements import SINGLE_CORE

HALF_DECADE = 10.0**0.5
"""How precisely the paper's orders of magnitude are taken."""

WEAK_CORRELATION = 0.3
"""Rank correlation up to which two quantities have "no apparent correlation" in a scatter plot."""

STRONG_CORRELATION = 0.5
"""Rank correlation from which two quantities are "strongly correlated"."""

SIZE_TOLERANCE = 0.2
"""Exponent with N that goes unseen in the paper's plots: a factor of two over its range of N."""

ROUGH_EXPONENT = 0.5
"""Difference from an exponent that the paper calls rough: half way to the next whole power."""

FEWEST_MODES = 20
"""Transitions below which a distribution is not compared."""

_BINS_PER_OCTAVE = 4


# --- statistics -----------------------------------------------------------------------------------


def medians_by_frequency(rows, column) -> pd.DataFrame:
    """Medians of ln(column) over the modes of each sample in bins of frequency.

    Parameters
    ----------
    rows : DataFrame
        With ensemble, sample, frequency, particles and the column (positive).

    Returns
    -------
    pandas.DataFrame
        particles, ensemble, sample, bin (a quarter of an octave), median, modes; of the range of
        frequency that all sizes share.
    """
    ends = rows.groupby("particles")["frequency"].agg(["min", "max"])
    rows = rows[rows["frequency"].between(ends["min"].max(), ends["max"].min())]
    bins = np.floor(_BINS_PER_OCTAVE * np.log2(rows["frequency"]))
    cells = rows.assign(bin=bins, value=np.log(rows[column]))
    cells = cells.groupby(["particles", "ensemble", "sample", "bin"])["value"]
    return cells.agg(median="median", modes="size").reset_index()


def exponent_at_equal_frequency(cells) -> float:
    """Exponent of a quantity with N at equal frequency.

    One slope for all bins, each with a constant of its own, weighted by modes.

    Parameters
    ----------
    cells : DataFrame
        Of :func:`medians_by_frequency`.

    Returns
    -------
    float
        NaN where two sizes share no bin.
    """
    weight = cells["modes"].to_numpy(dtype=float)
    _, place = np.unique(cells["bin"], return_inverse=True)
    total = np.bincount(place, weight)
    deviations = []
    for values in (np.log(cells["particles"]).to_numpy(), cells["median"].to_numpy()):
        deviations.append(values - (np.bincount(place, weight * values) / total)[place])
    x, y = deviations
    spread = float((weight * x**2).sum())
    return float((weight * x * y).sum() / spread) if spread > 1e-12 else np.nan


# --- what rows have in common ---------------------------------------------------------------------


def _names(rows):
    """The ensembles of some rows, smallest first."""
    ordered = rows.sort_values("particles", kind="stable")["ensemble"].unique()
    return ", ".join(ordered)


def _sizes(rows):
    counts = rows.groupby("particles").size()
    return "; ".join(f"{count} modes at N = {size}" for size, count in counts.items())


def _by_model(rows):
    for model, group in rows.groupby("model", sort=False):
        yield model, group.reset_index(drop=True)


def _of(tables, rows):
    """What each row of the summary says of the samples that it rests on."""
    ordered = rows.sort_values("particles", kind="stable")
    return {
        "ensemble": _names(rows),
        "samples": samples_of(tables, ordered),
        "count": rows.groupby(SAMPLE).ngroups,
    }


def _peak_known(rows):
    if rows["boson_peak"].notna().all():
        return "below the boson peak"
    return "of all frequencies (the boson peak is unknown)"


# --- which modes: Section II.C, Figs 3 and 5 ------------------------------------------------------


@PAPER.claims("excitations")
def outcomes(tables):
    """Part of the modes that make a transition, and what that costs."""
    for _, rows in _by_model(excited(tables)):
        moved = rows["outcome"] == "transition"
        share = moved.groupby([rows["ensemble"], rows["sample"]]).mean()
        _, error = mean_and_error(share)
        counts = rows["outcome"].value_counts()
        text = ", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts.index))
        error = error if len(share) > 2 else np.nan
        yield claim(
            above(moved.mean(), error, 0.5),
            item="Section II.C; Fig. 2",
            quantity="part of the modes with a transition",
            observed=moved.mean(),
            error=error,
            statement="Modes of a glass, pulled along themselves, fall into another inherent "
            "structure; in the LJ system several do not before particles overlap.",
            finding=f"Outcomes: {text} ({_sizes(rows)}); more than one half is asked for.",
            source="Section II.C, conclusion (i)",
            **_of(tables, rows),
        )
        per_mode, error = mean_and_error(rows.groupby(SAMPLE)["minimisations"].mean())
        yield claim(
            context(),
            item="Section II.C",
            quantity="minimisations per mode",
            observed=per_mode,
            error=error,
            statement="The amplitude A_c at which the state changes is found by minimisations.",
            finding="Scan and bisection of A_c for both signs; largest number for one mode "
            f"{rows['minimisations'].max()}, median {rows['evaluations'].median():.0f} force "
            f"evaluations and {rows['seconds'].median():.3g} s a mode, median relative precision "
            f"of A_c {rows['relative_precision'].median():.1g}.",
            **_of(tables, rows),
        )


@PAPER.claims("boson_peak")
def boson_peak(tables):
    """Boson peak of each spectrum."""
    known = set(tables["ensembles"]["ensemble"])
    table = tables["boson_peak"]
    for spectrum_of, entries in table[table["ensemble"].isin(known)].groupby("spectrum_of"):
        entry = entries.iloc[0]
        yield claim(
            context(),
            item="Fig. 3; Fig. 5",
            quantity="omega_BP",
            ensemble=", ".join(entries["ensemble"]),
            observed=entry["frequency"],
            error=entry["frequency_error"],
            statement="Modes below the boson peak are looked at.",
            finding=f"Where g(omega) / omega^2 of {spectrum_of} is largest, {entry['level']:.2g} "
            "times the Debye level there.",
        )


# --- orders of magnitude: Figs 3, 6, 8, 10, 11 ----------------------------------------------------


@PAPER.claims("excitations")
def orders_of_magnitude(tables):
    """The 5 and 95 % quantiles of each quantity beside the ends of the paper's range."""
    for model, rows in _by_model(transitions(tables)):
        if model not in PUBLISHED:
            continue
        paper = PUBLISHED[model]
        for column, ends, quantity, item, what in (
            (
                "amplitude",
                paper.amplitude,
                "A_c",
                "Fig. 3",
                f"A_c of modes {_peak_known(rows)}, in particle diameters, is",
            ),
            ("distance", paper.distance, "|Dr|", "Fig. 6", "|Dr| is"),
            ("size", paper.energy_change, "|DPhi|", "Fig. 8", "|DPhi| is"),
            (
                "participants",
                paper.participants,
                "N_rearr",
                "Fig. 10",
                "Rearrangements are localised: the particles that take part are",
            ),
            (
                "per_particle",
                paper.per_particle,
                "(Dr^2 / N_rearr)^1/2",
                "Fig. 11",
                "The displacement of each participating particle is",
            ),
        ):
            chosen = below_boson_peak(rows) if column == "amplitude" else rows
            chosen = chosen[chosen[column] > 0.0].reset_index(drop=True)
            if chosen.empty:
                continue
            for level, end in zip((0.05, 0.95), ends, strict=True):
                observed = float(np.quantile(chosen[column], level))
                yield claim(
                    context(end),
                    item=item,
                    quantity=f"{quantity}, {100 * level:.0f} % quantile",
                    observed=observed,
                    error=observed
                    * bootstrap_error(
                        chosen, (column,), lambda x, level=level: np.log(np.quantile(x, level))
                    ),
                    statement=f"{what} {ends[0]:g} to {ends[1]:g}.",
                    finding=f"Quantile over modes ({_sizes(chosen)}); bootstrap over samples.",
                    **_of(tables, chosen),
                )


# --- dependence on size, frequency and nature: Figs 3, 4, 6, 7, 10 --------------------------------


@PAPER.claims("excitations")
def independence_of_size(tables):
    """Exponents of each quantity with N, at equal frequency."""
    for _, rows in _by_model(transitions(tables)):
        for column, quantity, item in (
            ("amplitude", "A_c", "Fig. 3"),
            ("distance", "|Dr|", "Fig. 6"),
            ("size", "|DPhi|", "Fig. 8"),
            ("participants", "N_rearr", "Fig. 10"),
        ):
            chosen = rows[rows[column] > 0.0].reset_index(drop=True)
            cells = medians_by_frequency(chosen, column)
            observed = exponent_at_equal_frequency(cells)
            if not np.isfinite(observed):
                continue
            error = jackknife_error(cells, exponent_at_equal_frequency)
            medians = []
            for size, group in chosen.groupby("particles"):
                logs = np.log10(group[column]).groupby([group["ensemble"], group["sample"]])
                centre, spread = mean_and_error(logs.median())
                text = f"{centre:.2f}" + (f" ± {spread:.2f}" if np.isfinite(spread) else "")
                medians.append(f"{text} (N = {size}, {logs.ngroups} samples)")
            yield claim(
                equivalent(observed, error, 0.0, SIZE_TOLERANCE),
                item=item,
                quantity=f"exponent of {quantity} with N",
                observed=observed,
                error=error,
                statement=f"{quantity} does not depend on the system size.",
                finding="Slope of its logarithm with ln N at equal frequency, jackknife over "
                f"samples. Medians over all modes, log10: {', '.join(medians)}.",
                source="Section III.B" if column == "size" else item,
                **_of(tables, chosen),
            )


@PAPER.claims("excitations")
def amplitude_with_frequency(tables):
    """Rank correlation of A_c with the frequency."""
    for _, rows in _by_model(transitions(tables)):
        if len(rows) < FEWEST_MODES:
            continue
        observed = rank_correlation(rows["frequency"], rows["amplitude"])
        error = bootstrap_error(rows, ("frequency", "amplitude"), rank_correlation)
        yield claim(
            above(observed, error, 0.0),
            item="Fig. 3",
            quantity="rank correlation of A_c and omega",
            observed=observed,
            error=error,
            statement="A_c becomes small as omega decreases: the lower the frequency, the stronger "
            "the anharmonicity.",
            finding=f"All excited modes with a transition ({_sizes(rows)}); Spearman's "
            "coefficient, bootstrap over samples.",
            **_of(tables, rows),
        )


@PAPER.claims("excitations")
def independence_of_nature(tables):
    """Rank correlations of A_c and |Dr| with the nature of the mode."""
    for _, everything in _by_model(transitions(tables)):
        rows = below_boson_peak(everything).reset_index(drop=True)
        for column, quantity, item in (
            ("amplitude", "A_c", "Fig. 4"),
            ("distance", "|Dr|", "Fig. 7"),
        ):
            for nature, name in (("phonon_order", "O_k"), ("participation_ratio", "P_k")):
                chosen = rows[np.isfinite(rows[nature])].reset_index(drop=True)
                if len(chosen) < FEWEST_MODES:
                    continue
                observed = rank_correlation(chosen[nature], chosen[column])
                error = bootstrap_error(chosen, (nature, column), rank_correlation)
                partial = partial_rank_correlation(
                    chosen[nature], chosen[column], chosen["frequency"]
                )
                yield claim(
                    equivalent(observed, error, 0.0, WEAK_CORRELATION),
                    item=item,
                    quantity=f"rank correlation of {quantity} and {name}",
                    observed=observed,
                    error=error,
                    statement=f"No apparent correlation of {quantity} with {name}.",
                    finding=f"Modes {_peak_known(rows)} ({_sizes(chosen)}): Spearman's "
                    f"coefficient{_apart(observed, error)}, bootstrap over samples; at equal "
                    f"frequency (partial) {partial:.2f}.",
                    reason="both may follow the frequency: the lowest modes have the smallest "
                    f"{quantity}; at equal frequency {partial:.2f} is left",
                    **_of(tables, chosen),
                )


def _apart(observed, error):
    """How many errors a value lies from zero, as text."""
    return f", {abs(observed) / error:.1f} errors from 0" if np.isfinite(error) and error else ""


# --- barriers and onset: Fig. 5, Table I ----------------------------------------------------------


@PAPER.claims("excitations")
def barriers(tables):
    """Energy at A_c over that of the harmonic mode."""
    for _, rows in _by_model(transitions(tables)):
        rows = rows[(rows["barrier"] > 0.0) & (rows["linear_barrier"] > 0.0)]
        if len(rows) < FEWEST_MODES:
            continue
        rows = rows.assign(ratio=rows["barrier"] / rows["linear_barrier"]).reset_index(drop=True)
        low, observed, high = np.quantile(rows["ratio"], [0.05, 0.5, 0.95])
        error = bootstrap_error(rows, ("ratio",), np.median)
        yield claim(
            # "approximately, not exactly": a factor of two
            within_factor(observed, error, 1.0, 2.0),
            item="Fig. 5; Eq. 8",
            quantity="barrier / (omega^2 A_c^2 N / 2)",
            observed=observed,
            error=error,
            statement="The barrier is approximately that of the harmonic mode, not exactly, since "
            "the potential is not linear.",
            finding=f"Median over modes; 5 and 95 % quantiles {low:.3g} and {high:.3g}; bootstrap "
            "over samples.",
            **_of(tables, rows),
        )


@PAPER.claims("excitations")
def onset_temperatures(tables):
    """Onset temperatures of each size, and how they fall with it."""
    table = critical_temperatures(tables)
    everything = transitions(tables)
    samples = critical_temperatures_of_samples(tables)
    scatter = {
        model: _scatter_of_onsets(group) for model, group in samples.groupby("model", sort=False)
    }
    for entry in table[table["samples"] > 0].itertuples():
        rows = everything[
            (everything["model"] == entry.model) & (everything["particles"] == entry.particles)
        ]
        relative = entry.sample_spread / np.sqrt(entry.samples) if entry.samples > 2 else np.nan
        error = entry.critical_temperature * relative
        yield claim(
            within_factor(entry.critical_temperature, error, entry.paper, HALF_DECADE)
            if np.isfinite(entry.paper)
            else context(),
            item="Table I",
            quantity=f"T_c, N = {entry.particles}",
            observed=entry.critical_temperature,
            error=error,
            statement="Onset temperature of the anharmonicities, twice the smallest barrier"
            + (f": {entry.paper:g}." if np.isfinite(entry.paper) else " (not at this size)."),
            finding=f"Of {entry.modes} modes; geometric mean over samples {entry.sample_mean:.2g}; "
            "the error is that of the scatter between samples.",
            decided_by=_samples_for_onset(scatter.get(entry.model, np.nan), entry.samples),
            **_of(tables, rows),
        )
    for model, group in _by_model(samples):
        observed = _onset_exponent(group)
        if not np.isfinite(observed):
            continue
        error = jackknife_error(group, _onset_exponent)
        paper = PUBLISHED[model].critical_temperatures if model in PUBLISHED else {}
        theirs = power_law_exponent(list(paper), list(paper.values()))
        yield claim(
            below(observed, error, 0.0, reference=theirs),
            item="Table I",
            quantity="exponent of T_c with N",
            observed=observed,
            error=error,
            statement="T_c decreases with the system size.",
            finding="Slope of ln T_c of single samples with ln N, jackknife over samples; the "
            "paper's is that of its three sizes.",
            **_of(tables, group),
        )


def _scatter_of_onsets(samples):
    """Standard deviation of ln T_c between samples of one size, NaN where no size has two."""
    logarithm = np.log(samples["critical_temperature"])
    size = samples["particles"]
    apart = logarithm - logarithm.groupby(size).transform("mean")
    freedom = len(samples) - size.nunique()
    return float(np.sqrt((apart**2).sum() / freedom)) if freedom > 0 else np.nan


def _samples_for_onset(scatter, count):
    """How many samples of one size would place T_c to half a decade."""
    if not np.isfinite(scatter):
        return "three samples of this size are needed for an error"
    needed = max(3, int(np.ceil((2.0 * scatter / np.log(HALF_DECADE)) ** 2)))
    return (
        f"ln T_c scatters by {scatter:.1f} from sample to sample: about {needed} samples of this "
        f"size instead of {count} would place it to half a decade"
    )


def _onset_exponent(samples):
    return power_law_exponent(samples["particles"], samples["critical_temperature"])


# --- the states after the transition: Figs 6, 8, 9, 11, 13 ----------------------------------------


@PAPER.claims("excitations")
def identical_transitions(tables):
    """Distinct transitions over the modes that make one."""
    for _, rows in _by_model(transitions(tables)):
        if len(rows) < FEWEST_MODES:
            continue
        by_sample = rows.groupby([*SAMPLE, "particles"])["final_structure"]
        counts = by_sample.agg(found="nunique", modes="size").reset_index()
        observed = counts["found"].sum() / counts["modes"].sum()
        error = bootstrap_error(
            counts, ("found", "modes"), lambda found, modes: found.sum() / modes.sum()
        )
        most = rows.groupby([*SAMPLE, "final_structure"]).size().max()
        yield claim(
            below(observed, error, 0.5),
            item="Fig. 6; Fig. 8",
            quantity="distinct transitions / modes",
            observed=observed,
            error=error,
            statement="Many modes cause the identical transition: there are much fewer states "
            "after it than modes.",
            finding=f"{counts['found'].sum()} distinct ones of {counts['modes'].sum()} modes with "
            f"a transition, the commonest one by {most} modes of its sample; bootstrap over "
            "samples; less than one half is asked for.",
            source="Fig. 6, conclusion (ii)",
            **_of(tables, rows),
        )


@PAPER.claims("excitations")
def energy_with_distance(tables):
    """Exponent of |DPhi| with |Dr| over distinct transitions."""
    for model, everything in _by_model(transitions(tables)):
        rows = distinct(everything)
        rows = rows[(rows["distance"] > 0.0) & (rows["size"] > 0.0)].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        observed = power_law_exponent(rows["distance"], rows["size"])
        error = bootstrap_error(rows, ("distance", "size"), power_law_exponent)
        reverse = 1.0 / power_law_exponent(rows["size"], rows["distance"])
        correlation = np.corrcoef(np.log(rows["distance"]), np.log(rows["size"]))[0, 1]
        own = _exponent_of_ranges(model)
        yield claim(
            # the paper's own ranges may say less than its exponent
            between(observed, error, min(3.0 - ROUGH_EXPONENT, own), 3.0 + ROUGH_EXPONENT),
            item="Fig. 8",
            quantity="exponent of |DPhi| with |Dr|",
            observed=observed,
            error=error,
            statement="|DPhi| is roughly proportional to |Dr|^3"
            + (f"; the ranges that it gives for both have an exponent of {own:.2f}." * (own < 3.0)),
            finding=f"Least squares of ln |DPhi| against ln |Dr| over {len(rows)} distinct "
            f"transitions, bootstrap over samples; the other way round it gives {reverse:.2f}, "
            f"correlation {correlation:.2f}.",
            reason="the paper states neither a fit nor an error of its exponent",
            **_of(tables, rows),
        )


def _exponent_of_ranges(model):
    """Exponent that the paper's ranges of |DPhi| and |Dr| have, 3 for a model that it has not."""
    if model not in PUBLISHED:
        return 3.0
    return power_law_exponent(PUBLISHED[model].distance, PUBLISHED[model].energy_change)


@PAPER.claims("excitations")
def far_field_exponents(tables):
    """Exponent of the decay of displacements around rearrangements of a single core."""
    for ensemble, everything in transitions(tables).groupby("ensemble", sort=False):
        rows = distinct(everything)
        rows = rows[np.isfinite(rows["far_field_exponent"])]
        every = rows["far_field_exponent"].median()
        rows = rows[rows["participants"] < SINGLE_CORE].reset_index(drop=True)
        if rows.empty:
            continue
        low, observed, high = np.quantile(rows["far_field_exponent"], [0.25, 0.5, 0.75])
        error = _error_over_events(rows, "far_field_exponent", np.median)
        yield claim(
            between(observed, error, 2.5, 3.0),
            item="Fig. 9",
            quantity="far-field exponent a",
            ensemble=ensemble,
            observed=observed,
            error=error,
            statement="The localised region is surrounded by a field |Dr_i| ~ r^-a with a = 2.5 to "
            "3, steeper than an elastic one with a = 2.",
            finding=f"Median of {len(rows)} distinct transitions with N_rearr < {SINGLE_CORE}, one "
            f"core each (of all with a far field: {every:.2f}), quartiles {low:.2f} and "
            f"{high:.2f}; median error of one fit {rows['far_field_error'].median():.2f}.",
            reason=far_field.TESTED,
            samples=samples_of(tables, rows),
            count=len(rows),
            noun="distinct transitions",
        )


def _error_over_events(rows, column, statistic):
    """The larger of the errors over samples (three at least) and over the rows themselves."""
    errors = [
        bootstrap_error(rows, (column,), statistic),
        bootstrap_error(rows.assign(sample=np.arange(len(rows))), (column,), statistic),
    ]
    return float(np.nanmax(errors)) if np.isfinite(errors).any() else np.nan


@PAPER.claims("excitations")
def between_the_lines(tables):
    """Part of the transitions between the two lines of Fig. 11."""
    for model, rows in _by_model(transitions(tables)):
        if model not in PUBLISHED or len(rows) < FEWEST_MODES:
            continue
        low, high = PUBLISHED[model].lines
        rows = rows.assign(inside=(rows["per_particle"] ** 2).between(low, high))
        observed = rows["inside"].mean()
        error = bootstrap_error(rows, ("inside",), np.mean)
        parts = rows.groupby("particles")["inside"].mean()
        yield claim(
            # "roughly": nine in ten
            above(observed, error, 0.9),
            item="Fig. 11",
            quantity="part of the transitions between the lines of Fig. 11",
            observed=observed,
            error=error,
            statement=f"Points lie roughly between Dr^2 = {low:g} N_rearr and Dr^2 = {high:g} "
            "N_rearr.",
            finding="Part of all transitions, bootstrap over samples; by size "
            + ", ".join(f"{part:.2f} (N = {size})" for size, part in parts.items())
            + ".",
            **_of(tables, rows),
        )


@PAPER.claims("excitations")
def direction(tables):
    """Overlap of rearrangements with the mode that caused them."""
    for _, everything in _by_model(transitions(tables)):
        rows = below_boson_peak(everything)
        rows = rows[np.isfinite(rows["overlap"])].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        low, observed, high = np.quantile(rows["overlap"], [0.05, 0.5, 0.95])
        error = bootstrap_error(rows, ("overlap",), np.median)
        yield claim(
            below(observed, error, WEAK_CORRELATION),
            item="Fig. 12; Eq. 10",
            quantity="overlap I, median",
            observed=observed,
            error=error,
            statement="Rearrangements do not in general occur along the mode: their correlation "
            "is weak.",
            finding=f"Modes {_peak_known(rows)}; 5 and 95 % quantiles {low:.2g} and {high:.2g}; "
            "bootstrap over samples.",
            **_of(tables, rows),
        )
        rows = rows[np.isfinite(rows["participation_ratio"])].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        columns = ("participation_ratio", "overlap")
        observed = _overlap_of_localised(*(rows[column] for column in columns))
        error = bootstrap_error(rows, columns, _overlap_of_localised)
        yield claim(
            above(observed, error, 1.0),
            item="Fig. 12",
            quantity="overlap I of localised / extended modes",
            observed=observed,
            error=error,
            statement="Some quasi-localised modes have a relatively large I.",
            finding="Its 90 % quantile over the third of the modes with the smallest P_k, over "
            "that of the third with the largest; bootstrap over samples.",
            **_of(tables, rows),
        )


def _overlap_of_localised(participation, overlap):
    low, high = np.quantile(participation, [1.0 / 3.0, 2.0 / 3.0])
    localised, extended = overlap[participation <= low], overlap[participation >= high]
    return float(np.quantile(localised, 0.9) / np.quantile(extended, 0.9))


@PAPER.claims("excitations")
def sample_dependence(tables):
    """Scatter of |Dr| between samples."""
    for ensemble, rows in transitions(tables).groupby("ensemble", sort=False):
        logs = np.log10(rows["distance"]).groupby(rows["sample"]).median()
        if len(logs) < 3:
            continue
        yield claim(
            context(),
            item="Fig. 13",
            quantity="scatter of |Dr| between samples, decades",
            ensemble=ensemble,
            observed=logs.std(ddof=1),
            statement="|Dr| fluctuates from sample to sample.",
            finding=f"Standard deviation over {len(logs)} samples of the median of log10 |Dr| of "
            "each.",
            samples=samples_of(tables, rows),
        )


# --- the cubic expansion: Figs 14 and 15 ----------------------------------------------------------


@PAPER.claims("excitations")
def cubic_over_measured(tables):
    """A_c of the cubic expansion over the measured one of the same mode."""
    measured = transitions(tables)[["ensemble", "sample", "mode", "amplitude"]]
    both = cubic_amplitudes(tables).merge(
        measured, on=["ensemble", "sample", "mode"], suffixes=("", "_measured")
    )
    for _, rows in _by_model(both):
        if len(rows) < FEWEST_MODES:
            continue
        rows = rows.assign(ratio=np.log10(rows["amplitude"] / rows["amplitude_measured"]))
        low, observed, high = np.quantile(rows["ratio"], [0.05, 0.5, 0.95])
        error = bootstrap_error(rows, ("ratio",), np.median)
        by_size = ", ".join(
            f"{value:.2f} (N = {size})"
            for size, value in rows.groupby("particles")["ratio"].median().items()
        )
        yield claim(
            above(observed, error, 1.5, what="1.5, two orders of magnitude to half a decade,"),
            item="Fig. 14; Eq. A3",
            quantity="log10 of cubic A_c / measured A_c",
            observed=observed,
            error=error,
            statement="The cubic expansion puts A_c orders of magnitude above the measured one.",
            finding=f"Median over modes ({_sizes(rows)}); 5 and 95 % quantiles {low:.2g} and "
            f"{high:.2g}; bootstrap over samples.",
            reason=f"it is one order of magnitude here; by size {by_size}. The paper's systems are "
            "larger, with modes of lower frequency: N of 32,000 and more would tell",
            **_of(tables, rows),
        )


@PAPER.claims()
def cubic_with_nature(tables):
    """Rank correlations of the cubic A_c with the nature of the mode."""
    for model, everything in _by_model(cubic_amplitudes(tables)):
        rows = below_boson_peak(everything)
        for nature, name in (("phonon_order", "O_k"), ("participation_ratio", "P_k")):
            chosen = rows[np.isfinite(rows[nature])].reset_index(drop=True)
            if len(chosen) < FEWEST_MODES:
                continue
            observed = rank_correlation(chosen[nature], chosen["amplitude"])
            error = bootstrap_error(chosen, (nature, "amplitude"), rank_correlation)
            how, of = "bootstrap over samples", _of(tables, chosen)
            if not np.isfinite(error):
                # no two modes of a sample share a cubic coefficient, as they share transitions
                single = chosen.assign(sample=np.arange(len(chosen)))
                error = bootstrap_error(single, (nature, "amplitude"), rank_correlation)
                how, of = "bootstrap over modes", of | {"count": len(chosen), "noun": "modes"}
            size = abs(observed)
            yield claim(
                # Fig. 15 shows harmonic spheres alone
                above(size, error, STRONG_CORRELATION, what=f"{STRONG_CORRELATION} in size")
                if model == "harmonic"
                else context(),
                item="Fig. 15",
                quantity=f"rank correlation of cubic A_c and {name}",
                observed=observed,
                error=error,
                statement=f"The cubic A_c is strongly correlated with {name} (harmonic spheres).",
                finding=f"Modes {_peak_known(rows)} ({_sizes(chosen)}): Spearman's coefficient, "
                f"{how}.",
                reason=f"a correlation there is{_apart(observed, error)}, but below what is taken "
                "for a strong one; the paper gives no number",
                **of,
            )
