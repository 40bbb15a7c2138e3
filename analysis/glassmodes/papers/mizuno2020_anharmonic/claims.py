"""Modes pulled until the inherent structure changes, against mizuno2020_anharmonic.

Figs 3-15 and Table I. The paper gives orders of magnitude and words, not numbers with errors; the
rules take an order of magnitude to be known to half a decade, and a word such as "weak" to mean
what is said beside each constant below.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.criteria import mean_and_error, near, row
from glassmodes.papers.mizuno2020_anharmonic.tables import (
    PAPER,
    below_boson_peak,
    critical_temperatures,
    critical_temperatures_of_samples,
    cubic_amplitudes,
    distinct,
    excited,
    transitions,
)
from glassmodes.statistics.resampling import bootstrap_error, jackknife_error

HALF_DECADE = 10.0**0.5
"""How precisely the paper's orders of magnitude are taken."""

WEAK_CORRELATION = 0.3
"""Rank correlation up to which two quantities have "no apparent correlation" in a scatter plot."""

STRONG_CORRELATION = 0.5
"""Rank correlation from which two quantities are "strongly correlated"."""

LARGEST_CORRELATION_ERROR = 0.15
"""Standard error of a rank correlation above which it is not judged."""

SIZE_TOLERANCE = 0.2
"""Exponent with N that goes unseen in the paper's plots: a factor of two over its range of N."""

LARGEST_SIZE_ERROR = 0.3
"""Standard error of an exponent with N above which it is not judged."""

FEWEST_MODES = 20
"""Transitions below which a distribution is not judged."""

_BINS_PER_OCTAVE = 4


# --- statistics -----------------------------------------------------------------------------------


def rank_correlation(x, y) -> float:
    """Spearman's coefficient, NaN where either does not vary."""
    x, y = _ranks(x), _ranks(y)
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0.0 else np.nan


def _ranks(values):
    """Ranks from 1, of equal values their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - 0.5 * (counts - 1))[places]


def partial_rank_correlation(x, y, z) -> float:
    """Spearman's coefficient of x and y with that of both with z taken out."""
    xy, xz, yz = rank_correlation(x, y), rank_correlation(x, z), rank_correlation(y, z)
    scale = (1.0 - xz**2) * (1.0 - yz**2)
    return float((xy - xz * yz) / np.sqrt(scale)) if scale > 0.0 else np.nan


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


def size_exponent(cells) -> float:
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


def power(x, y) -> float:
    """Exponent of y with x, both positive: slope of the logarithms by least squares."""
    x, y = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    if len(x) < 2 or not np.ptp(x) > 0.0:
        return np.nan
    return float(np.polyfit(x, y, 1)[0])


# --- rows -----------------------------------------------------------------------------------------


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


def _peak_known(rows):
    if rows["boson_peak"].notna().all():
        return "below the boson peak"
    return "of all frequencies (the boson peak is unknown)"


def _outcomes(tables):
    for _, rows in _by_model(excited(tables)):
        share = (rows["outcome"] == "transition").groupby([rows["ensemble"], rows["sample"]]).mean()
        _, error = mean_and_error(share)
        observed = (rows["outcome"] == "transition").mean()
        counts = rows["outcome"].value_counts()
        text = ", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts.index))
        yield row(
            _names(rows),
            np.nan,
            "part of the modes with a transition",
            observed,
            error if len(share) > 2 else np.nan,
            1.0,
            "Section II.C, conclusion (i)",
            "more than one half",
            observed > 0.5,
            "Modes of a glass, pulled along themselves, fall into another inherent structure; in "
            f"the LJ system several do not before particles overlap. Outcomes: {text} ("
            + _sizes(rows)
            + ").",
        )
        per_mode, error = mean_and_error(
            rows.groupby(["ensemble", "sample"])["minimisations"].mean()
        )
        yield row(
            _names(rows),
            np.nan,
            "minimisations per mode",
            per_mode,
            error,
            np.nan,
            "Section II.C",
            "none, a cost",
            None,
            "Scan and bisection of A_c for both signs; largest number for one mode "
            f"{rows['minimisations'].max()}, median {rows['evaluations'].median():.0f} force "
            f"evaluations and {rows['seconds'].median():.3g} s a mode, median relative precision "
            f"of A_c {rows['relative_precision'].median():.1g}.",
        )


