"""What quasilocalized modes say of the energy landscape, against the paper.

Figs 8 and 9d-e, Eqs 30-42: asymmetry and its bound, frequencies of the softest modes, barriers and
strain thresholds, decay and populations. Errors and margins are made as in
:mod:`glassmodes.papers.kapteijns2020_nqe.mode_claims`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.criteria import above, claim, context, equivalent, undecided
from glassmodes.papers.kapteijns2020_nqe import PAPER
from glassmodes.papers.kapteijns2020_nqe.glasses import PAPER_MODELS, described, paper_model
from glassmodes.papers.kapteijns2020_nqe.mode_claims import (
    EXPONENT_MARGIN,
    exponent_far_below_phonons,
)
from glassmodes.papers.kapteijns2020_nqe.series import (
    by_series,
    by_size,
    glasses_of,
    of_ipl,
    of_paper,
)
from glassmodes.papers.kapteijns2020_nqe.soft_spots import (
    BOUND,
    families,
    modes_in_units,
    positive,
    softest,
)
from glassmodes.plotting.selection import samples_of
from glassmodes.statistics.distributions import (
    FEWEST_IN_TAIL,
    FEWEST_MODES,
    fraction,
    median_exponent,
    size_exponent,
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

BOUND_SIZE, BOUND_SAMPLES = 8000, 1000
"""N and number of the paper's samples of which parts beyond the bound are given (Fig. 8)."""

DENSITY_MARGIN = 0.3
"""Of the exponent 4 of D(omega): a factor of two over a decade of a logarithmic plot."""

SIZE_MARGIN = 0.25
"""Part of an exponent with the size of the box: what D(omega) ~ omega^3, instead of omega^4, would
change in that of omega_min."""

FAR_FIELD_MARGIN = 0.25
"""Of the exponent d - 1 of the far field: a factor of two over a decade."""


# --- asymmetry and its bound: Figs 8 and 9d-e -----------------------------------------------------


@PAPER.claims("quasilocalized")
def stability_bound(tables):
    """Part of the cubic modes beyond tau^2 = 3 kappa chi, and how it depends on stability."""
    of_temperature = {}
    for rows in by_series(positive(families(tables), "asymmetry_3")):
        yield _part_beyond_bound(tables, rows)
        if rows["of_paper"].any() and np.isfinite(
            temperature := rows["parent_temperature"].iloc[0]
        ):
            of_temperature.setdefault(rows["model"].iloc[0], {})[temperature] = rows
    for series in of_temperature.values():
        if len(series) > 1:
            yield _bound_against_stability(tables, series)


def _part_beyond_bound(tables, rows):
    paper = paper_model(rows["model"].iloc[0])
    temperature = rows["parent_temperature"].iloc[0]
    theirs = paper.beyond_bound.get(temperature, np.nan) if paper else np.nan
    decided_by, judgement = "", context(theirs)
    by_size = ", ".join(
        f"{100 * (group['asymmetry_3'] > BOUND).mean():.2g} % (N = {size:,})"
        for size, group in rows.groupby("particles")
    )
    if np.isfinite(theirs):
        of_size = rows[rows["particles"] == BOUND_SIZE].reset_index(drop=True)
        if len(of_size):
            rows = of_size
            observed, error = fraction(rows["asymmetry_3"] > BOUND)
            # to two standard errors the paper knows its own part no better
            margin = 2.0 * np.sqrt(theirs * (1.0 - theirs) / BOUND_SAMPLES)
            judgement = equivalent(observed, error, theirs, margin)
        else:
            judgement = undecided(
                f"judged in glasses of N = {BOUND_SIZE:,}, those of the paper, as the part depends "
                "on N",
                theirs,
            )
            decided_by = (
                f"as many samples of N = {BOUND_SIZE:,} as the paper has, {BOUND_SAMPLES:,}, if "
                "the part were the paper's"
            )
    observed, error = fraction(rows["asymmetry_3"] > BOUND)
    second = (rows["asymmetry_3"] > 8.0 / 3.0).mean()
    statement = "Modes beyond the bound have a lower minimum beside the inherent state"
    statement += f": {100 * theirs:g} % of them." if np.isfinite(theirs) else "."
    return claim(
        of_paper(judgement, rows),
        item="Fig. 8; Eq. 32",
        quantity="part of the cubic modes with tau^2 > 3 kappa chi",
        observed=observed,
        error=error,
        statement=statement,
        finding=f"By size {by_size}. {100 * second:.2g} % have a second minimum at all, tau^2 > "
        f"(8/3) kappa chi. Median tau^2 / (kappa chi) {rows['asymmetry_3'].median():.3g}.",
        decided_by=decided_by,
        **glasses_of(tables, rows),
    )


