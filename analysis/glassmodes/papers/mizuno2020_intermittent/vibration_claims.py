"""Vibrations and lifetimes against mizuno2020_intermittent: Figs 1-4, S1-S6."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from glassmodes.anharmonic.lifetimes import expected_median
from glassmodes.papers.criteria import mean_and_error, near, row

BIN_WIDTH = 0.5
"""Width of the frequency bins of the paper's Figs 2 and 3."""

ENOUGH_MODES = 0.9
"""Part of the modes that must have a lifetime before their distribution is judged: those without
one are the longest."""

LOW_FREQUENCY_PART = 1.0 / 3.0
"""Part of the crystal's spectrum, from below, in which tau ~ omega^-2 is fitted: there its
acoustic branches are straight to a few per cent."""


def _of_kind(tables, kind, name):
    """Rows of a table that belong to the smallest ensemble of a kind which the table has."""
    known = tables["ensembles"]
    known = known[(known["kind"] == kind) & known["ensemble"].isin(tables[name]["ensemble"])]
    if known.empty:
        return tables[name].iloc[:0]
    smallest = known.sort_values("particles")["ensemble"].iloc[0]
    return tables[name][tables[name]["ensemble"] == smallest]


def measured_lifetimes(tables) -> pd.DataFrame:
    """Rows of `lifetimes` that have one, of runs that did not rearrange."""
    table = tables["lifetimes"]
    return table[~table["rearranged"] & np.isfinite(table["lifetime"])]


def resolved_lifetimes(tables) -> pd.DataFrame:
    """As :func:`measured_lifetimes`, without the frequencies where the run was too short.

    Kept are modes of those windows of frequency (by ensemble and temperature) in which at least
    ENOUGH_MODES of the modes have a lifetime; elsewhere only the shortest ones would be seen.
    """
    table = tables["lifetimes"]
    table = table[~table["rearranged"]]
    window = np.floor(table["frequency"] / BIN_WIDTH)
    found = np.isfinite(table["lifetime"])
    keys = [table["ensemble"], table["temperature"], window]
    return table[found & (found.groupby(keys).transform("mean") >= ENOUGH_MODES)]


def frequency_bins(frequency, values, width=BIN_WIDTH) -> pd.DataFrame:
    """Averages over bins of frequency.

    Returns
    -------
    pandas.DataFrame
        frequency (centre), mean, error (standard error over the modes of the bin), modes.
    """
    frame = pd.DataFrame(
        {"bin": np.floor(np.asarray(frequency) / width), "value": np.asarray(values, dtype=float)}
    ).dropna()
    grouped = frame.groupby("bin")["value"]
    return pd.DataFrame(
        {
            "frequency": (np.array(sorted(grouped.groups), dtype=float) + 0.5) * width,
            "mean": grouped.mean().to_numpy(),
            "error": grouped.sem().to_numpy(),
            "modes": grouped.size().to_numpy(),
        }
    )


def lifetimes_by_window(tables, ensemble, temperature) -> pd.DataFrame:
    """Lifetimes of frequency windows, averaged over samples with each window's modes as weights.

    Returns
    -------
    pandas.DataFrame
        frequency, lifetime, error (of the mean, from the blocks of each run), modes.
    """
    table = tables["window_lifetimes"]
    table = table[(table["ensemble"] == ensemble) & (table["temperature"] == temperature)]
    table = table[np.isfinite(table["lifetime"])]
    rows = []
    for window, group in table.groupby("window"):
        weight = group["modes"] / group["modes"].sum()
        rows.append(
            {
                "frequency": window,
                "lifetime": (weight * group["lifetime"]).sum(),
                "error": np.sqrt((weight**2 * group["lifetime_error"] ** 2).sum()),
                "modes": int(group["modes"].sum()),
            }
        )
    return pd.DataFrame(rows, columns=["frequency", "lifetime", "error", "modes"])


