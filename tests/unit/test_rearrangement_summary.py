"""Table I and the summary of rearrangements, by hand and on invented glasses."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.papers import find_paper
from glassmodes.papers import summary as summaries
from glassmodes.papers.criteria import VERDICTS
from glassmodes.papers.mizuno2020_intermittent.rearrangement_claims import (
    distinct_transitions,
    event_error,
    jackknife,
    late_returns,
    rate_exponent,
)
from glassmodes.papers.mizuno2020_intermittent.tables import rate_and_error
from glassmodes.papers.paper_tables import PAPER_TABLES, make_table
from glassmodes.statistics import resampling
from glassmodes.statistics.correlations import rank_correlation, rank_correlation_error

from tests.unit import synthetic_tables
from tests.unit.declared import validate


def summarise(tables):
    """The summary of a campaign that compares with mizuno2020_intermittent."""
    return summaries.summarise(tables, ["mizuno2020_intermittent"])


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
    assert 0.3 < event_error(table, ("distance",), np.median) < 1.5
    # the first three are one transition
    assert np.isnan(event_error(table.iloc[:3], ("distance",), np.median))


def test_events_of_one_run_are_not_independent():
    """Identical events within each of ten runs: the error is that of ten values."""
    rng = np.random.default_rng(9)
    centres, count = rng.normal(size=10), 20
    table = pd.DataFrame(
        {
            "ensemble": "a",
            "sample": np.repeat(np.arange(10), count),
            "temperature": 0.05,
            "before": np.tile(np.arange(count), 10),
            "after": np.tile(np.arange(count) + 1, 10),
            "distance": np.repeat(centres, count),
        }
    )
    error = event_error(table, ("distance",), np.mean)
    assert error == pytest.approx(centres.std() / np.sqrt(10), rel=0.15)
    # two runs say nothing about runs: what is left is the scatter of the transitions
    few = table[table["sample"] < 2]
    single = event_error(few, ("distance",), np.mean)
    assert single == pytest.approx(few["distance"].std() / np.sqrt(2 * count), rel=0.15)


def test_the_bootstrap_of_a_median_has_the_error_of_theory():
    rng = np.random.default_rng(3)
    count = 400
    table = pd.DataFrame({"before": np.arange(count), "distance": rng.normal(size=count)})
    table = table.assign(ensemble="a", sample=0, temperature=0.05, after=table["before"] + 1)
    error = event_error(table, ("distance",), np.median)
    assert error == pytest.approx(1.2533 / np.sqrt(count), rel=0.3)


def test_rank_correlations_and_the_jackknife():
    x = np.arange(50.0)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1.0)
    assert rank_correlation_error(-1.0, 50) == 0.0
    assert rank_correlation_error(0.0, 103) == pytest.approx(0.1)
    assert np.isnan(rank_correlation_error(0.0, 3))
    ones = np.array([1.0, 2.0, 3.0, 6.0])
    value, error = jackknife(lambda a, b: a, ones, ones)
    assert value == 3.0 and error == pytest.approx(ones.std(ddof=1) / 2.0)


# --- the summary ----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Errors are not what most of these tests are about."""
    monkeypatch.setattr(resampling, "RESAMPLES", 60)


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
    return set(rows["verdict"])


def reason(tables, quantity, **where):
    """The reason of the one row of a quantity."""
    rows = summarise(tables)
    rows = rows[rows["quantity"].str.startswith(quantity)]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1, quantity
    return rows["reason"].iloc[0]


def test_the_invented_trends_are_found(summary):
    rows = summary.set_index(["quantity", "temperature"])
    for name in (
        "exponent of the rate with N",
        "exponent of the rate with T",
        "median |Dr_IS| over that at T = 0.01",
        "|Dr_IS| that a tenth of the events exceed",
        "Spearman coefficient of N_rearr and |Dr_IS|",
        "Spearman coefficient of |DPhi_IS| and |Dr_IS|",
        "part of rearrangements with 10 <= N_rearr < 1000",
    ):
        assert "contradicted" not in set(summary.loc[summary["quantity"] == name, "verdict"]), name
        assert "shown" in set(summary.loc[summary["quantity"] == name, "verdict"]), name
    exponents = summary[summary["quantity"] == "far-field exponent a"]
    assert (np.abs(exponents["observed"] - 2.75) < 4.0 * exponents["error"]).all()
    rate = rows.loc[("exponent of the rate with N", 5e-2)]
    assert abs(rate["observed"] - 1.0) < 3.0 * rate["error"]


