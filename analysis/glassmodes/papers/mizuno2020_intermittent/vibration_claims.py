"""Vibrations and lifetimes against mizuno2020_intermittent: Figs 1-4, S1-S6.

The paper shows curves, not numbers with errors. What is read off one of its logarithmic plots is
taken to be known to a quarter, :data:`READABLE`; the margins of other claims stand beside them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.anharmonic.lifetimes import expected_median
from glassmodes.papers.criteria import (
    above,
    below,
    check,
    claim,
    context,
    equivalent,
    mean_and_error,
    undecided,
    within_factor,
)
from glassmodes.papers.mizuno2020_intermittent import PAPER
from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    BIN_WIDTH,
    ENOUGH_MODES,
    LOW_FREQUENCY_PART,
    degenerate_averages,
    frequency_bins,
    lifetimes_by_window,
    lifetimes_with_rates,
    narrowest,
    rates_by_window,
)
from glassmodes.plotting.selection import samples_of
from glassmodes.statistics.resampling import bootstrap_error, jackknife_error

READABLE = 1.25
"""Factor to which a curve of a logarithmic plot of two to four decades can be read: a tenth of a
decade, the width of its symbols."""

HALF_DECADE = 10.0**0.5
"""How precisely "an order of magnitude" is taken."""


def _of_kind(tables, kind, name):
    """Rows of a table that belong to the smallest ensemble of a kind which the table has."""
    known = tables["ensembles"]
    known = known[(known["kind"] == kind) & known["ensemble"].isin(tables[name]["ensemble"])]
    if known.empty:
        return tables[name].iloc[:0]
    smallest = known.sort_values("particles")["ensemble"].iloc[0]
    return tables[name][tables[name]["ensemble"] == smallest]


# --- the state of the runs: Figs 1, S1, S2, S5 ----------------------------------------------------


@PAPER.claims("lifetimes")
def equipartition(tables):
    """Mean energy of the modes over the temperature."""
    table = tables["lifetimes"]
    table = table[~table["rearranged"]]
    for (ensemble, temperature), group in table.groupby(["ensemble", "temperature"]):
        ratio = group.groupby("sample")["mean_energy"].mean() / temperature
        observed, error = mean_and_error(ratio)
        particles = tables["ensembles"].set_index("ensemble")["particles"][ensemble]
        # one run's energy is drawn from the canonical distribution of 6N-6 squares
        drawn = 1.0 / np.sqrt(3.0 * particles * len(ratio))
        error = drawn if len(ratio) < 3 or not np.isfinite(error) else max(error, drawn)
        yield claim(
            # single modes scatter in Fig. S5; a mean off by a twentieth would still be seen
            equivalent(observed, error, 1.0, 0.05),
            item="Fig. S5; Eq. 8",
            quantity="mean mode energy / T",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="Equipartition: the time average of every mode's energy is the temperature.",
            finding="Mean over modes and samples. The error includes that of one constant-energy "
            "run's energy, 1/(3N samples)^(1/2).",
            samples=samples_of(tables, group),
            count=len(ratio),
        )


@PAPER.claims("dynamics_checks")
def flat_displacement(tables):
    """Mean-squared displacement at late over that at early times."""
    checks = tables["dynamics_checks"]
    for (ensemble, temperature), group in checks.groupby(["ensemble", "temperature"]):
        observed, error = mean_and_error(group["msd_ratio"])
        yield claim(
            # a plateau of Fig. 1 that rose or fell by more would be seen on its decades
            equivalent(observed, error, 1.0, 0.05),
            item="Fig. 1",
            quantity="late / early MSD",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="The mean-squared displacement does not depend on time: no diffusion, no "
            "ageing.",
            finding="Plateau of the second half of the lags over that of the first, mean over "
            "samples.",
            samples=samples_of(tables, group),
            count=group["sample"].nunique(),
        )


@PAPER.claims("dynamics_checks")
def stationary(tables):
    """Temperature and potential energy of the second half of a run over those of the first."""
    checks = tables["dynamics_checks"]
    if "potential_trend" not in checks:
        return
    for (ensemble, temperature), group in checks.groupby(["ensemble", "temperature"]):
        row = {
            "ensemble": ensemble,
            "temperature": temperature,
            "samples": samples_of(tables, group),
        }
        observed, error = mean_and_error(group["temperature_trend"])
        yield claim(
            # Figs S1 and S2 have logarithmic axes; a hundredth is far below what they resolve
            equivalent(observed, error, 1.0, 0.01),
            item="Fig. S1; Fig. S2",
            quantity="late / early T(t)",
            observed=observed,
            error=error,
            statement="Temperature and potential energy do not depend on time.",
            finding="Kinetic temperature of the second half of the run over that of the first, "
            "mean over samples.",
            count=group["sample"].nunique(),
            **row,
        )
        observed, error = mean_and_error(group["potential_trend"])
        yield claim(
            check(
                abs(observed - 1.0) <= 0.01,
                "passed if within 0.01 of 1: at constant energy it mirrors that of T(t)",
                1.0,
            ),
            item="Fig. S2",
            quantity="late / early Phi(t) - Phi_IS",
            observed=observed,
            error=error,
            statement="The potential energy does not depend on time.",
            finding="Second half of the run over the first, mean over samples.",
            **row,
        )


@PAPER.claims("mean_squared_displacement")
def displacement_of_glass_and_crystal(tables):
    """Plateau of the mean-squared displacement of the glass over that of the crystal."""
    plateaus, rows = {}, []
    for kind in ("glass", "crystal"):
        table = _of_kind(tables, kind, "mean_squared_displacement")
        late = table[table["lag"] >= 0.5 * table.groupby("temperature")["lag"].transform("max")]
        plateaus[kind] = late.groupby(["temperature", "sample"])["msd"].mean()
        rows.append(table)
        if plateaus[kind].empty:
            return
    glass = plateaus["glass"].groupby("temperature").agg(["mean", "sem"])
    crystal = plateaus["crystal"].groupby("temperature").agg(["mean", "sem"])
    for temperature in glass.index.intersection(crystal.index):
        ratio = glass["mean"][temperature] / crystal["mean"][temperature]
        error = ratio * np.hypot(
            glass["sem"][temperature] / glass["mean"][temperature],
            crystal["sem"][temperature] / crystal["mean"][temperature],
        )
        yield claim(
            above(ratio, error, 1.0),
            item="Fig. 1",
            quantity="MSD ratio",
            ensemble="glass / crystal",
            temperature=temperature,
            observed=ratio,
            error=error,
            statement="At the same temperature particles move further in the glass than in the "
            "crystal.",
            finding="Mean-squared displacement of the smallest glass over that of the smallest "
            "crystal, in the second half of the lags.",
            samples=samples_of(
                tables, pd.concat([part[part["temperature"] == temperature] for part in rows])
            ),
            count=min(len(plateaus[kind][temperature]) for kind in plateaus),
        )


# --- lifetimes and temperature: Fig. 3 ------------------------------------------------------------


def _exponent_with_temperature(table):
    """Slope of ln tau with ln T of one ensemble, mean over windows weighted by their modes."""
    curves = {
        t: lifetimes_by_window({"window_lifetimes": table}, table["ensemble"].iloc[0], t)
        for t in sorted(table["temperature"].unique())
    }
    curves = {t: curve.set_index("frequency") for t, curve in curves.items() if len(curve)}
    if len(curves) < 2:
        return np.nan
    wide = pd.DataFrame({t: curve["lifetime"] for t, curve in curves.items()}).dropna()
    weight = pd.DataFrame({t: curve["modes"] for t, curve in curves.items()}).min(axis=1)
    if len(wide) < 3:
        return np.nan
    x = np.log(wide.columns.to_numpy(dtype=float))
    slopes = np.polyfit(x, np.log(wide.to_numpy()).T, 1)[0]
    weight = weight[wide.index] / weight[wide.index].sum()
    return float((weight * slopes).sum())


@PAPER.claims("window_lifetimes")
def lifetime_with_temperature(tables):
    """Exponent of the lifetime with the temperature."""
    for ensemble, group in tables["window_lifetimes"].groupby("ensemble"):
        group = group.reset_index(drop=True)
        observed = _exponent_with_temperature(group)
        if not np.isfinite(observed):
            continue
        error = jackknife_error(group, _exponent_with_temperature)
        temperatures = sorted(group["temperature"].unique())
        yield claim(
            # over the two decades of Fig. 3 this changes a lifetime by what can be read off it
            equivalent(observed, error, -1.0, np.log10(READABLE) / 2.0),
            item="Fig. 3; Eq. 13",
            quantity="exponent of tau with T",
            ensemble=ensemble,
            observed=observed,
            error=error,
            statement="Lifetimes are inversely proportional to the temperature, as third-order "
            "perturbation theory has it.",
            finding=f"Slope of ln tau between T = {temperatures[0]:g} and {temperatures[-1]:g}, "
            f"mean over windows of frequency (width {BIN_WIDTH}) weighted by their modes; "
            "jackknife over samples.",
            reason=_levels(tables, ensemble, temperatures[0]),
            samples=samples_of(tables, group),
            count=group["sample"].nunique(),
        )


def _levels(tables, ensemble, temperature):
    """Why the golden rule may fail in a small crystal: its levels lie apart by more than widths."""
    if "decay_rates" not in tables:
        return ""
    rates = tables["decay_rates"]
    rates = narrowest(rates[rates["ensemble"] == ensemble])
    if rates.empty:
        return ""
    rates = rates[rates["sample"] == rates["sample"].min()]
    levels = degenerate_averages(rates["frequency"], rates["frequency"])
    spacing = float(np.ptp(levels["frequency"]) / max(len(levels) - 1, 1))
    width = temperature * float(rates["decay_rate_per_temperature"].median())
    if spacing <= width:
        return ""
    return (
        f"third-order theory is a golden rule and needs levels closer than their width: here "
        f"{len(levels)} distinct levels lie {spacing:.2g} apart, and Gamma is {width:.2g} at "
        f"T = {temperature:g}; the excess of the measured lifetimes falls with N"
    )


# --- theory against dynamics: Fig. 2, Eq. 13 ------------------------------------------------------


@PAPER.claims("lifetimes", "decay_rates")
def single_modes_against_theory(tables):
    """Measured lifetime times predicted decay rate of the same mode."""
    joined = narrowest(lifetimes_with_rates(tables))
    for (ensemble, temperature), group in joined.groupby(["ensemble", "temperature"]):
        everything = tables["lifetimes"]
        everything = everything[
            (everything["ensemble"] == ensemble) & (everything["temperature"] == temperature)
        ]
        found = len(group) / max(1, int((~everything["rearranged"]).sum()))
        run = float((group["run_length"] * group["decay_rate"]).median())
        for part, column, length in (
            ("", "lifetime", run),
            (" (half run)", "lifetime_half", 0.5 * run),
            (" (quarter run)", "lifetime_quarter", 0.25 * run),
        ):
            if column not in group:
                continue
            rows = group.assign(product=group[column] * group["decay_rate"])
            rows = rows.dropna(subset="product").reset_index(drop=True)
            if len(rows) < 10:
                continue
            low, median, high = np.quantile(rows["product"], [0.25, 0.5, 0.75])
            error = bootstrap_error(rows, ("product",), np.median)
            expected = float(expected_median(max(length, 20.0)))
            if part:
                judgement = context(expected)
            elif found < ENOUGH_MODES:
                judgement = undecided(
                    f"decided where {100 * ENOUGH_MODES:.0f} % of the modes have a lifetime: those "
                    "without one are the longest",
                    expected,
                )
            else:
                judgement = within_factor(median, error, expected, READABLE)
            yield claim(
                judgement,
                item="Eq. 13; Fig. 2",
                quantity=f"median of tau_MD Gamma_k{part}",
                ensemble=ensemble,
                temperature=temperature,
                observed=median,
                error=error,
                statement="Third-order perturbation theory gives the lifetime of each mode.",
                finding="Median over modes; its reference is what the noise of one run of "
                f"{length:.0f} lifetimes makes of an exact theory. Quartiles {low:.2f} and "
                f"{high:.2f}, mean {rows['product'].mean():.2f}, broadening "
                f"{group['broadening'].iloc[0]:g}; {100 * found:.0f} % of the modes have a "
                f"lifetime.{_other_broadenings(tables, ensemble, temperature, column)}",
                decided_by="a longer run would decide" if found < ENOUGH_MODES else "",
                samples=samples_of(tables, rows),
                count=rows["sample"].nunique(),
            )


def _other_broadenings(tables, ensemble, temperature, column):
    """The same median at the other broadenings of the theory, as text."""
    joined = lifetimes_with_rates(tables)
    joined = joined[(joined["ensemble"] == ensemble) & (joined["temperature"] == temperature)]
    medians = (joined[column] * joined["decay_rate"]).groupby(joined["broadening"]).median()
    if len(medians) < 2:
        return ""
    others = [f"{value:.2f} at {width:g}" for width, value in medians.iloc[1:].items()]
    return f" At other broadenings: {', '.join(others)}."


@PAPER.claims("window_lifetimes", "decay_rates")
def windows_against_theory(tables):
    """Lifetimes of frequency windows, measured over predicted."""
    for (ensemble, temperature), group in tables["window_lifetimes"].groupby(
        ["ensemble", "temperature"]
    ):
        group = group.reset_index(drop=True)
        theory = rates_by_window(tables, ensemble)
        both = _windows_with_theory(group, theory)
        if len(both) < 5:
            continue
        ratio = np.log(both["lifetime"] * temperature / both["scaled_lifetime"])
        weight = both["modes"] / both["modes"].sum()
        observed = float(np.exp((weight * ratio).sum()))
        spread = np.sqrt(float((weight * (ratio - np.log(observed)) ** 2).sum()))
        error = jackknife_error(group, lambda rows, theory=theory: _mean_ratio(rows, theory))
        source = "jackknife over samples"
        if not np.isfinite(error):
            relative = (weight * both["error"] / both["lifetime"]).to_numpy(dtype=float)
            error = observed * float(np.sqrt(relative @ relative))
            source = "error from the blocks of each run, for want of samples"
        yield claim(
            within_factor(observed, error, 1.0, READABLE),
            item="Fig. 2; Eq. 13",
            quantity="tau_MD / tau_theory, by frequency",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="Theory and dynamics agree closely at all frequencies.",
            finding=f"Geometric mean over {len(both)} windows of frequency (width {BIN_WIDTH}) of "
            "the lifetime of the windows' mean correlation, measured over predicted; "
            f"{source}, scatter of the windows {100 * spread:.0f} %.",
            reason=_levels(tables, ensemble, temperature),
            samples=samples_of(tables, group),
            count=group["sample"].nunique(),
        )


def _windows_with_theory(rows, theory):
    ensemble, temperature = rows[["ensemble", "temperature"]].iloc[0]
    curve = lifetimes_by_window({"window_lifetimes": rows}, ensemble, temperature)
    both = curve.merge(theory, on="frequency", suffixes=("", "_theory"))
    return both[(both["modes"] >= 10) & (both["scaled_lifetime"] > 0.0)]


def _mean_ratio(rows, theory):
    both = _windows_with_theory(rows, theory)
    ratio = np.log(both["lifetime"] * rows["temperature"].iloc[0] / both["scaled_lifetime"])
    return float(np.exp((both["modes"] / both["modes"].sum() * ratio).sum()))


@PAPER.claims("window_lifetimes")
def crystal_over_glass(tables):
    """Lifetimes of the crystal over those of the glass."""
    statement = (
        "Lifetimes of the crystal are greater than those of the glass, by as much as an order of "
        "magnitude."
    )
    measured = pd.concat(
        [
            _of_kind(tables, kind, "window_lifetimes").assign(kind=kind)
            for kind in ("glass", "crystal")
        ]
    )
    for temperature, group in measured.groupby("temperature"):
        group = group.dropna(subset="lifetime").reset_index(drop=True)
        if group["kind"].nunique() < 2:
            continue
        observed = _ratio_of_median_windows(group)
        error = jackknife_error(group, _ratio_of_median_windows)
        yield claim(
            within_factor(observed, error, 10.0, HALF_DECADE),
            item="Fig. 2",
            quantity="lifetime ratio (MD)",
            ensemble="crystal / glass",
            temperature=temperature,
            observed=observed,
            error=error,
            statement=statement,
            finding="Medians over windows of frequency weighted by their modes, smallest ensemble "
            "of each kind; jackknife over samples. An order of magnitude is taken to half a "
            "decade.",
            samples=samples_of(tables, group),
            count=group.groupby("kind")["sample"].nunique().min(),
        )
    if "decay_rates" not in tables:
        return
    predicted = {}
    for kind in ("glass", "crystal"):
        rates = narrowest(_of_kind(tables, kind, "decay_rates"))["decay_rate_per_temperature"]
        predicted[kind] = float((1.0 / rates[rates > 0.0]).median())
    if np.isfinite(list(predicted.values())).all():
        yield claim(
            context(10.0),
            item="Fig. 2; Eq. 13",
            quantity="lifetime ratio (theory)",
            ensemble="crystal / glass",
            observed=predicted["crystal"] / predicted["glass"],
            statement=statement,
            finding="Medians of 1/Gamma_k over modes: what the theory says of the same ratio.",
        )


def _ratio_of_median_windows(rows):
    """Median lifetime over windows, weighted by modes, of the crystal over that of the glass."""
    medians = {}
    for kind, group in rows.groupby("kind"):
        order = group.sort_values("lifetime")
        half = order["modes"].cumsum() >= 0.5 * order["modes"].sum()
        medians[kind] = float(order.loc[half, "lifetime"].iloc[0])
    return medians.get("crystal", np.nan) / medians.get("glass", np.nan)


# --- the crystal at low frequency: Fig. 2(b) ------------------------------------------------------


@PAPER.claims()
def low_frequency_exponent(tables):
    """Exponent of the crystal's lifetimes with frequency, in its hydrodynamic limit."""
    measured = pd.DataFrame()
    if "window_lifetimes" in tables:
        measured = _of_kind(tables, "crystal", "window_lifetimes")
        measured = measured.rename(columns={"window": "frequency"})
        for temperature, group in measured.groupby("temperature"):
            yield from _power_law(
                tables, group, temperature, "MD", "windows", _same_frequency_averages
            )
    if "decay_rates" in tables:
        rates = narrowest(_of_kind(tables, "crystal", "decay_rates"))
        lifetime = 1.0 / rates["decay_rate_per_temperature"].where(lambda rate: rate > 0.0)
        rates = rates.assign(lifetime=lifetime)
        for row in _power_law(
            tables, rates, np.nan, "theory", "degenerate sets", degenerate_averages
        ):
            # the dynamics judge the claim where there are any
            yield row if measured.empty else row | _not_judged(-2.0)


