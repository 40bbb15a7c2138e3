"""Harmonic, quartic and cubic modes against the paper: Figs 2-7 and 9, Table II, Eqs 15-25.

What follows for the energy landscape is in
:mod:`glassmodes.papers.kapteijns2020_nqe.landscape_claims`. Samples are independent of each other,
and each gives one mode of each kind: errors are by bootstrap over samples, those of a part of the
samples from its exact interval. The paper shows most of its statements by a slope or a flat cloud
beside a line; the precision that is taken to have stands beside each margin below.

A claim is judged in glasses of the paper's models, densities and protocols; the same number in
other glasses is listed for orientation.
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from glassmodes.papers.criteria import (
    CONTRADICTED,
    above,
    below,
    check,
    claim,
    context,
    equivalent,
    undecided,
    what_would_decide,
    within_factor,
)
from glassmodes.papers.kapteijns2020_nqe import PAPER
from glassmodes.papers.kapteijns2020_nqe.glasses import has_paper_density, paper_model
from glassmodes.papers.kapteijns2020_nqe.series import (
    by_model,
    by_series,
    by_size,
    glasses_of,
    of_ipl,
    of_paper,
    part_of,
)
from glassmodes.papers.kapteijns2020_nqe.soft_spots import (
    BELOW_PHONON,
    SAME_SPOT,
    families,
    far_below_phonons,
    positive,
)
from glassmodes.papers.kapteijns2020_nqe.tables import shear_modulus_table
from glassmodes.plotting.selection import samples_of
from glassmodes.statistics.distributions import (
    FEWEST_IN_TAIL,
    FEWEST_MODES,
    fraction,
    median_exponent,
    medians_by_size,
    size_exponent,
    width,
)
from glassmodes.statistics.resampling import bootstrap_error

MODULUS_MARGIN = 0.05
"""Part of G by which sizes of Table I differ: Table II does not say which one it is of."""

EXPONENT_MARGIN = 0.25
"""Exponent that a cloud beside a line hides: less than a factor of two over a decade."""

PART_OF_ALL = 0.95
"""Part of the samples that "all" means in a scatter plot: one exception in twenty would be seen."""

SAME_PRODUCT = 1.25
"""Ratio of two products chi_4 N e_4 that a scatter plot hides: the width of a symbol."""

STIFFER_MARGIN = 0.05
"""Of "approximately 30 %", which has one digit."""

VERY_CLOSE = 0.9
"""Overlap from which a cubic and a quartic mode are of the same spot beyond doubt: between this
and SAME_SPOT the two may be neighbours."""

SAME_MODE = 0.99
"""Overlap above which two solvers have reached the same minimum: others are far apart."""

SOLVERS_AGREE = 1e-8
"""How far below one the overlap of two solvers' modes may be."""

SNAPSHOT_CORRELATION = 0.1
"""Correlation of neighbouring snapshots that makes errors over samples a tenth too small."""

WEIBULL_SCATTER = np.pi / np.sqrt(6.0) / 5.0
"""Standard deviation of log omega_min of samples with D(omega) ~ omega^4 (Weibull, exponent 5)."""

SOFTEST_PAIRS = 10
"""Pairs from which the softest one of more samples is foretold."""


# --- moduli and the state of the samples ----------------------------------------------------------

_MODULUS_REASONS = {
    "4D IPL": "Open. The paper's 4D glasses hold N = 10,000 and were cooled slowly. G of 3D IPL "
    "rises by 5 % from N = 512 to 8,192; cooling at 0.04 per time unit raises G of 4D IPL by 2 %. "
    "Hot glasses of N = 4,096 to 10,000, and ones cooled at 1e-3, would tell.",
    "3D POLY": "The density that Table II prints beside this G is not the one that gives it: 0.58 "
    "does.",
}


