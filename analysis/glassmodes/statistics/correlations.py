"""Rank correlations and exponents of power laws."""

from __future__ import annotations

import numpy as np


def rank_correlation(x, y) -> float:
    """Spearman's coefficient, NaN where either does not vary."""
    x, y = _ranks(x), _ranks(y)
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if scale > 0.0 else np.nan


def _ranks(values):
    """Ranks from 1, of equal values their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - 0.5 * (counts - 1))[places]


def rank_correlation_error(coefficient: float, count: int) -> float:
    """Standard error of Spearman's coefficient of independent pairs (Bonett and Wright 2000)."""
    if count <= 3:
        return np.nan
    return (1.0 - coefficient**2) * float(np.sqrt((1.0 + 0.5 * coefficient**2) / (count - 3)))


def partial_rank_correlation(x, y, z) -> float:
    """Spearman's coefficient of x and y with that of both with z taken out."""
    xy, xz, yz = rank_correlation(x, y), rank_correlation(x, z), rank_correlation(y, z)
    scale = (1.0 - xz**2) * (1.0 - yz**2)
    return float((xy - xz * yz) / np.sqrt(scale)) if scale > 0.0 else np.nan


def power_law_exponent(x, y) -> float:
    """Exponent of y with x, both positive: slope of the logarithms by least squares."""
    x, y = np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float))
    if len(x) < 2 or not np.ptp(x) > 0.0:
        return np.nan
    return float(np.polyfit(x, y, 1)[0])
