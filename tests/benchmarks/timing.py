"""What every benchmark needs: the best of several timings, and a fitted exponent."""

from __future__ import annotations

import time

import numpy as np


def best_of(function, *arguments, repeats=5, calls=1) -> float:
    """Shortest wall time of one call, in seconds, after one call to warm up."""
    function(*arguments)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            function(*arguments)
        times.append((time.perf_counter() - start) / calls)
    return min(times)


def scaling_exponent(sizes, costs) -> float:
    """b of cost ~ N^b by least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def compared(name, value, unit, reference, reference_value, *, goal="") -> dict:
    """A row that compares a value with a reference measured in the same run."""
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "reference": reference,
        "reference_value": reference_value,
        "ratio": value / reference_value,
        "goal": goal,
    }


def measured(name, value, unit, *, goal="") -> dict:
    """A row with a value of its own."""
    return {"name": name, "value": value, "unit": unit, "goal": goal}
