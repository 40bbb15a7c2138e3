"""Nonlinear quasilocalized excitations, against kapteijns2020_nqe.

Figs 2-9, Table II, Eqs 15-42. Samples are independent of each other, and each gives one mode of
each kind: errors are by bootstrap over samples, those of a part of the samples binomial. The paper
shows most of its statements by a slope or a flat cloud beside a line; what precision that is taken
to have stands beside each constant below, and a value that the samples at hand cannot tell from
another claim is not judged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.tables.quasilocalized import (
    BOUND,
    PAPER,
    SAME_SPOT,
    described,
    excitations,
    families,
    reference,
    shear_modulus_table,
    softest,
)
from analysis.tables.summary.resampling import bootstrap_error
from analysis.tables.summary.rows import above, near, row
from analysis.transitions.rearrangements import CORE_RADIUS, OUTER_FRACTION

FEWEST_MODES = 20
"""Samples below which a median or a width is not judged."""

FEWEST_IN_TAIL = 10
"""Samples below which an exponent of a tail is not measured."""

TAIL = 0.2
"""Lowest part of the samples that a power law towards zero is fitted to."""

STRAIN_TAIL_EXPONENT = -1.0 / 3.0
"""Of the number of samples, for that part of the strains x: the coupling nu varies widely and bends
their distribution early, so the part shrinks as samples become more."""

BELOW_PHONON = 0.5
"""Frequencies of the fits of Eqs 15 and 16, in units of the first phonon's: the law is that of
modes far below all others."""

MODULUS_TOLERANCE = 0.05
"""Part of G: how far other protocols and sizes may take it."""

EXPONENT_TOLERANCE = 0.25
"""Exponent with frequency that a flat cloud hides: less than a factor of two over a decade."""

LARGEST_ERROR = 0.5
"""Of an exponent of a density of states, above which it is not judged."""

STIFFER_TOLERANCE = 0.1
"""Of the 30 % by which cubic modes are stiffer, "typically approximately"."""


# --- statistics -----------------------------------------------------------------------------------


def weibull_shape(values, part=1.0) -> float:
    """Exponent k of a cumulative distribution 1 - exp(-(x / x_0)^k), the Weibull one.

    Minima of many independent numbers whose density grows as x^(k-1) have it, so a fit to the
    lowest ones measures the power law of all. Maximum likelihood; values above the quantile `part`
    count only as being above it.

    Parameters
    ----------
    values : array_like
        Positive.
    part : float
        Lowest part of the values that the fit sees.

    Returns
    -------
    float
        NaN for fewer than ten values in the fit.
    """
    values = np.sort(np.asarray(values, dtype=float))
    count = len(values)
    seen = int(round(part * count))
    if seen < FEWEST_IN_TAIL:
        return np.nan
    # in units of the largest value seen, so that those above count as one
    logs = np.log(values[:seen] / values[seen - 1])
    mean = logs.mean()
    shape = -1.0 / mean if mean < 0.0 else np.nan
    for _ in range(60):
        powers = np.exp(shape * logs)
        total = powers.sum() + (count - seen)
        first = (powers @ logs) / total
        second = (powers @ logs**2) / total
        step = (first - 1.0 / shape - mean) / (second - first**2 + 1.0 / shape**2)
        # halved where Newton's step would leave the positive numbers
        shape = shape - step if step < 0.5 * shape else 0.5 * shape
        if not abs(step) > 1e-10 * shape:
            break
    return float(shape)


def weibull_distance(values, shape) -> float:
    """Largest distance of an empirical distribution from the Weibull one of given shape.

    Its scale is that of greatest likelihood.
    """
    powers = np.sort(np.asarray(values, dtype=float)) ** shape
    expected = 1.0 - np.exp(-powers / powers.mean())
    steps = np.arange(len(powers) + 1) / len(powers)
    return float(np.maximum(np.abs(expected - steps[1:]), np.abs(expected - steps[:-1])).max())


def median_exponent(x, y) -> float:
    """Exponent of y with x: slope through running medians of y, in logarithms.

    The bins hold equal numbers of points; the few left over at the largest x belong to none.

    Returns
    -------
    float
        NaN for fewer than 20 points.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) < FEWEST_MODES or not np.ptp(x) > 0.0:
        return np.nan
    bins = _bins(len(x))
    order = np.argsort(x, kind="stable")[: len(x) // bins * bins].reshape(bins, -1)
    centres = np.log(np.median(x[order], axis=1))
    medians = np.log(np.median(y[order], axis=1))
    centres = centres - centres.mean()
    spread = centres @ centres
    return float(centres @ medians / spread) if spread > 0.0 else np.nan


def _bins(count):
    """Four to ten bins, of at least five modes each."""
    return int(np.clip(count // 20, 4, 10))


def width(values) -> float:
    """Decades between the 5 and 95 % quantiles."""
    return float(np.diff(np.quantile(np.log10(values), [0.05, 0.95]))[0])


def fraction(flags) -> tuple[float, float]:
    """Part of the samples with a property, and its standard error, never zero.

    Binomial, of the estimate (k + 1) / (n + 2).
    """
    flags = np.asarray(flags, dtype=bool)
    chance = (flags.sum() + 1.0) / (len(flags) + 2.0)
    return float(flags.mean()), float(np.sqrt(chance * (1.0 - chance) / len(flags)))


def medians_by_size(sizes, values) -> tuple[np.ndarray, np.ndarray]:
    """Distinct sizes, and the median of the values of each."""
    distinct = np.unique(sizes)
    return distinct, np.array([np.median(values[sizes == size]) for size in distinct])


def size_exponent(sizes, values) -> float:
    """Exponent of the median with the size; NaN for one size."""
    sizes, medians = medians_by_size(np.asarray(sizes, dtype=float), np.asarray(values))
    if len(sizes) < 2:
        return np.nan
    return float(np.polyfit(np.log(sizes), np.log(medians), 1)[0])


# --- rows -----------------------------------------------------------------------------------------


def _with(rows, *columns):
    """Rows with positive, finite values of some columns."""
    chosen = np.ones(len(rows), dtype=bool)
    for column in columns:
        chosen &= np.isfinite(rows[column]) & (rows[column] > 0.0)
    return rows[chosen].reset_index(drop=True)


def _series(rows):
    """Rows of each model at one density and parent temperature, all sizes together."""
    for _, group in rows.groupby("label", sort=False):
        yield group.reset_index(drop=True)


def _ensembles(rows):
    for _, group in rows.groupby("ensemble", sort=False):
        yield group.reset_index(drop=True)


def _models(rows):
    """Rows of each model at one density: all sizes and parent temperatures."""
    for _, group in rows.groupby(["model", "density"], sort=False):
        yield group.reset_index(drop=True)


def _names(rows):
    ordered = rows.sort_values("particles", kind="stable")["ensemble"].unique()
    return ", ".join(ordered)


def _temperature(rows):
    """The parent temperature, where the paper has a series of them."""
    paper = reference(rows["model"].iloc[0])
    values = rows["parent_temperature"].unique()
    return values[0] if paper and paper.beyond_bound and len(values) == 1 else np.nan


def _counts(rows):
    sizes = rows.groupby("particles").size()
    return "samples: " + ", ".join(f"{count} of N = {size}" for size, count in sizes.items())


def _enough(rows, verdict):
    return verdict if len(rows) >= FEWEST_MODES else None


def _judged(observed, error, paper, tolerance, largest):
    """Whether a value is the paper's, None where its error is too large to tell."""
    if not np.isfinite(error) or error > largest:
        return None
    return near(observed, error, paper, tolerance)


def _shear_moduli(tables):
    for entry in shear_modulus_table(tables).itertuples():
        tolerance = MODULUS_TOLERANCE * entry.paper_shear_modulus
        judged = entry.saturated and np.isfinite(entry.shear_modulus_error)
        text = f"Athermal shear modulus of {entry.name} at density {entry.density:g}, mean of "
        text += f"{entry.samples} samples; omega_0 = {entry.unit_frequency:.4g} "
        text += f"(paper {entry.paper_unit_frequency:.4g}), a_0 = {entry.unit_length:.4g}."
        if abs(entry.density - entry.paper_density) > 1e-3 * entry.density:
            text += f" The paper prints {entry.paper_density:g} beside its G."
        if not entry.saturated:
            text += " Not judged: no ensemble was quenched from where G has saturated."
        yield row(
            entry.ensembles,
            np.nan,
            f"G(T_p = inf), {entry.name}, density {entry.density:g}",
            entry.shear_modulus,
            entry.shear_modulus_error,
            entry.paper_shear_modulus,
            "Table II",
            f"within two standard errors + {100 * MODULUS_TOLERANCE:.0f} %, judged for glasses of "
            "high parent temperature",
            near(
                entry.shear_modulus,
                entry.shear_modulus_error,
                entry.paper_shear_modulus,
                tolerance,
            )
            if judged
            else None,
            text,
        )


def _convergence_of_solvers(tables):
    rows = tables["quasilocalized"]
    for kind, group in rows.groupby("kind", sort=False):
        observed, error = fraction(group["converged"])
        others = group.loc[~group["converged"], "outcome"].value_counts()
        words = ", ".join(f"{count} {outcome}" for outcome, count in others.items()) or "none"
        yield row(
            ", ".join(group["ensemble"].unique()),
            np.nan,
            f"part of the {kind} modes that converged",
            observed,
            error,
            np.nan,
            "Appendix B",
            "none, a fault count",
            None,
            f"Of {len(group)} modes; not converged: {words}. Median wall time "
            f"{group['seconds'].median():.3g} s, median residual {group['residual'].median():.1g}.",
        )


def _localization(tables):
    everything = _with(families(tables), "chi_4", "participants_4")
    for rows in _models(everything):
        columns = ("participants_4", "chi_4")
        observed = median_exponent(rows["participants_4"], rows["chi_4"])
        error = bootstrap_error(rows, columns, median_exponent)
        yield row(
            _names(rows),
            np.nan,
            "exponent of chi_4 with N e_4",
            observed,
            error,
            -1.0,
            "Fig. 2",
            f"within two standard errors + {EXPONENT_TOLERANCE} of -1, judged if the error is "
            f"below {EXPONENT_TOLERANCE}",
            _judged(observed, error, -1.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
            "chi_4 ~ 1 / (N e_4), blind to size and parent temperature: slope through running "
            f"medians of all ensembles together ({_counts(rows)}).",
        )
        rows = rows.assign(product=rows["chi_4"] * rows["participants_4"])
        sizes = rows.groupby("ensemble").size()
        rows = rows[rows["ensemble"].isin(sizes.index[sizes >= FEWEST_MODES])]
        rows = rows.reset_index(drop=True)
        if rows["ensemble"].nunique() < 2:
            continue
        medians = rows.groupby("ensemble", sort=False)["product"].median()
        codes = rows["ensemble"].astype("category").cat.codes.to_numpy()

        def contrast(codes, product):
            _, medians = medians_by_size(codes, product)
            return medians.max() / medians.min()

        observed = medians.max() / medians.min()
        error = bootstrap_error(rows.assign(code=codes), ("code", "product"), contrast, strata=True)
        words = ", ".join(f"{value:.4g} ({name})" for name, value in medians.items())
        yield row(
            _names(rows),
            np.nan,
            "chi_4 N e_4, largest / smallest median of an ensemble",
            observed,
            error,
            1.0,
            "Fig. 2",
            "at most 1.25 + two standard errors: the width of a symbol of the scatter plot",
            observed - 2.0 * np.nan_to_num(error) <= 1.25,
            f"chi_4 N e_4 is the same for all N and T_p. Medians: {words}.",
        )


def _harmonic_below_quartic(tables):
    for rows in _series(_with(families(tables), "kappa_2", "kappa_4")):
        observed, error = fraction(rows["energy_gap"] > -1e-6)
        yield row(
            _names(rows),
            _temperature(rows),
            "part of the samples with omega_4 >= omega_2",
            observed,
            error,
            1.0,
            "Fig. 4",
            "all, to 1e-6 of the stiffness",
            _enough(rows, observed == 1.0),
            "The harmonic mode is the direction of lowest stiffness of the system, so that the "
            f"quartic one is stiffer ({_counts(rows)}); median (omega_4^2 - omega_2^2) / "
            f"omega_4^2 {rows['energy_gap'].median():.3g}.",
        )
        rows = _with(rows, "participants_2", "participants_4")
        observed, error = fraction(rows["participants_4"] <= rows["participants_2"])
        yield row(
            _names(rows),
            _temperature(rows),
            "part of the samples with N e_4 <= N e_2",
            observed,
            error,
            1.0,
            "Fig. 4",
            "above 0.95 by two standard errors",
            _enough(rows, above(observed, error, 0.95)),
            "The quartic mode, free of hybridisation, has the lower participation ratio; medians "
            f"N e_4 = {rows['participants_4'].median():.3g}, N e_2 = "
            f"{rows['participants_2'].median():.3g}.",
        )


def _softest_pairs(tables):
    theirs = {"ipl10_3d": (1.5e-3, 3.6e-6), "ipl10_2d": (2.1e-2, 2.4e-4)}
    rows = _with(families(tables), "omega_4", "energy_gap", "structure_gap")
    for group in _models(rows):
        model = group["model"].iloc[0]
        if model not in theirs:
            continue
        first = group.loc[group["omega_4"].idxmin()]
        for column, quantity, paper in zip(
            ("energy_gap", "structure_gap"),
            ("(omega_4^2 - omega_2^2) / omega_4^2", "1 - |psi . pi_4|"),
            theirs[model],
            strict=True,
        ):
            yield row(
                first["ensemble"],
                np.nan,
                f"{quantity} of the softest pair",
                first[column],
                np.nan,
                paper,
                "Fig. 3",
                "none, a single pair: that of the paper is the softest of all its ensembles",
                None,
                f"Sample {first['sample']}, omega_4 = {first['omega_4']:.3g}, the softest of "
                f"{len(group)} samples of {_names(group)}.",
            )


_CONVERGENCE = (
    ("energy_gap", 2.0, "(omega_4^2 - omega_2^2) / omega_4^2", "Fig. 5a, e; Eq. 15", 1.0),
    ("structure_gap", 4.0, "1 - |pi_4 . psi|", "Fig. 5b, f; Eq. 16", 2.0),
)
"""Column, exponent, what it is, source, and the power of the denominators of Eq. 17 in it."""


def far_below_phonons(rows) -> pd.DataFrame:
    """Pairs that the convergence is fitted to: omega_4 well below the first phonon.

    With `denominator` = 1 - (omega_2 / omega_phonon)^2, by which Eq. 17 differs from its limit
    where the first phonon dominates the sum.
    """
    rows = _with(rows, "omega_4", "omega_2", "energy_gap", "structure_gap")
    rows = rows[rows["omega_4"] < BELOW_PHONON * rows["first_phonon"]].reset_index(drop=True)
    return rows.assign(denominator=1.0 - (rows["omega_2"] / rows["first_phonon"]) ** 2)


def _convergence(tables):
    everything = far_below_phonons(families(tables))
    for rows in _ensembles(everything):
        for column, paper, quantity, source, power in _CONVERGENCE:
            # the largest exponent error that still tells the claim from its neighbours
            tolerance = 0.125 * paper
            observed = median_exponent(rows["omega_4"], rows[column])
            if not np.isfinite(observed):
                continue
            error = bootstrap_error(rows, ("omega_4", column), median_exponent)
            asymptotic = rows[column] * rows["denominator"] ** power
            limit = median_exponent(rows["omega_4"], asymptotic)
            yield row(
                rows["ensemble"].iloc[0],
                _temperature(rows),
                f"exponent of {quantity} with omega_4",
                observed,
                error,
                paper,
                source,
                f"within two standard errors + {tolerance:g} of {paper:g}, judged if the error is "
                f"below {2 * tolerance:g}",
                _judged(observed, error, paper, tolerance, 2 * tolerance),
                f"Running medians of {len(rows)} samples with omega_4 below {BELOW_PHONON} of the "
                f"first phonon's frequency ({rows['first_phonon'].iloc[0]:.3g}). With the "
                f"denominators omega_l^2 - omega_2^2 of Eq. 17 taken at that phonon, the limit of "
                f"small omega, {limit:.2f}.",
            )


def _prefactors(tables):
    everything = far_below_phonons(families(tables))
    theirs = {2: (2.0, 4.0)}
    for rows in _series(everything):
        counts = rows.groupby("ensemble").size()
        rows = rows[rows["ensemble"].isin(counts.index[counts >= FEWEST_IN_TAIL])]
        if rows["particles"].nunique() < 2:
            continue
        dimension = int(rows["dimension"].iloc[0])
        for place, (column, power, _, _, _) in enumerate(_CONVERGENCE):
            letter = "fg"[place]
            chosen = rows.assign(value=rows[column] / rows["omega_4"] ** power)
            chosen = chosen.reset_index(drop=True)
            observed = size_exponent(chosen["edge"], chosen["value"])
            error = bootstrap_error(chosen, ("edge", "value"), size_exponent, strata=True)
            in_plane = theirs[2][place]
            if dimension == 2:
                paper, rule = in_plane, f"within two standard errors + {in_plane / 4:g}"
                agrees = _judged(observed, error, paper, in_plane / 4, in_plane / 2)
                text = f"{letter}(L) ~ L^{in_plane:g} in 2D, where the first phonons hybridise"
            else:
                paper, rule = np.nan, f"below half of 2D's {in_plane:g} by two standard errors"
                below = above(-observed, error, -in_plane / 2)
                agrees = below if dimension == 3 else None
                text = f"{letter}(L) depends weakly on L in 3D, where other soft spots hybridise"
            medians = zip(*medians_by_size(chosen["edge"], chosen["value"]), strict=True)
            words = ", ".join(f"{value:.3g} (L = {edge:.3g})" for edge, value in medians)
            yield row(
                _names(chosen),
                _temperature(chosen),
                f"exponent of {letter}(L) with L",
                observed,
                error,
                paper,
                f"Fig. 5, Eq. {'15' if letter == 'f' else '16'}",
                rule + f", judged if the error is below {in_plane / 2:g}",
                agrees,
                f"{text}: median prefactors {words}, of modes below {BELOW_PHONON} of the first "
                f"phonon's frequency ({_counts(chosen)}).",
            )


def _cubic_stiffer(tables):
    for rows in _series(families(tables).dropna(subset=["stiffer"])):
        observed, error = fraction(rows["stiffer"] > 0.0)
        yield row(
            _names(rows),
            _temperature(rows),
            "part of the samples with kappa_3 > kappa_4",
            observed,
            error,
            0.995,
            "Fig. 7a, section V.B",
            "above 0.99 by two standard errors",
            _enough(rows, above(observed, error, 0.99)),
            f"Pairs of the same soft spot, overlap above {SAME_SPOT:g} ({_counts(rows)}).",
        )
        low, observed, high = np.quantile(rows["stiffer"], [0.25, 0.5, 0.75])
        error = bootstrap_error(rows, ("stiffer",), np.median)
        faster = np.sqrt(1.0 + observed) - 1.0
        yield row(
            _names(rows),
            _temperature(rows),
            "kappa_3 / kappa_4 - 1, median",
            observed,
            error,
            0.30,
            "Fig. 7a, section V.B",
            f"within two standard errors + {STIFFER_TOLERANCE} of 0.30",
            _enough(rows, near(observed, error, 0.30, STIFFER_TOLERANCE)),
            "Cubic modes are typically approximately 30 % stiffer than the quartic ones of the "
            f"same soft spots; quartiles {low:.3g} and {high:.3g}; frequency {100 * faster:.0f} % "
            "higher (paper 14 %).",
        )


_INDEPENDENT = (
    ("stiffer", "omega_4", "kappa_3 / kappa_4 - 1", "Fig. 7a"),
    ("response_4", "omega_4", "|U'''':pi_4 pi_4 pi_4| / chi_4", "Fig. 9a"),
    ("nu_3", "omega_3", "nu_3", "Fig. 9b"),
    ("chi_3", "omega_3", "chi_3", "Fig. 9c"),
    ("chi_4", "omega_4", "chi_4", "Fig. 9f"),
)
"""Column, frequency, what it is and source, of what does not depend on frequency."""


def _independence_of_frequency(tables):
    everything = families(tables)
    for column, frequency, quantity, source in _INDEPENDENT:
        for rows in _series(_with(everything, column, frequency)):
            observed = median_exponent(rows[frequency], rows[column])
            if not np.isfinite(observed):
                continue
            error = bootstrap_error(rows, (frequency, column), median_exponent)
            yield row(
                _names(rows),
                _temperature(rows),
                f"exponent of {quantity} with {frequency}",
                observed,
                error,
                0.0,
                source,
                f"within two standard errors + {EXPONENT_TOLERANCE} of 0, judged if the error is "
                f"below {EXPONENT_TOLERANCE}",
                _judged(observed, error, 0.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
                f"{quantity} does not depend on frequency: slope through running medians; median "
                f"of all {rows[column].median():.3g} ({_counts(rows)}).",
            )


def _response_of_order_one(tables):
    for rows in _series(_with(families(tables), "response_4")):
        observed = rows["response_4"].median()
        yield row(
            _names(rows),
            _temperature(rows),
            "|U'''':pi_4 pi_4 pi_4| / chi_4, median",
            observed,
            bootstrap_error(rows, ("response_4",), np.median),
            1.0,
            "Fig. 9a",
            "of order one: less than a decade above 1, which it cannot be below",
            _enough(rows, 1.0 - 1e-9 <= observed < 10.0),
            f"The magnitude of the field is O(1), independent of frequency ({_counts(rows)}).",
        )


def _bound(tables):
    hotter = {}
    for rows in _series(_with(families(tables), "asymmetry_3")):
        observed, error = fraction(rows["asymmetry_3"] > BOUND)
        temperature = _temperature(rows)
        paper = reference(rows["model"].iloc[0])
        theirs = paper.beyond_bound.get(temperature, np.nan) if paper else np.nan
        agrees = None
        if np.isfinite(theirs):
            # the paper's has a binomial error of its own, of its 1,000 samples of N = 8000
            both = np.hypot(error, np.sqrt(theirs * (1.0 - theirs) / 1000.0))
            agrees = _judged(observed, both, theirs, 0.0, theirs / 3.0)
        double = (rows["asymmetry_3"] > 8.0 / 3.0).mean()
        yield row(
            _names(rows),
            temperature,
            "part of the cubic modes with tau^2 > 3 kappa chi",
            observed,
            error,
            theirs,
            "Fig. 8, Eq. 32",
            "within two standard errors (binomial, both), judged if the error is below a third of "
            "the paper's value",
            agrees,
            "Cubic modes beyond the bound of the soft-potential model have a second minimum below "
            f"the inherent state; {100 * double:.2g} % have a second minimum at all, tau^2 > "
            f"(8/3) kappa chi. Median tau^2 / (kappa chi) {rows['asymmetry_3'].median():.3g} "
            f"({_counts(rows)}).",
        )
        if np.isfinite(temperature):
            key = (rows["model"].iloc[0], rows["density"].iloc[0])
            hotter.setdefault(key, []).append((temperature, observed, error, _names(rows)))
    for found in hotter.values():
        if len(found) > 1:
            yield _bound_against_stability(sorted(found))


def _bound_against_stability(found):
    (cold, low, low_error, first), (hot, high, high_error, last) = found[0], found[-1]
    error = np.hypot(low_error, high_error)
    return row(
        f"{first}, {last}",
        np.nan,
        "part beyond the bound, least less most stable glass",
        high - low,
        error,
        PAPER["poly"].beyond_bound.get(hot, np.nan) - PAPER["poly"].beyond_bound.get(cold, np.nan),
        "Fig. 8",
        "above 0 by two standard errors",
        above(high - low, error, 0.0),
        f"The less stable the glass, the more modes exceed the bound: T_p = {hot:g} less "
        f"T_p = {cold:g}.",
    )


def _soft_relation(tables):
    everything = families(tables)
    for rows in _series(_with(everything, "asymmetry_3", "chi_3")):
        product, square = rows["kappa_3"] * rows["chi_3"], rows["tau_3"] ** 2
        chosen = rows.assign(product=product, square=square, size=rows["tau_3"].abs())
        for x, y, quantity, source in (
            ("product", "square", "tau_3^2 with kappa_3 chi_3", "Figs 8 and 9d, Eq. 33"),
            ("omega_3", "size", "tau_3 with omega_3", "Eq. 34"),
        ):
            observed = median_exponent(chosen[x], chosen[y])
            error = bootstrap_error(chosen, (x, y), median_exponent)
            yield row(
                _names(rows),
                _temperature(rows),
                f"exponent of {quantity}",
                observed,
                error,
                1.0,
                source,
                f"within two standard errors + {EXPONENT_TOLERANCE} of 1, judged if the error is "
                f"below {EXPONENT_TOLERANCE}",
                _judged(observed, error, 1.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
                "The entire ensemble of cubic modes follows tau^2 ~ kappa chi, so tau ~ omega: "
                f"slope through running medians ({_counts(rows)}).",
            )
        observed = width(rows["asymmetry_3"])
        low, high = np.quantile(rows["asymmetry_3"], [0.05, 0.95])
        yield row(
            _names(rows),
            _temperature(rows),
            "decades of tau_3^2 / (kappa_3 chi_3)",
            observed,
            bootstrap_error(rows, ("asymmetry_3",), width),
            np.nan,
            "Figs 8 and 9d",
            "at most 1, the width of the paper's cloud",
            _enough(rows, observed <= 1.0),
            f"Between the 5 and 95 % quantiles, {low:.3g} and {high:.3g} ({_counts(rows)}).",
        )
        observed, error = fraction(rows["asymmetry_3"] < 0.4)
        yield row(
            _names(rows),
            _temperature(rows),
            "part of the cubic modes with tau^2 < 0.4 kappa chi",
            observed,
            error,
            0.0,
            "lerner2021_perspective, Fig. 11",
            "below 0.05 by two standard errors",
            _enough(rows, above(-observed, error, -0.05)),
            "An empirical lower bound, without an explanation; smallest "
            f"{rows['asymmetry_3'].min():.3g}.",
        )
    for rows in _series(_with(everything, "asymmetry_3", "asymmetry_4")):
        three, four = width(rows["asymmetry_3"]), width(rows["asymmetry_4"])

        def ratio(three, four):
            return width(four) / width(three)

        error = bootstrap_error(rows, ("asymmetry_3", "asymmetry_4"), ratio)
        yield row(
            _names(rows),
            _temperature(rows),
            "decades of tau^2 / (kappa chi), quartic over cubic",
            four / three,
            error,
            np.nan,
            "Fig. 9e",
            "above 2 by two standard errors",
            _enough(rows, above(four / three, error, 2.0)),
            "Quartic modes do not follow tau^2 ~ kappa chi: their cloud is several times as wide, "
            f"{four:.2f} decades between the 5 and 95 % quantiles.",
        )


def _coefficient_ratios(tables):
    for rows in _series(_with(families(tables), "tau_ratio", "chi_ratio")):
        span = {}
        for column in ("tau_ratio", "chi_ratio"):
            span[column] = float(np.ptp(np.log10(rows[column])))
        low, high = np.quantile(rows["tau_ratio"], [0.05, 0.95])
        yield row(
            _names(rows),
            _temperature(rows),
            "decades that |tau_3 / tau_4| spans",
            span["tau_ratio"],
            np.nan,
            5.0,
            "Fig. 7b",
            "more than 2: several orders of magnitude (the more samples, the more)",
            _enough(rows, span["tau_ratio"] > 2.0),
            "Largest over smallest; third-order coefficients are highly sensitive to the modes' "
            f"structure. 5 and 95 % quantiles {low:.3g} and {high:.3g} ({_counts(rows)}; the paper "
            "has up to 420,000).",
        )
        low, high = np.quantile(rows["chi_ratio"], [0.05, 0.95])
        yield row(
            _names(rows),
            _temperature(rows),
            "decades that chi_3 / chi_4 spans",
            span["chi_ratio"],
            np.nan,
            1.0,
            "Fig. 7c",
            "less than 1",
            _enough(rows, span["chi_ratio"] < 1.0),
            "Largest over smallest; fourth-order coefficients are indifferent to small changes of "
            f"structure. 5 and 95 % quantiles {low:.3g} and {high:.3g} ({_counts(rows)}).",
        )


def _tail(rows, column, part=TAIL):
    """Exponent of the density of a column towards zero, and its error."""
    observed = weibull_shape(rows[column], part) - 1.0
    return observed, bootstrap_error(rows, (column,), lambda values: weibull_shape(values, part))


def _other_tails(rows, column, part=TAIL):
    """The exponent with half and twice the part of the samples, as words."""
    parts = (0.5 * part, 2.0 * part)
    values = {part: weibull_shape(rows[column], part) - 1.0 for part in parts}
    words = [f"{value:.2f} ({part:.2g})" for part, value in values.items() if np.isfinite(value)]
    return "with other parts of the samples " + ", ".join(words) if words else "no other fit"


def _frequency_distributions(tables):
    rows = excitations(tables)
    for kind, source in (("quartic", "footnote 5, section V.B"), ("cubic", "Eq. 30")):
        lowest = softest(rows[rows["kind"] == kind])
        for group in _ensembles(lowest):
            yield from _of_minima(group, kind, source)


def _of_minima(group, kind, source):
    observed, error = _tail(group, "omega")
    if not np.isfinite(observed):
        return
    name, temperature = group["ensemble"].iloc[0], _temperature(group)
    top = np.quantile(group["omega"], TAIL) / group["first_phonon"].iloc[0]
    yield row(
        name,
        temperature,
        f"exponent of D(omega), {kind} modes",
        observed,
        error,
        4.0,
        source,
        "within two standard errors + 0.3 of 4 (small glasses of high T_p have slightly less, "
        f"Eq. 40), judged if the error is below {LARGEST_ERROR}",
        _judged(observed, error, 4.0, 0.3, LARGEST_ERROR),
        f"D(omega) ~ omega^4 from the softest mode of each of {len(group)} samples: maximum "
        f"likelihood of their distribution over the lowest {TAIL:g} of them, up to {top:.2f} of "
        f"the first phonon's frequency; {_other_tails(group, 'omega')}.",
    )
    shape = weibull_shape(group["omega"])
    error = bootstrap_error(group, ("omega",), weibull_shape)
    distance = weibull_distance(group["omega"], 5.0)
    # 5 % quantile of the distance with the scale fitted, of an exponential variable
    critical = 1.094 / np.sqrt(len(group))
    yield row(
        name,
        temperature,
        f"distance of omega_min's distribution from Weibull's, {kind} modes",
        distance,
        np.nan,
        0.0,
        "footnote 5",
        "at most 0.05 + the 5 % quantile of what chance gives, judged if that is below 0.1",
        distance <= 0.05 + critical if critical < 0.1 else None,
        "Frequencies of independent soft spots with D(omega) ~ omega^4 have the minima's "
        f"distribution 1 - exp(-(omega / omega*)^5); chance gives {critical:.3f}. Shape of a fit "
        f"to all samples {shape:.2f} ± {error:.2f}.",
    )


def _sizes_of_minima(tables):
    rows = excitations(tables)
    for kind in ("quartic", "cubic"):
        for group in _series(softest(rows[rows["kind"] == kind])):
            dimension = int(group["dimension"].iloc[0])
            paper = -dimension / 5.0
            yield from _of_size(
                group,
                "omega",
                f"exponent of omega_min with L, {kind} modes",
                paper,
                0.05 * dimension,
                "footnote 5",
                "omega_min ~ L^(-d/5), medians",
            )
    everything = _with(families(tables), "strain_3")
    for group in _series(everything):
        # the law is one of N, its exponent with L has d times it
        dimension = int(group["dimension"].iloc[0])
        yield from _of_size(
            group,
            "strain_3",
            "exponent of x_min with L",
            -0.6 * dimension,
            0.15 * dimension,
            "Eq. 39",
            "x_min ~ N^(-3/5), medians of the strain of the softest cubic mode",
        )


def _of_size(group, column, quantity, paper, tolerance, source, what):
    observed = size_exponent(group["edge"], group[column])
    if not np.isfinite(observed):
        return
    error = bootstrap_error(group, ("edge", column), size_exponent, strata=True)
    medians = group.groupby("particles")[column].median()
    words = ", ".join(f"{value:.3g} (N = {size})" for size, value in medians.items())
    yield row(
        _names(group),
        _temperature(group),
        quantity,
        observed,
        error,
        paper,
        source,
        f"within two standard errors + {tolerance:g} of {paper:g}, judged if the error is below "
        f"{2 * tolerance:g}",
        _judged(observed, error, paper, tolerance, 2 * tolerance),
        f"{what}: {words} ({_counts(group)}).",
    )


def _predictions(tables):
    """p(V_B) and p(x), and what they should be with the exponent of D(omega) measured beside."""
    everything = _with(families(tables), "barrier_3", "strain_3", "omega_3")
    for column, quantity, paper, source, of_omega, tolerance in (
        ("barrier_3", "p(V_B)", 0.25, "Eq. 36", 4.0, 0.1),
        ("strain_3", "p(x)", 2.0 / 3.0, "Eq. 38", 3.0, 0.15),
    ):
        for rows in _ensembles(everything):
            part = TAIL
            if column == "strain_3":
                part = min(part, len(rows) ** STRAIN_TAIL_EXPONENT)
            observed, error = _tail(rows, column, part)
            if not np.isfinite(observed):
                continue
            slope, _ = _tail(rows, "omega_3")
            expected = (slope + 1.0) / of_omega - 1.0

            def excess(values, omega, of_omega=of_omega, part=part):
                return weibull_shape(values, part) - weibull_shape(omega, TAIL) / of_omega

            both = bootstrap_error(rows, (column, "omega_3"), excess)
            name, temperature = rows["ensemble"].iloc[0], _temperature(rows)
            yield row(
                name,
                temperature,
                f"exponent of {quantity}",
                observed,
                error,
                paper,
                source,
                f"within two standard errors + {tolerance} of {paper:.3g}, judged if the error is "
                f"below {tolerance}",
                _judged(observed, error, paper, tolerance, tolerance),
                f"The paper derives it and measures none. Of the softest cubic mode of each of "
                f"{len(rows)} samples, the lowest {part:.2g} of them by maximum likelihood; "
                f"{_other_tails(rows, column, part)}.",
            )
            yield row(
                name,
                temperature,
                f"exponent of {quantity}, less that from D(omega_3)",
                observed - expected,
                both,
                0.0,
                source + (", Eq. 41" if column == "strain_3" else ""),
                f"within two standard errors + {tolerance} of 0, judged if the error is below "
                f"{tolerance}",
                _judged(observed - expected, both, 0.0, tolerance, tolerance),
                f"D(omega_3) ~ omega^beta of the same samples, beta = {slope:.2f}, makes it "
                f"(beta - {of_omega - 1:.0f}) / {of_omega:.0f} = {expected:.2f}.",
            )


def far_field(profile, edge) -> tuple[float, float]:
    """Exponent a of |z_i| ~ r^-a by shells, and its error from their scatter.

    Parameters
    ----------
    profile : DataFrame
        distance (in a_0) and median_square of one kind, shells of many modes.
    edge : float
        Of the box, in a_0.
    """
    inside = profile["distance"].between(CORE_RADIUS, OUTER_FRACTION * edge)
    profile = profile[inside & (profile["median_square"] > 0.0)]
    shells = np.log(profile["median_square"]).groupby(profile["distance"].round(6)).median()
    if len(shells) < 5:
        return np.nan, np.nan
    x, y = np.log(shells.index.to_numpy()), 0.5 * shells.to_numpy()
    x = x - x.mean()
    slope = x @ y / (x @ x)
    left = y - y.mean() - slope * x
    return float(-slope), float(np.sqrt((left @ left) / (len(x) - 2) / (x @ x)))


def _far_fields(tables):
    known = described(tables).set_index("ensemble")
    profiles = tables["quasilocalized_profiles"]
    for (name, kind), profile in profiles.groupby(["ensemble", "kind"], sort=False):
        if name not in known.index or kind not in ("quartic", "cubic"):
            continue
        ensemble = known.loc[name]
        dimension = int(ensemble["dimension"])
        edge = ensemble["particles"] ** (1.0 / dimension)
        length = ensemble["density"] ** (-1.0 / dimension)
        observed, error = far_field(profile.assign(distance=profile["distance"] / length), edge)
        if not np.isfinite(observed):
            continue
        outer = OUTER_FRACTION * edge
        yield row(
            name,
            np.nan,
            f"far-field exponent of {kind} modes",
            observed,
            error,
            dimension - 1.0,
            "section IV.A.1",
            f"within two standard errors + 0.25 of {dimension - 1}, judged in boxes that hold a "
            "decade from 1 a_0 to where the fit ends",
            near(observed, error, dimension - 1.0, 0.25) if outer >= 10.0 else None,
            "A disordered core, dressed by an algebraic decay |z_i| ~ r^(1-d): medians of shells "
            f"of {profile['sample'].nunique()} samples from r = {CORE_RADIUS:g} to {outer:.3g} "
            "a_0.",
        )


def _populations(tables):
    growth = tables["quasilocalized_growth"]
    for (name, kind), group in growth.groupby(["ensemble", "kind"], sort=False):
        last = group.loc[group.groupby("sample")["starts"].idxmax()]
        observed = last["coverage"].mean()
        found, total = last["distinct"].mean(), last["total"].mean()
        count = len(last)
        error = last["coverage"].std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        yield row(
            name,
            np.nan,
            f"chance that one more start finds a known {kind} mode",
            observed,
            error,
            np.nan,
            "section VI",
            "none, the paper leaves it to its second part",
            None,
            f"Low-lying modes from many starts, {last['starts'].mean():.0f} a sample: "
            f"{found:.1f} distinct ones on average of {count} samples, {total:.1f} estimated in "
            "reach.",
        )


ROWS = (
    (("quasilocalized_samples",), _shear_moduli),
    (("quasilocalized",), _convergence_of_solvers),
    (("quasilocalized",), _localization),
    (("quasilocalized",), _harmonic_below_quartic),
    (("quasilocalized",), _softest_pairs),
    (("quasilocalized",), _convergence),
    (("quasilocalized",), _prefactors),
    (("quasilocalized",), _cubic_stiffer),
    (("quasilocalized",), _independence_of_frequency),
    (("quasilocalized",), _response_of_order_one),
    (("quasilocalized",), _coefficient_ratios),
    (("quasilocalized",), _bound),
    (("quasilocalized",), _soft_relation),
    (("quasilocalized",), _frequency_distributions),
    (("quasilocalized",), _sizes_of_minima),
    (("quasilocalized",), _predictions),
    (("quasilocalized_profiles",), _far_fields),
    (("quasilocalized_growth",), _populations),
)
