"""When a claim of a paper is shown, undecided or contradicted: the rows of a summary.

The rules are written down from what the paper claims and how precisely it claims it, never from
what came out; a claim that is contradicted stays. A value is compared by an equivalence test: it
*shows* the claim if its whole interval of two standard errors lies within a stated margin of the
reference, *contradicts* it if the whole interval lies outside, and leaves it *undecided*
otherwise. So a large error can never pass as agreement. Errors are standard errors, by bootstrap
over independent units (samples, runs), unless a row says otherwise.

Identities and internal checks (a variational bound, a sum rule, two solvers of one equation) are
no evidence for a paper: they are listed as checks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHOWN, UNDECIDED, CONTRADICTED = "shown", "undecided", "contradicted"
CHECK_PASSED, CHECK_FAILED = "check passed", "check failed"
CONTEXT = "context"

VERDICTS = (SHOWN, UNDECIDED, CONTRADICTED, CHECK_PASSED, CHECK_FAILED, CONTEXT)
"""Claims of a paper, internal checks, and numbers beside the paper's without a claim."""

SUMMARY_COLUMNS = (
    *("paper", "item", "ensemble", "sample", "temperature", "quantity", "observed", "error"),
    *("reference", "margin", "verdict", "statement", "finding", "rule", "reason", "source"),
    "samples",
)
"""Columns of the summary, in order."""


@dataclass(frozen=True)
class Judgement:
    """What a rule says of a value.

    Attributes
    ----------
    verdict : str
        One of :data:`VERDICTS`.
    rule : str
        When the verdict is which, in words.
    reference : float
        The paper's number, NaN where it gives none.
    margin : float
        Within which the value must lie around the reference, NaN where there is none.
    """

    verdict: str
    rule: str
    reference: float = np.nan
    margin: float = np.nan


def equivalent(observed: float, error: float, reference: float, margin: float) -> Judgement:
    """Whether a value equals the paper's to a stated margin (two one-sided tests).

    Parameters
    ----------
    observed, error : float
        The value and its standard error. Without a finite error nothing is decided.
    reference : float
    margin : float
        Largest difference that counts as agreement; follows from the precision of the claim.
    """
    rule = (
        f"shown if the value ± two standard errors lies within {margin:.3g} of {reference:.4g}, "
        "contradicted if it lies outside, else undecided"
    )
    return Judgement(
        _interval(observed, error, reference - margin, reference + margin), rule, reference, margin
    )


def between(observed: float, error: float, low: float, high: float) -> Judgement:
    """Whether a value lies in the range that the paper gives."""
    rule = (
        f"shown if the value ± two standard errors lies between {low:.4g} and {high:.4g}, "
        "contradicted if it lies outside, else undecided"
    )
    middle, margin = 0.5 * (low + high), 0.5 * (high - low)
    return Judgement(_interval(observed, error, low, high), rule, middle, margin)


def above(observed: float, error: float, bound: float, *, what: str = "") -> Judgement:
    """Whether a value is above a bound.

    Parameters
    ----------
    observed, error : float
    bound : float
    what : str
        What the bound is, for the rule; its number by default.
    """
    rule = (
        f"shown if the value is above {what or f'{bound:.4g}'} by two standard errors, "
        "contradicted if below by two, else undecided"
    )
    return Judgement(_interval(observed, error, bound, np.inf), rule)


def below(observed: float, error: float, bound: float, *, what: str = "") -> Judgement:
    """Whether a value is below a bound; as :func:`above`."""
    rule = (
        f"shown if the value is below {what or f'{bound:.4g}'} by two standard errors, "
        "contradicted if above by two, else undecided"
    )
    return Judgement(_interval(observed, error, -np.inf, bound), rule)


def _interval(observed, error, low, high) -> str:
    if not (np.isfinite(observed) and np.isfinite(error)):
        return UNDECIDED
    first, last = observed - 2.0 * error, observed + 2.0 * error
    if low <= first and last <= high:
        return SHOWN
    return CONTRADICTED if last < low or first > high else UNDECIDED


def undecided(rule: str, reference: float = np.nan) -> Judgement:
    """A claim that these samples cannot judge; `rule` says what would."""
    return Judgement(UNDECIDED, rule, reference)


def check(passes: bool, rule: str, reference: float = np.nan) -> Judgement:
    """An identity or an internal check, which is no evidence for a paper."""
    return Judgement(CHECK_PASSED if passes else CHECK_FAILED, rule, reference)


def context(reference: float = np.nan) -> Judgement:
    """A number beside the paper's that the paper claims nothing about."""
    return Judgement(CONTEXT, "not judged: a number for orientation", reference)


def claim(
    judgement: Judgement,
    *,
    item: str,
    quantity: str,
    ensemble: str,
    observed: float,
    statement: str,
    finding: str = "",
    error: float = np.nan,
    temperature: float = np.nan,
    reason: str = "",
    source: str = "",
    samples: str = "",
) -> dict:
    """A row of the summary.

    Parameters
    ----------
    judgement : Judgement
    item : str
        Items of the paper that the row belongs to, the main one first, joined by "; ", each as
        the paper's figures are registered ("Fig. 2; Eq. 13").
    quantity : str
        Short name.
    ensemble : str
        Ensemble, or ensembles, that the value is of.
    observed, error : float
        Value and standard error, NaN where it has none.
    statement : str
        What the paper states.
    finding : str
        What was found here and how it was measured.
    temperature : float
        NaN where all or none.
    reason : str
        Why a contradicted claim is contradicted, or what would decide an undecided one.
    source : str
        The citation in full where it says more than `item`.
    samples : str
        Samples that the value rests on.
    """
    return {
        "item": item,
        "ensemble": ensemble,
        "sample": -1,
        "temperature": temperature,
        "quantity": quantity,
        "observed": float(observed),
        "error": float(error),
        "reference": float(judgement.reference),
        "margin": float(judgement.margin),
        "verdict": judgement.verdict,
        "statement": statement,
        "finding": finding,
        "rule": judgement.rule,
        "reason": reason,
        "source": source or item,
        "samples": samples,
    }


def mean_and_error(values) -> tuple[float, float]:
    """Mean over samples and its standard error, NaN for a single one."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return np.nan, np.nan
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(error)
