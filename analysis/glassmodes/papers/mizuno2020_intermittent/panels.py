"""Panels that several figures of vibrations of mizuno2020_intermittent share."""

from __future__ import annotations

import numpy as np

from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    LOW_FREQUENCY_PART,
    degenerate_averages,
    frequency_bins,
    measured_lifetimes,
    narrowest,
    rates_by_window,
)
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.selection import by_kind, of, particles
from glassmodes.plotting.style import guide, legend, temperature_text

LOWEST_MODES = 40
"""Modes of each sample of a glass that count as its low-frequency regime."""

FREQUENCY = r"frequency $\omega$"

LIFETIME = r"lifetime $\tau_k$"


def temperatures_of(table, ensembles):
    """Temperatures, ascending, at which a table has rows of some ensembles."""
    return sorted(table.loc[table["ensemble"].isin(ensembles), "temperature"].unique())


def mean_over_samples(table, key, value):
    """Mean and standard error (0 for a single sample) over samples at each value of `key`."""
    grouped = table.groupby(key)[value]
    return grouped.mean(), grouped.sem().fillna(0.0)


def evenly_spread(values, count):
    """A few of some sorted values, evenly spread, the very ends left out."""
    places = np.linspace(0.06, 0.94, count) * (len(values) - 1)
    return [values[int(place)] for place in np.unique(np.rint(places))]


def legend_with_sizes(tables, panel, styles, **settings):
    """Legend of temperatures, and of line styles for sizes where there are several."""
    if len(styles) > 1:
        for ensemble, style in styles.items():
            panel.plot([], [], style, color="0.3", label=f"$N$ = {particles(tables, ensemble)}")
    legend(panel, ncols=2, loc="upper left", **settings)


def measured_of_each_kind(tables, *, larger=False):
    """Modes that have a lifetime, and the ensemble of each kind that is shown."""
    table = measured_lifetimes(tables)
    if table.empty:
        raise MissingData("no mode has a lifetime: every run is too short or rearranged")
    usable = {**tables, "lifetimes": table}
    chosen = by_kind(usable, "lifetimes")
    if larger:
        chosen |= by_kind(usable, "lifetimes", rank=1)
    return table, chosen


def make_room_for_legend(panels, decades=0.9):
    """Raise the shared logarithmic y axis of some panels by a number of decades."""
    lows, highs = zip(*(panel.get_ylim() for panel in panels.values()), strict=True)
    next(iter(panels.values())).set_ylim(min(lows), max(highs) * 10.0**decades)


def low_frequency_rows(kind, rows):
    """Rows of the low-frequency regime, where single modes are shown."""
    if kind == "crystal":
        return rows[rows["frequency"] <= LOW_FREQUENCY_PART * rows["frequency"].max()]
    return rows[rows["mode"] < LOWEST_MODES]


def draw_low_frequency_points(panel, kind, rows, colour, temperature):
    """Measured lifetimes of the low-frequency regime, one open circle each.

    Of a crystal the means over degenerate sets of modes are shown.
    """
    low = low_frequency_rows(kind, rows)
    x, y = low["frequency"], low["lifetime"]
    if kind == "crystal":
        sets = degenerate_averages(x, y)
        x, y = sets["frequency"], sets["mean"]
    panel.plot(
        x,
        y,
        "o",
        markerfacecolor="none",
        markeredgewidth=0.7,
        markersize=3.2,
        color=colour,
        label=f"MD, $T$ = {temperature_text(temperature)}",
        zorder=2,
    )


def broadenings_shown(table):
    """The broadening that is shown of each ensemble, as text."""
    shown = table.groupby("ensemble")["broadening"].min()
    if shown.nunique() == 1:
        return f"{shown.iloc[0]:g}"
    return ", ".join(f"{value:g} ({ensemble})" for ensemble, value in shown.items())


def draw_theory_points(tables, panel, kind, ensemble, temperatures):
    """Predicted lifetimes 1/Gamma_k of the low-frequency regime at some temperatures."""
    if "decay_rates" not in tables:
        return
    table = of(tables["decay_rates"], ensemble=ensemble)
    table = narrowest(table)
    table = table[table["decay_rate_per_temperature"] > 0.0]
    if table.empty:
        return
    low = low_frequency_rows(kind, table)
    frequency, lifetime = low["frequency"], 1.0 / low["decay_rate_per_temperature"]
    if kind == "crystal":
        sets = degenerate_averages(frequency, lifetime)
        frequency, lifetime = sets["frequency"], sets["mean"]
    for temperature in temperatures:
        panel.plot(
            frequency,
            lifetime / temperature,
            "o",
            color="black",
            markersize=2.0,
            markeredgewidth=0,
            zorder=3,
        )


def draw_inverse_square_guide(tables, panel, ensemble):
    """Below the hottest data of the crystal, from theory where there is one."""
    rows = of(measured_lifetimes(tables), ensemble=ensemble)
    highest = rows["temperature"].max()
    if "decay_rates" in tables and (tables["decay_rates"]["ensemble"] == ensemble).any():
        curve = rates_by_window(tables, ensemble)
        curve = curve.assign(mean=curve["scaled_lifetime"] / highest).dropna()
    else:
        rows = of(rows, temperature=highest)
        curve = frequency_bins(rows["frequency"], rows["lifetime"])
    low = curve[curve["frequency"] <= LOW_FREQUENCY_PART * curve["frequency"].max()]
    if len(low) < 3:
        return
    middle = np.exp(np.log(low["frequency"]).mean())
    height = np.exp(np.log(low["mean"]).mean())
    ends = (low["frequency"].min(), 1.5 * low["frequency"].max())
    guide(panel, ends, -2.0, (middle, 0.35 * height), r"$\propto \omega^{-2}$", place=(0.1, 0.3))
