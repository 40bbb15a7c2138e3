"""One row of a summary, and the statistics that its rules need."""

from __future__ import annotations

import numpy as np


def row(ensemble, temperature, quantity, observed, error, paper, source, rule, agrees, statement):
    """A row of the summary; `agrees` is None where no rule judges it."""
    verdict = "-" if agrees is None or not np.isfinite(observed) else "yes" if agrees else "no"
    return {
        "ensemble": ensemble,
        "temperature": temperature,
        "quantity": quantity,
        "observed": float(observed),
        "error": float(error),
        "paper": paper,
        "source": source,
        "rule": rule,
        "agrees": verdict,
        "statement": statement,
    }


def near(observed, error, paper, tolerance):
    """Whether a value is the paper's within two standard errors and a tolerance."""
    return abs(observed - paper) <= 2.0 * np.nan_to_num(error) + tolerance


def claim(observed, error, paper, tolerance, largest):
    """The rule for a value that the paper gives, and what it says.

    Not judged where the error is above `largest`, unless the two are apart all the same.

    Returns
    -------
    rule : str
    agrees : bool or None
    """
    rule = (
        f"within two standard errors + {tolerance:.2g} of {paper:.3g}; not judged if the error is "
        f"above {largest:.2g}, unless the two differ by more than four errors + {tolerance:.2g}"
    )
    if not np.isfinite(error):
        return rule, None
    if abs(observed - paper) > 4.0 * error + tolerance:
        return rule, False
    return rule, near(observed, error, paper, tolerance) if error <= largest else None


def above(observed, error, bound):
    """Whether a value is above a bound by two standard errors, None where that is not decided."""
    if not np.isfinite(observed) or not np.isfinite(error):
        return None
    distance = observed - bound
    return None if abs(distance) <= 2.0 * error else distance > 0.0


def mean_and_error(values):
    """Mean over samples and its standard error, NaN for a single one."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return np.nan, np.nan
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return values.mean(), error