def _equipartition(tables):
    table = tables["lifetimes"]
    table = table[~table["rearranged"]]
    for (ensemble, temperature), group in table.groupby(["ensemble", "temperature"]):
        ratio = group.groupby("sample")["mean_energy"].mean() / temperature
        observed, error = mean_and_error(ratio)
        particles = tables["ensembles"].set_index("ensemble")["particles"][ensemble]
        # one run's energy is drawn from the canonical distribution of 6N-6 squares
        drawn = 1.0 / np.sqrt(3.0 * particles * len(ratio))
        error = drawn if len(ratio) < 3 or not np.isfinite(error) else max(error, drawn)
        yield row(
            ensemble,
            temperature,
            "mean mode energy / T",
            observed,
            error,
            1.0,
            "Eq. 8, Fig. S5",
            "within two standard errors + 0.02 of 1",
            near(observed, error, 1.0, 0.02),
            "Equipartition: the mean energy of every mode is the temperature. The error includes "
            "that of one constant-energy run's energy, 1/(3N samples)^(1/2).",
        )


def _flat_displacement(tables):
    checks = tables["dynamics_checks"]
    for (ensemble, temperature), group in checks.groupby(["ensemble", "temperature"]):
        observed, error = mean_and_error(group["msd_ratio"])
        yield row(
            ensemble,
            temperature,
            "late / early MSD",
            observed,
            error,
            1.0,
            "Fig. 1",
            "within two standard errors + 0.05 of 1",
            near(observed, error, 1.0, 0.05),
            "The mean-squared displacement does not grow with time: no diffusion, no aging.",
        )


def _displacement_of_glass_and_crystal(tables):
    plateaus = {}
    for kind in ("glass", "crystal"):
        table = _of_kind(tables, kind, "mean_squared_displacement")
        late = table[table["lag"] >= 0.5 * table.groupby("temperature")["lag"].transform("max")]
        plateaus[kind] = late.groupby(["temperature", "sample"])["msd"].mean()
        if plateaus[kind].empty:
            return
    glass = plateaus["glass"].groupby("temperature").agg(["mean", "sem"])
    crystal = plateaus["crystal"].groupby("temperature").agg(["mean", "sem"])
    for temperature in glass.index.intersection(crystal.index):
        ratio = glass["mean"][temperature] / crystal["mean"][temperature]
        relative = np.hypot(
            np.nan_to_num(glass["sem"][temperature] / glass["mean"][temperature]),
            np.nan_to_num(crystal["sem"][temperature] / crystal["mean"][temperature]),
        )
        yield row(
            "glass / crystal",
            temperature,
            "MSD ratio",
            ratio,
            ratio * relative if relative > 0.0 else np.nan,
            np.nan,
            "Fig. 1",
            "more than 1",
            ratio > 1.0,
            "At the same temperature particles move further in the glass than in the crystal.",
        )


def _temperature_exponent(tables):
    table = tables["window_lifetimes"]
    for ensemble, group in table.groupby("ensemble"):
        temperatures = sorted(group["temperature"].unique())
        curves = {
            t: lifetimes_by_window(tables, ensemble, t).set_index("frequency") for t in temperatures
        }
        curves = {t: curve for t, curve in curves.items() if len(curve)}
        if len(curves) < 2:
            continue
        wide = pd.DataFrame({t: curve["lifetime"] for t, curve in curves.items()}).dropna()
        weight = pd.DataFrame({t: curve["modes"] for t, curve in curves.items()}).min(axis=1)
        if len(wide) < 3:
            continue
        x = np.log(wide.columns.to_numpy(dtype=float))
        slopes = np.polyfit(x, np.log(wide.to_numpy()).T, 1)[0]
        weight = weight[wide.index] / weight[wide.index].sum()
        observed = float((weight * slopes).sum())
        spread = np.sqrt(float((weight * (slopes - observed) ** 2).sum()))
        error = spread * np.sqrt(float((weight**2).sum()))
        yield row(
            ensemble,
            np.nan,
            "exponent of tau with T",
            observed,
            error,
            -1.0,
            "Fig. 3, Eq. 13",
            "within two standard errors + 0.05 of -1",
            near(observed, error, -1.0, 0.05),
            f"tau ~ 1/T, slope of ln tau between T = {x_range(wide.columns)}, mean over windows of "
            f"frequency (width {BIN_WIDTH}) weighted by their modes; error from their spread.",
        )