def test_each_rule_stands_in_words_with_its_item_and_samples(summary):
    for column in ("rule", "item", "source", "statement", "finding"):
        assert summary[column].str.len().min() > 5, column
    assert set(summary["verdict"]) <= set(VERDICTS)
    assert summary.loc[summary["ensemble"] != "all", "samples"].str.contains(r"\d").all()
    assert (summary["paper"] == "mizuno2020_intermittent").all()
    # every item is one under which a figure or table of the paper is registered, or an equation
    paper = find_paper("mizuno2020_intermittent").load()
    known = {figure.item for figure in paper.figures.values()} | {t.item for t in paper.tables}
    items = {item for text in summary["item"] for item in text.split("; ")}
    assert {item for item in items if not item.startswith(("Eq.", "Section"))} <= known


def changed(tables, name, **columns):
    table = tables[name]
    return {**tables, name: table.assign(**{key: make(table) for key, make in columns.items()})}


def test_small_and_large_magnitudes(tables):
    small, large = ("|Dr_IS| that a tenth of the events " + end for end in ("stay below", "exceed"))
    assert verdict(tables, large, temperature=5e-2) == {"shown"}
    assert verdict(tables, large, temperature=1e-2) == {"context"}
    tiny = changed(tables, "rearrangements", distance=lambda t: 0.01 * t["distance"])
    assert verdict(tiny, large, temperature=5e-2) == {"contradicted"}
    assert verdict(tiny, small, temperature=1e-2) == {"shown"}
    huge = changed(tables, "rearrangements", distance=lambda t: 100.0 * t["distance"])
    assert verdict(huge, small, temperature=1e-2) == {"contradicted"}
    few = {**tables, "rearrangements": tables["rearrangements"].groupby("temperature").head(5)}
    assert verdict(few, large, temperature=5e-2) == {"undecided"}
    assert "10 at least are needed" in reason(few, large, temperature=5e-2)


def test_magnitudes_grow_with_temperature_or_do_not(tables):
    name = "median |Dr_IS| over that"
    for factor, wanted in ((1.0, "shown"), (8.0, "contradicted")):
        scaled = changed(
            tables,
            "rearrangements",
            distance=lambda t, f=factor: t["distance"] / np.where(t["temperature"] > 0.02, f, 1.0),
        )
        assert verdict(scaled, name) == {wanted}
    # nearly the same distribution at both temperatures
    rows = tables["rearrangements"]
    hot = rows["temperature"] > 0.02
    scale = rows[hot]["distance"].median() / rows[~hot]["distance"].median()
    same = changed(
        tables,
        "rearrangements",
        distance=lambda t: t["distance"] / np.where(hot, 0.97 * scale, 1.0),
    )
    assert verdict(same, name) == {"undecided"}
    assert "would decide" in reason(same, name)


def test_sizes_overlap_or_do_not(tables):
    apart = changed(
        tables,
        "rearrangements",
        participants=lambda t: t["participants"] * np.where(t["ensemble"] == "glass_4000", 5, 1),
        energy_change=lambda t: t["energy_change"] * np.where(t["ensemble"] == "glass_4000", 9, 1),
    )
    close = changed(
        tables,
        "rearrangements",
        participants=lambda t: t["participants"] * np.where(t["ensemble"] == "glass_4000", 1.5, 1),
    )
    for name in ("|DPhi_IS| at equal", "N_rearr at equal"):
        assert verdict(apart, name, temperature=5e-2) == {"contradicted"}
    alike = changed(
        tables,
        "rearrangements",
        energy_change=lambda t: t["distance"] ** 1.5 * np.sign(t["energy_change"]),
    )
    assert verdict(alike, "|DPhi_IS| at equal", temperature=5e-2) == {"shown"}
    assert verdict(close, "N_rearr at equal", temperature=5e-2) == {"undecided"}