def _range(rows, column, ends, quantity, source, what):
    """Rows for the 5 and 95 % quantiles and the extremes of a quantity against a range."""
    rows = rows[rows[column] > 0.0]
    values = rows[column].to_numpy()
    if len(values) == 0:
        return
    enough = len(values) >= FEWEST_MODES
    low, high = ends
    statement = (
        f"{what} {low:g} to {high:g}. Modes: {_sizes(rows)}, of "
        f"{rows.groupby(['ensemble', 'sample']).ngroups} samples; quantiles and extremes over "
        "modes, errors by bootstrap over samples."
    )
    for level, end in ((0.05, low), (0.95, high)):
        observed = float(np.quantile(values, level))
        error = observed * bootstrap_error(
            rows, (column,), lambda drawn, level=level: np.log(np.quantile(drawn, level))
        )
        inside = low / HALF_DECADE <= observed <= high * HALF_DECADE
        yield row(
            _names(rows),
            np.nan,
            f"{quantity}, {100 * level:.0f} % quantile",
            observed,
            error,
            end,
            source,
            "within the paper's range, half a decade wider at both ends",
            inside if enough else None,
            statement,
        )
    for observed, end, name in ((values.min(), low, "smallest"), (values.max(), high, "largest")):
        yield row(
            _names(rows),
            np.nan,
            f"{quantity}, {name}",
            observed,
            np.nan,
            end,
            source,
            "within a decade of the end of the paper's range",
            end / 10.0 <= observed <= end * 10.0 if enough else None,
            statement,
        )


def _ranges(tables):
    everything = transitions(tables)
    for model, rows in _by_model(everything):
        if model not in PAPER:
            continue
        paper = PAPER[model]
        yield from _range(
            below_boson_peak(rows),
            "amplitude",
            paper.amplitude,
            "A_c",
            "Fig. 3",
            f"A_c of modes {_peak_known(rows)}, in particle diameters; the paper's, below it, is",
        )
        for column, ends, quantity, source, what in (
            (
                "distance",
                paper.distance,
                "|Dr|",
                "Fig. 6",
                "|Dr| of all transitions; the paper's is",
            ),
            (
                "size",
                paper.energy_change,
                "|DPhi|",
                "Fig. 8",
                "|DPhi| of all transitions; the paper's is",
            ),
            (
                "participants",
                paper.participants,
                "N_rearr",
                "Fig. 10",
                "Rearrangements are localised; particles that take part, in the paper",
            ),
            (
                "per_particle",
                paper.per_particle,
                "(Dr^2 / N_rearr)^1/2",
                "Fig. 11",
                "Displacement of each participating particle; the paper's is",
            ),
        ):
            yield from _range(rows, column, ends, quantity, source, what)


def _independence_of_size(tables):
    for _, rows in _by_model(transitions(tables)):
        for column, quantity, source in (
            ("amplitude", "A_c", "Fig. 3"),
            ("distance", "|Dr|", "Fig. 6"),
            ("size", "|DPhi|", "Section III.B"),
            ("participants", "N_rearr", "Fig. 10"),
        ):
            chosen = rows[rows[column] > 0.0].reset_index(drop=True)
            cells = medians_by_frequency(chosen, column)
            observed = size_exponent(cells)
            if not np.isfinite(observed):
                continue
            error = jackknife_error(cells, size_exponent)
            medians = []
            for size, group in chosen.groupby("particles"):
                logs = np.log10(group[column]).groupby([group["ensemble"], group["sample"]])
                centre, spread = mean_and_error(logs.median())
                text = f"{centre:.2f}" + (f" ± {spread:.2f}" if np.isfinite(spread) else "")
                medians.append(f"{text} (N = {size}, {logs.ngroups} samples)")
            yield row(
                _names(chosen),
                np.nan,
                f"exponent of {quantity} with N",
                observed,
                error,
                0.0,
                source,
                f"within two standard errors + {SIZE_TOLERANCE} of 0, judged if the error is below "
                f"{LARGEST_SIZE_ERROR}",
                near(observed, error, 0.0, SIZE_TOLERANCE)
                if np.isfinite(error) and error < LARGEST_SIZE_ERROR
                else None,
                f"{quantity} does not depend on the system size: slope of its logarithm with ln N "
                "at equal frequency, jackknife over samples. Medians over all modes, log10: "
                + ", ".join(medians)
                + ".",
            )