@PAPER.claims("quasilocalized_samples")
def shear_moduli(tables):
    """G(T_p = inf) of each model, of the largest glasses that were quenched from high T_p."""
    status = tables["quasilocalized_samples"]
    sizes = tables["ensembles"].set_index("ensemble")["particles"]
    for entry in shear_modulus_table(tables).itertuples():
        names = entry.ensembles.split(", ")
        largest = [name for name in names if sizes[name] == sizes[names].max()]
        rows = status[status["ensemble"].isin(largest)].dropna(subset=["shear_modulus"])
        if rows.empty:
            continue
        values = rows["shear_modulus"]
        observed = values.mean()
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        theirs = entry.paper_shear_modulus
        paper = paper_model(entry.model)
        judgement = equivalent(observed, error, theirs, MODULUS_MARGIN * theirs)
        if not entry.saturated:
            judgement = context(theirs)
        elif paper.is_poly and has_paper_density(paper, entry.density):
            # the density was found by this G, so that their agreement is no evidence
            passes = judgement.verdict != CONTRADICTED
            rule = f"not outside {100 * MODULUS_MARGIN:.0f} % of the paper's G by two errors"
            judgement = check(passes, rule, theirs)
        finding = f"Mean over samples of the largest size, N = {sizes[largest[0]]:,}"
        if len(names) > len(largest):
            finding += f"; of all sizes {entry.shear_modulus:.4g}, which omega_0 is made from"
        finding += f". omega_0 = {entry.unit_frequency:.4g} (paper {entry.paper_unit_frequency:.4g}"
        finding += f"), a_0 = {entry.unit_length:.4g}."
        if not entry.saturated:
            finding += " No ensemble was quenched from where G has saturated."
        yield claim(
            judgement,
            item="Table II",
            quantity=f"G(T_p = inf), {entry.name}, density {entry.density:g}",
            ensemble=", ".join(largest),
            observed=observed,
            error=error,
            statement=f"The athermal shear modulus of {entry.name} glasses of high parent "
            f"temperature is {theirs:g} at density {entry.paper_density:g}.",
            finding=finding,
            reason=_MODULUS_REASONS.get(entry.name, ""),
            samples=samples_of(tables, rows),
            count=len(values),
        )