def test_tens_to_hundreds_of_particles_take_part_or_do_not(tables):
    name = "part of rearrangements"
    assert verdict(tables, name, temperature=5e-2) == {"shown"}
    single = changed(tables, "rearrangements", participants=lambda t: 3.0 + 0.1 * t["distance"])
    assert verdict(single, name, temperature=5e-2) == {"contradicted"}
    few = {**tables, "rearrangements": tables["rearrangements"].groupby("temperature").head(5)}
    assert verdict(few, name, temperature=5e-2) == {"undecided"}
    assert "distinct transitions instead of" in reason(few, name, temperature=5e-2)


def test_smaller_rearrangements_involve_more_particles_or_do_not(tables):
    name = "Spearman coefficient of N_rearr"
    spread = changed(
        tables,
        "rearrangements",
        participants=lambda t: 3000.0 * t["distance"] / t["distance"].max(),
    )
    assert verdict(tables, name, temperature=5e-2) == {"shown"}
    assert verdict(spread, name, temperature=5e-2) == {"contradicted"}
    assert "minimisations stopped" in reason(spread, name, temperature=5e-2)
    rng = np.random.default_rng(3)
    noise = changed(tables, "rearrangements", participants=lambda t: rng.uniform(20, 40, len(t)))
    assert verdict(noise, name, temperature=5e-2) == {"undecided"}


def test_the_far_field_of_single_cores_is_judged(tables):
    name = "far-field"
    steep, elastic, wide = (
        changed(
            tables,
            "rearrangements",
            far_field_exponent=lambda t, a=a, s=s: (
                a + s * np.random.default_rng(1).normal(size=len(t))
            ),
            participants=lambda t: 0.0 * t["participants"] + 30.0,
        )
        for a, s in ((2.75, 0.1), (2.0, 0.1), (2.6, 2.0))
    )
    at = {"temperature": 5e-2, "ensemble": "glass_4000"}
    assert verdict(steep, name, **at) == {"shown"}
    assert verdict(elastic, name, **at) == {"contradicted"}
    assert "relaxes last" in reason(elastic, name, **at)
    assert verdict(wide, name, **at) == {"undecided"}
    # events of several cores count for nothing
    several = changed(elastic, "rearrangements", participants=lambda t: 80.0 + 0.0 * t["distance"])
    assert not summarise(several)["quantity"].str.startswith(name).any()
    none = changed(tables, "rearrangements", far_field_exponent=lambda t: np.nan * t["distance"])
    assert not summarise(none)["quantity"].str.startswith(name).any()


def test_rates_grow_or_do_not(tables):
    inverse = changed(
        tables,
        "rearrangement_runs",
        events=lambda t: (
            (2e5 / t["particles"] / (1 + 1e3 * t["temperature"])).astype(int)
            * t["ensemble"].str.startswith("glass")
        ),
    )
    alike = changed(
        tables, "rearrangement_runs", events=lambda t: 3 * t["ensemble"].str.startswith("glass")
    )
    for key in ("N", "T"):
        name = f"exponent of the rate with {key}"
        assert "shown" in verdict(tables, name)
        assert verdict(inverse, name) == {"contradicted"}
        assert verdict(alike, name) == {"undecided"}
    still = changed(tables, "rearrangement_runs", events=lambda t: 0)
    assert not summarise(still)["quantity"].str.startswith("exponent of the rate").any()


def test_crystals_rearrange_never_seldom_or_not_long_enough(tables):
    name = "rearrangements of the crystal"
    assert verdict(tables, name) == {"undecided"}
    assert "would decide" in reason(tables, name)
    long = changed(tables, "rearrangement_runs", duration=lambda t: 1e4)
    assert verdict(long, name) == {"shown"}
    odd = changed(tables, "rearrangement_runs", events=lambda t: 1)
    assert verdict(odd, name) == {"contradicted"}


