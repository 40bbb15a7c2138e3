"""Exponents and widths of distributions, for statements about power laws and their ranges."""

from __future__ import annotations

import numpy as np

FEWEST_MODES = 20
"""Smallest number of values from which a median or a width is computed."""

FEWEST_IN_TAIL = 10
"""Smallest number of values from which the exponent of a tail is computed."""


def weibull_shape(values, part=1.0) -> float:
    """Exponent k of a Weibull distribution, whose cumulative distribution is 1 - exp(-(x / x_0)^k).

    The minimum of many independent numbers whose density grows as x^(k-1) follows it, so a fit to
    the smallest values of many samples measures that power law. The fit is by maximum likelihood;
    values above a quantile are censored, that is, they count only as lying above it.

    Parameters
    ----------
    values : array_like
        Positive numbers.
    part : float
        Lowest part of the values, from 0 to 1, that is not censored.

    Returns
    -------
    float
        NaN if fewer than ten values are not censored.
    """
    values = np.sort(np.asarray(values, dtype=float))
    count = len(values)
    seen = int(round(part * count))
    if seen < FEWEST_IN_TAIL:
        return np.nan
    # in units of the largest uncensored value, so that each censored one contributes 1 to sums
    logs = np.log(values[:seen] / values[seen - 1])
    mean = logs.mean()
    shape = -1.0 / mean if mean < 0.0 else np.nan
    for _ in range(60):
        powers = np.exp(shape * logs)
        total = powers.sum() + (count - seen)
        first = (powers @ logs) / total
        second = (powers @ logs**2) / total
        step = (first - 1.0 / shape - mean) / (second - first**2 + 1.0 / shape**2)
        # Newton's step; it may at most halve the shape, which must stay positive
        shape = shape - step if step < 0.5 * shape else 0.5 * shape
        if not abs(step) > 1e-10 * shape:
            break
    return float(shape)


def weibull_distance(values, shape) -> float:
    """Largest distance between an empirical cumulative distribution and a Weibull one.

    Parameters
    ----------
    values : array_like
        Positive numbers.
    shape : float
        Exponent k; the scale x_0 is that of maximum likelihood.
    """
    powers = np.sort(np.asarray(values, dtype=float)) ** shape
    expected = 1.0 - np.exp(-powers / powers.mean())
    steps = np.arange(len(powers) + 1) / len(powers)
    return float(np.maximum(np.abs(expected - steps[1:]), np.abs(expected - steps[:-1])).max())


def median_exponent(x, y) -> float:
    """Exponent of a power law y ~ x^a: the slope of ln y against ln x through medians of bins in x.

    The bins hold equal numbers of points; the few points left over at the largest x are not used.

    Parameters
    ----------
    x, y : array_like, shape=(n,)
        Positive numbers.

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
    """Number of bins, 4 to 10, for a number of points; each has at least five."""
    return int(np.clip(count // 20, 4, 10))


def width(values) -> float:
    """Width of a distribution of positive numbers: decades between its 5 % and 95 % quantiles."""
    return float(np.diff(np.quantile(np.log10(values), [0.05, 0.95]))[0])


def fraction(flags) -> tuple[float, float]:
    """Fraction of samples with a property, and its standard error.

    The standard error is the binomial one of the estimate (k + 1) / (n + 2) for k of n samples,
    which is never 0.

    Parameters
    ----------
    flags : array_like of bool, shape=(n,)
    """
    flags = np.asarray(flags, dtype=bool)
    chance = (flags.sum() + 1.0) / (len(flags) + 2.0)
    return float(flags.mean()), float(np.sqrt(chance * (1.0 - chance) / len(flags)))


def medians_by_size(sizes, values) -> tuple[np.ndarray, np.ndarray]:
    """Distinct system sizes, ascending, and the median of the values of each.

    Parameters
    ----------
    sizes, values : ndarray, shape=(n,)

    Returns
    -------
    sizes, medians : ndarray, shape=(distinct sizes,)
    """
    distinct = np.unique(sizes)
    return distinct, np.array([np.median(values[sizes == size]) for size in distinct])


def size_exponent(sizes, values) -> float:
    """Exponent a of median ~ size^a, by a straight line in logarithms.

    Parameters
    ----------
    sizes, values : array_like, shape=(n,)
        System size and positive value of each sample.

    Returns
    -------
    float
        NaN if there is only one size.
    """
    sizes, medians = medians_by_size(np.asarray(sizes, dtype=float), np.asarray(values))
    if len(sizes) < 2:
        return np.nan
    return float(np.polyfit(np.log(sizes), np.log(medians), 1)[0])
