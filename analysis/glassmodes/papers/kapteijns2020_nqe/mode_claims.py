"""Nonlinear quasilocalized excitations, against kapteijns2020_nqe.

Figs 2-7 and 9, Table II, Eqs 15-25; what follows for the energy landscape is in
:mod:`glassmodes.papers.kapteijns2020_nqe.landscape_claims`. Samples are independent of each
other, and each gives one mode of each kind: errors are by bootstrap over samples, those of a
part of the samples binomial. The paper shows most of its statements by a slope or a flat cloud
beside a line; what precision that is taken to have stands beside each constant below, and a value
that the samples at hand cannot tell from another claim is not judged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.criteria import above, claim, near, row
from glassmodes.papers.kapteijns2020_nqe.soft_spots import (
    by_ensemble,
    by_model,
    by_series,
    counts_of,
    enough,
    names_of,
    positive,
    temperature_of,
)
from glassmodes.papers.kapteijns2020_nqe.tables import (
    SAME_SPOT,
    families,
    reference,
    shear_modulus_table,
)
from glassmodes.statistics.distributions import (
    FEWEST_IN_TAIL,
    FEWEST_MODES,
    fraction,
    median_exponent,
    medians_by_size,
    size_exponent,
)
from glassmodes.statistics.resampling import bootstrap_error

ENOUGH_FOR_DECADES = 200
"""Samples from which tau_4, uniform about zero, comes close enough to it for several decades."""

BELOW_PHONON = 0.5
"""Frequencies of the fits of Eqs 15 and 16, in units of the first phonon's: the law is that of
modes far below all others."""

MODULUS_TOLERANCE = 0.05
"""Part of G: how far other protocols and sizes may take it."""

EXPONENT_TOLERANCE = 0.25
"""Exponent with frequency that a flat cloud hides: less than a factor of two over a decade."""

SAME_MODE = 0.99
"""Overlap above which two solvers have reached the same minimum: others are far apart."""

SOLVERS_AGREE = 1e-8
"""How far below one the overlap of two solvers' modes may be."""

SNAPSHOT_TOLERANCE = 0.1
"""Correlation of neighbouring snapshots that makes errors over samples a tenth too small."""

CLOSE = 0.8
"""Overlap of a cubic and a quartic mode from which they differ little."""

STIFFER_TOLERANCE = 0.1
"""Of the 30 % by which cubic modes are stiffer, "typically approximately"."""


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


def _independence_of_snapshots(tables):
    """Snapshots of one equilibrium run count as samples: neighbours must not share soft spots."""
    runs = tables["equilibration"].set_index(["ensemble", "sample"])
    everything = positive(families(tables), "omega_4")
    for rows in by_ensemble(everything):
        name = rows["ensemble"].iloc[0]
        if name not in runs.index:
            continue
        starts = runs.loc[name].sort_index()
        run = np.searchsorted(starts.index, rows["sample"], side="right")
        observed, error, pairs = neighbour_correlation(rows["sample"], run, rows["omega_4"])
        if pairs < FEWEST_MODES:
            continue
        yield row(
            name,
            temperature_of(rows),
            "correlation of log omega_4 of neighbouring snapshots",
            observed,
            error,
            0.0,
            "section II",
            *claim(observed, error, 0.0, SNAPSHOT_TOLERANCE, SNAPSHOT_TOLERANCE),
            f"Snapshots of an equilibrium run count as independent glasses: {pairs} pairs of "
            f"neighbours (runs: {len(starts)}). The overlap of the liquid with the snapshot before "
            f"is {starts['snapshot_overlap'].mean():.2f} on average, 1 where nothing moved.",
        )


def neighbour_correlation(sample, run, values) -> tuple[float, float, int]:
    """Correlation of the logarithms of neighbouring samples of the same run.

    Parameters
    ----------
    sample, run : array_like of int, shape=(n,)
    values : array_like, shape=(n,)
        Positive.

    Returns
    -------
    correlation, error : float
        That of independent values is 0 +- error; NaN for no pair.
    pairs : int
    """
    order = np.argsort(sample)
    sample, run = np.asarray(sample)[order], np.asarray(run)[order]
    logs = np.log(np.asarray(values, dtype=float)[order])
    logs = logs - logs.mean()
    neighbours = (np.diff(sample) == 1) & (np.diff(run) == 0)
    pairs = int(neighbours.sum())
    if pairs == 0 or not logs.any():
        return np.nan, np.nan, pairs
    products = (logs[1:] * logs[:-1])[neighbours]
    return float(products.mean() / logs.var()), float(1.0 / np.sqrt(pairs)), pairs


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