def x_range(values) -> str:
    """Smallest and largest of some numbers, as text."""
    return f"{min(values):g} and {max(values):g}"


def lifetimes_with_rates(tables) -> pd.DataFrame:
    """Measured lifetimes beside the theory's decay rate of the same mode.

    Returns
    -------
    pandas.DataFrame
        Columns of `lifetimes`, and broadening, decay_rate (Gamma_k), product (tau_k Gamma_k).
    """
    rates = tables["decay_rates"][
        ["ensemble", "sample", "mode", "broadening", "decay_rate_per_temperature"]
    ]
    joined = measured_lifetimes(tables).merge(rates, on=["ensemble", "sample", "mode"])
    joined["decay_rate"] = joined["decay_rate_per_temperature"] * joined["temperature"]
    joined["product"] = joined["lifetime"] * joined["decay_rate"]
    return joined


def _theory_against_dynamics(tables):
    joined = lifetimes_with_rates(tables)
    keys = ["ensemble", "temperature", "broadening"]
    for (ensemble, temperature, broadening), group in joined.groupby(keys):
        everything = tables["lifetimes"]
        everything = everything[
            (everything["ensemble"] == ensemble) & (everything["temperature"] == temperature)
        ]
        found = len(group) / max(1, int((~everything["rearranged"]).sum()))
        enough = found >= ENOUGH_MODES
        run = float((group["run_length"] * group["decay_rate"]).median())
        for part, column, length in (
            ("", "lifetime", run),
            (" (half run)", "lifetime_half", 0.5 * run),
            (" (quarter run)", "lifetime_quarter", 0.25 * run),
        ):
            if column not in group:
                continue
            values = (group[column] * group["decay_rate"]).dropna()
            if len(values) < 10:
                continue
            low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
            # of a median: 1.2533 sigma / sqrt(n), sigma from the quartiles
            error = 1.2533 * (high - low) / 1.349 / np.sqrt(len(values))
            expected = float(expected_median(max(length, 20.0)))
            yield row(
                ensemble,
                temperature,
                f"median of tau_MD Gamma_k{part}",
                median,
                error,
                1.0,
                "Fig. 2, Eq. 13",
                "1 is within the quartiles, nine in ten modes having a lifetime",
                low <= 1.0 <= high if enough and not part else None,
                f"Third-order theory gives the lifetimes. Quartiles {low:.2f} and {high:.2f}, mean "
                f"{values.mean():.2f}, broadening {broadening:g}, run of {length:.0f} lifetimes "
                f"(at which noise alone puts the median at {expected:.2f}), {100 * found:.0f} % of "
                "the modes have a lifetime.",
            )
    yield from _windows_against_theory(tables)


def narrowest(table) -> pd.DataFrame:
    """Rows of each ensemble's smallest broadening."""
    return table[table["broadening"] == table.groupby("ensemble")["broadening"].transform("min")]


