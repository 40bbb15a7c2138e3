"""Numbers as text."""

from __future__ import annotations

import math


def number_with_error(value, error=math.nan) -> str:
    """A number with as many digits as its error allows, such as 0.92 ± 0.03."""
    if value is None or not math.isfinite(value):
        return "–"
    if error is None or not math.isfinite(error) or error <= 0.0:
        return f"{value:.3g}"
    places = max(0, 1 - int(math.floor(math.log10(error))))
    if places > 6 or abs(value) >= 1e6:
        return f"{value:.4g} ± {error:.1g}"
    return f"{value:.{places}f} ± {error:.{places}f}"
