"""What quasilocalized excitations say of the energy landscape, against kapteijns2020_nqe.

Figs 8 and 9d-e, Eqs 30-42: asymmetry and its bound, frequencies of the softest modes, barriers and
strain thresholds, decay and populations. Errors and rules are those of
:mod:`glassmodes.papers.kapteijns2020_nqe.mode_claims`.
"""

from __future__ import annotations

import numpy as np

from glassmodes.papers.criteria import above, claim, near, row
from glassmodes.papers.kapteijns2020_nqe.mode_claims import EXPONENT_TOLERANCE
from glassmodes.papers.kapteijns2020_nqe.soft_spots import (
    by_ensemble,
    by_series,
    counts_of,
    enough,
    names_of,
    positive,
    temperature_of,
)
from glassmodes.papers.kapteijns2020_nqe.tables import (
    BOUND,
    PAPER,
    described,
    excitations,
    families,
    reference,
    softest,
)
from glassmodes.statistics.distributions import (
    fraction,
    median_exponent,
    size_exponent,
    weibull_distance,
    weibull_shape,
    width,
)
from glassmodes.statistics.resampling import bootstrap_error
from glassmodes.transitions.rearrangements import CORE_RADIUS, OUTER_FRACTION

TAIL = 0.2
"""Lowest part of the samples that a power law towards zero is fitted to."""

STRAIN_TAIL_EXPONENT = -1.0 / 3.0
"""Of the number of samples, for that part of the strains x: the coupling nu varies widely and bends
their distribution early, so the part shrinks as samples become more."""

LARGEST_ERROR = 0.5
"""Of an exponent of a density of states, above which it is not judged."""


