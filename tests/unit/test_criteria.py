"""Rules that judge a paper's claims: intervals, missing errors, bounds, and what would decide."""

import numpy as np
import pytest
from glassmodes.data.schemas import SUMMARY
from glassmodes.papers.criteria import (
    CONTRADICTED,
    SHOWN,
    SUMMARY_COLUMNS,
    UNDECIDED,
    VERDICTS,
    above,
    below,
    between,
    check,
    claim,
    context,
    equivalent,
    mean_and_error,
    proportion,
    proportion_error,
    proportion_interval,
    samples_to_decide,
    undecided,
    within_factor,
)


def test_a_value_is_equal_if_its_whole_interval_is_within_the_margin():
    assert equivalent(1.02, 0.01, 1.0, 0.05).verdict == SHOWN
    assert equivalent(1.02, 0.02, 1.0, 0.05).verdict == UNDECIDED
    assert equivalent(1.20, 0.02, 1.0, 0.05).verdict == CONTRADICTED
    # ends of the interval belong to it
    assert equivalent(1.0, 0.5, 1.0, 1.0).verdict == SHOWN
    assert equivalent(3.0, 0.5, 1.0, 1.0).verdict == UNDECIDED


def test_a_large_error_never_passes_as_agreement():
    for error in (0.3, 3.0, 300.0, np.inf):
        assert equivalent(1.0, error, 1.0, 0.05).verdict == UNDECIDED
        assert within_factor(1.0, error, 1.0, 1.25).verdict == UNDECIDED


@pytest.mark.parametrize("value, error", [(np.nan, 0.1), (1.0, np.nan), (np.nan, np.nan)])
def test_without_value_or_error_nothing_is_decided(value, error):
    for judgement in (
        equivalent(value, error, 1.0, 0.1),
        within_factor(value, error, 1.0, 2.0),
        between(value, error, 0.0, 2.0),
        above(value, error, 0.0),
        below(value, error, 2.0),
    ):
        assert judgement.verdict == UNDECIDED


def test_bounds_are_decided_by_two_errors():
    assert above(3.0, 0.9, 1.0).verdict == SHOWN
    assert above(3.0, 1.1, 1.0).verdict == UNDECIDED
    assert above(-3.0, 0.9, 1.0).verdict == CONTRADICTED
    assert below(-3.0, 0.9, 1.0).verdict == SHOWN
    assert below(0.0, 0.6, 1.0).verdict == UNDECIDED
    assert below(3.0, 0.9, 1.0).verdict == CONTRADICTED
    assert np.isnan(above(3.0, 0.9, 1.0).reference)
    assert below(3.0, 0.9, 0.0, reference=-2.0).reference == -2.0


def test_a_range_is_tested_at_both_ends():
    assert between(2.75, 0.1, 2.5, 3.0).verdict == SHOWN
    assert between(2.55, 0.1, 2.5, 3.0).verdict == UNDECIDED
    for value in (2.0, 3.5):
        assert between(value, 0.1, 2.5, 3.0).verdict == CONTRADICTED
    judgement = between(2.75, 0.1, 2.5, 3.0)
    assert (judgement.reference, judgement.margin) == (2.75, 0.25)


def test_a_factor_is_the_same_up_and_down():
    for value in (1.1, 1.0 / 1.1):
        assert within_factor(value, 0.01 * value, 1.0, 1.25).verdict == SHOWN
    for value in (2.0, 0.5):
        assert within_factor(value, 0.01 * value, 1.0, 1.25).verdict == CONTRADICTED
    assert within_factor(1.2, 0.06, 1.0, 1.25).verdict == UNDECIDED
    # a value that is not positive is far below, once its error says so
    assert within_factor(0.0, 0.01, 1.0, 1.25).verdict == CONTRADICTED
    assert within_factor(-1.0, 3.0, 1.0, 1.25).verdict == UNDECIDED


def test_few_of_few_say_little():
    """Exact intervals: 0 of n reaches up to 1 - 0.025^(1/n)."""
    first, last = proportion_interval(0, 3)
    assert first == 0.0 and last == pytest.approx(1.0 - 0.025 ** (1.0 / 3.0))
    assert proportion_interval(3, 3) == pytest.approx((1.0 - last, 1.0))
    assert proportion_interval(0, 0) == (0.0, 1.0)
    assert proportion(3, 3, 0.5, 1.0).verdict == UNDECIDED
    assert proportion(6, 6, 0.5, 1.0).verdict == SHOWN
    assert proportion(0, 6, 0.5, 1.0).verdict == CONTRADICTED
    # of many it is the standard error of a binomial
    assert proportion_error(5000, 10_000) == pytest.approx(0.005, rel=0.05)


def test_checks_and_context_are_no_claims():
    assert check(True, "passes").verdict == "check passed"
    assert check(False, "passes").verdict == "check failed"
    assert context(3.0).verdict == "context" and context(3.0).reference == 3.0
    assert undecided("a longer run", 1.0).verdict == UNDECIDED
    claims = {SHOWN, UNDECIDED, CONTRADICTED}
    assert set(VERDICTS) - claims == {"check passed", "check failed", "context"}


def test_samples_that_would_decide_follow_from_the_error():
    # 2 errors of 0.4 must become 0.2, the distance to the margin: four times the samples
    assert samples_to_decide(0.8, 0.2, 0.0, 1.0, 5) == 20
    assert np.isnan(samples_to_decide(0.8, np.nan, 0.0, 1.0, 5))
    assert np.isnan(samples_to_decide(0.8, 0.2, np.nan, np.nan, 5))
    assert np.isinf(samples_to_decide(1.0, 0.2, 0.0, 1.0, 5))
    assert samples_to_decide(2.0, 0.2, -np.inf, 1.8, 5) == 20


def row(judgement, **columns):
    given = {"item": "Fig. 1", "quantity": "x", "ensemble": "a", "observed": 1.1, "error": 0.05}
    return claim(judgement, **given | {"statement": "x is one"} | columns)


def test_a_reason_is_of_the_verdict():
    open_ = equivalent(1.1, 0.05, 1.0, 0.15)
    wrong = equivalent(1.1, 0.001, 1.0, 0.05)
    right = equivalent(1.1, 0.001, 1.0, 0.5)
    assert [judgement.verdict for judgement in (open_, wrong, right)] == [
        UNDECIDED,
        CONTRADICTED,
        SHOWN,
    ]
    told = {"reason": "it is known", "decided_by": "a longer run", "count": 4}
    assert row(open_, **told)["reason"] == "a longer run"
    assert row(wrong, **told)["reason"] == "it is known"
    assert row(right, **told)["reason"] == ""
    assert row(open_, reason="it is known", count=4)["reason"].startswith(
        "about 16 samples instead of 4 would decide"
    )
    assert (
        "no error can be told from 1 run"
        in row(equivalent(1.1, np.nan, 1.0, 0.1), error=np.nan, count=1, noun="runs")["reason"]
    )


def test_a_row_has_the_columns_of_the_summary_in_the_data_contract():
    assert {"paper", *row(context())} == set(SUMMARY_COLUMNS)
    assert tuple(column.name for column in SUMMARY.columns) == SUMMARY_COLUMNS
    assert row(context())["source"] == "Fig. 1"


def test_a_mean_of_one_sample_has_no_error():
    assert mean_and_error([2.0, np.nan]) == (2.0, pytest.approx(np.nan, nan_ok=True))
    value, error = mean_and_error([1.0, 3.0])
    assert value == 2.0 and error == pytest.approx(1.0)
    assert np.isnan(mean_and_error([])).all()