def rates_by_window(tables, ensemble, broadening=None) -> pd.DataFrame:
    """Theory of frequency windows, averaged as the measured correlations are.

    The energy correlation of a window is the mean of exp(-Gamma_k t) over its modes; its lifetime
    is where that falls to 1/e. Where the rates are alike this is the mean of 1/Gamma_k; in a small
    crystal, where some modes find no partners, that mean would be those modes' alone.

    Parameters
    ----------
    broadening : float, optional
        The smallest one of the table by default.

    Returns
    -------
    pandas.DataFrame
        frequency, scaled_lifetime (T tau; NaN if more than 1/e of the modes do not decay), modes.
    """
    table = tables["decay_rates"]
    table = table[table["ensemble"] == ensemble]
    broadening = table["broadening"].min() if broadening is None else broadening
    table = table[table["broadening"] == broadening]
    rows = []
    for index, rates in table.groupby(np.floor(table["frequency"] / BIN_WIDTH))[
        "decay_rate_per_temperature"
    ]:
        rows.append(((index + 0.5) * BIN_WIDTH, _mean_decay_time(rates.to_numpy()), len(rates)))
    return pd.DataFrame(rows, columns=["frequency", "scaled_lifetime", "modes"])


def _mean_decay_time(rates):
    """Time at which the mean of exp(-rate t) is 1/e, NaN if it never is."""

    def excess(logarithm):
        return np.exp(-rates * np.exp(logarithm)).mean() - np.exp(-1.0)

    slowest, fastest = rates[rates > 0.0].min(initial=np.inf), rates.max(initial=0.0)
    if not fastest > 0.0 or (rates <= 0.0).mean() >= np.exp(-1.0):
        return np.nan
    # e-folding of the fastest alone is too early, many of the slowest too late
    return float(np.exp(brentq(excess, -np.log(fastest) - 1.0, -np.log(slowest) + 5.0)))


def _windows_against_theory(tables):
    if "window_lifetimes" not in tables:
        return
    table = tables["window_lifetimes"]
    for (ensemble, temperature), _ in table.groupby(["ensemble", "temperature"]):
        curve = lifetimes_by_window(tables, ensemble, temperature)
        theory = rates_by_window(tables, ensemble)
        both = curve.merge(theory, on="frequency", suffixes=("", "_theory"))
        both = both[(both["modes"] >= 10) & (both["scaled_lifetime"] > 0.0)]
        if len(both) < 5:
            continue
        ratio = np.log(both["lifetime"] * temperature / both["scaled_lifetime"])
        weight = both["modes"] / both["modes"].sum()
        centre = float((weight * ratio).sum())
        spread = np.sqrt(float((weight * (ratio - centre) ** 2).sum()))
        observed = np.exp(centre)
        yield row(
            ensemble,
            temperature,
            "tau_MD / tau_theory, by frequency",
            observed,
            observed * spread * np.sqrt(float((weight**2).sum())),
            1.0,
            "Fig. 2",
            "within a fifth of 1",
            0.8 <= observed <= 1.25,
            f"Geometric mean over {len(both)} windows of frequency (width {BIN_WIDTH}) of the "
            "lifetime of the windows' mean correlation, measured over predicted; scatter of the "
            f"windows {100 * spread:.0f} %.",
        )


def _crystal_over_glass(tables):
    theory = {}
    for kind in ("glass", "crystal"):
        table = _of_kind(tables, kind, "decay_rates") if "decay_rates" in tables else pd.DataFrame()
        if len(table):
            rate = table["decay_rate_per_temperature"]
            rate = rate[(table["broadening"] == table["broadening"].min()) & (rate > 0.0)]
            theory[kind] = float((1.0 / rate).median())
    found = {}
    for kind in ("glass", "crystal"):
        table = _of_kind(tables, kind, "window_lifetimes")
        for temperature, group in table.groupby("temperature"):
            group = group.dropna(subset="lifetime")
            if len(group):
                order = group.sort_values("lifetime")
                half = order["modes"].cumsum() >= 0.5 * order["modes"].sum()
                found[kind, temperature] = float(order.loc[half, "lifetime"].iloc[0])
    shared = {t for kind, t in found if kind == "glass"} & {
        t for kind, t in found if kind == "crystal"
    }
    statement = "The crystal's lifetimes are an order of magnitude above the glass's: "
    rule = "within half a decade of 10"
    for temperature in sorted(shared):
        ratio = found["crystal", temperature] / found["glass", temperature]
        yield row(
            "crystal / glass",
            temperature,
            "lifetime ratio (MD)",
            ratio,
            np.nan,
            10.0,
            "Fig. 2",
            rule,
            10**0.5 <= ratio <= 10**1.5,
            statement + "medians over windows of frequency, weighted by their modes.",
        )
    if len(theory) == 2:
        ratio = theory["crystal"] / theory["glass"]
        yield row(
            "crystal / glass",
            np.nan,
            "lifetime ratio (theory)",
            ratio,
            np.nan,
            10.0,
            "Fig. 2",
            rule,
            10**0.5 <= ratio <= 10**1.5,
            statement + "medians of 1/Gamma_k over modes.",
        )


