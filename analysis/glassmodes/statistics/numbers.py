"""Numbers as text, with as many digits as their error allows."""

from __future__ import annotations

import math


def number_with_error(value: float, error: float = math.nan) -> str:
    """A number and its standard error as text, such as 0.923 ± 0.031.

    Parameters
    ----------
    value : float
        A value that is not finite is written as a dash.
    error : float
        Its standard error, written with two digits; without a positive finite error the value is
        written alone, with three digits.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if error is None or not math.isfinite(error) or error <= 0.0:
        return f"{value:.3g}"
    places = max(0, 1 - int(math.floor(math.log10(error))))
    if places > 6 or abs(value) >= 1e6:
        return f"{value:.4g} ± {error:.1g}"
    return f"{value:.{places}f} ± {error:.{places}f}"
