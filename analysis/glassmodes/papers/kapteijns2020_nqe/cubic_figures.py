"""Figures on cubic modes, Figs 7-9 and Eqs 30, 36 and 38: stiffness, asymmetry, distributions.

Each function takes the tables by name and returns a matplotlib Figure, in the paper's units (a_0,
omega_0, particle mass; :mod:`glassmodes.papers.kapteijns2020_nqe.glasses`).
"""

from __future__ import annotations

import numpy as np

from glassmodes.papers.kapteijns2020_nqe import PAPER
from glassmodes.papers.kapteijns2020_nqe.glasses import is_poly
from glassmodes.papers.kapteijns2020_nqe.panels import (
    IN_UNITS,
    OMEGA_3,
    OMEGA_4,
    cloud,
    ending,
    entry,
    families_with,
    few_ticks,
    grid,
    largest_series,
    legend_below,
    letters,
    limits_of,
    log_axes,
    medians,
    nothing,
    points,
    series_name,
    series_styles,
)
from glassmodes.papers.kapteijns2020_nqe.soft_spots import (
    BOUND,
    SAME_SPOT,
    families,
    modes_in_units,
    running_medians,
    softest,
)
from glassmodes.plotting.figure import MissingData
from glassmodes.plotting.style import guide
from glassmodes.statistics.distributions import fraction, width

# --- Fig. 7 ---------------------------------------------------------------------------------------


def _pairs(tables):
    """Cubic and quartic modes of the same soft spots, of one series."""
    return largest_series(families_with(tables, "stiffer", "tau_ratio", "chi_ratio", "cubic_gap"))