def _low_frequency_exponent(tables):
    if "decay_rates" in tables:
        rates = _of_kind(tables, "crystal", "decay_rates")
        rates = rates[rates["broadening"] == rates["broadening"].min()]
        lifetime = 1.0 / rates["decay_rate_per_temperature"].where(lambda rate: rate > 0.0)
        rates = rates.assign(lifetime=lifetime)
        yield from _power_law(rates, np.nan, "theory", "degenerate sets", degenerate_averages)
    if "window_lifetimes" in tables:
        windows = _of_kind(tables, "crystal", "window_lifetimes")
        windows = windows.rename(columns={"window": "frequency"})
        for temperature, group in windows.groupby("temperature"):
            yield from _power_law(group, temperature, "MD", "windows", _same_frequency_averages)


def _same_frequency_averages(frequency, values):
    mean = pd.Series(np.asarray(values)).groupby(np.asarray(frequency)).mean().dropna()
    return pd.DataFrame({"frequency": mean.index, "mean": mean.to_numpy()})


def _power_law(rows, temperature, name, noun, average):
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
    error = np.sqrt(covariance[0, 0])
    found = np.isfinite(low["lifetime"]).mean()
    yield row(
        rows["ensemble"].iloc[0],
        temperature,
        f"low-frequency exponent ({name})",
        slope,
        error,
        -2.0,
        "Fig. 2(b)",
        "within two standard errors + 0.5 of -2, nine in ten having a lifetime",
        near(slope, error, -2.0, 0.5) if found >= ENOUGH_MODES else None,
        f"tau ~ omega^-2 in the crystal's hydrodynamic limit: fit of ln tau over {len(points)} "
        f"{noun} below {top:.3g}, a third of the highest frequency; "
        f"{100 * found:.0f} % of them have a lifetime.",
    )


def degenerate_averages(frequency, values, *, tolerance=1e-5) -> pd.DataFrame:
    """Means over sets of modes whose frequencies agree to a relative tolerance.

    Returns
    -------
    pandas.DataFrame
        frequency, mean, modes.
    """
    frame = pd.DataFrame({"frequency": np.asarray(frequency), "value": np.asarray(values)})
    frame = frame.dropna().sort_values("frequency", ignore_index=True)
    steps = frame["frequency"].diff().fillna(0.0)
    frame["set"] = (steps > tolerance * frame["frequency"]).cumsum()
    grouped = frame.groupby("set")
    return pd.DataFrame(
        {
            "frequency": grouped["frequency"].mean().to_numpy(),
            "mean": grouped["value"].mean().to_numpy(),
            "modes": grouped.size().to_numpy(),
        }
    )