def _bound_against_stability(tables, series):
    cold, hot = min(series), max(series)
    beyond = PAPER_MODELS["poly"].beyond_bound
    low, high = (fraction(series[key]["asymmetry_3"] > BOUND) for key in (cold, hot))
    observed, error = high[0] - low[0], np.hypot(low[1], high[1])
    about = glasses_of(tables, pd.concat([series[cold], series[hot]], ignore_index=True))
    return claim(
        above(observed, error, 0.0),
        item="Fig. 8",
        quantity="part beyond the bound, least less most stable glass",
        observed=observed,
        error=error,
        statement="The less stable the glass, the more modes exceed the bound: by "
        f"{beyond.get(hot, np.nan) - beyond.get(cold, np.nan):.3g} of all from T_p = {cold:g} to "
        f"{hot:g}.",
        finding=f"Part at T_p = {hot:g} less that at T_p = {cold:g}, binomial errors of both.",
        **about,
    )


@PAPER.claims("quasilocalized")
def soft_relation(tables):
    """tau^2 ~ kappa chi: its exponent, what follows for tau, and the width of the cloud."""
    for rows in by_series(positive(families(tables), "asymmetry_3", "chi_3")):
        yield from _soft_relation_of(tables, rows)


def _soft_relation_of(tables, rows):
    product, square = rows["kappa_3"] * rows["chi_3"], rows["tau_3"] ** 2
    rows = rows.assign(product=product, square=square, size=rows["tau_3"].abs())
    about = glasses_of(tables, rows)
    observed, error = median_exponent(rows["product"], rows["square"]), np.nan
    if np.isfinite(observed):
        error = bootstrap_error(rows, ("product", "square"), median_exponent)
    yield claim(
        of_paper(equivalent(observed, error, 1.0, EXPONENT_MARGIN), rows),
        item="Fig. 8; Fig. 9; Eq. 33",
        quantity="exponent of tau_3^2 with kappa_3 chi_3",
        observed=observed,
        error=error,
        statement="The entire ensemble of cubic modes follows tau^2 ~ kappa chi.",
        finding="Slope through running medians.",
        **about,
    )
    yield exponent_far_below_phonons(
        tables,
        rows,
        ("omega_3", "size"),
        reference=1.0,
        item="Eq. 34",
        quantity="exponent of tau_3 with omega_3",
        statement="As chi does not depend on frequency, tau ~ omega.",
        reason="chi itself depends on frequency near the first phonon, where modes mix with it.",
    )
    low, high = np.quantile(rows["asymmetry_3"], [0.05, 0.95])
    yield claim(
        context(),
        item="Fig. 8; Fig. 9",
        quantity="decades of tau_3^2 / (kappa_3 chi_3)",
        observed=width(rows["asymmetry_3"]),
        error=bootstrap_error(rows, ("asymmetry_3",), width),
        statement="Cubic modes form a narrow cloud beside tau^2 ~ kappa chi.",
        finding=f"Between the 5 and 95 % quantiles, {low:.3g} and {high:.3g}.",
        **about,
    )
    observed, error = fraction(rows["asymmetry_3"] < 0.4)
    yield claim(
        context(0.0),
        item="Fig. 8; Fig. 9",
        quantity="part of the cubic modes with tau^2 < 0.4 kappa chi",
        observed=observed,
        error=error,
        statement="No lower bound is given here; later work finds 0.4 kappa chi empirically.",
        finding=f"Smallest tau^2 / (kappa chi) {rows['asymmetry_3'].min():.3g}.",
        source="lerner2021_perspective, Fig. 11",
        **about,
    )


@PAPER.claims("quasilocalized")
def quartic_modes_do_not_follow(tables):
    """Width of the cloud of quartic modes beside tau^2 ~ kappa chi, over that of cubic ones."""

    def ratio(three, four):
        of_cubic = width(three)
        # a resample may hold one sample many times
        return width(four) / of_cubic if of_cubic > 0.0 else np.nan

    for rows in by_series(positive(families(tables), "asymmetry_3", "asymmetry_4")):
        observed = ratio(rows["asymmetry_3"], rows["asymmetry_4"])
        if not np.isfinite(observed):
            continue
        error = bootstrap_error(rows, ("asymmetry_3", "asymmetry_4"), ratio)
        enough = len(rows) >= FEWEST_MODES
        # a cloud less than twice as wide would be said to follow, too
        judgement = above(observed, error, 2.0) if enough else undecided("needs 20 samples")
        yield claim(
            of_ipl(judgement, rows),
            item="Fig. 9",
            quantity="decades of tau^2 / (kappa chi), quartic over cubic",
            observed=observed,
            error=error,
            statement="Quartic modes do not follow tau^2 ~ kappa chi.",
            finding=f"Their cloud is {width(rows['asymmetry_4']):.2f} decades wide between the 5 "
            "and 95 % quantiles.",
            **glasses_of(tables, rows),
        )