@PAPER.figure(
    "Fig. 7",
    "Difference between cubic and quartic modes",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def cubic_and_quartic(tables):
    """Stiffness, tau and chi of cubic modes over those of quartic ones (Fig. 7)."""
    rows = _pairs(tables)
    figure, axes = grid(3, height=2.7, wide=1.3)
    images = []
    overlap = r"$1 - |\hat{\pi}_3 \cdot \hat{\pi}_4|$"
    for panel, (x, y, horizontal, vertical) in zip(
        axes,
        (
            ("omega_4", "stiffer", OMEGA_4, r"$(\omega_3^2 - \omega_4^2) / \omega_4^2$"),
            ("cubic_gap", "tau_ratio", overlap, r"$|\tau_3 / \tau_4|$"),
            ("cubic_gap", "chi_ratio", overlap, r"$\chi_3 / \chi_4$"),
        ),
        strict=True,
    ):
        limits = limits_of(rows[y])
        if y == "chi_ratio":
            # a decade: the paper's cloud is narrower
            limits = (min(limits[0], 10.0**-0.5), max(limits[1], 10.0**0.5))
        images.append(cloud(panel, rows[x], rows[y], y_limits=limits))
        colour = "#CC3311" if images[-1] is not None else "black"
        medians(panel, rows[x], rows[y], colour=colour, label="running median, quartiles")
        log_axes(panel, rows[x], limits, room=1.0)
        panel.set(xlabel=horizontal, ylabel=vertical)
    axes[0].axhline(0.3, color="black", linestyle="--", linewidth=1.0, label="30 %")
    letters(axes)
    image = next((image for image in images if image is not None), None)
    if image is not None:
        figure.colorbar(image, ax=axes[-1], label="modes in a bin")
    legend_below(figure, axes)
    return figure


@cubic_and_quartic.caption
def _(tables):
    rows = _pairs(tables)
    low, middle, high = np.quantile(rows["stiffer"], [0.25, 0.5, 0.75])
    decades = {column: np.ptp(np.log10(rows[column])) for column in ("tau_ratio", "chi_ratio")}
    lost = len(families(tables).dropna(subset=["stiffer"])) - len(rows)
    note = f" {lost} pairs of other ensembles, or softer than quartic, are not shown." * (lost > 0)
    return (
        "Cubic modes against the quartic modes of the same soft spots (overlap above "
        f"{SAME_SPOT:g}): relative difference of stiffness against omega_4 (a), ratio of "
        "third-order coefficients (b) and of fourth-order coefficients (c) against the difference "
        "of their overlap from one. Colours: number of modes in a bin, where there are enough; "
        f"squares: running medians. Median of (a) {100 * middle:.0f} %, quartiles "
        f"{100 * low:.0f} and {100 * high:.0f} %; (b) spans {decades['tau_ratio']:.1f} decades, "
        f"(c) {decades['chi_ratio']:.2f}." + note
    ) + ending(
        tables,
        rows,
        "cubic modes are typically 30 % stiffer, independent of frequency; tau is highly "
        "sensitive to the modes' structure (b spans almost five orders of magnitude), chi is not "
        "(c spans less than one).",
    )


# --- Fig. 8 ---------------------------------------------------------------------------------------


def _cubic_modes(tables, poly):
    """Cubic modes of POLY (Fig. 8) or of IPL (Fig. 9d), of the other where there is none."""
    rows = families_with(tables, "tau_3", "chi_3", "asymmetry_3")
    chosen = rows[is_poly(rows) == poly]
    if poly and len(chosen):
        # one density: that of most samples
        chosen = chosen[chosen["density"] == chosen["density"].mode().iloc[0]]
    return (chosen if len(chosen) else rows).reset_index(drop=True)


def _bound_line(panel, rows):
    ends = np.array(limits_of(rows["kappa_3"] * rows["chi_3"]))
    panel.plot(ends, BOUND * ends, color="black", linewidth=1.2, zorder=4, label=r"$3 \kappa \chi$")


def _relation_panel(panel, rows, styles, order=3):
    product = rows[f"kappa_{order}"] * rows[f"chi_{order}"]
    square = rows[f"tau_{order}"] ** 2
    # the largest ensembles below the others
    for label in rows["label"].value_counts().index:
        chosen = rows["label"] == label
        points(panel, product[chosen], square[chosen], size=2.6, **styles[label])
    log_axes(panel, product, square)
    panel.set(
        xlabel=rf"$\kappa_{order} \chi_{order}\; [m^2 \omega_0^4 / a_0^2]$",
        ylabel=rf"$\tau_{order}^2\; [m^2 \omega_0^4 / a_0^2]$",
    )


@PAPER.figure(
    "Fig. 8",
    "Asymmetry of cubic modes and the stability bound",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def stability_bound(tables):
    """tau_3^2 against kappa_3 chi_3, with the bound and what it means (Fig. 8)."""
    rows = _cubic_modes(tables, poly=True)
    styles = series_styles(rows)
    figure, (panel,) = grid(1, height=4.0, wide=1.2)
    _relation_panel(panel, rows, styles)
    _bound_line(panel, rows)
    for label, style in styles.items():
        entry(panel, series_name(label), **style)
    low, high = panel.get_ylim()
    panel.set_ylim(0.3 * low, 4.0 * high)
    _potential(panel, (0.06, 0.68), 3.4, "lower minimum")
    _potential(panel, (0.66, 0.06), 2.75, "single well, or\nhigher minimum")
    legend_below(figure, [panel], columns=2)
    return figure


def _potential(panel, place, asymmetry, words):
    """A small sketch of U(s) = s^2 / 2 + tau s^3 / 6 + chi s^4 / 24 with tau^2 = a kappa chi."""
    inset = panel.inset_axes((*place, 0.25, 0.2))
    s = np.linspace(-5.2, 1.8, 200)
    inset.plot(s, s**2 / 2 + np.sqrt(asymmetry) * s**3 / 6 + s**4 / 24, color="0.35", linewidth=1.2)
    inset.plot([0.0], [0.0], "o", color="0.35", markersize=4)
    inset.set(ylim=(-1.3, 1.7), xticks=[], yticks=[])
    inset.minorticks_off()
    inset.set_frame_on(False)
    inset.set_title(words, fontsize=7.5, color="0.25", pad=1.0)


@stability_bound.caption
def _(tables):
    rows = _cubic_modes(tables, poly=True)
    parts = []
    for label, group in rows.groupby("label", sort=False):
        part, error = fraction(group["asymmetry_3"] > BOUND)
        parts.append(f"{100 * part:.2g} ± {100 * error:.2g} % ({label})")
    return (
        "Third-order coefficient tau_3^2 of cubic modes against kappa_3 chi_3; one point for each "
        "sample. Line: the bound tau^2 = 3 kappa chi (Eq. 32), where the quartic expansion is a "
        "symmetric double well; sketches: beyond it the second minimum is lower than the inherent "
        f"state. Beyond the bound: {', '.join(parts)} (binomial errors)."
    ) + ending(
        tables,
        rows,
        "the ensemble of cubic modes follows tau_3^2 ~ kappa_3 chi_3, independent of glass "
        "stability; 6.6 % (T_p = 1.30), 4.6 % (0.50) and 0.5 % (0.35) exceed the bound, of 1,000 "
        "samples of N = 8000 each.",
    )


# --- Fig. 9 ---------------------------------------------------------------------------------------


@PAPER.figure("Fig. 9", "Supporting data", requires=("quasilocalized",), uses=IN_UNITS)
def supporting_data(tables):
    """Response, shear coupling, chi and the relation of tau, kappa and chi (Fig. 9)."""
    rows = families_with(tables, "omega_4", "chi_4")
    figure, axes = grid(6, columns=3, height=2.6, wide=1.3)
    one = largest_series(rows)
    images = []
    response = r"$|U^{(4)}\,\vdots\,\hat{\pi}_4\hat{\pi}_4\hat{\pi}_4| \,/\, \chi_4$"
    for panel, x, y, horizontal, vertical in (
        (axes[0], "omega_4", "response_4", OMEGA_4, response),
        (axes[5], "omega_4", "chi_4", OMEGA_4, r"$\chi_4 a_0^2 / (m \omega_0^2)$"),
    ):
        chosen = one[one[y] > 0.0]
        if chosen.empty:
            nothing(panel)
            continue
        # of order one: a decade is shown
        limits = limits_of(chosen[y], 3.0 if y == "response_4" else 1.3)
        images.append(cloud(panel, chosen[x], chosen[y], y_limits=limits))
        colour = "#CC3311" if images[-1] is not None else "black"
        medians(panel, chosen[x], chosen[y], colour=colour)
        log_axes(panel, chosen[x], limits, room=1.0)
        panel.set(xlabel=horizontal, ylabel=vertical)
    styles = series_styles(rows)
    for panel, y, vertical in (
        (axes[1], "nu_3", r"$|\nu_3| / (m a_0 \omega_0^2)$"),
        (axes[2], "chi_3", r"$\chi_3 a_0^2 / (m \omega_0^2)$"),
    ):
        chosen = rows[(rows[y] > 0.0) & np.isfinite(rows["omega_3"])]
        if chosen.empty:
            nothing(panel)
            continue
        for label, style in styles.items():
            part = chosen[chosen["label"] == label]
            points(panel, part["omega_3"], part[y], size=1.8, alpha=0.15, **style)
            if len(part) >= 10:
                centres, middle, _, _ = running_medians(part["omega_3"], part[y], _few(part))
                line = {"linestyle": "-", "linewidth": 1.2, "marker": "s", "markersize": 3.2}
                panel.plot(centres, middle, zorder=5, **line, **style)
        log_axes(panel, chosen["omega_3"], chosen[y])
        panel.set_ylim(bottom=max(panel.get_ylim()[0], 0.1 * chosen[y].quantile(0.02)))
        panel.set(xlabel=OMEGA_3, ylabel=vertical)
    _relations(axes[3], axes[4], tables, styles, one, images)
    for label, style in styles.items():
        entry(axes[3], series_name(label), **style)
    letters(axes)
    image = next((image for image in images if image is not None), None)
    if image is not None:
        figure.colorbar(image, ax=axes[-1], label="modes in a bin")
    legend_below(figure, [axes[3]], columns=4)
    return figure


def _few(rows):
    return int(np.clip(len(rows) // 15, 2, 8))


def _relations(cubic, quartic, tables, styles, one, images):
    """Panels (d) and (e): the relation holds for cubic modes, not for quartic ones."""
    try:
        rows = _cubic_modes(tables, poly=False)
    except MissingData:
        nothing(cubic)
    else:
        _relation_panel(cubic, rows, styles)
        _bound_line(cubic, rows)
    chosen = one[(one["tau_4"] > 0.0) & np.isfinite(one["kappa_4"])]
    if chosen.empty:
        nothing(quartic)
        return
    product, square = chosen["kappa_4"] * chosen["chi_4"], chosen["tau_4"] ** 2
    ends = np.array(limits_of(product))
    # tau_4 passes through zero: the lowest part of the cloud has no end
    limits = (0.5 * square.quantile(0.01), 2.0 * max(square.max(), BOUND * ends[1]))
    images.append(cloud(quartic, product, square, y_limits=limits))
    log_axes(quartic, product, limits, room=1.0)
    quartic.plot(ends, BOUND * ends, color="black", linewidth=1.2, zorder=4)
    quartic.set(
        xlabel=r"$\kappa_4 \chi_4\; [m^2 \omega_0^4 / a_0^2]$",
        ylabel=r"$\tau_4^2\; [m^2 \omega_0^4 / a_0^2]$",
    )


@supporting_data.caption
def _(tables):
    rows = families_with(tables, "omega_4", "chi_4")
    one = largest_series(rows)
    widths = []
    for order in (3, 4):
        values = one[f"asymmetry_{order}"]
        values = values[values > 0.0]
        if len(values):
            widths.append(f"{width(values):.2f} decades for {('cubic', 'quartic')[order - 3]}")
    median = one["response_4"].median()
    name = one["label"].iloc[0]
    return (
        "(a) Magnitude of the field U'''':pi_4 pi_4 pi_4 / chi_4 against omega_4; (b) shear-strain "
        "coupling |nu_3| (of the shear x -> x + gamma y) and (c) chi_3 of cubic modes against "
        "omega_3; (d) tau_3^2 against kappa_3 chi_3 in all dimensions, with the bound of Eq. 32; "
        "(e) the same of quartic modes, its lowest percent left out; (f) chi_4 against omega_4. "
        "Squares: running medians, with quartiles in (a) and (f). (a), (e) and (f) are of "
        f"{name}; the median of (a) is {median:.3g}; tau^2 / (kappa chi) spans, between its 5 and "
        "95 % quantiles, " + " and ".join(widths) + " modes."
    ) + ending(
        tables,
        rows,
        "(a) is of order one, and it, nu_3, chi_3 and chi_4 are independent of frequency; cubic "
        "modes follow tau_3^2 ~ kappa_3 chi_3 in 2D, 3D and 4D, quartic modes do not.",
    )


# --- Eqs 30, 36 and 38 ----------------------------------------------------------------------------


_DISTRIBUTIONS = (
    ("omega_4", 5.0, r"$\omega_4$", r"$P(\omega_4)$", r"$\omega^5$"),
    ("omega_3", 5.0, r"$\omega_3$", r"$P(\omega_3)$", r"$\omega^5$"),
    ("barrier_3", 1.25, r"$V_B$", r"$P(V_B)$", r"$V_B^{5/4}$"),
    ("strain_3", 5.0 / 3.0, r"$x$", r"$P(x)$", r"$x^{5/3}$"),
)


def _minima(tables):
    """Softest modes of each sample, as :func:`families` knows them, with enough of them."""
    rows = families(tables)
    found = modes_in_units(tables)
    for kind, order in (("quartic", 4), ("cubic", 3)):
        # of several modes of a sample the softest
        lowest = softest(found[found["kind"] == kind])
        values = lowest.set_index(["ensemble", "sample"])["omega"]
        index = rows.set_index(["ensemble", "sample"]).index
        rows[f"omega_{order}"] = values.reindex(index).to_numpy()
    counts = rows.groupby("ensemble")["sample"].transform("size")
    rows = rows[counts >= 20]
    if rows.empty:
        raise MissingData("no ensemble has the modes of 20 samples or more")
    return rows.reset_index(drop=True)


@PAPER.figure(
    "Eqs 30, 36, 38",
    "Distributions of frequencies, barriers and strain thresholds",
    requires=("quasilocalized",),
    uses=IN_UNITS,
)
def softest_distributions(tables):
    """Cumulative distributions of omega_min, V_B and x, beside the derived powers."""
    rows = _minima(tables)
    figure, axes = grid(4, columns=2, height=2.9)
    colours = series_styles(rows)
    dashes = dict(zip(sorted(rows["particles"].unique()), ["-", "--", ":", "-."] * 5, strict=False))
    for panel, (column, power, name, vertical, law) in zip(axes, _DISTRIBUTIONS, strict=True):
        lowest = []
        for (label, size), group in rows.groupby(["label", "particles"], sort=False):
            values = np.sort(group[column].dropna())
            if len(values) < 20:
                continue
            values = values / np.median(values)
            part = np.arange(1, len(values) + 1) / len(values)
            lowest.append(values[0])
            style = {**colours[label], "linestyle": dashes[size], "linewidth": 1.1}
            panel.step(values, part, where="post", label=series_name(label, size), **style)
        if not lowest:
            nothing(panel)
            continue
        count = rows.groupby("ensemble").size().max()
        low = (2.0 / count) ** (1.0 / power) / 1.5
        panel.set(xscale="log", yscale="log", xlim=(low, 4.0), ylim=(0.5 / count, 1.5))
        few_ticks(panel.xaxis, (low, 4.0))
        guide(panel, [low, 1.0], power, (1.0, 1.6), law, place=(0.5, 0.12))
        panel.set(xlabel=f"{name} / median", ylabel=vertical)
    letters(axes)
    legend_below(figure, axes, columns=3)
    return figure


@softest_distributions.caption
def _(tables):
    rows = _minima(tables)
    return (
        "Cumulative distributions over samples of the frequency of the softest quartic (a) and "
        "cubic mode (b), and of the barrier V_B = 2 kappa^3 / (3 tau^2) (c, Eq. 35) and the strain "
        "x = kappa^2 / (tau |nu|) (d, Eq. 37) of the cubic one, each over its median; dotted: the "
        "powers, one above those of the densities D(omega) ~ omega^4 (Eq. 30), p(V_B) ~ V_B^(1/4) "
        "(Eq. 36) and p(x) ~ x^(2/3) (Eq. 38). Minima of many independent soft spots bend over as "
        "Weibull's distribution; only the lower end shows the power. Exponents with errors stand "
        "in the summary."
    ) + ending(
        tables,
        rows,
        "cubic modes follow D(omega) ~ omega^4, from which the other two are derived; it shows no "
        "data for them.",
    )