def test_table_one_against_the_paper_s(by_hand):
    by_hand["table_rearrangements"] = make_table("table_rearrangements", by_hand)
    assert verdict(by_hand, "rearranges", temperature=5e-2) == {"shown"}
    table = by_hand["table_rearrangements"]
    # none in a short time decides nothing, whatever the paper has
    assert verdict(by_hand, "rearranges", temperature=1e-2) == {"undecided"}
    none = {**by_hand, "table_rearrangements": table.assign(events=0)}
    assert verdict(none, "rearranges") == {"undecided"}
    busy = {**by_hand, "table_rearrangements": table.assign(events=3)}
    assert verdict(busy, "rearranges", temperature=1e-2) == {"contradicted"}
    long = {**by_hand, "table_rearrangements": table.assign(events=0, duration=3e4)}
    assert verdict(long, "rearranges", temperature=5e-2) == {"contradicted"}
    assert verdict(long, "rearranges", temperature=1e-2) == {"shown"}
    # crystals have a row of their own
    assert set(summarise(long).query("quantity.str.startswith('rearranges')")["ensemble"]) == {
        "large"
    }


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


def test_bounded_and_stationary_runs_show_the_claim_others_contradict_it(by_hand):
    for kind, wanted in (("bounded", "shown"), ("diffusing", "contradicted")):
        tables = {"ensembles": by_hand["ensembles"], "inherent_structures": long_runs(kind)}
        assert verdict(tables, "late / early |r_IS") == {wanted}
        assert verdict(tables, "drift of Phi_IS") == {wanted}
    assert "Phi_IS changed by -8" in reason(tables, "drift of Phi_IS")
    single = {"ensembles": by_hand["ensembles"], "inherent_structures": long_runs("bounded", 1)}
    assert verdict(single, "late / early |r_IS") == {"undecided"}
    assert verdict(single, "drift of Phi_IS") == {"undecided"}
    assert "no error can be told from 1 run" in reason(single, "drift of Phi_IS")


def test_a_return_counts_if_it_is_late(by_hand):
    """Back in the second half of the run; never to have left, or to be back early, is none."""
    structures = {
        "late": (0, 1, 1, 1, 0, 0),
        "early": (0, 1, 0, 1, 1, 1),
        "left late": (0, 0, 0, 0, 1, 1),
        "never left": (0, 0, 0, 0, 0, 0),
    }
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "ensemble": "large",
                    "sample": sample,
                    "temperature": 5e-2,
                    "time": np.arange(6.0),
                    "structure": structure,
                    "converged": True,
                }
            )
            for sample, structure in enumerate(structures.values())
        ],
        ignore_index=True,
    )
    found = late_returns({"ensembles": by_hand["ensembles"], "inherent_structures": rows})
    assert dict(zip(found["sample"], found["late"], strict=True)) == {0: True, 1: False, 2: False}


def test_returns_against_the_paper_s(by_hand):
    name = "part of runs that are back"
    for samples, back, wanted in (
        (6, True, "shown"),
        (6, False, "contradicted"),
        (3, True, "undecided"),
        (3, False, "undecided"),
    ):
        runs = long_runs("bounded", samples)
        if back:
            runs["structure"] = runs["structure"] % 5
        tables = {"ensembles": by_hand["ensembles"], "inherent_structures": runs}
        assert verdict(tables, name) == {wanted}
        # where the paper's system never returns, the verdicts are the other way round
        larger = {**tables, "ensembles": by_hand["ensembles"].assign(particles=32000)}
        swapped = {"shown": "contradicted", "contradicted": "shown", "undecided": "undecided"}
        assert verdict(larger, name) == {swapped[wanted]}
    unknown = {**tables, "ensembles": by_hand["ensembles"].assign(particles=8000)}
    assert verdict(unknown, name) == {"context"}


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
    assert set(rows["verdict"]) == {"undecided", "check passed"}
    failed = changed(still, "rearrangement_runs", not_converged=lambda t: 1)
    assert verdict(failed, "part of frames") == {"check failed"}