# --- the softest modes: Eqs 30 and 39, footnote 5 -------------------------------------------------


def _tail(rows, column, part=TAIL):
    """Exponent of the density of a column towards zero, and its error."""
    observed = weibull_shape(rows[column], part) - 1.0
    if not np.isfinite(observed):
        return np.nan, np.nan
    return observed, bootstrap_error(rows, (column,), lambda values: weibull_shape(values, part))


def _other_tails(rows, column, part=TAIL):
    """The exponent with half and twice the part of the samples, as words."""
    parts = (0.5 * part, 2.0 * part)
    values = {part: weibull_shape(rows[column], part) - 1.0 for part in parts}
    words = [f"{value:.2f} ({part:.2g})" for part, value in values.items() if np.isfinite(value)]
    return "with other parts of the samples " + ", ".join(words) if words else "no other fit"


def _fitted_to_tail(judgement, observed, part):
    """A verdict on an exponent of a tail, undecided where there are too few samples for a fit."""
    if np.isfinite(observed):
        return judgement
    needed = int(np.ceil(FEWEST_IN_TAIL / part))
    return undecided(f"needs {needed} samples for a fit to {FEWEST_IN_TAIL}", judgement.reference)


@PAPER.claims("quasilocalized")
def frequency_distributions(tables):
    """Exponents of the density of frequencies, from the softest mode of each sample."""
    rows = modes_in_units(tables)
    for kind, item in (("quartic", "Section V.B; Eq. 30"), ("cubic", "Eq. 30")):
        for group in by_size(softest(rows[rows["kind"] == kind])):
            observed, error = _tail(group, "omega")
            judgement = equivalent(observed, error, 4.0, DENSITY_MARGIN)
            top = np.quantile(group["omega"], TAIL) / group["first_phonon"].iloc[0]
            yield claim(
                of_paper(_fitted_to_tail(judgement, observed, TAIL), group),
                item=item,
                quantity=f"exponent of D(omega), {kind} modes",
                observed=observed,
                error=error,
                statement="The frequencies of soft spots are distributed as D(omega) ~ omega^4.",
                finding="Maximum likelihood of the softest mode of each sample, over the lowest "
                f"{TAIL:g} of them, up to {top:.2f} of the first phonon's frequency; "
                f"{_other_tails(group, 'omega')}.",
                reason="Small glasses of hot liquids have a smaller exponent (Eq. 40), about 3 "
                "(Phys. Rev. E 96, 020104). Of 2,000 quartic modes of 3D IPL, N = 2,048, fits to "
                "the lowest 40, 20, 10 and 5 % rise, 3.00, 3.15, 3.25, 3.58 ± 0.42. 20,000 "
                "samples, or a colder parent liquid, would tell.",
                **glasses_of(tables, group),
            )


@PAPER.claims("quasilocalized")
def sizes_of_minima(tables):
    """How omega_min and x_min fall with the size of the box."""
    rows = modes_in_units(tables)
    for kind in ("quartic", "cubic"):
        for group in by_series(softest(rows[rows["kind"] == kind])):
            if group["particles"].nunique() > 1:
                theirs = -int(group["dimension"].iloc[0]) / 5.0
                yield _exponent_of_size(
                    tables,
                    group,
                    "omega",
                    reference=theirs,
                    item="Eq. 30",
                    source="footnote 5",
                    quantity=f"exponent of omega_min with L, {kind} modes",
                    statement="The softest frequency falls as omega_min ~ L^(-d/5).",
                    reason="The softest mode that one start finds follows the first phonon, ~ 1/L; "
                    "the softest of all, from many starts in each sample, would tell.",
                )
    yield from _strain_thresholds(tables, rows[rows["kind"] == "cubic"])