def _not_judged(reference):
    """What turns a row of the summary into one for orientation."""
    judgement = context(reference)
    return {
        "reference": judgement.reference,
        "margin": judgement.margin,
        "verdict": judgement.verdict,
        "rule": judgement.rule,
        "reason": "",
    }


def _same_frequency_averages(frequency, values):
    mean = pd.Series(np.asarray(values)).groupby(np.asarray(frequency)).mean().dropna()
    return pd.DataFrame({"frequency": mean.index, "mean": mean.to_numpy()})


def _power_law(tables, rows, temperature, name, noun, average):
    if rows.empty:
        return
    top = LOW_FREQUENCY_PART * rows["frequency"].max()
    low = rows[rows["frequency"] <= top]
    points = average(low["frequency"], low["lifetime"])
    if len(points) < 4:
        return
    (slope, _), covariance = np.polyfit(
        np.log(points["frequency"]), np.log(points["mean"]), 1, cov=True
    )
    error = float(np.sqrt(covariance[0, 0]))
    found = np.isfinite(low["lifetime"]).mean()
    enough = found >= ENOUGH_MODES
    yield claim(
        # half way to the next whole power
        equivalent(slope, error, -2.0, 0.5)
        if enough
        else undecided("decided where nine in ten have a lifetime", -2.0),
        item="Fig. 2; Fig. S3",
        quantity=f"low-frequency exponent ({name})",
        ensemble=rows["ensemble"].iloc[0],
        temperature=temperature,
        observed=slope,
        error=error,
        statement="In the hydrodynamic limit of the crystal, tau ~ omega^-2.",
        finding=f"Fit of ln tau over {len(points)} {noun} below {top:.3g}, a third of the highest "
        f"frequency, error from their scatter; {100 * found:.0f} % of them have a lifetime.",
        decided_by="" if enough else "a longer run would decide",
        source="Fig. 2(b)",
        samples=samples_of(tables, low),
        count=len(points),
        noun=f"{noun} (a larger crystal has more)",
    )


