"""Lifetimes of modes by frequency, measured and predicted, as claims and figures need them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq

BIN_WIDTH = 0.5
"""Width of the frequency bins of the paper's Figs 2 and 3."""

ENOUGH_MODES = 0.9
"""Part of the modes that must have a lifetime before their distribution is judged: those without
one are the longest."""

LOW_FREQUENCY_PART = 1.0 / 3.0
"""Part of the crystal's spectrum, from below, in which tau ~ omega^-2 is fitted: there its
acoustic branches are straight to a few per cent."""


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