def _strain_thresholds(tables, modes):
    strain = modes["kappa"] ** 2 / (modes["tau"].abs() * modes["nu"])
    modes = positive(modes.assign(strain=strain), "strain")
    for group in by_series(modes):
        if group["particles"].nunique() < 2:
            continue
        keys = ["ensemble", "sample"]
        several = (group.groupby(keys).size() > 1).any()
        lowest = group.loc[group.groupby(keys)["strain"].idxmin()].reset_index(drop=True)
        # the law is one of N, its exponent with L has d times it
        theirs = -0.6 * int(group["dimension"].iloc[0])
        yield _exponent_of_size(
            tables,
            lowest,
            "strain",
            reference=theirs,
            item="Eq. 39",
            quantity="exponent of x_min with L"
            if several
            else "exponent of x of the softest mode with L",
            statement="The smallest strain threshold of a sample falls as x_min ~ N^(-3/5).",
            only_if=""
            if several
            else "x_min is the smallest threshold of all modes of a sample; here one mode of each "
            "sample is known, the softest, and its threshold need not be the smallest",
        )


def _exponent_of_size(
    tables, rows, column, *, reference, item, quantity, statement, source="", reason="", only_if=""
):
    """A row of the summary: exponent of medians with L, to a part SIZE_MARGIN of the paper's.

    Parameters
    ----------
    only_if : str
        Why these samples cannot judge the claim, "" if they can.
    """
    observed = size_exponent(rows["edge"], rows[column])
    error = bootstrap_error(rows, ("edge", column), size_exponent, strata=True)
    medians = rows.groupby("particles")[column].median()
    words = ", ".join(f"{value:.3g} (N = {size})" for size, value in medians.items())
    judgement = equivalent(observed, error, reference, SIZE_MARGIN * abs(reference))
    if only_if:
        judgement = undecided(only_if, reference)
    return claim(
        of_paper(judgement, rows),
        item=item,
        source=source,
        quantity=quantity,
        observed=observed,
        error=error,
        statement=statement,
        finding=f"Medians over samples: {words}.",
        reason=reason,
        decided_by="several modes of each sample, from a population of starts" if only_if else "",
        **glasses_of(tables, rows),
    )


# --- barriers and strain thresholds: Eqs 36, 38 and 41 --------------------------------------------

_PREDICTED = (
    ("barrier_3", "p(V_B)", "Eq. 36", 4.0),
    ("strain_3", "p(x)", "Eq. 38", 3.0),
)
"""Column, density, equation, and the power of omega_3 that the column grows as (Eqs 35 and 37):
with D(omega) ~ omega^beta its density has the exponent (beta + 1) / power - 1."""


@PAPER.claims("quasilocalized")
def predictions(tables):
    """p(V_B) and p(x), and what they should be with the exponent of D(omega) measured beside."""
    everything = positive(families(tables), "barrier_3", "strain_3", "omega_3")
    for column, quantity, item, of_omega in _PREDICTED:
        for rows in by_size(everything):
            yield from _prediction(tables, rows, column, quantity, item, of_omega)


def _prediction(tables, rows, column, quantity, item, of_omega):
    part = TAIL
    if column == "strain_3":
        part = min(part, len(rows) ** STRAIN_TAIL_EXPONENT)
    about = glasses_of(tables, rows)
    theirs, margin = 5.0 / of_omega - 1.0, DENSITY_MARGIN / of_omega
    observed, error = _tail(rows, column, part)
    judgement = equivalent(observed, error, theirs, margin)
    yield claim(
        of_paper(_fitted_to_tail(judgement, observed, part), rows),
        item=item,
        quantity=f"exponent of {quantity}",
        observed=observed,
        error=error,
        statement=f"{quantity} has the exponent {theirs:.3g}: derived from D(omega) ~ omega^4, not "
        "measured.",
        finding=f"Of the softest cubic mode of each sample, the lowest {part:.2g} of them by "
        f"maximum likelihood; {_other_tails(rows, column, part)}. The margin is that of D(omega).",
        reason="Open. In 3D glasses of hot liquids tau^2 / (kappa chi) rises towards low "
        "frequencies, beyond the bound of Eq. 32, where Eq. 35 is no barrier; D(omega) itself is "
        "shallower than omega^4. POLY of T_p <= 0.5 with 1,000 samples would tell.",
        **about,
    )
    if not np.isfinite(observed):
        return
    slope, _ = _tail(rows, "omega_3")
    expected = (slope + 1.0) / of_omega - 1.0

    def excess(values, omega):
        return weibull_shape(values, part) - weibull_shape(omega, TAIL) / of_omega

    error = bootstrap_error(rows, (column, "omega_3"), excess)
    # Eq. 41 is of p(x) alone
    judgement = equivalent(observed - expected, error, 0.0, margin)
    judgement = judgement if column == "strain_3" else context(0.0)
    yield claim(
        of_paper(judgement, rows),
        item="Eq. 41; Eq. 38" if column == "strain_3" else item,
        quantity=f"exponent of {quantity}, less that from D(omega_3)",
        observed=observed - expected,
        error=error,
        statement="Where D(omega) ~ omega^beta, the exponent of p(x) is (beta - 2) / 3."
        if column == "strain_3"
        else "With D(omega) ~ omega^beta the derivation gives the exponent (beta - 3) / 4.",
        finding=f"beta = {slope:.2f} of the same samples makes it {expected:.2f}.",
        **about,
    )