def _amplitude_with_frequency(tables):
    for _, rows in _by_model(transitions(tables)):
        if len(rows) < FEWEST_MODES:
            continue
        observed = rank_correlation(rows["frequency"], rows["amplitude"])
        error = bootstrap_error(rows, ("frequency", "amplitude"), rank_correlation)
        yield row(
            _names(rows),
            np.nan,
            "rank correlation of A_c and omega",
            observed,
            error,
            np.nan,
            "Fig. 3",
            "more than 0 by two standard errors",
            observed - 2.0 * error > 0.0 if np.isfinite(error) else None,
            "A_c becomes small as omega decreases: the lower the frequency, the stronger the "
            f"anharmonicity. All excited modes with a transition ({_sizes(rows)}); Spearman's "
            "coefficient, error by bootstrap over samples.",
        )


def _independence_of_nature(tables):
    for _, everything in _by_model(transitions(tables)):
        rows = below_boson_peak(everything).reset_index(drop=True)
        for column, quantity, figure in (
            ("amplitude", "A_c", "Fig. 4"),
            ("distance", "|Dr|", "Fig. 7"),
        ):
            for nature, name in (("phonon_order", "O_k"), ("participation_ratio", "P_k")):
                chosen = rows[np.isfinite(rows[nature])].reset_index(drop=True)
                if len(chosen) < FEWEST_MODES:
                    continue
                yield _weak_correlation(chosen, column, quantity, nature, name, figure)


def _weak_correlation(rows, column, quantity, nature, name, figure):
    observed = rank_correlation(rows[nature], rows[column])
    error = bootstrap_error(rows, (nature, column), rank_correlation)
    at_frequency = partial_rank_correlation(rows[nature], rows[column], rows["frequency"])
    judged = np.isfinite(error) and error < LARGEST_CORRELATION_ERROR
    return row(
        _names(rows),
        np.nan,
        f"rank correlation of {quantity} and {name}",
        observed,
        error,
        0.0,
        figure,
        f"within two standard errors + {WEAK_CORRELATION} of 0, judged if the error is below "
        f"{LARGEST_CORRELATION_ERROR}",
        near(observed, error, 0.0, WEAK_CORRELATION) if judged else None,
        f"No apparent correlation of {quantity} with {name}, of modes {_peak_known(rows)} "
        f"({_sizes(rows)}): Spearman's coefficient, error by bootstrap over samples; at equal "
        f"frequency (partial) {at_frequency:.2f}.",
    )


def _barriers(tables):
    for _, rows in _by_model(transitions(tables)):
        rows = rows[(rows["barrier"] > 0.0) & (rows["linear_barrier"] > 0.0)]
        if len(rows) < FEWEST_MODES:
            continue
        ratio = rows["barrier"] / rows["linear_barrier"]
        low, observed, high = np.quantile(ratio, [0.05, 0.5, 0.95])
        rows = rows.assign(ratio=ratio).reset_index(drop=True)
        yield row(
            _names(rows),
            np.nan,
            "barrier / (omega^2 A_c^2 N / 2)",
            observed,
            bootstrap_error(rows, ("ratio",), np.median),
            1.0,
            "Fig. 5, Eq. 8",
            "within a factor of 2 of 1",
            0.5 <= observed <= 2.0,
            "The barrier is approximately that of the harmonic mode, not exactly, since the "
            f"potential is not linear. Median; 5 and 95 % quantiles {low:.3g} and {high:.3g}.",
        )