# --- the joint density of states: Fig. 4 ----------------------------------------------------------


@PAPER.claims("joint_density")
def joint_density_ends(tables):
    """The two parts of the joint density of states at the ends of the spectrum."""
    table = tables["joint_density"]
    for ensemble, group in table.groupby("ensemble"):
        curve = group.groupby("frequency")[["splitting", "combining"]].mean()
        highest = group["frequency"].max()
        if "modes" in tables:
            modes = tables["modes"]
            highest = modes.loc[modes["ensemble"] == ensemble, "frequency"].max()
        at_top = curve.index[np.argmin(np.abs(curve.index - highest))]
        for column, name, where, end in (
            ("splitting", "j_spl", curve.index[0], "lower"),
            ("combining", "j_com", at_top, "upper"),
        ):
            observed = curve.loc[where, column] / curve[column].max()
            yield claim(
                check(observed < 0.05, "passed if less than 0.05; it follows from Eq. 14", 0.0),
                item="Fig. 4; Eq. 14",
                quantity=f"{name}({where:.3g}) / largest {name}",
                ensemble=ensemble,
                observed=observed,
                statement=f"{name} vanishes at the {end} end of the spectrum.",
                finding="Mean over samples.",
                samples=samples_of(tables, group),
            )


@PAPER.claims("joint_density", "decay_rates")
def lifetime_follows_joint_density(tables):
    """Correlation of the crystal's lifetimes with its joint density of states."""
    density = _of_kind(tables, "crystal", "joint_density")
    theory = _of_kind(tables, "crystal", "decay_rates")
    if density.empty or theory.empty:
        return
    ensemble = theory["ensemble"].iloc[0]
    curve = density.assign(total=density["splitting"] + density["combining"])
    curve = frequency_bins(curve["frequency"], curve["total"])
    both = curve.merge(rates_by_window(tables, ensemble), on="frequency")
    both = both[both["frequency"].between(5.0, 15.0) & (both["scaled_lifetime"] > 0.0)]
    if len(both) < 8:
        return
    correlation = float(np.corrcoef(np.log(both["mean"]), np.log(both["scaled_lifetime"]))[0, 1])
    # of a correlation coefficient; all samples of a perfect crystal are the same one
    error = (1.0 - correlation**2) / np.sqrt(len(both) - 1.0)
    yield claim(
        below(correlation, error, 0.0),
        item="Fig. 4; Fig. 2",
        quantity="correlation of ln tau and ln j",
        ensemble=ensemble,
        observed=correlation,
        error=error,
        statement="Around omega = 10 the crystal's joint density of states and its lifetimes are "
        "anti-correlated.",
        finding=f"Over {len(both)} windows between omega = 5 and 15, lifetimes of theory.",
        source="Figs 2(b) and 4(b)",
        samples=samples_of(tables, theory),
        count=len(both),
        noun="windows (narrower ones of a larger crystal)",
    )