def _joint_density_ends(tables):
    table = tables["joint_density"]
    for ensemble, group in table.groupby("ensemble"):
        curve = group.groupby("frequency")[["splitting", "combining"]].mean()
        highest = group["frequency"].max()
        if "modes" in tables:
            modes = tables["modes"]
            highest = modes.loc[modes["ensemble"] == ensemble, "frequency"].max()
        at_top = curve.index[np.argmin(np.abs(curve.index - highest))]
        for column, name, where in (
            ("splitting", "j_spl", curve.index[0]),
            ("combining", "j_com", at_top),
        ):
            observed = curve.loc[where, column] / curve[column].max()
            yield row(
                ensemble,
                np.nan,
                f"{name}({where:.3g}) / largest {name}",
                observed,
                np.nan,
                0.0,
                "Fig. 4, Eq. 14",
                "less than 0.05",
                observed < 0.05,
                f"{name} vanishes at the {'lower' if name == 'j_spl' else 'upper'} end of the "
                "spectrum.",
            )


def _lifetime_follows_joint_density(tables):
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
    correlation = np.corrcoef(np.log(both["mean"]), np.log(both["scaled_lifetime"]))[0, 1]
    yield row(
        ensemble,
        np.nan,
        "correlation of ln tau and ln j",
        correlation,
        np.nan,
        np.nan,
        "Figs 2(b) and 4(b)",
        "less than 0",
        correlation < 0.0,
        "Around omega = 10 (5 to 15) the crystal's lifetimes (theory) are long where the joint "
        "density of states is small.",
    )


def _exponential_decay(tables):
    table = tables["energy_autocorrelation"]
    for (ensemble, temperature), group in table.groupby(["ensemble", "temperature"]):
        values = []
        for _, curve in group.groupby(["sample", "window"]):
            curve = curve.sort_values("lag")
            value, lag = curve["value"].to_numpy(), curve["lag"].to_numpy()
            below = np.flatnonzero(value <= np.exp(-1.0))
            if len(below) == 0:
                continue
            pair = slice(below[0], below[0] - 2 if below[0] > 1 else None, -1)
            lifetime = np.interp(1.0, -np.log(np.maximum(value[pair], 1e-9)[::-1]), lag[pair][::-1])
            if 2.0 * lifetime < lag[-1]:
                values.append(float(np.interp(2.0 * lifetime, lag, value)))
        if len(values) < 5:
            continue
        observed = float(np.median(values))
        spread = np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.349
        error = 1.2533 * spread / np.sqrt(len(values))
        yield row(
            ensemble,
            temperature,
            "C(2 tau)",
            observed,
            error,
            np.exp(-2.0),
            "Fig. S6",
            "within two standard errors + 0.05 of exp(-2)",
            near(observed, error, np.exp(-2.0), 0.05),
            "The energy correlation decays exponentially: at twice its 1/e time it is exp(-2). "
            "Median over windows of frequency and samples.",
        )


def _stationary(tables):
    checks = tables["dynamics_checks"]
    if "potential_trend" not in checks:
        return
    for column, name, source in (
        ("temperature_trend", "late / early T(t)", "Fig. S1"),
        ("potential_trend", "late / early Phi(t) - Phi_IS", "Fig. S2"),
    ):
        for (ensemble, temperature), group in checks.groupby(["ensemble", "temperature"]):
            observed, error = mean_and_error(group[column])
            yield row(
                ensemble,
                temperature,
                name,
                observed,
                error,
                1.0,
                source,
                "within two standard errors + 0.01 of 1",
                near(observed, error, 1.0, 0.01),
                "Second half of the run over the first: the state does not age.",
            )


ROWS = (
    (("lifetimes",), _equipartition),
    (("dynamics_checks",), _flat_displacement),
    (("dynamics_checks",), _stationary),
    (("mean_squared_displacement",), _displacement_of_glass_and_crystal),
    (("window_lifetimes",), _temperature_exponent),
    (("lifetimes", "decay_rates"), _theory_against_dynamics),
    (("window_lifetimes",), _crystal_over_glass),
    (("decay_rates",), _low_frequency_exponent),
    (("energy_autocorrelation",), _exponential_decay),
    (("joint_density",), _joint_density_ends),
    (("joint_density", "decay_rates"), _lifetime_follows_joint_density),
)
