"""Exponents, widths and parts of samples, for statements about power laws and their ranges."""

from __future__ import annotations

import numpy as np

FEWEST_MODES = 20
"""Samples below which a median or a width is not judged."""

FEWEST_IN_TAIL = 10
"""Samples below which an exponent of a tail is not measured."""


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