# --- decay of energy fluctuations: Fig. S6 --------------------------------------------------------


@PAPER.claims("energy_autocorrelation")
def exponential_decay(tables):
    """Value of the energy correlation at twice its 1/e time."""
    table = tables["energy_autocorrelation"]
    for (ensemble, temperature), group in table.groupby(["ensemble", "temperature"]):
        values = pd.DataFrame(
            [
                {"ensemble": ensemble, "sample": sample, "value": _at_twice_the_lifetime(curve)}
                for (sample, _), curve in group.groupby(["sample", "window"])
            ]
        ).dropna(ignore_index=True)
        if len(values) < 5:
            continue
        observed = float(values["value"].median())
        error = bootstrap_error(values, ("value",), np.median)
        yield claim(
            within_factor(observed, error, float(np.exp(-2.0)), READABLE),
            item="Fig. S6",
            quantity="C(2 tau)",
            ensemble=ensemble,
            temperature=temperature,
            observed=observed,
            error=error,
            statement="The energy correlation of a mode decays exponentially.",
            finding="Value at twice the 1/e time, exp(-2) of an exponential; median over windows "
            f"of frequency and samples ({len(values)} curves), bootstrap over "
            "samples.",
            samples=samples_of(tables, values),
            count=values["sample"].nunique(),
        )


def _at_twice_the_lifetime(curve):
    """C(2 tau) of one curve, NaN where it does not fall so far within its lags."""
    curve = curve.sort_values("lag")
    value, lag = curve["value"].to_numpy(), curve["lag"].to_numpy()
    crossed = np.flatnonzero(value <= np.exp(-1.0))
    if len(crossed) == 0:
        return np.nan
    pair = slice(crossed[0], crossed[0] - 2 if crossed[0] > 1 else None, -1)
    lifetime = np.interp(1.0, -np.log(np.maximum(value[pair], 1e-9)[::-1]), lag[pair][::-1])
    return float(np.interp(2.0 * lifetime, lag, value)) if 2.0 * lifetime < lag[-1] else np.nan
