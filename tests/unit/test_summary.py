"""Gathering of tables and the summary, on an invented campaign with the paper's trends."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.data.gather import TableError
from glassmodes.data.gather import gather as gather_parts
from glassmodes.data.gather import validate as validate_by_name
from glassmodes.data.storage import write_table
from glassmodes.papers import summary as summaries
from glassmodes.papers.criteria import SUMMARY_COLUMNS
from glassmodes.papers.mizuno2020_intermittent.lifetime_averages import (
    degenerate_averages,
    frequency_bins,
    lifetimes_with_rates,
    narrowest,
    rates_by_window,
    resolved_lifetimes,
)

from tests.unit import synthetic_tables
from tests.unit.declared import TABLES, columns, validate


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
        assert list(validate(table, name).columns[:2]) == columns(name)[:2]


def test_parts_are_gathered_in_the_order_of_samples(tmp_path, tables):
    table = tables["mean_squared_displacement"]
    parts = []
    for (ensemble, sample), part in table.groupby(["ensemble", "sample"]):
        parts.append(tmp_path / f"{ensemble}{sample}.parquet")
        write_table(parts[-1], part)
    parts.append(tmp_path / "empty.parquet")
    write_table(parts[-1], pd.DataFrame())
    forward = gather_parts(parts, TABLES["mean_squared_displacement"])
    pd.testing.assert_frame_equal(
        forward, gather_parts(parts[::-1], TABLES["mean_squared_displacement"])
    )
    assert len(forward) == len(table)
    assert forward["ensemble"].is_monotonic_increasing
    empty = gather_parts(parts[-1:], TABLES["mean_squared_displacement"])
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
        validate_by_name(table, "displacements")


def test_lifetimes_may_be_missing_but_frequencies_may_not(tables):
    table = tables["lifetimes"]
    validate(table.assign(lifetime=np.nan), "lifetimes")
    with pytest.raises(TableError, match="frequency"):
        validate(table.assign(frequency=np.nan), "lifetimes")


def test_the_known_answers_of_the_invented_campaign(summary):
    exponent = value(summary, "exponent of tau with T", ensemble="glass")
    assert exponent["observed"] == pytest.approx(-1.0, abs=0.05)
    theory = value(summary, "low-frequency exponent (theory)")
    assert theory["observed"] == pytest.approx(-2.0, abs=1e-6)
    energy = value(summary, "mean mode energy / T", ensemble="glass", temperature=1e-2)
    assert energy["observed"] == pytest.approx(1.0, abs=0.02)
    ratio = value(summary, "tau_MD / tau_theory, by frequency", ensemble="glass", temperature=1e-2)
    assert ratio["observed"] == pytest.approx(1.0, abs=0.03) and ratio["verdict"] == "shown"
    shape = value(summary, "C(2 tau)", ensemble="glass", temperature=1e-2)
    assert shape["observed"] == pytest.approx(np.exp(-2.0), abs=0.02)
    displacement = value(summary, "MSD ratio", temperature=1e-2)
    assert displacement["observed"] == pytest.approx(2.0) and displacement["verdict"] == "shown"


@pytest.fixture(scope="module")
def many():
    """The invented campaign with five samples of each ensemble: errors over samples are finite."""
    made = synthetic_tables.build(particles=60, samples=5)
    # of so few particles the energy of a run would be uncertain by itself
    return {**made, "ensembles": made["ensembles"].assign(particles=1000)}


def verdicts(tables, quantity, **where):
    rows = summarise(tables)
    rows = rows[rows["quantity"] == quantity]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    assert len(rows), quantity
    return set(rows["verdict"])


def scaled(tables, name, **factors):
    """Tables in which columns of one are multiplied; a function takes the table."""
    table = tables[name]
    return {
        **tables,
        name: table.assign(
            **{
                column: table[column] * (factor(table) if callable(factor) else factor)
                for column, factor in factors.items()
            }
        ),
    }


def scatter(size):
    """A factor of each sample, so that errors over samples are of this size."""
    return lambda table: 1.0 + size * (table["sample"] - 2.0)


@pytest.mark.parametrize(
    "quantity, name, columns, wrong, noise",
    [
        ("mean mode energy / T", "lifetimes", ["mean_energy"], 2.0, 0.3),
        ("late / early MSD", "dynamics_checks", ["msd_ratio"], 1.5, 0.1),
        ("late / early T(t)", "dynamics_checks", ["temperature_trend"], 1.1, 0.05),
        ("tau_MD / tau_theory, by frequency", "window_lifetimes", ["lifetime"], 3.0, 0.3),
        ("median of tau_MD Gamma_k", "lifetimes", ["lifetime"], 3.0, 0.4),
    ],
)
def test_three_verdicts_of_an_equality(many, quantity, name, columns, wrong, noise):
    where = {"ensemble": "glass", "temperature": 1e-2}
    assert verdicts(many, quantity, **where) == {"shown"}
    off = scaled(many, name, **dict.fromkeys(columns, wrong))
    assert verdicts(off, quantity, **where) == {"contradicted"}
    wide = scaled(many, name, **dict.fromkeys(columns, scatter(noise)))
    assert verdicts(wide, quantity, **where) == {"undecided"}


def test_three_verdicts_on_the_exponent_with_temperature(many):
    name, where = "exponent of tau with T", {"ensemble": "glass"}
    assert verdicts(many, name, **where) == {"shown"}
    steep = scaled(many, "window_lifetimes", lifetime=lambda t: t["temperature"] ** -0.5)
    assert verdicts(steep, name, **where) == {"contradicted"}
    # samples that disagree about the exponent, about the right mean
    wide = scaled(
        many, "window_lifetimes", lifetime=lambda t: t["temperature"] ** (0.2 * (t["sample"] - 2))
    )
    assert verdicts(wide, name, **where) == {"undecided"}


def test_three_verdicts_on_crystal_and_glass(many):
    name = "MSD ratio"
    table = many["mean_squared_displacement"]
    glass = (table["ensemble"] == "glass").to_numpy()
    assert verdicts(many, name) == {"shown"}
    for factor, wanted in ((0.1, "contradicted"), (0.5, "undecided")):
        less = scaled(
            many,
            "mean_squared_displacement",
            msd=lambda t, f=factor: np.where(glass, f * scatter(0.05)(t), 1.0),
        )
        assert verdicts(less, name) == {wanted}


def test_an_exponential_decay_is_shown_another_contradicted(many):
    name, where = "C(2 tau)", {"ensemble": "glass", "temperature": 1e-2}
    assert verdicts(many, name, **where) == {"shown"}
    table = many["energy_autocorrelation"]
    # a stretched decay: its logarithm is the root of what it was
    slow = np.exp(-np.sqrt(-np.log(table["value"].clip(1e-6, 1.0))))
    stretched = {**many, "energy_autocorrelation": table.assign(value=slow)}
    assert verdicts(stretched, name, **where) == {"contradicted"}
    single = {**many, "energy_autocorrelation": table[table["sample"] == 0]}
    assert verdicts(single, name, **where) == {"undecided"}


def test_a_broadening_is_no_fact_of_its_own(many):
    """The judged row is of the narrowest one; half and quarter runs are for orientation."""
    rates = many["decay_rates"]
    wider = rates.assign(broadening=2.0 * rates["broadening"])
    both = {**many, "decay_rates": pd.concat([rates, wider], ignore_index=True)}
    rows = summarise(both)
    rows = rows[rows["quantity"].str.startswith("median of tau_MD")]
    judged = rows[rows["verdict"] != "context"]
    assert not judged.duplicated(["ensemble", "temperature"]).any()
    assert judged["finding"].str.contains("At other broadenings").all()
    parts = rows[rows["quantity"].str.contains("half run|quarter run")]
    assert set(parts["verdict"]) <= {"context"}


def test_identities_are_checks(summary):
    ends = summary[summary["quantity"].str.startswith("j_")]
    assert len(ends) == 4 and set(ends["verdict"]) == {"check passed"}
    trend = summary[summary["quantity"].str.startswith("late / early Phi")]
    assert set(trend["verdict"]) <= {"check passed", "check failed"}


def test_short_runs_are_not_judged(summary):
    short = value(summary, "median of tau_MD Gamma_k", ensemble="crystal", temperature=1e-3)
    assert short["verdict"] == "undecided" and "longer run" in short["reason"]


def test_a_single_sample_has_no_error_and_decides_nothing(many):
    few = {
        name: table[table["sample"] == 0] if "sample" in table else table
        for name, table in many.items()
    }
    assert verdicts(few, "late / early MSD") == {"undecided"}
    rows = summarise(few)
    glass = rows[rows["ensemble"] == "glass"]
    assert (glass["samples"] == "1 of 5 samples of glass, N = 1,000").all()


def test_no_paper_gives_no_rows_but_all_columns(tables):
    empty = summaries.summarise(tables)
    assert len(empty) == 0 and tuple(empty.columns) == SUMMARY_COLUMNS
    validate(empty, "summary")
    both = summaries.summarise(tables, ["mizuno2020_intermittent", "mizuno2020_anharmonic"])
    assert list(both["paper"].unique()) == ["mizuno2020_intermittent"]


def test_levels_further_apart_than_wide_are_the_reason(many):
    """A small crystal, to which a golden rule does not apply."""
    off = scaled(many, "window_lifetimes", lifetime=3.0)
    row = value(
        summarise(off), "tau_MD / tau_theory, by frequency", ensemble="crystal", temperature=1e-2
    )
    assert row["verdict"] == "contradicted"
    assert "distinct levels lie" in row["reason"]


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