# --- far field and populations --------------------------------------------------------------------


def far_field_exponent(distance, median_square, edge) -> float:
    """Exponent a of |z_i| ~ r^-a, from medians over shells of many modes.

    Parameters
    ----------
    distance, median_square : array_like, shape=(n,)
        Distance of a shell from the core, in a_0, and the median of z_i . z_i in it, of one mode.
    edge : float
        Of the box, in a_0.

    Returns
    -------
    float
        NaN for fewer than five shells between the core and the images of the box.
    """
    shells = pd.DataFrame({"distance": distance, "square": median_square})
    inside = shells["distance"].between(CORE_RADIUS, OUTER_FRACTION * edge)
    shells = shells[inside & (shells["square"] > 0.0)]
    logs = np.log(shells["square"]).groupby(shells["distance"].round(6)).median()
    if len(logs) < 5:
        return np.nan
    x, y = np.log(logs.index.to_numpy()), 0.5 * logs.to_numpy()
    x = x - x.mean()
    return float(-(x @ y) / (x @ x))


@PAPER.claims("quasilocalized_profiles")
def far_fields(tables):
    """Decay of quartic and cubic modes around their core."""
    known = described(tables).set_index("ensemble")
    profiles = tables["quasilocalized_profiles"]
    profiles = profiles[profiles["ensemble"].isin(known.index)]
    labels = profiles["ensemble"].map(known["label"])
    sizes = profiles["ensemble"].map(known["particles"])
    largest = sizes == sizes.groupby(labels).transform("max")
    for (name, kind), profile in profiles.groupby(["ensemble", "kind"], sort=False):
        if kind in ("quartic", "cubic"):
            judged = kind == "quartic" and known.loc[name, "of_paper"]
            judged = bool(judged and largest[profile.index[0]])
            yield from _far_field(tables, known.loc[name], kind, profile, judged)


def _far_field(tables, ensemble, kind, profile, judged):
    dimension = int(ensemble["dimension"])
    edge = ensemble["particles"] ** (1.0 / dimension)
    length = ensemble["density"] ** (-1.0 / dimension)
    profile = profile.assign(distance=profile["distance"] / length).reset_index(drop=True)

    def exponent(distance, square):
        return far_field_exponent(distance, square, edge)

    observed = exponent(profile["distance"], profile["median_square"])
    if not np.isfinite(observed):
        return
    error = bootstrap_error(profile, ("distance", "median_square"), exponent)
    theirs = dimension - 1.0
    judgement = equivalent(observed, error, theirs, FAR_FIELD_MARGIN) if judged else context(theirs)
    count = profile["sample"].nunique()
    yield claim(
        judgement,
        item="Section IV",
        quantity=f"far-field exponent of {kind} modes",
        ensemble=profile["ensemble"].iloc[0],
        observed=observed,
        error=error,
        statement="Quartic modes have a disordered core, dressed by an algebraic decay |z_i| ~ "
        "r^(1-d).",
        finding=f"Medians over modes of shells from r = {CORE_RADIUS:g} to "
        f"{OUTER_FRACTION * edge:.3g} a_0, of {count} samples whose decay is stored.",
        source="Section IV.A.1",
        samples=samples_of(tables, profile),
        count=count,
    )


@PAPER.claims("quasilocalized_growth")
def populations(tables):
    """Chance that one more start from a random direction finds a mode already known."""
    growth = tables["quasilocalized_growth"]
    for (name, kind), group in growth.groupby(["ensemble", "kind"], sort=False):
        last = group.loc[group.groupby("sample")["starts"].idxmax()]
        found, total = last["distinct"].mean(), last["total"].mean()
        count = len(last)
        error = last["coverage"].std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
        yield claim(
            context(),
            item="Section VI",
            quantity=f"chance that one more start finds a known {kind} mode",
            ensemble=name,
            observed=last["coverage"].mean(),
            error=error,
            statement="Whether most low-energy solutions can be found is left to the paper's "
            "second part.",
            finding=f"Low-lying modes from many starts, {last['starts'].mean():.0f} a sample: "
            f"{found:.1f} distinct ones on average, {total:.1f} estimated in reach.",
            samples=samples_of(tables, group),
        )