@PAPER.claims("quasilocalized", "equilibration")
def independence_of_snapshots(tables):
    """Snapshots of one equilibrium run count as samples: neighbours must not share soft spots."""
    runs = tables["equilibration"].set_index(["ensemble", "sample"])
    everything = positive(families(tables), "omega_4")
    for name, rows in everything.groupby("ensemble", sort=False):
        if name not in runs.index:
            continue
        starts = runs.loc[name].sort_index()
        run = np.searchsorted(starts.index, rows["sample"], side="right")
        observed, error, pairs = neighbour_correlation(rows["sample"], run, rows["omega_4"])
        if pairs < FEWEST_MODES:
            continue
        passes = above(observed, error, SNAPSHOT_CORRELATION).verdict
        spacing = ""
        if "spacing" in starts:
            spacing = f"Snapshots are {starts['spacing'].mean():.3g} decorrelation times apart. "
        yield claim(
            check(
                passes in ("contradicted", "undecided"),
                f"not above {SNAPSHOT_CORRELATION} by two standard errors",
                0.0,
            ),
            item="Section II",
            quantity="correlation of log omega_4 of neighbouring snapshots",
            observed=observed,
            error=error,
            statement="Snapshots of an equilibrium run count as independent glasses.",
            finding=f"{pairs} pairs of neighbours (runs: {len(starts)}); the error is that of "
            f"independent values. {spacing}The overlap of the liquid with the snapshot before is "
            f"{starts['snapshot_overlap'].mean():.2f} on average, 1 where nothing moved.",
            **glasses_of(tables, rows),
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


@PAPER.claims("quasilocalized")
def convergence_of_solvers(tables):
    """Part of the modes of each kind that the solvers converged to."""
    rows = tables["quasilocalized"]
    for kind, group in rows.groupby("kind", sort=False):
        observed, error = fraction(group["converged"])
        others = group.loc[~group["converged"], "outcome"].value_counts()
        words = ", ".join(f"{count} {outcome}" for outcome, count in others.items()) or "none"
        yield claim(
            context(),
            item="Appendix B",
            quantity=f"part of the {kind} modes that converged",
            ensemble=", ".join(group["ensemble"].unique()),
            observed=observed,
            error=error,
            statement="Modes are found by minimising cost functions; no part is given.",
            finding=f"Of {len(group)} modes; not converged: {words}. Median wall time "
            f"{group['seconds'].median():.3g} s, median residual {group['residual'].median():.1g}.",
            samples=samples_of(tables, group),
        )


@PAPER.claims("quasilocalized")
def agreement_of_solvers(tables):
    """Minimisation on the sphere against the fixed-point map, where a study asks for both."""
    rows = tables["quasilocalized"].dropna(subset=["overlap_solvers"])
    for kind, group in rows.groupby("kind", sort=False):
        same = group["overlap_solvers"] > SAME_MODE
        row = {
            "item": "Appendix B",
            "ensemble": ", ".join(group["ensemble"].unique()),
            "statement": "Minimisation and the fixed-point iteration solve one equation.",
            "samples": samples_of(tables, group),
        }
        observed, error = fraction(same)
        yield claim(
            context(),
            quantity=f"part of the {kind} modes that two solvers find alike",
            observed=observed,
            error=error,
            finding=f"{(~same).sum()} of {len(group)} pairs ended in different modes (overlap at "
            f"most {SAME_MODE:g}): the sphere has more than one minimum.",
            **row,
        )
        if same.any():
            observed = float((1.0 - group.loc[same, "overlap_solvers"]).max())
            rule = f"at most {SOLVERS_AGREE:g} wherever both solvers reach the same mode"
            yield claim(
                check(observed <= SOLVERS_AGREE, rule),
                quantity=f"largest 1 - overlap of two solvers, {kind}",
                observed=observed,
                finding=f"Of the {same.sum()} of {len(group)} pairs that ended in the same mode.",
                **row,
            )


# --- localisation: Figs 2 and 4 -------------------------------------------------------------------


@PAPER.claims("quasilocalized")
def localisation(tables):
    """chi_4 against N e_4, and whether their product depends on size or preparation."""
    everything = positive(families(tables), "chi_4", "participants_4")
    for rows in by_model(everything):
        yield _localisation_exponent(tables, rows)
        rows = rows.assign(product=rows["chi_4"] * rows["participants_4"])
        sizes = rows.groupby("ensemble").size()
        rows = rows[rows["ensemble"].isin(sizes.index[sizes >= FEWEST_MODES])]
        rows = rows.reset_index(drop=True)
        if rows["ensemble"].nunique() > 1:
            yield _contrast_of_products(tables, rows)


def _localisation_exponent(tables, rows):
    columns = ("participants_4", "chi_4")
    observed = median_exponent(rows["participants_4"], rows["chi_4"])
    error = bootstrap_error(rows, columns, median_exponent) if np.isfinite(observed) else np.nan
    return claim(
        of_paper(equivalent(observed, error, -1.0, EXPONENT_MARGIN), rows),
        item="Fig. 2",
        quantity="exponent of chi_4 with N e_4",
        observed=observed,
        error=error,
        statement="The quartic coefficient is inversely proportional to the number of particles "
        "that take part, chi_4 ~ (N e_4)^-1.",
        finding="Slope through running medians of all ensembles of the model together.",
        **glasses_of(tables, rows),
    )


def _contrast_of_products(tables, rows):
    medians = rows.groupby("ensemble", sort=False)["product"].median()
    codes = rows["ensemble"].astype("category").cat.codes.to_numpy()

    def contrast(codes, product):
        _, medians = medians_by_size(codes, product)
        return medians.max() / medians.min()

    observed = medians.max() / medians.min()
    error = bootstrap_error(rows.assign(code=codes), ("code", "product"), contrast, strata=True)
    words = ", ".join(f"{value:.4g} ({name})" for name, value in medians.items())
    return claim(
        of_paper(below(observed, error, SAME_PRODUCT), rows),
        item="Fig. 2",
        quantity="chi_4 N e_4, largest / smallest median of an ensemble",
        observed=observed,
        error=error,
        statement="chi_4 N e_4 is independent of system size and preparation protocol.",
        finding=f"Medians: {words}.",
        **glasses_of(tables, rows),
    )


@PAPER.claims("quasilocalized")
def harmonic_against_quartic(tables):
    """The harmonic mode is the softest direction; the quartic one takes fewer particles."""
    everything = positive(families(tables), "kappa_2", "kappa_4")
    if len(everything):
        stiffer = everything["energy_gap"] > -1e-6
        yield claim(
            check(bool(stiffer.all()), "all, to 1e-6 of the stiffness", 1.0),
            item="Fig. 4",
            quantity="part of the samples with omega_4 >= omega_2",
            observed=stiffer.mean(),
            statement="The quartic mode is always slightly stiffer than the harmonic one.",
            finding="The lowest harmonic mode is the softest direction of all, so that this holds "
            "unless a solver missed it. Median (omega_4^2 - omega_2^2) / omega_4^2 "
            f"{everything['energy_gap'].median():.3g}.",
            **{**glasses_of(tables, everything), "temperature": np.nan},
        )
    for rows in by_series(positive(everything, "participants_2", "participants_4")):
        judgement, part = part_of(
            rows["participants_4"] <= rows["participants_2"], PART_OF_ALL, reference=1.0
        )
        yield claim(
            of_ipl(judgement, rows),
            item="Fig. 4",
            quantity="part of the samples with N e_4 <= N e_2",
            statement="The quartic mode, free of hybridisation, always has the lower participation "
            "ratio.",
            finding=f"Medians N e_4 = {rows['participants_4'].median():.3g}, N e_2 = "
            f"{rows['participants_2'].median():.3g}.",
            **part,
            **glasses_of(tables, rows),
        )


# --- convergence of harmonic to quartic modes: Figs 3 and 5 ---------------------------------------

_SOFTEST_PAIRS = {"ipl10_3d": (1.5e-3, 3.6e-6), "ipl10_2d": (2.1e-2, 2.4e-4)}
"""Gaps of energy and structure of the paper's softest pairs (Fig. 3)."""


@PAPER.claims("quasilocalized")
def softest_pairs(tables):
    """Gaps of the softest pair, foretold for as many samples as the paper has.

    With D(omega) ~ omega^4 the i-th softest of n samples has, on average, log omega =
    (psi(i) - log n) / 5 + constant, psi the digamma function: each of the softest pairs foretells
    the softest one of the paper's samples, by the powers of Eqs 15 and 16.
    """
    rows = positive(families(tables), "omega_4", "energy_gap", "structure_gap")
    for group in by_model(rows[rows["of_paper"]]):
        model = group["model"].iloc[0]
        if model not in _SOFTEST_PAIRS:
            continue
        theirs = paper_model(model).samples
        asked = {size: theirs.get((None, size), 0) for size in group["particles"].unique()}
        counts = group.groupby("particles").size()
        known = [size for size in asked if asked[size] and counts[size] >= FEWEST_MODES]
        if known:
            size = max(known, key=lambda size: counts[size])
            of_size = group[group["particles"] == size].reset_index(drop=True)
            for place in (0, 1):
                yield _softest_pair(tables, of_size, place, asked[size])


def _softest_pair(tables, rows, place, their_samples):
    column, power, quantity, _, _ = _CONVERGENCE[place]
    theirs = _SOFTEST_PAIRS[rows["model"].iloc[0]][place]

    def foretold(omega, gap):
        order = np.argsort(omega)[:SOFTEST_PAIRS]
        rank = np.arange(1, len(order) + 1)
        later = digamma(rank) - digamma(1.0) + np.log(their_samples / len(omega))
        return float(np.exp(np.median(np.log(gap[order]) - power * later / 5.0)))

    columns = ("omega_4", column)
    observed = foretold(*(rows[name].to_numpy() for name in columns))
    error = bootstrap_error(rows, columns, foretold)
    softest = rows.loc[rows["omega_4"].idxmin()]
    judgement = context(theirs)
    words = "Not judged: the gap grows with L in the plane, and the paper's size is not named. "
    if rows["dimension"].iloc[0] == 3:
        # a single pair pins the typical one no better than the softest modes of samples scatter
        factor = float(np.exp(2.0 * power * WEIBULL_SCATTER))
        judgement = within_factor(observed, error, theirs, factor)
        words = "The margin is how much the paper's single pair may scatter. "
    return claim(
        judgement,
        item="Fig. 3",
        quantity=f"{quantity} of the softest of {their_samples:,} pairs",
        observed=observed,
        error=error,
        statement=f"{quantity} of the softest pair of all ensembles is {theirs:g}.",
        finding=f"Foretold by the {SOFTEST_PAIRS} softest of {len(rows):,} pairs, with omega_min "
        f"~ samples^(-1/5) and the power {power:g} of Eq. {15 + place}. {words}Softest pair here: "
        f"sample {softest['sample']}, omega_4 = {softest['omega_4']:.3g}, {softest[column]:.3g}.",
        **glasses_of(tables, rows),
    )


_CONVERGENCE = (
    ("energy_gap", 2.0, "(omega_4^2 - omega_2^2) / omega_4^2", "Fig. 5; Eq. 15", 1.0),
    ("structure_gap", 4.0, "1 - |pi_4 . psi|", "Fig. 5; Eq. 16", 2.0),
)
"""Column, exponent, what it is, item, and the power of the denominators of Eq. 17 in it."""


@PAPER.claims("quasilocalized")
def convergence(tables):
    """Exponents with which harmonic modes converge to quartic ones."""
    for rows in by_size(positive(families(tables), "omega_4", "omega_2")):
        for column, theirs, quantity, item, power in _CONVERGENCE:
            yield _convergence_exponent(tables, rows, column, theirs, quantity, item, power)


def _convergence_exponent(tables, rows, column, theirs, quantity, item, power):
    low = far_below_phonons(rows)
    observed, error, limit = median_exponent(low["omega_4"], low[column]), np.nan, ""
    decided_by = ""
    if np.isfinite(observed):
        error = bootstrap_error(low, ("omega_4", column), median_exponent)
        # half of the way to exponents that differ by a quarter: 1.5 and 2.5, 3 and 5
        judgement = equivalent(observed, error, theirs, 0.125 * theirs)
        asymptotic = low[column] * low["denominator"] ** power
        limit = " With the denominators omega_l^2 - omega_2^2 of Eq. 17 taken at that phonon, the "
        limit += f"limit of small omega, {median_exponent(low['omega_4'], asymptotic):.2f}."
    else:
        judgement, decided_by = _too_few_far_below_phonon(rows, low, theirs)
    if rows["dimension"].iloc[0] == 4:
        judgement = context(theirs)
    return claim(
        of_ipl(judgement, rows),
        item=item,
        quantity=f"exponent of {quantity} with omega_4",
        observed=observed,
        error=error,
        statement=f"{quantity} scales as omega_4^{theirs:g} in 2D and 3D.",
        finding=f"Running medians of the {len(low)} pairs with omega_4 below {BELOW_PHONON} of the "
        f"first phonon's frequency, {rows['first_phonon'].iloc[0]:.3g}.{limit}",
        decided_by=decided_by,
        noun="modes so low",
        **glasses_of(tables, low if len(low) else rows),
    )


def _too_few_far_below_phonon(rows, low, reference):
    """An undecided claim on modes far below the first phonon, and what would decide it."""
    judgement = undecided(f"needs {FEWEST_MODES} modes far below the first phonon", reference)
    return judgement, f"more samples: {len(low)} of {len(rows)} modes lie so low"


@PAPER.claims("quasilocalized")
def prefactors(tables):
    """How the prefactors f and g of the convergence depend on the edge L of the box."""
    for rows in by_series(far_below_phonons(families(tables))):
        counts = rows.groupby("ensemble").size()
        rows = rows[rows["ensemble"].isin(counts.index[counts >= FEWEST_IN_TAIL])]
        if rows["particles"].nunique() > 1:
            yield _prefactor(tables, rows, 0, in_plane=2.0)
            yield _prefactor(tables, rows, 1, in_plane=4.0)


def _prefactor(tables, rows, place, in_plane):
    column, power, _, item, _ = _CONVERGENCE[place]
    letter, dimension = "fg"[place], int(rows["dimension"].iloc[0])
    chosen = rows.assign(value=rows[column] / rows["omega_4"] ** power).reset_index(drop=True)
    fitted = _sizes_of_table_1(chosen)
    observed = size_exponent(fitted["edge"], fitted["value"])
    error = bootstrap_error(fitted, ("edge", "value"), size_exponent, strata=True)
    decided_by = ""
    if dimension == 2:
        # a quarter of the exponent: 1.5 to 2.5 is not 1 or 3
        judgement = equivalent(observed, error, in_plane, in_plane / 4)
        statement = f"{letter}(L) ~ L^{in_plane:g} in 2D, where the first phonons hybridise."
    else:
        judgement = context()
        if dimension == 3:
            what = f"half of the exponent {in_plane:g} in 2D"
            judgement = below(observed, error, in_plane / 2, what=what)
            largest = fitted["particles"].max()
            count = int((fitted["particles"] == largest).sum())
            noun = f"modes so low of N = {largest:,}"
            decided_by = what_would_decide(judgement, observed, error, count, noun)
            decided_by += "; or samples of a larger size"
        statement = f"{letter}(L) depends weakly on L in 3D, where other soft spots hybridise."
    edges, medians = medians_by_size(chosen["edge"], chosen["value"])
    words = ", ".join(
        f"{value:.3g} (L = {edge:.3g})" for edge, value in zip(edges, medians, strict=True)
    )
    of_table = ", fitted over the sizes of Table I" if len(fitted) < len(chosen) else ""
    return claim(
        of_ipl(judgement, fitted),
        item=item,
        quantity=f"exponent of {letter}(L) with L",
        observed=observed,
        error=error,
        statement=statement,
        finding=f"Median prefactors {words}, of modes below {BELOW_PHONON} of the first phonon's "
        f"frequency{of_table}.",
        decided_by=decided_by,
        noun="modes so low",
        **glasses_of(tables, fitted),
    )


def _sizes_of_table_1(rows):
    """Rows of the paper's sizes where there are two of them, all rows otherwise.

    A smaller box has fewer soft spots below its first phonons, so these hybridise more.
    """
    paper = paper_model(rows["model"].iloc[0])
    sizes = {size for _, size in paper.samples} if paper else set()
    chosen = rows[rows["particles"].isin(sizes)]
    return chosen.reset_index(drop=True) if chosen["particles"].nunique() > 1 else rows


# --- cubic beside quartic modes: Fig. 7 -----------------------------------------------------------


@PAPER.claims("quasilocalized")
def cubic_stiffer(tables):
    """How often, and by how much, cubic modes are stiffer than quartic ones."""
    for rows in by_series(families(tables).dropna(subset=["stiffer"])):
        row = {"item": "Fig. 7; Section V.B", **glasses_of(tables, rows)}
        # the number is given to half a per cent
        judgement, part = part_of(rows["stiffer"] > 0.0, 0.99, reference=0.995)
        yield claim(
            of_ipl(judgement, rows),
            quantity="part of the samples with kappa_3 > kappa_4",
            statement="In more than 99.5 % of the pairs the cubic mode is stiffer.",
            finding=f"Pairs of the same soft spot, overlap above {SAME_SPOT:g}.",
            **part,
            **row,
        )
        low, observed, high = np.quantile(rows["stiffer"], [0.25, 0.5, 0.75])
        error = bootstrap_error(rows, ("stiffer",), np.median)
        faster = np.sqrt(1.0 + observed) - 1.0
        yield claim(
            of_ipl(equivalent(observed, error, 0.30, STIFFER_MARGIN), rows),
            quantity="kappa_3 / kappa_4 - 1, median",
            observed=observed,
            error=error,
            statement="Cubic modes are typically approximately 30 % stiffer than the quartic ones "
            "of the same soft spots.",
            finding=f"Quartiles {low:.3g} and {high:.3g}; frequency {100 * faster:.0f} % higher "
            "(paper 14 %).",
            **row,
        )


@PAPER.claims("quasilocalized")
def coefficient_ratios(tables):
    """How much tau and chi change between the cubic and the quartic mode of a soft spot."""
    for rows in by_series(positive(families(tables), "tau_ratio", "chi_ratio")):
        low, high = np.quantile(rows["tau_ratio"], [0.05, 0.95])
        yield claim(
            context(5.0),
            item="Fig. 7",
            quantity="decades that |tau_3 / tau_4| spans",
            observed=float(np.ptp(np.log10(rows["tau_ratio"]))),
            statement="Third-order coefficients are highly sensitive to the modes' structure: "
            "their ratio spans almost five orders of magnitude.",
            finding="Largest over smallest, which grows with the number of samples (the paper has "
            f"up to 420,000 pairs). 5 and 95 % quantiles {low:.3g} and {high:.3g}.",
            **glasses_of(tables, rows),
        )
        yield _width_of_chi_ratio(tables, rows)


def _width_of_chi_ratio(tables, rows):
    close = rows[rows["cubic_gap"] < 1.0 - VERY_CLOSE].reset_index(drop=True)
    if len(close) >= FEWEST_MODES:
        low, high = np.quantile(close["chi_ratio"], [0.05, 0.95])
        observed, error = width(close["chi_ratio"]), bootstrap_error(close, ("chi_ratio",), width)
        judgement = below(observed, error, 1.0)
        words = f", {low:.3g} and {high:.3g},"
    else:
        observed, error, words = np.nan, np.nan, ""
        judgement = undecided(f"needs {FEWEST_MODES} pairs with an overlap above {VERY_CLOSE:g}")
    return claim(
        of_ipl(judgement, rows),
        item="Fig. 7",
        quantity="decades of chi_3 / chi_4",
        observed=observed,
        error=error,
        statement="Fourth-order coefficients are indifferent to small changes of structure: their "
        "ratio spans less than one order of magnitude.",
        finding=f"Between the 5 and 95 % quantiles{words} of the pairs with an overlap above "
        f"{VERY_CLOSE:g}.",
        **glasses_of(tables, close if len(close) else rows),
    )


# --- what does not depend on frequency: Figs 7a and 9 ---------------------------------------------

_INDEPENDENT = (
    ("stiffer", "omega_4", "kappa_3 / kappa_4 - 1", "Fig. 7"),
    ("response_4", "omega_4", "|U'''':pi_4 pi_4 pi_4| / chi_4", "Fig. 9"),
    ("nu_3", "omega_3", "nu_3", "Fig. 9"),
    ("chi_3", "omega_3", "chi_3", "Fig. 9"),
    ("chi_4", "omega_4", "chi_4", "Fig. 9"),
)
"""Column, frequency, what it is and item, of what does not depend on frequency."""

_OF_CHI = (
    "chi follows the number of particles that take part (Fig. 2), which grows towards the first "
    "phonon, where modes mix with it; in 3D the exponent falls towards low frequencies. More "
    "samples would tell it of the lowest tenth."
)
_FREQUENCY_REASONS = {
    "chi_3": _OF_CHI,
    "chi_4": _OF_CHI,
    "stiffer": "Open. The paper's modes reach lower frequencies: it has 320,000 samples of "
    "N = 2,048.",
}
"""Why a claim of no dependence is contradicted, as far as it is known."""


@PAPER.claims("quasilocalized")
def independence_of_frequency(tables):
    """Exponents with frequency of what the paper shows as flat clouds."""
    everything = families(tables)
    for column, frequency, quantity, item in _INDEPENDENT:
        for rows in by_series(positive(everything, column, frequency)):
            yield exponent_far_below_phonons(
                tables,
                rows,
                (frequency, column),
                reference=0.0,
                item=item,
                quantity=f"exponent of {quantity} with {frequency}",
                statement=f"{quantity} does not depend on frequency.",
                finding=_of_localisation(rows, column, frequency, quantity),
                reason=_FREQUENCY_REASONS.get(column, ""),
                of_glasses=of_ipl,
            )


def _of_localisation(rows, column, frequency, quantity):
    words = f"Median of all {rows[column].median():.3g}."
    if column.startswith("chi"):
        # chi N e is the same for all (Fig. 2), so chi follows how many particles take part
        product = rows[column] * rows[column.replace("chi", "participants")]
        exponent = median_exponent(rows[frequency], product)
        if np.isfinite(exponent):
            words += f" Exponent of {quantity} N e, of all modes, {exponent:.2f}."
    return words


def exponent_far_below_phonons(
    tables,
    rows,
    columns,
    *,
    reference,
    item,
    quantity,
    statement,
    finding="",
    reason="",
    of_glasses=of_paper,
) -> dict:
    """A row of the summary: exponent with frequency of modes far below the first phonon.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
    rows : DataFrame
        Modes of one series.
    columns : (str, str)
        The frequency, and what is fitted as a power of it.
    reference : float
        The paper's exponent, judged to EXPONENT_MARGIN.
    item, quantity, statement, finding, reason : str
        See :func:`glassmodes.papers.criteria.claim`; the exponent of all modes is added to the
        finding.
    of_glasses : callable
        :func:`of_paper` or :func:`of_ipl`: which glasses are judged.
    """
    x, y = columns
    low = rows[rows[x] < BELOW_PHONON * rows["first_phonon"]].reset_index(drop=True)
    observed, error = median_exponent(low[x], low[y]), np.nan
    of_all = median_exponent(rows[x], rows[y])
    lowest = rows[rows[x] <= rows[x].quantile(0.1)]
    of_lowest = median_exponent(lowest[x], lowest[y])
    words = f"Slope through running medians of the {len(low)} modes below {BELOW_PHONON} of the "
    words += "first phonon's frequency"
    words += f"; of all modes {of_all:.2f}" if np.isfinite(of_all) else ""
    words += f", of the lowest tenth {of_lowest:.2f}. " if np.isfinite(of_lowest) else ". "
    decided_by = ""
    if np.isfinite(observed):
        error = bootstrap_error(low, columns, median_exponent)
        judgement = equivalent(observed, error, reference, EXPONENT_MARGIN)
    else:
        judgement, decided_by = _too_few_far_below_phonon(rows, low, reference)
    return claim(
        of_glasses(judgement, rows),
        item=item,
        quantity=quantity,
        observed=observed,
        error=error,
        statement=statement,
        finding=words + finding,
        reason=reason,
        decided_by=decided_by,
        noun="modes so low",
        **glasses_of(tables, low if len(low) else rows),
    )


@PAPER.claims("quasilocalized")
def response_at_least_chi(tables):
    """The field U'''':pi pi pi is no shorter than its component along pi, which is chi."""
    rows = positive(families(tables), "response_4")
    if rows.empty:
        return
    medians = ", ".join(
        f"{group['response_4'].median():.3g} ({label})"
        for label, group in rows.groupby("label", sort=False)
    )
    yield claim(
        check(bool((rows["response_4"] >= 1.0 - 1e-9).all()), "at least 1, to 1e-9"),
        item="Fig. 9",
        quantity="|U'''':pi_4 pi_4 pi_4| / chi_4, smallest",
        observed=rows["response_4"].min(),
        statement="The magnitude of the field is of order chi_4.",
        finding=f"It cannot be below chi_4. Medians {medians}.",
        **{**glasses_of(tables, rows), "temperature": np.nan},
    )