def _onset(tables):
    table = critical_temperatures(tables)
    measured = table[table["samples"] > 0]
    names = transitions(tables).groupby(["model", "particles"])["ensemble"].unique()
    for entry in measured.itertuples():
        yield row(
            ", ".join(names[entry.model, entry.particles]),
            np.nan,
            f"T_c, N = {entry.particles}",
            entry.critical_temperature,
            np.nan,
            entry.paper,
            "Table I",
            "within a factor of 10 of the paper's, where it has this size",
            0.1 <= entry.critical_temperature / entry.paper <= 10.0
            if np.isfinite(entry.paper)
            else None,
            f"Onset temperature, twice the smallest barrier of {entry.modes} modes of "
            f"{entry.samples} sample{'s' if entry.samples > 1 else ''}. Geometric mean over "
            f"samples {entry.sample_mean:.2g}.",
        )
    samples = critical_temperatures_of_samples(tables)
    for model, group in _by_model(samples):
        observed = _onset_exponent(group)
        if not np.isfinite(observed):
            continue
        error = jackknife_error(group, _onset_exponent)
        paper = PAPER[model].critical_temperatures if model in PAPER else {}
        theirs = power(list(paper), list(paper.values()))
        yield row(
            _names(group),
            np.nan,
            "exponent of T_c with N",
            observed,
            error,
            theirs,
            "Table I",
            "less than 0 by two standard errors",
            observed + 2.0 * error < 0.0 if np.isfinite(error) else None,
            "T_c decreases with the system size: slope of ln T_c of single samples with ln N, "
            "jackknife over samples; the paper's from its three sizes.",
        )


def _onset_exponent(samples):
    return power(samples["particles"], samples["critical_temperature"])


def _distinct_transitions(tables):
    for ensemble, rows in transitions(tables).groupby("ensemble", sort=False):
        if len(rows) < FEWEST_MODES:
            continue
        by_sample = rows.groupby("sample")["final_structure"]
        _, error = mean_and_error(by_sample.nunique() / by_sample.size())
        found = len(distinct(rows))
        most = rows.groupby(["sample", "final_structure"]).size().max()
        observed = found / len(rows)
        yield row(
            ensemble,
            np.nan,
            "distinct transitions / modes",
            observed,
            error,
            np.nan,
            "Fig. 6, conclusion (ii)",
            "at most one half",
            observed <= 0.5,
            f"Many modes cause the identical transition: {found} distinct ones of {len(rows)} "
            f"modes with a transition, the commonest one by {most} modes of its sample.",
        )


def _energy_with_distance(tables):
    for _, everything in _by_model(transitions(tables)):
        rows = distinct(everything).reset_index(drop=True)
        rows = rows[(rows["distance"] > 0.0) & (rows["size"] > 0.0)].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        observed = power(rows["distance"], rows["size"])
        error = bootstrap_error(rows, ("distance", "size"), power)
        reverse = 1.0 / power(rows["size"], rows["distance"])
        correlation = np.corrcoef(np.log(rows["distance"]), np.log(rows["size"]))[0, 1]
        yield row(
            _names(rows),
            np.nan,
            "exponent of |DPhi| with |Dr|",
            observed,
            error,
            3.0,
            "Fig. 8",
            "within two standard errors + 0.5 of 3",
            near(observed, error, 3.0, 0.5),
            "|DPhi| is roughly proportional to |Dr|^3: least squares of ln |DPhi| against "
            f"ln |Dr| over {len(rows)} distinct transitions, bootstrap over samples; the other "
            f"way round it gives {reverse:.2f}, correlation {correlation:.2f}.",
        )


