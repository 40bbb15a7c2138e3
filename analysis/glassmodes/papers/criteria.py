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
from scipy.stats import beta

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
    low, high : float
        Ends of what shows the claim, NaN where no interval was tested.
    """

    verdict: str
    rule: str
    reference: float = np.nan
    margin: float = np.nan
    low: float = np.nan
    high: float = np.nan


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
    low, high = reference - margin, reference + margin
    return Judgement(_interval(observed, error, low, high), rule, reference, margin, low, high)


def within_factor(observed: float, error: float, reference: float, factor: float) -> Judgement:
    """Whether a positive value equals the paper's to a stated factor: two tests of the logarithm.

    Parameters
    ----------
    observed, error : float
        The value and its standard error; error / observed is that of its logarithm.
    reference : float
    factor : float
        Largest ratio, above one, that counts as agreement.
    """
    rule = (
        f"shown if the value, give or take two standard errors of its logarithm, lies within a "
        f"factor of {factor:.3g} of {reference:.4g}, contradicted if it lies outside, else "
        "undecided"
    )
    low, high = reference / factor, reference * factor
    verdict = UNDECIDED
    if observed > 0.0:
        ends = np.log([low, high])
        verdict = _interval(np.log(observed), error / observed, *ends)
    elif observed <= 0.0 and np.isfinite(error):
        verdict = CONTRADICTED if observed + 2.0 * error < low else UNDECIDED
    return Judgement(verdict, rule, reference, reference * (factor - 1.0), low, high)


def between(observed: float, error: float, low: float, high: float) -> Judgement:
    """Whether a value lies in the range that the paper gives."""
    rule = (
        f"shown if the value ± two standard errors lies between {low:.4g} and {high:.4g}, "
        "contradicted if it lies outside, else undecided"
    )
    middle, margin = 0.5 * (low + high), 0.5 * (high - low)
    return Judgement(_interval(observed, error, low, high), rule, middle, margin, low, high)


def above(
    observed: float, error: float, bound: float, *, what: str = "", reference: float = np.nan
) -> Judgement:
    """Whether a value is above a bound.

    Parameters
    ----------
    observed, error : float
    bound : float
    what : str
        What the bound is, for the rule; its number by default.
    reference : float
        The paper's number, where it gives one.
    """
    rule = (
        f"shown if the value is above {what or f'{bound:.4g}'} by two standard errors, "
        "contradicted if below by two, else undecided"
    )
    return Judgement(
        _interval(observed, error, bound, np.inf), rule, reference, low=bound, high=np.inf
    )


def below(
    observed: float, error: float, bound: float, *, what: str = "", reference: float = np.nan
) -> Judgement:
    """Whether a value is below a bound; as :func:`above`."""
    rule = (
        f"shown if the value is below {what or f'{bound:.4g}'} by two standard errors, "
        "contradicted if above by two, else undecided"
    )
    return Judgement(
        _interval(observed, error, -np.inf, bound), rule, reference, low=-np.inf, high=bound
    )


def _interval(observed, error, low, high) -> str:
    if not (np.isfinite(observed) and np.isfinite(error)):
        return UNDECIDED
    first, last = observed - 2.0 * error, observed + 2.0 * error
    if low <= first and last <= high:
        return SHOWN
    return CONTRADICTED if last < low or first > high else UNDECIDED


def proportion(
    successes: int, count: int, low: float, high: float, *, reference: float = np.nan
) -> Judgement:
    """Whether the probability behind a count of independent ones lies in a range.

    Decided by the exact interval of 95 % (Clopper and Pearson), which knows that few of few, or
    all of few, say little.
    """
    rule = (
        f"shown if the exact interval of 95 % of the probability lies between {low:.4g} and "
        f"{high:.4g}, contradicted if it lies outside, else undecided"
    )
    first, last = proportion_interval(successes, count)
    verdict = UNDECIDED
    if low <= first and last <= high:
        verdict = SHOWN
    elif last < low or first > high:
        verdict = CONTRADICTED
    return Judgement(verdict, rule, reference, low=low, high=high)


def proportion_interval(successes: int, count: int) -> tuple[float, float]:
    """Exact interval of 95 % of the probability behind `successes` of `count` independent ones."""
    if count < 1:
        return 0.0, 1.0
    failures = count - successes
    first = beta.ppf(0.025, successes, failures + 1) if successes else 0.0
    last = beta.ppf(0.975, successes + 1, failures) if failures else 1.0
    return float(first), float(last)


def proportion_error(successes: int, count: int) -> float:
    """A quarter of :func:`proportion_interval`, which is a standard error where there are many."""
    first, last = proportion_interval(successes, count)
    return 0.25 * (last - first)


def samples_to_decide(observed: float, error: float, low: float, high: float, count: int) -> float:
    """How many independent samples would decide, if the value stayed what it is.

    The error falls as one over the square root of the number of samples; a claim is decided once
    two errors reach no further than the nearer end of what shows it.

    Parameters
    ----------
    observed, error : float
    low, high : float
        Ends of what shows the claim.
    count : int
        Samples that the error is of.

    Returns
    -------
    float
        NaN where the error or both ends are not finite.
    """
    distance = np.nanmin(np.abs(np.array([observed - low, observed - high])), initial=np.inf)
    if not (np.isfinite(distance) and np.isfinite(error)) or count < 1:
        return np.nan
    if distance == 0.0:
        return np.inf
    # rounding must not ask for one more
    return float(np.ceil(max(count * (2.0 * error / distance) ** 2, count) - 1e-6))


def what_would_decide(
    judgement: Judgement, observed: float, error: float, count: int, noun: str
) -> str:
    """The reason of an undecided claim: how many samples would decide it.

    Parameters
    ----------
    judgement : Judgement
        An undecided one.
    observed, error : float
    count : int
        Independent samples that the error is of.
    noun : str
        What they are, such as "samples".
    """
    if not np.isfinite(error):
        return f"no error can be told from {count} {noun.removesuffix('s') if count == 1 else noun}"
    needed = samples_to_decide(observed, error, judgement.low, judgement.high, count)
    # within a sixteenth of its error, which any change of the value would decide first
    if not needed < 1000.0 * count:
        return "the value lies at the very end of what shows the claim"
    # to two digits: the error itself is not known better
    digits = max(0, int(np.floor(np.log10(needed))) - 1)
    return (
        f"about {round(needed, -digits):,.0f} {noun} instead of {count} would decide, if the value "
        "stays (error ~ 1/sqrt(number))"
    )


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
    decided_by: str = "",
    count: int | None = None,
    noun: str = "samples",
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
        Why the claim is contradicted, as far as that is known; kept if it is.
    source : str
        The citation in full where it says more than `item`.
    samples : str
        Samples that the value rests on.
    decided_by : str
        What would decide the claim; kept if it is undecided.
    count : int, optional
        Independent samples that the error is of: an undecided row without `decided_by` says how
        many would decide it.
    noun : str
        What these are.
    """
    if judgement.verdict == UNDECIDED:
        if count is not None:
            reason = what_would_decide(judgement, float(observed), float(error), count, noun)
        reason = decided_by or reason
    elif judgement.verdict != CONTRADICTED:
        reason = ""
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