def _bound(tables):
    hotter = {}
    for rows in by_series(positive(families(tables), "asymmetry_3")):
        observed, error = fraction(rows["asymmetry_3"] > BOUND)
        temperature = temperature_of(rows)
        paper = reference(rows["model"].iloc[0])
        theirs = paper.beyond_bound.get(temperature, np.nan) if paper else np.nan
        rule, agrees = "none, the paper has no number", None
        if np.isfinite(theirs):
            # the paper's has a binomial error of its own, of its 1,000 samples of N = 8000
            both = np.hypot(error, np.sqrt(theirs * (1.0 - theirs) / 1000.0))
            rule, agrees = claim(observed, both, theirs, 0.0, theirs / 3.0)
            rule += " (binomial errors of both)"
        double = (rows["asymmetry_3"] > 8.0 / 3.0).mean()
        yield row(
            names_of(rows),
            temperature,
            "part of the cubic modes with tau^2 > 3 kappa chi",
            observed,
            error,
            theirs,
            "Fig. 8, Eq. 32",
            rule,
            agrees,
            "Cubic modes beyond the bound of the soft-potential model have a second minimum below "
            f"the inherent state; {100 * double:.2g} % have a second minimum at all, tau^2 > "
            f"(8/3) kappa chi. Median tau^2 / (kappa chi) {rows['asymmetry_3'].median():.3g} "
            f"({counts_of(rows)}).",
        )
        if np.isfinite(temperature):
            key = (rows["model"].iloc[0], rows["density"].iloc[0])
            hotter.setdefault(key, []).append((temperature, observed, error, names_of(rows)))
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
    for rows in by_series(positive(everything, "asymmetry_3", "chi_3")):
        product, square = rows["kappa_3"] * rows["chi_3"], rows["tau_3"] ** 2
        chosen = rows.assign(product=product, square=square, size=rows["tau_3"].abs())
        for x, y, quantity, source in (
            ("product", "square", "tau_3^2 with kappa_3 chi_3", "Figs 8 and 9d, Eq. 33"),
            ("omega_3", "size", "tau_3 with omega_3", "Eq. 34"),
        ):
            observed = median_exponent(chosen[x], chosen[y])
            if not np.isfinite(observed):
                continue
            error = bootstrap_error(chosen, (x, y), median_exponent)
            yield row(
                names_of(rows),
                temperature_of(rows),
                f"exponent of {quantity}",
                observed,
                error,
                1.0,
                source,
                *claim(observed, error, 1.0, EXPONENT_TOLERANCE, EXPONENT_TOLERANCE),
                "The entire ensemble of cubic modes follows tau^2 ~ kappa chi, so tau ~ omega: "
                f"slope through running medians ({counts_of(rows)}).",
            )
        observed = width(rows["asymmetry_3"])
        low, high = np.quantile(rows["asymmetry_3"], [0.05, 0.95])
        yield row(
            names_of(rows),
            temperature_of(rows),
            "decades of tau_3^2 / (kappa_3 chi_3)",
            observed,
            bootstrap_error(rows, ("asymmetry_3",), width),
            np.nan,
            "Figs 8 and 9d",
            "at most 1, the width of the paper's cloud",
            enough(rows, observed <= 1.0),
            f"Between the 5 and 95 % quantiles, {low:.3g} and {high:.3g} ({counts_of(rows)}).",
        )
        observed, error = fraction(rows["asymmetry_3"] < 0.4)
        yield row(
            names_of(rows),
            temperature_of(rows),
            "part of the cubic modes with tau^2 < 0.4 kappa chi",
            observed,
            error,
            0.0,
            "lerner2021_perspective, Fig. 11",
            "below 0.05 by two standard errors",
            enough(rows, above(-observed, error, -0.05)),
            "An empirical lower bound, without an explanation; smallest "
            f"{rows['asymmetry_3'].min():.3g}.",
        )
    for rows in by_series(positive(everything, "asymmetry_3", "asymmetry_4")):
        three, four = width(rows["asymmetry_3"]), width(rows["asymmetry_4"])

        def ratio(three, four):
            of_cubic = width(three)
            # a resample may hold one sample many times
            return width(four) / of_cubic if of_cubic > 0.0 else np.nan

        if not three > 0.0:
            continue
        error = bootstrap_error(rows, ("asymmetry_3", "asymmetry_4"), ratio)
        yield row(
            names_of(rows),
            temperature_of(rows),
            "decades of tau^2 / (kappa chi), quartic over cubic",
            four / three,
            error,
            np.nan,
            "Fig. 9e",
            "above 2 by two standard errors",
            enough(rows, above(four / three, error, 2.0)),
            "Quartic modes do not follow tau^2 ~ kappa chi: their cloud is several times as wide, "
            f"{four:.2f} decades between the 5 and 95 % quantiles.",
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
        for group in by_ensemble(lowest):
            yield from _of_minima(group, kind, source)


def _of_minima(group, kind, source):
    observed, error = _tail(group, "omega")
    if not np.isfinite(observed):
        return
    name, temperature = group["ensemble"].iloc[0], temperature_of(group)
    top = np.quantile(group["omega"], TAIL) / group["first_phonon"].iloc[0]
    yield row(
        name,
        temperature,
        f"exponent of D(omega), {kind} modes",
        observed,
        error,
        4.0,
        source,
        *claim(observed, error, 4.0, 0.3, LARGEST_ERROR),
        f"D(omega) ~ omega^4 from the softest mode of each of {len(group)} samples: maximum "
        f"likelihood of their distribution over the lowest {TAIL:g} of them, up to {top:.2f} of "
        f"the first phonon's frequency; {_other_tails(group, 'omega')}. Small glasses of hot "
        "liquids have less (Eq. 40), about 3 (Phys. Rev. E 96, 020104).",
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
        for group in by_series(softest(rows[rows["kind"] == kind])):
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
    everything = positive(families(tables), "strain_3")
    for group in by_series(everything):
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
        names_of(group),
        temperature_of(group),
        quantity,
        observed,
        error,
        paper,
        source,
        *claim(observed, error, paper, tolerance, 2 * tolerance),
        f"{what}: {words} ({counts_of(group)}).",
    )


def _predictions(tables):
    """p(V_B) and p(x), and what they should be with the exponent of D(omega) measured beside."""
    everything = positive(families(tables), "barrier_3", "strain_3", "omega_3")
    for column, quantity, paper, source, of_omega, tolerance in (
        ("barrier_3", "p(V_B)", 0.25, "Eq. 36", 4.0, 0.1),
        ("strain_3", "p(x)", 2.0 / 3.0, "Eq. 38", 3.0, 0.15),
    ):
        for rows in by_ensemble(everything):
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
            name, temperature = rows["ensemble"].iloc[0], temperature_of(rows)
            yield row(
                name,
                temperature,
                f"exponent of {quantity}",
                observed,
                error,
                paper,
                source,
                *claim(observed, error, paper, tolerance, tolerance),
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
                *claim(observed - expected, both, 0.0, tolerance, tolerance),
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
    (("quasilocalized",), _bound),
    (("quasilocalized",), _soft_relation),
    (("quasilocalized",), _frequency_distributions),
    (("quasilocalized",), _sizes_of_minima),
    (("quasilocalized",), _predictions),
    (("quasilocalized_profiles",), _far_fields),
    (("quasilocalized_growth",), _populations),
)