def _far_field(tables):
    for ensemble, everything in transitions(tables).groupby("ensemble", sort=False):
        rows = distinct(everything)
        rows = rows[np.isfinite(rows["far_field_exponent"])].reset_index(drop=True)
        if len(rows) < 5:
            continue
        low, observed, high = np.quantile(rows["far_field_exponent"], [0.25, 0.5, 0.75])
        error = bootstrap_error(rows, ("far_field_exponent",), np.median)
        if not np.isfinite(error):
            # of a median: 1.2533 sigma / sqrt(n), sigma from the quartiles
            error = 1.2533 * (high - low) / 1.349 / np.sqrt(len(rows))
        yield row(
            ensemble,
            np.nan,
            "far-field exponent a",
            observed,
            error,
            2.75,
            "Fig. 9",
            "within two standard errors + 0.25 of 2.75",
            near(observed, error, 2.75, 0.25),
            "The localised region is surrounded by a field |Dr_i| ~ r^-a with a = 2.5 to 3 (an "
            f"elastic field has 2). Median of {len(rows)} distinct transitions with a far field, "
            f"quartiles {low:.2f} and {high:.2f}; median error of one fit "
            f"{rows['far_field_error'].median():.2f}.",
        )


def _between_the_lines(tables):
    for model, rows in _by_model(transitions(tables)):
        if model not in PAPER or len(rows) < FEWEST_MODES:
            continue
        low, high = PAPER[model].lines
        rows = rows.assign(inside=(rows["per_particle"] ** 2).between(low, high))
        yield row(
            _names(rows),
            np.nan,
            "part of the transitions between the lines of Fig. 11",
            rows["inside"].mean(),
            bootstrap_error(rows, ("inside",), np.mean),
            1.0,
            "Fig. 11",
            "at least 0.9",
            rows["inside"].mean() >= 0.9,
            f"Points lie roughly between Dr^2 = {low:g} N_rearr and Dr^2 = {high:g} N_rearr.",
        )


def _direction(tables):
    for _, everything in _by_model(transitions(tables)):
        rows = below_boson_peak(everything)
        rows = rows[np.isfinite(rows["overlap"])].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        low, observed, high = np.quantile(rows["overlap"], [0.05, 0.5, 0.95])
        yield row(
            _names(rows),
            np.nan,
            "overlap I, median",
            observed,
            bootstrap_error(rows, ("overlap",), np.median),
            np.nan,
            "Fig. 12, Eq. 10",
            f"at most {WEAK_CORRELATION}",
            observed <= WEAK_CORRELATION,
            f"Rearrangements do not in general occur along the mode, of modes {_peak_known(rows)}; "
            f"5 and 95 % quantiles {low:.2g} and {high:.2g}.",
        )
        rows = rows[np.isfinite(rows["participation_ratio"])].reset_index(drop=True)
        if len(rows) < FEWEST_MODES:
            continue
        columns = ("participation_ratio", "overlap")
        observed = _overlap_of_localised(*(rows[column] for column in columns))
        yield row(
            _names(rows),
            np.nan,
            "overlap I of localised / extended modes",
            observed,
            bootstrap_error(rows, columns, _overlap_of_localised),
            np.nan,
            "Fig. 12",
            "more than 1",
            observed > 1.0,
            "Some quasi-localised modes have a relatively large I: its 90 % quantile over the "
            "third of the modes with the smallest P_k, over that of the third with the largest.",
        )


def _overlap_of_localised(participation, overlap):
    low, high = np.quantile(participation, [1.0 / 3.0, 2.0 / 3.0])
    localised, extended = overlap[participation <= low], overlap[participation >= high]
    return float(np.quantile(localised, 0.9) / np.quantile(extended, 0.9))