def _agreement_of_solvers(tables):
    """Minimisation on the sphere against the fixed-point map, where a study asks for both."""
    rows = tables["quasilocalized"].dropna(subset=["overlap_solvers"])
    for kind, group in rows.groupby("kind", sort=False):
        same = group[group["overlap_solvers"] > SAME_MODE]
        observed = float((1.0 - same["overlap_solvers"]).max()) if len(same) else np.nan
        yield row(
            ", ".join(group["ensemble"].unique()),
            np.nan,
            f"largest 1 - overlap of two solvers, {kind}",
            observed,
            np.nan,
            np.nan,
            "Appendix B",
            f"<= {SOLVERS_AGREE:g} wherever both solvers reach the same mode",
            bool(observed <= SOLVERS_AGREE) if len(same) else None,
            f"Of {len(group)} pairs {len(group) - len(same)} ended in different modes (overlap "
            f"below {SAME_MODE:g}): the sphere has more than one minimum.",
        )


def _localization(tables):
    everything = positive(families(tables), "chi_4", "participants_4")
    for rows in by_model(everything):
        columns = ("participants_4", "chi_4")
        observed = median_exponent(rows["participants_4"], rows["chi_4"])
        if not np.isfinite(observed):
            continue
        error = bootstrap_error(rows, columns, median_exponent)
        yield row(
            names_of(rows),
            np.nan,
            "exponent of chi_4 with N e_4",
            observed,
            error,
            -1.0,
            "Fig. 2",
            *claim(observed, error, -1.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
            "chi_4 ~ 1 / (N e_4), blind to size and parent temperature: slope through running "
            f"medians of all ensembles together ({counts_of(rows)}).",
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
            names_of(rows),
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
    for rows in by_series(positive(families(tables), "kappa_2", "kappa_4")):
        observed, error = fraction(rows["energy_gap"] > -1e-6)
        yield row(
            names_of(rows),
            temperature_of(rows),
            "part of the samples with omega_4 >= omega_2",
            observed,
            error,
            1.0,
            "Fig. 4",
            "all, to 1e-6 of the stiffness",
            enough(rows, observed == 1.0),
            "The harmonic mode is the direction of lowest stiffness of the system, so that the "
            f"quartic one is stiffer ({counts_of(rows)}); median (omega_4^2 - omega_2^2) / "
            f"omega_4^2 {rows['energy_gap'].median():.3g}.",
        )
        rows = positive(rows, "participants_2", "participants_4")
        observed, error = fraction(rows["participants_4"] <= rows["participants_2"])
        yield row(
            names_of(rows),
            temperature_of(rows),
            "part of the samples with N e_4 <= N e_2",
            observed,
            error,
            1.0,
            "Fig. 4",
            "above 0.95 by two standard errors",
            enough(rows, above(observed, error, 0.95)),
            "The quartic mode, free of hybridisation, has the lower participation ratio; medians "
            f"N e_4 = {rows['participants_4'].median():.3g}, N e_2 = "
            f"{rows['participants_2'].median():.3g}.",
        )


def _softest_pairs(tables):
    theirs = {"ipl10_3d": (1.5e-3, 3.6e-6), "ipl10_2d": (2.1e-2, 2.4e-4)}
    rows = positive(families(tables), "omega_4", "energy_gap", "structure_gap")
    for group in by_model(rows):
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
                f"{len(group)} samples of {names_of(group)}.",
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
    rows = positive(rows, "omega_4", "omega_2", "energy_gap", "structure_gap")
    rows = rows[rows["omega_4"] < BELOW_PHONON * rows["first_phonon"]].reset_index(drop=True)
    return rows.assign(denominator=1.0 - (rows["omega_2"] / rows["first_phonon"]) ** 2)


def _convergence(tables):
    everything = far_below_phonons(families(tables))
    for rows in by_ensemble(everything):
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
                temperature_of(rows),
                f"exponent of {quantity} with omega_4",
                observed,
                error,
                paper,
                source,
                *claim(observed, error, paper, tolerance, 2 * tolerance),
                f"Running medians of {len(rows)} samples with omega_4 below {BELOW_PHONON} of the "
                f"first phonon's frequency ({rows['first_phonon'].iloc[0]:.3g}). With the "
                f"denominators omega_l^2 - omega_2^2 of Eq. 17 taken at that phonon, the limit of "
                f"small omega, {limit:.2f}.",
            )


def _prefactors(tables):
    everything = far_below_phonons(families(tables))
    theirs = {2: (2.0, 4.0)}
    for rows in by_series(everything):
        counts = rows.groupby("ensemble").size()
        rows = rows[rows["ensemble"].isin(counts.index[counts >= FEWEST_IN_TAIL])]
        if rows["particles"].nunique() < 2:
            continue
        dimension = int(rows["dimension"].iloc[0])
        for place, (column, power, _, _, _) in enumerate(_CONVERGENCE):
            letter = "fg"[place]
            chosen = rows.assign(value=rows[column] / rows["omega_4"] ** power)
            chosen = chosen.reset_index(drop=True)
            fitted = _sizes_of_table_1(chosen)
            of_table = "; fitted over the sizes of Table I" if len(fitted) < len(chosen) else ""
            observed = size_exponent(fitted["edge"], fitted["value"])
            error = bootstrap_error(fitted, ("edge", "value"), size_exponent, strata=True)
            in_plane = theirs[2][place]
            if dimension == 2:
                paper = in_plane
                rule, agrees = claim(observed, error, paper, in_plane / 4, in_plane / 2)
                text = f"{letter}(L) ~ L^{in_plane:g} in 2D, where the first phonons hybridise"
            else:
                paper, rule = np.nan, f"below half of 2D's {in_plane:g} by two standard errors"
                below = above(-observed, error, -in_plane / 2)
                agrees = below if dimension == 3 else None
                text = f"{letter}(L) depends weakly on L in 3D, where other soft spots hybridise"
            edges, medians = medians_by_size(chosen["edge"], chosen["value"])
            words = ", ".join(
                f"{value:.3g} (L = {edge:.3g})" for edge, value in zip(edges, medians, strict=True)
            )
            yield row(
                names_of(fitted),
                temperature_of(fitted),
                f"exponent of {letter}(L) with L",
                observed,
                error,
                paper,
                f"Fig. 5, Eq. {'15' if letter == 'f' else '16'}",
                rule,
                agrees,
                f"{text}: median prefactors {words}, of modes below {BELOW_PHONON} of the first "
                f"phonon's frequency ({counts_of(chosen)}){of_table}.",
            )


def _sizes_of_table_1(rows):
    """Rows of the paper's sizes where there are two of them, all rows otherwise.

    A smaller box has fewer soft spots below its first phonons, so these hybridise more.
    """
    paper = reference(rows["model"].iloc[0])
    sizes = {size for _, size in paper.samples} if paper else set()
    chosen = rows[rows["particles"].isin(sizes)]
    return chosen.reset_index(drop=True) if chosen["particles"].nunique() > 1 else rows


def _cubic_stiffer(tables):
    for rows in by_series(families(tables).dropna(subset=["stiffer"])):
        observed, error = fraction(rows["stiffer"] > 0.0)
        yield row(
            names_of(rows),
            temperature_of(rows),
            "part of the samples with kappa_3 > kappa_4",
            observed,
            error,
            0.995,
            "Fig. 7a, section V.B",
            "above 0.99 by two standard errors",
            enough(rows, above(observed, error, 0.99)),
            f"Pairs of the same soft spot, overlap above {SAME_SPOT:g} ({counts_of(rows)}).",
        )
        low, observed, high = np.quantile(rows["stiffer"], [0.25, 0.5, 0.75])
        error = bootstrap_error(rows, ("stiffer",), np.median)
        faster = np.sqrt(1.0 + observed) - 1.0
        yield row(
            names_of(rows),
            temperature_of(rows),
            "kappa_3 / kappa_4 - 1, median",
            observed,
            error,
            0.30,
            "Fig. 7a, section V.B",
            f"within two standard errors + {STIFFER_TOLERANCE} of 0.30",
            enough(rows, near(observed, error, 0.30, STIFFER_TOLERANCE)),
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
        for rows in by_series(positive(everything, column, frequency)):
            observed = median_exponent(rows[frequency], rows[column])
            if not np.isfinite(observed):
                continue
            error = bootstrap_error(rows, (frequency, column), median_exponent)
            low = rows[rows[frequency] <= rows[frequency].median()]
            lower = median_exponent(low[frequency], low[column])
            words = f", of the lower half of the frequencies alone {lower:.2f}"
            words = words if np.isfinite(lower) else ""
            if column.startswith("chi"):
                # chi N e is the same for all (Fig. 2), so chi follows how many particles take part
                product = rows[column] * rows[column.replace("chi", "participants")]
                words += f", of {quantity} N e {median_exponent(rows[frequency], product):.2f}"
            yield row(
                names_of(rows),
                temperature_of(rows),
                f"exponent of {quantity} with {frequency}",
                observed,
                error,
                0.0,
                source,
                *claim(observed, error, 0.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
                f"{quantity} does not depend on frequency: slope through running medians{words}; "
                f"median of all {rows[column].median():.3g} ({counts_of(rows)}).",
            )


def _response_of_order_one(tables):
    for rows in by_series(positive(families(tables), "response_4")):
        observed = rows["response_4"].median()
        yield row(
            names_of(rows),
            temperature_of(rows),
            "|U'''':pi_4 pi_4 pi_4| / chi_4, median",
            observed,
            bootstrap_error(rows, ("response_4",), np.median),
            1.0,
            "Fig. 9a",
            "of order one: less than a decade above 1, which it cannot be below",
            enough(rows, 1.0 - 1e-9 <= observed < 10.0),
            f"The magnitude of the field is O(1), independent of frequency ({counts_of(rows)}).",
        )


def _coefficient_ratios(tables):
    for rows in by_series(positive(families(tables), "tau_ratio", "chi_ratio")):
        span = {}
        for column in ("tau_ratio", "chi_ratio"):
            span[column] = float(np.ptp(np.log10(rows[column])))
        low, high = np.quantile(rows["tau_ratio"], [0.05, 0.95])
        yield row(
            names_of(rows),
            temperature_of(rows),
            "decades that |tau_3 / tau_4| spans",
            span["tau_ratio"],
            np.nan,
            5.0,
            "Fig. 7b",
            "more than 2, several orders of magnitude; judged from "
            f"{ENOUGH_FOR_DECADES} samples on, as the span grows with their number",
            span["tau_ratio"] > 2.0 if len(rows) >= ENOUGH_FOR_DECADES else None,
            "Largest over smallest; third-order coefficients are highly sensitive to the modes' "
            f"structure. 5 and 95 % quantiles {low:.3g} and {high:.3g} ({counts_of(rows)}; the "
            "paper has up to 420,000).",
        )
        low, high = np.quantile(rows["chi_ratio"], [0.05, 0.95])
        close = rows.loc[rows["cubic_gap"] < 1.0 - CLOSE, "chi_ratio"]
        of_close = np.ptp(np.log10(close)) if len(close) else np.nan
        yield row(
            names_of(rows),
            temperature_of(rows),
            "decades that chi_3 / chi_4 spans",
            span["chi_ratio"],
            np.nan,
            1.0,
            "Fig. 7c",
            "less than 1",
            enough(rows, span["chi_ratio"] < 1.0),
            "Largest over smallest; fourth-order coefficients are indifferent to small changes of "
            f"structure. 5 and 95 % quantiles {low:.3g} and {high:.3g} ({counts_of(rows)}); "
            f"{of_close:.2f} decades of the {len(close)} pairs with an overlap above {CLOSE:g}.",
        )


ROWS = (
    (("quasilocalized_samples",), _shear_moduli),
    (("quasilocalized", "equilibration"), _independence_of_snapshots),
    (("quasilocalized",), _convergence_of_solvers),
    (("quasilocalized",), _agreement_of_solvers),
    (("quasilocalized",), _localization),
    (("quasilocalized",), _harmonic_below_quartic),
    (("quasilocalized",), _softest_pairs),
    (("quasilocalized",), _convergence),
    (("quasilocalized",), _prefactors),
    (("quasilocalized",), _cubic_stiffer),
    (("quasilocalized",), _independence_of_frequency),
    (("quasilocalized",), _response_of_order_one),
    (("quasilocalized",), _coefficient_ratios),
)
