"""Gathering of tables and the summary, on an invented campaign with the paper's trends."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.data.gather import TableError, gather, validate
from glassmodes.data.schemas import TABLES
from glassmodes.data.storage import write_table
from glassmodes.papers import summary as summaries
from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    degenerate_averages,
    frequency_bins,
    lifetimes_with_rates,
    narrowest,
    rates_by_window,
    resolved_lifetimes,
)

from tests.unit import synthetic_tables


def summarise(tables):
    """The summary of a campaign that compares with mizuno2020_intermittent."""
    return summaries.summarise(tables, ["mizuno2020_intermittent"])


@pytest.fixture(scope="module")
def tables():
    return synthetic_tables.build(particles=100)


@pytest.fixture(scope="module")
def summary(tables):
    return summarise(tables)


def value(summary, quantity, **where):
    rows = summary[summary["quantity"] == quantity]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows) == 1, f"{quantity}: {len(rows)} rows"
    return rows.iloc[0]


def test_every_table_of_the_invented_campaign_is_valid(tables):
    for name, table in tables.items():
        assert list(validate(table, name).columns[:2]) == [
            column.name for column in TABLES[name][:2]
        ]


def test_parts_are_gathered_in_the_order_of_samples(tmp_path, tables):
    table = tables["mean_squared_displacement"]
    parts = []
    for (ensemble, sample), part in table.groupby(["ensemble", "sample"]):
        parts.append(tmp_path / f"{ensemble}{sample}.parquet")
        write_table(parts[-1], part)
    parts.append(tmp_path / "empty.parquet")
    write_table(parts[-1], pd.DataFrame())
    forward = gather(parts, "mean_squared_displacement")
    pd.testing.assert_frame_equal(forward, gather(parts[::-1], "mean_squared_displacement"))
    assert len(forward) == len(table)
    assert forward["ensemble"].is_monotonic_increasing
    empty = gather(parts[-1:], "mean_squared_displacement")
    assert len(empty) == 0 and "msd" in empty


def test_tables_that_break_the_contract_are_refused(tables):
    table = tables["mean_squared_displacement"]
    with pytest.raises(TableError, match="'msd' is missing"):
        validate(table.drop(columns="msd"), "mean_squared_displacement")
    with pytest.raises(TableError, match="1 values not finite"):
        bad = table.reset_index(drop=True)
        bad.loc[3, "msd"] = np.inf
        validate(bad, "mean_squared_displacement")
    with pytest.raises(TableError, match="not number"):
        validate(table.assign(msd="large"), "mean_squared_displacement")
    with pytest.raises(TableError, match="no such table"):
        validate(table, "displacements")


def test_lifetimes_may_be_missing_but_frequencies_may_not(tables):
    table = tables["lifetimes"]
    validate(table.assign(lifetime=np.nan), "lifetimes")
    with pytest.raises(TableError, match="frequency"):
        validate(table.assign(frequency=np.nan), "lifetimes")


def test_the_known_answers_of_the_invented_campaign(summary):
    exponent = value(summary, "exponent of tau with T", ensemble="glass")
    assert exponent["observed"] == pytest.approx(-1.0, abs=0.05)
    assert exponent["agrees"] == "yes"
    theory = value(summary, "low-frequency exponent (theory)")
    assert theory["observed"] == pytest.approx(-2.0, abs=1e-6)
    energy = value(summary, "mean mode energy / T", ensemble="glass", temperature=1e-2)
    assert energy["observed"] == pytest.approx(1.0, abs=0.02)
    ratio = value(summary, "tau_MD / tau_theory, by frequency", ensemble="glass", temperature=1e-2)
    assert ratio["observed"] == pytest.approx(1.0, abs=0.03)
    shape = value(summary, "C(2 tau)", ensemble="glass", temperature=1e-2)
    assert shape["observed"] == pytest.approx(np.exp(-2.0), abs=0.02)
    displacement = value(summary, "MSD ratio", temperature=1e-2)
    assert displacement["observed"] == pytest.approx(2.0) and displacement["agrees"] == "yes"


def test_short_runs_are_not_judged(summary):
    short = value(summary, "median of tau_MD Gamma_k", ensemble="crystal", temperature=1e-3)
    assert short["agrees"] == "-"


def test_a_disagreement_is_said(tables):
    lifetimes = tables["lifetimes"].assign(mean_energy=2.0 * tables["lifetimes"]["mean_energy"])
    summary = summarise({**tables, "lifetimes": lifetimes})
    rows = summary[summary["quantity"] == "mean mode energy / T"]
    assert set(rows["agrees"]) == {"no"}


def test_missing_tables_leave_rows_out(tables):
    few = {name: tables[name] for name in ("ensembles", "joint_density")}
    summary = summarise(few)
    assert len(summary) == 4 and summary["quantity"].str.startswith("j_").all()
    assert len(summarise({"ensembles": tables["ensembles"]})) == 0


def test_rearranged_runs_count_for_nothing(tables):
    table = tables["lifetimes"].copy()
    table.loc[table["sample"] == 0, ["rearranged", "lifetime"]] = [True, 1e9]
    joined = lifetimes_with_rates({**tables, "lifetimes": table})
    assert set(joined["sample"]) == {1}


def test_windows_with_unresolved_modes_show_none(tables):
    table = tables["lifetimes"].copy()
    low = (table["ensemble"] == "glass") & (table["frequency"] < 10.0)
    table.loc[low & (table["mode"] % 2 == 0), "lifetime"] = np.nan
    kept = resolved_lifetimes({**tables, "lifetimes": table})
    assert kept.loc[kept["ensemble"] == "glass", "frequency"].min() >= 9.5


def test_bins_and_degenerate_sets():
    bins = frequency_bins([0.1, 0.3, 0.6, 0.7, 5.2], [1.0, 3.0, 4.0, np.nan, 7.0])
    assert list(bins["frequency"]) == [0.25, 0.75, 5.25]
    assert list(bins["mean"]) == [2.0, 4.0, 7.0]
    sets = degenerate_averages([2.0, 1.0, 1.0 + 1e-9, 2.0], [5.0, 1.0, 2.0, 7.0])
    assert list(sets["mean"]) == [1.5, 6.0] and list(sets["modes"]) == [2, 2]


def test_theory_of_a_window_is_where_its_mean_correlation_is_one_over_e():
    rates = pd.DataFrame({"ensemble": "a", "frequency": [1.1, 1.2, 1.3, 2.1, 2.2, 3.1, 3.2]})
    rates["decay_rate_per_temperature"] = [4.0, 4.0, 4.0, 1.0, 100.0, 1.0, 0.0]
    rates["broadening"] = 0.1
    windows = rates_by_window({"decay_rates": rates}, "a")
    assert list(windows["frequency"]) == [1.25, 2.25, 3.25]
    alike, mixed, never = windows["scaled_lifetime"]
    assert alike == pytest.approx(0.25)
    assert np.exp([-mixed, -100.0 * mixed]).mean() == pytest.approx(np.exp(-1.0))
    assert np.isnan(never)


def test_the_smallest_broadening_is_that_of_each_ensemble():
    """A crystal needs wider Gaussians than a glass: one must not hide the other."""
    table = pd.DataFrame(
        {
            "ensemble": ["glass", "glass", "crystal", "crystal"],
            "broadening": [0.1, 0.4, 0.3, 0.6],
            "mode": [0, 0, 1, 1],
        }
    )
    kept = narrowest(table)
    assert kept[["ensemble", "broadening"]].to_records(index=False).tolist() == [
        ("glass", 0.1),
        ("crystal", 0.3),
    ]