def _sample_dependence(tables):
    for ensemble, rows in transitions(tables).groupby("ensemble", sort=False):
        logs = np.log10(rows["distance"]).groupby(rows["sample"]).median()
        if len(logs) < 3:
            continue
        yield row(
            ensemble,
            np.nan,
            "scatter of |Dr| between samples, decades",
            logs.std(ddof=1),
            np.nan,
            np.nan,
            "Fig. 13",
            "none, the paper has no number",
            None,
            f"|Dr| fluctuates from sample to sample: standard deviation over {len(logs)} samples "
            "of the median of log10 |Dr| of each.",
        )


def _boson_peak(tables):
    known = tables["ensembles"].set_index("ensemble")
    for entry in tables["boson_peak"].itertuples():
        if entry.ensemble not in known.index:
            continue
        yield row(
            entry.ensemble,
            np.nan,
            "omega_BP",
            entry.frequency,
            entry.frequency_error,
            np.nan,
            "Figs 3 and 5",
            "none, the paper has no number",
            None,
            f"Where g(omega) / omega^2 of {entry.spectrum_of} is largest, {entry.level:.2g} times "
            "the Debye level there.",
        )


def _cubic_over_measured(tables):
    measured = transitions(tables)[["ensemble", "sample", "mode", "amplitude"]]
    both = cubic_amplitudes(tables).merge(
        measured, on=["ensemble", "sample", "mode"], suffixes=("", "_measured")
    )
    for _, rows in _by_model(both):
        if len(rows) < FEWEST_MODES:
            continue
        rows = rows.assign(ratio=np.log10(rows["amplitude"] / rows["amplitude_measured"]))
        low, observed, high = np.quantile(rows["ratio"], [0.05, 0.5, 0.95])
        yield row(
            _names(rows),
            np.nan,
            "log10 of cubic A_c / measured A_c",
            observed,
            bootstrap_error(rows, ("ratio",), np.median),
            np.nan,
            "Fig. 14, Eq. A3",
            "at least 1.5: two orders of magnitude, within half a decade",
            observed >= 1.5,
            "The cubic expansion puts A_c orders of magnitude above the measured one. Median over "
            f"modes ({_sizes(rows)}); 5 and 95 % quantiles {low:.2g} and {high:.2g}.",
        )


def _cubic_with_nature(tables):
    for _, everything in _by_model(cubic_amplitudes(tables)):
        rows = below_boson_peak(everything)
        for nature, name in (("phonon_order", "O_k"), ("participation_ratio", "P_k")):
            chosen = rows[np.isfinite(rows[nature])].reset_index(drop=True)
            if len(chosen) >= FEWEST_MODES:
                yield _strong_correlation(chosen, nature, name)


def _strong_correlation(rows, nature, name):
    observed = rank_correlation(rows[nature], rows["amplitude"])
    error = bootstrap_error(rows, (nature, "amplitude"), rank_correlation)
    judged = np.isfinite(error) and error < LARGEST_CORRELATION_ERROR
    return row(
        _names(rows),
        np.nan,
        f"rank correlation of cubic A_c and {name}",
        observed,
        error,
        np.nan,
        "Fig. 15",
        f"at least {STRONG_CORRELATION} in size, judged if the error is below "
        f"{LARGEST_CORRELATION_ERROR}",
        abs(observed) >= STRONG_CORRELATION if judged else None,
        f"The cubic A_c is strongly correlated with {name}, of modes {_peak_known(rows)} "
        f"({_sizes(rows)}): Spearman's coefficient, error by bootstrap over samples.",
    )


ROWS = (
    (("excitations",), _outcomes),
    (("boson_peak",), _boson_peak),
    (("excitations",), _ranges),
    (("excitations",), _independence_of_size),
    (("excitations",), _amplitude_with_frequency),
    (("excitations",), _independence_of_nature),
    (("excitations",), _barriers),
    (("excitations",), _onset),
    (("excitations",), _distinct_transitions),
    (("excitations",), _energy_with_distance),
    (("excitations",), _far_field),
    (("excitations",), _between_the_lines),
    (("excitations",), _direction),
    (("excitations",), _sample_dependence),
    (("excitations",), _cubic_over_measured),
    ((), _cubic_with_nature),
)
