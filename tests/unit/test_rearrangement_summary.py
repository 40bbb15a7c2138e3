"""Table I and the summary of rearrangements, by hand and on invented glasses."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.data.gather import validate
from glassmodes.papers.criteria import above
from glassmodes.papers.mizuno2020_intermittent.rearrangement_claims import (
    distinct_transitions,
    jackknife,
    quantile_and_error,
    rank_correlation,
    rate_exponent,
)
from glassmodes.papers.mizuno2020_intermittent.tables import rate_and_error
from glassmodes.papers.paper_tables import PAPER_TABLES, make_table
from glassmodes.papers.summary import summarise

from tests.unit import synthetic_tables


def ensembles(*entries):
    """Rows of the table `ensembles` from (name, kind, N)."""
    return pd.DataFrame(
        [
            {
                "ensemble": name,
                "model": "ipl12" if kind == "glass" else "ipl12_one_component",
                "kind": kind,
                "particles": size,
                "samples": 2,
                "dimension": 3,
                "density": 1.015,
                "protocol": "quench",
                "parent_temperature": 1.0,
            }
            for name, kind, size in entries
        ]
    )


def runs(*entries, duration=300.0):
    """Rows of `rearrangement_runs` from (ensemble, N, temperature, events of each sample)."""
    rows = [
        {
            "ensemble": name,
            "sample": sample,
            "temperature": temperature,
            "duration": duration,
            "frames": int(10 * duration) + 1,
            "events": count,
            "distinct_structures": min(count, 1) + 1,
            "returned": count > 1,
            "not_converged": 0,
            "evaluations_per_frame": 50.0,
            "seconds_per_frame": 0.1,
            "particles": size,
        }
        for name, size, temperature, events in entries
        for sample, count in enumerate(events)
    ]
    return validate(pd.DataFrame(rows), "rearrangement_runs")


@pytest.fixture
def by_hand():
    return {
        "ensembles": ensembles(
            ("large", "glass", 4000), ("small", "glass", 500), ("crystal", "crystal", 4000)
        ),
        "rearrangement_runs": runs(
            ("large", 4000, 1e-2, (0, 0)),
            ("large", 4000, 5e-2, (10, 15)),
            ("small", 500, 5e-2, (0, 0)),
            ("crystal", 4000, 5e-2, (0, 0)),
        ),
    }


# --- Table I --------------------------------------------------------------------------------------


def test_table_one_by_hand(by_hand):
    table = make_table("table_rearrangements", by_hand)
    assert list(table["kind"]) == ["glass"] * 3 + ["crystal"]
    assert list(table["particles"]) == [500, 4000, 4000, 4000]
    assert list(table["rearranged"]) == ["No", "No", "Yes", "No"]
    assert list(table["paper"]) == ["-", "No", "Yes", "No"]
    busy = table.iloc[2]
    assert (busy["events"], busy["duration"], busy["samples"]) == (25, 600.0, 2)
    assert busy["rate"] == pytest.approx(25 / 600)
    assert busy["rate_error"] == pytest.approx(5 / 600)
    assert table.iloc[0]["rate"] == 0.0
    assert table.iloc[0]["rate_error"] == pytest.approx(1.841 / 600, rel=1e-3)


def test_table_one_in_the_paper_s_arrangement(by_hand):
    entry = PAPER_TABLES["table_rearrangements"]
    table = make_table("table_rearrangements", by_hand)
    shown = entry.shown(table)
    assert list(shown.columns) == ["", "T = 0.01", "T = 0.05"]
    assert list(shown[""]) == ["Glass, N = 500", "Glass, N = 4000", "Crystal, N = 4000"]
    assert shown.iloc[0, 1] == "–"
    assert shown.iloc[1, 2].split("\n") == [
        "Yes",
        "25 events in t = 600",
        "rate 0.0417 ± 0.0083",
        "paper: Yes",
    ]
    assert shown.iloc[2, 2].split("\n") == [
        "No",
        "0 events in t = 600",
        "rate < 0.005",
        "paper: No",
    ]
    caption = entry.caption(table)
    assert "samples: 2" in caption and "crystals never rearrange" in caption


def test_two_glasses_of_one_size_are_told_apart(by_hand):
    by_hand["ensembles"].loc[1, "particles"] = 4000
    table = make_table("table_rearrangements", by_hand)
    names = set(PAPER_TABLES["table_rearrangements"].shown(table)[""])
    assert {"Glass, N = 4000 (large)", "Glass, N = 4000 (small)", "Crystal, N = 4000"} == names


def test_failed_frames_stand_in_the_table(by_hand):
    changed = by_hand["rearrangement_runs"].assign(not_converged=3)
    table = make_table("table_rearrangements", {**by_hand, "rearrangement_runs": changed})
    entry = PAPER_TABLES["table_rearrangements"]
    assert "6 frames not converged" in entry.shown(table).iloc[1, 2]
    assert "gone unseen" in entry.caption(table)


def test_another_model_has_no_entry_in_the_paper(by_hand):
    known = by_hand["ensembles"].assign(model="harmonic")
    table = make_table("table_rearrangements", {**by_hand, "ensembles": known})
    assert set(table["paper"]) == {"-"}
    assert "has none of these" in PAPER_TABLES["table_rearrangements"].caption(table)


def test_rates_and_their_errors():
    assert rate_and_error(16, 8.0) == (2.0, 0.5)
    assert rate_and_error(0, 2.0)[1] == pytest.approx(0.92, abs=0.005)


# --- statistics -----------------------------------------------------------------------------------


def test_above_is_undecided_within_two_errors():
    assert above(3.0, 0.9, 1.0) is True
    assert above(3.0, 1.1, 1.0) is None
    assert above(-3.0, 0.9, 1.0) is False
    assert above(3.0, np.nan, 1.0) is None


def test_exponents_of_rates_of_exact_counts():
    table = runs(
        ("a", 100, 1e-2, (100, 100)), ("b", 400, 1e-2, (400, 400)), ("c", 1600, 1e-2, (1600,) * 2)
    )
    slope, error = rate_exponent(table, "particles")
    assert slope == pytest.approx(1.0, abs=0.005)
    # 1 / sqrt(sum of counts times squared distances of ln N from their weighted mean)
    assert error == pytest.approx(0.0203, rel=0.01)
    # samples that scatter more than Poisson counts do enlarge the error
    wild = table.assign(events=[10, 190, 100, 700, 200, 3000])
    assert rate_exponent(wild, "particles")[1] > 5.0 * error
    assert np.isnan(rate_exponent(table[table["ensemble"] == "a"], "particles")[0])
    assert np.isnan(rate_exponent(table.assign(events=0), "particles")[0])


def test_going_to_and_fro_counts_once():
    table = pd.DataFrame(
        {
            "ensemble": "a",
            "sample": [0, 0, 0, 0, 1],
            "temperature": 0.05,
            "before": [0, 1, 0, 1, 0],
            "after": [1, 0, 1, 2, 1],
            "distance": [1.0, 1.0, 1.0, 2.0, 3.0],
        }
    )
    assert list(distinct_transitions(table)["distance"]) == [1.0, 2.0, 3.0]
    median, error = quantile_and_error(table, "distance", 0.5)
    assert median == 1.0 and 0.3 < error < 1.5
    assert np.isnan(quantile_and_error(table.iloc[:3], "distance", 0.5)[1])


def test_the_bootstrap_of_a_median_has_the_error_of_theory():
    rng = np.random.default_rng(3)
    count = 400
    table = pd.DataFrame({"before": np.arange(count), "distance": rng.normal(size=count)})
    table = table.assign(ensemble="a", sample=0, temperature=0.05, after=table["before"] + 1)
    error = quantile_and_error(table, "distance", 0.5)[1]
    assert error == pytest.approx(1.2533 / np.sqrt(count), rel=0.3)


def test_rank_correlations_and_the_jackknife():
    x = np.arange(50.0)
    value, error = rank_correlation(x, -(x**3))
    assert value == pytest.approx(-1.0) and error == pytest.approx(0.0, abs=1e-6)
    rng = np.random.default_rng(5)
    assert rank_correlation(rng.normal(size=103), rng.normal(size=103))[1] == pytest.approx(
        0.1, rel=0.1
    )
    ones = np.array([1.0, 2.0, 3.0, 6.0])
    value, error = jackknife(lambda a, b: a, ones, ones)
    assert value == 3.0 and error == pytest.approx(ones.std(ddof=1) / 2.0)


# --- the summary ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tables():
    made = synthetic_tables.build_transitions(
        sizes=(1000, 4000), samples=6, duration=600.0, crystal=4000
    )
    made["table_rearrangements"] = make_table("table_rearrangements", made)
    return made


@pytest.fixture(scope="module")
def summary(tables):
    return summarise(tables)


def verdict(tables, quantity, **where):
    """Verdicts of one quantity."""
    rows = summarise(tables)
    rows = rows[rows["quantity"].str.startswith(quantity)]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows), quantity
    return set(rows["agrees"])


def test_the_invented_trends_are_found(summary):
    rows = summary.set_index(["quantity", "temperature"])
    assert rows.loc[("smallest |Dr_IS|", 1e-2), "observed"] == pytest.approx(0.1)
    for name in (
        "exponent of the rate with N",
        "exponent of the rate with T",
        "median |Dr_IS| over that at T = 0.01",
        "Spearman coefficient of N_rearr and |Dr_IS|",
        "Spearman coefficient of |DPhi_IS| and |Dr_IS|",
        "part of rearrangements with 10 <= N_rearr < 1000",
        "|DPhi_IS| at equal |Dr_IS|, larger N over smaller N",
        "N_rearr at equal |Dr_IS|, larger N over smaller N",
        "rearrangements of the crystal",
    ):
        assert "no" not in set(summary.loc[summary["quantity"] == name, "agrees"]), name
        assert "yes" in set(summary.loc[summary["quantity"] == name, "agrees"]), name
    exponents = summary[summary["quantity"] == "far-field exponent a"]
    assert (np.abs(exponents["observed"] - 2.75) < 4.0 * exponents["error"]).all()
    rate = rows.loc[("exponent of the rate with N", 5e-2)]
    assert abs(rate["observed"] - 1.0) < 3.0 * rate["error"]


def test_each_rule_stands_in_words_with_its_source(summary):
    assert summary["rule"].str.len().min() > 3 and summary["source"].str.len().min() > 3
    assert set(summary["agrees"]) <= {"yes", "no", "-"}


def changed(tables, name, **columns):
    table = tables[name]
    return {**tables, name: table.assign(**{key: make(table) for key, make in columns.items()})}


def test_verdicts_on_magnitudes_go_both_ways(tables):
    name = "|Dr_IS| that a tenth of the events exceed"
    assert verdict(tables, name, temperature=5e-2) == {"yes"}
    tiny = changed(tables, "rearrangements", distance=lambda t: 0.01 * t["distance"])
    assert verdict(tiny, name, temperature=5e-2) == {"no"}
    assert verdict(tiny, "smallest |Dr_IS|", temperature=1e-2) == {"no"}
    few = {**tables, "rearrangements": tables["rearrangements"].groupby("temperature").head(5)}
    assert verdict(few, name) == {"-"}
    same = changed(
        tables,
        "rearrangements",
        distance=lambda t: t["distance"] / np.where(t["temperature"] > 0.02, 8.0, 1.0),
    )
    assert verdict(same, "median |Dr_IS| over that") == {"no"}


def test_verdicts_on_overlap_go_both_ways(tables):
    apart = changed(
        tables,
        "rearrangements",
        participants=lambda t: t["participants"] * np.where(t["ensemble"] == "glass_4000", 5, 1),
        energy_change=lambda t: t["energy_change"] * np.where(t["ensemble"] == "glass_4000", 9, 1),
    )
    for name in ("|DPhi_IS| at equal", "N_rearr at equal"):
        assert verdict(tables, name, temperature=5e-2) == {"yes"}
        assert verdict(apart, name, temperature=5e-2) == {"no"}


def test_verdicts_on_participants_go_both_ways(tables):
    spread = changed(
        tables,
        "rearrangements",
        participants=lambda t: 3000.0 * t["distance"] / t["distance"].max(),
    )
    assert verdict(spread, "Spearman coefficient of N_rearr", temperature=5e-2) == {"no"}
    assert verdict(spread, "part of rearrangements", temperature=5e-2) <= {"yes", "no"}
    single = changed(tables, "rearrangements", participants=lambda t: 3.0 + 0.1 * t["distance"])
    assert verdict(single, "part of rearrangements", temperature=5e-2) == {"no"}


def test_verdicts_on_the_far_field_go_both_ways(tables):
    elastic = changed(
        tables, "rearrangements", far_field_exponent=lambda t: t["far_field_exponent"] - 0.75
    )
    assert verdict(tables, "far-field", temperature=5e-2) == {"yes"}
    assert verdict(elastic, "far-field", temperature=5e-2) == {"no"}
    none = changed(tables, "rearrangements", far_field_exponent=lambda t: np.nan * t["distance"])
    assert not summarise(none)["quantity"].str.startswith("far-field").any()


def test_verdicts_on_rates_go_both_ways(tables):
    inverse = changed(
        tables,
        "rearrangement_runs",
        events=lambda t: (
            (2e5 / t["particles"] / (1 + 1e3 * t["temperature"])).astype(int)
            * t["ensemble"].str.startswith("glass")
        ),
    )
    assert verdict(inverse, "exponent of the rate with N") == {"no"}
    assert verdict(inverse, "exponent of the rate with T") == {"no"}
    still = changed(tables, "rearrangement_runs", events=lambda t: 0)
    assert not summarise(still)["quantity"].str.startswith("exponent of the rate").any()


def test_a_crystal_that_rearranges_disagrees(tables):
    assert verdict(tables, "rearrangements of the crystal") == {"yes"}
    odd = changed(tables, "rearrangement_runs", events=lambda t: 1)
    assert verdict(odd, "rearrangements of the crystal") == {"no"}


def test_table_one_against_the_paper_s(by_hand):
    by_hand["table_rearrangements"] = make_table("table_rearrangements", by_hand)
    assert verdict(by_hand, "rearranges", ensemble="large") == {"yes"}
    table = by_hand["table_rearrangements"]
    # an event where the paper saw none disagrees; none in a short time decides nothing
    busy = {**by_hand, "table_rearrangements": table.assign(events=3)}
    assert verdict(busy, "rearranges", ensemble="large", temperature=1e-2) == {"no"}
    none = {**by_hand, "table_rearrangements": table.assign(events=0)}
    assert verdict(none, "rearranges", ensemble="large", temperature=5e-2) == {"-"}
    long = {**by_hand, "table_rearrangements": table.assign(events=0, duration=3e4)}
    assert verdict(long, "rearranges", ensemble="large", temperature=5e-2) == {"no"}


def test_returns_against_the_paper_s(by_hand):
    name = "part of runs that return"
    assert verdict(by_hand, name, ensemble="large", temperature=5e-2) == {"yes"}
    gone = changed(by_hand, "rearrangement_runs", returned=lambda t: False)
    assert verdict(gone, name, ensemble="large", temperature=5e-2) == {"-"}
    gone = changed(gone, "rearrangement_runs", duration=lambda t: 1e4)
    assert verdict(gone, name, ensemble="large", temperature=5e-2) == {"no"}
    by_hand["ensembles"]["particles"] = 32000
    assert verdict(by_hand, name, ensemble="large", temperature=5e-2) == {"no"}


def long_runs(kind, samples=4, frames=4000, seed=8):
    """`inherent_structures` of bounded or diffusing distances, stationary or ageing energies."""
    rng = np.random.default_rng(seed)
    parts = []
    for sample in range(samples):
        time = 0.1 * np.arange(frames)
        noise = np.repeat(rng.normal(size=frames // 10), 10)
        bounded = 1.0 + 0.2 * noise
        bounded[:10] = 0.0
        parts.append(
            pd.DataFrame(
                {
                    "ensemble": "large",
                    "sample": sample,
                    "temperature": 5e-2,
                    "time": time,
                    "structure": np.arange(frames) // 10,
                    "energy": noise if kind == "bounded" else -2.0 * time + noise,
                    "displacement": bounded if kind == "bounded" else np.sqrt(time),
                    "step_distance": 0.1,
                    "step_energy": 0.0,
                    "max_force": 1e-11,
                    "converged": True,
                }
            )
        )
    return validate(pd.concat(parts, ignore_index=True), "inherent_structures")


def test_bounded_and_stationary_runs_agree_others_do_not(by_hand):
    for kind, agrees in (("bounded", "yes"), ("diffusing", "no")):
        tables = {"ensembles": by_hand["ensembles"], "inherent_structures": long_runs(kind)}
        assert verdict(tables, "late / early |r_IS") == {agrees}
        assert verdict(tables, "drift of Phi_IS") == {agrees}
    single = {"ensembles": by_hand["ensembles"], "inherent_structures": long_runs("bounded", 1)}
    assert verdict(single, "late / early |r_IS") == {"-"}
    assert verdict(single, "drift of Phi_IS") == {"-"}


def test_a_campaign_without_any_event_has_no_row_about_them(by_hand):
    still = changed(
        by_hand,
        "rearrangement_runs",
        events=lambda t: 0,
        distinct_structures=lambda t: 1,
        returned=lambda t: False,
    )
    rows = summarise({**still, "rearrangements": pd.DataFrame()})
    assert set(rows["quantity"]) == {
        "rearrangements of the crystal",
        "part of frames whose minimisation did not converge",
    }
