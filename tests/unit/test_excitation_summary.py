"""Table I and the summary of pulled modes, on an invented campaign and on small examples."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.campaign.layout import MADE_FROM
from glassmodes.data.gather import validate
from glassmodes.data.schemas import TABLES
from glassmodes.papers import summary as summaries
from glassmodes.papers.mizuno2020_anharmonic.claims import (
    exponent_at_equal_frequency,
    medians_by_frequency,
)
from glassmodes.papers.mizuno2020_anharmonic.tables import (
    PUBLISHED,
    below_boson_peak,
    critical_temperatures_caption,
    cubic_amplitudes,
    distinct,
    excited,
    shown_critical_temperatures,
    transitions,
)
from glassmodes.papers.paper_tables import PAPER_TABLES, make_table
from glassmodes.plotting.selection import boson_peaks
from glassmodes.statistics import resampling
from glassmodes.statistics.correlations import (
    partial_rank_correlation,
    power_law_exponent,
    rank_correlation,
)
from glassmodes.statistics.resampling import bootstrap_error, jackknife_error
from scipy.stats import spearmanr

from tests.unit import synthetic_excitations
from tests.unit.test_summary import value


def summarise(tables):
    """The summary of a campaign that compares with mizuno2020_anharmonic."""
    return summaries.summarise(tables, ["mizuno2020_anharmonic"])


HARMONIC, LJ = "harmonic_300, harmonic_600", "lj_300, lj_600"


@pytest.fixture(scope="module")
def tables():
    return synthetic_excitations.build()


@pytest.fixture(scope="module")
def summary(tables):
    return summarise(tables)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Errors are not what most of these tests are about."""
    monkeypatch.setattr(resampling, "RESAMPLES", 25)


def changed(tables, **columns):
    """Tables with columns of `excitations` replaced."""
    return {**tables, "excitations": tables["excitations"].assign(**columns)}


def test_every_table_of_the_invented_campaign_is_valid(tables):
    for name, table in tables.items():
        assert list(validate(table, name).columns[:2]) == [
            column.name for column in TABLES[name][:2]
        ]


# --- what figures and summary share ---------------------------------------------------------------


def test_transitions_leave_out_every_other_outcome(tables):
    rows = transitions(tables)
    assert set(rows["outcome"]) == {"transition"}
    assert len(rows) == len(tables["excitations"]) - 28
    one = rows.iloc[0]
    barrier = 0.5 * one["frequency"] ** 2 * one["amplitude"] ** 2 * one["particles"]
    assert one["linear_barrier"] == pytest.approx(barrier)
    assert one["per_particle"] ** 2 * one["participants"] == pytest.approx(one["distance"] ** 2)


def test_an_exchange_of_like_particles_is_no_other_inherent_structure(tables):
    """Two like particles that change places leave the energy what it was, to rounding."""
    table = tables["excitations"].copy()
    first = table.index[table["outcome"] == "transition"][0]
    table.loc[first, "energy_change"] = 7e-15
    found = {**tables, "excitations": table}
    assert excited(found).loc[first, "outcome"] == "exchange"
    assert len(transitions(found)) == len(transitions(tables)) - 1


def test_distinct_transitions_are_counted_within_their_sample(tables):
    rows = transitions(tables)
    twice = rows.assign(final_structure=1)
    assert len(distinct(twice)) == rows.groupby(["ensemble", "sample"]).ngroups


def test_an_ensemble_without_a_boson_peak_takes_that_of_its_model(tables):
    assert boson_peaks(tables)["harmonic_large"] == synthetic_excitations.BOSON_PEAK["harmonic"]
    none = {name: table for name, table in tables.items() if name != "boson_peak"}
    assert boson_peaks(none) == {}
    rows = transitions(none)
    assert len(below_boson_peak(rows)) == len(rows)
    below = below_boson_peak(transitions(tables))
    assert (below["frequency"] < below["boson_peak"]).all() and len(below) < len(rows)


def test_cubic_amplitudes_of_both_tables_count_once(tables):
    both = cubic_amplitudes(tables)
    assert not both.duplicated(["ensemble", "sample", "mode"]).any()
    alone = cubic_amplitudes({n: t for n, t in tables.items() if n != "cubic_amplitudes"})
    assert len(alone) == len(tables["excitations"])
    assert len(both) == len(alone) + 120
    assert cubic_amplitudes({"ensembles": tables["ensembles"]}).empty


# --- Table I --------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(tables):
    """Two samples of 8000 LJ particles and one of 16000, with barriers that are easy to read."""
    ensembles = pd.concat([tables["ensembles"].iloc[[3]]] * 2, ignore_index=True)
    ensembles = ensembles.assign(ensemble=["a", "b"], particles=[8000, 16000])
    rows = pd.concat([tables["excitations"].iloc[:6]] * 1, ignore_index=True)
    rows["ensemble"] = ["a", "a", "a", "a", "b", "b"]
    rows["sample"] = [0, 0, 1, 1, 0, 0]
    rows["barrier"] = [0.04, 0.3, 0.16, 0.5, 0.02, 1e-9]
    rows["outcome"] = ["transition"] * 5 + ["none"]
    return {"ensembles": ensembles, "excitations": rows}


def test_table_one_of_a_hand_made_example(by_hand):
    table = make_table("table_critical_temperature", by_hand).set_index("particles")
    assert list(table.index) == [8000, 16000, 32000, 128000]
    assert set(table["model"]) == {"lj"}
    np.testing.assert_allclose(table["critical_temperature"], [0.08, 0.04, np.nan, np.nan])
    np.testing.assert_array_equal(table["samples"], [2, 1, 0, 0])
    np.testing.assert_array_equal(table["modes"], [4, 1, 0, 0])
    np.testing.assert_allclose(table["paper"], [0.11, np.nan, 0.023, 0.0063])
    # each sample's own: 0.08 and 0.32
    assert table.loc[8000, "sample_mean"] == pytest.approx(0.16)
    assert table.loc[8000, "sample_spread"] == pytest.approx(np.log(4.0) / np.sqrt(2.0))


def test_table_one_as_it_is_shown(by_hand):
    table = make_table("table_critical_temperature", by_hand)
    shown = shown_critical_temperatures(table)
    assert list(shown[""]) == [f"Lennard-Jones, N = {n}" for n in (8000, 16000, 32000, 128000)]
    ours, paper = shown["T_c, this campaign"], shown["T_c, paper"]
    assert ours[0].startswith("0.08\n4 modes of 2 samples") and paper[0] == "0.11"
    assert ours[1] == "0.04\n1 mode of 1 sample" and paper[1] == "–"
    assert ours[2] == "–" and paper[2] == "0.023"
    assert "twice the smallest barrier" in critical_temperatures_caption(table)


def test_table_one_without_any_transition_is_empty_but_whole(tables):
    table = make_table("table_critical_temperature", changed(tables, outcome="none"))
    assert len(table) == 0
    assert list(table) == [column.name for column in TABLES["table_critical_temperature"]]
    assert set(MADE_FROM) == set(PAPER_TABLES)


def test_the_paper_s_onset_temperatures():
    assert PUBLISHED["harmonic"].critical_temperatures[512_000] == 3.7e-9
    assert PUBLISHED["lj"].critical_temperatures == {8000: 0.11, 32000: 0.023, 128000: 0.0063}


def test_the_onset_against_the_paper_s_at_the_same_size(by_hand):
    rows = summarise(by_hand)
    assert value(rows, "T_c, N = 8000")["agrees"] == "yes"
    assert value(rows, "T_c, N = 16000")["agrees"] == "-"
    by_hand["excitations"]["barrier"] *= 100.0
    assert value(summarise(by_hand), "T_c, N = 8000")["agrees"] == "no"


def test_the_onset_falls_with_size_or_not(tables):
    """Barriers as N^-2, and as N^2, the same in every sample."""
    size = tables["excitations"]["ensemble"].str.extract(r"_(\d+)$")[0].astype(float)
    for exponent, verdict in ((-2.0, "yes"), (2.0, "no")):
        barrier = 1e-6 * size**exponent
        rows = summarise(changed(tables, barrier=barrier))
        found = value(rows, "exponent of T_c with N", ensemble=HARMONIC)
        assert found["observed"] == pytest.approx(exponent) and found["agrees"] == verdict
        assert found["paper"] == pytest.approx(-2.11, abs=0.01)


# --- statistics -----------------------------------------------------------------------------------


def test_rank_correlations():
    rng = np.random.default_rng(3)
    z = rng.normal(size=4000)
    x, y = z + rng.normal(size=4000), z + rng.normal(size=4000)
    assert rank_correlation(z, np.exp(z)) == pytest.approx(1.0)
    assert rank_correlation(z, -z) == pytest.approx(-1.0)
    assert np.isnan(rank_correlation(z, np.zeros_like(z)))
    assert rank_correlation(x, y) == pytest.approx(0.48, abs=0.04)
    tied = np.floor(2.0 * x)
    assert rank_correlation(tied, y) == pytest.approx(spearmanr(tied, y).statistic)
    assert partial_rank_correlation(x, y, z) == pytest.approx(0.0, abs=0.05)


def test_a_power_law_has_its_exponent():
    x = np.geomspace(0.1, 10.0, 7)
    assert power_law_exponent(x, 5.0 * x**3) == pytest.approx(3.0)
    assert np.isnan(power_law_exponent([1.0], [2.0])) and np.isnan(
        power_law_exponent([2.0, 2.0], [1.0, 3.0])
    )


def _size_exponent(exponent, spectrum):
    """What is found of values ~ omega^2 N^exponent; `spectrum` gives the frequencies of a size."""
    parts = []
    for size in (1000, 4000):
        for sample in range(3):
            frequency = spectrum(size)
            parts.append(
                pd.DataFrame(
                    {
                        "ensemble": f"e{size}",
                        "sample": sample,
                        "particles": size,
                        "frequency": frequency,
                        "value": frequency**2 * size**exponent,
                    }
                )
            )
    rows = pd.concat(parts, ignore_index=True)
    return exponent_at_equal_frequency(medians_by_frequency(rows, "value"))


def test_the_exponent_with_size_is_one_at_equal_frequency():
    """A larger system has lower modes, with smaller values: that is no effect of size."""
    rng = np.random.default_rng(5)

    def spectrum(size):
        return rng.uniform(0.5 if size == 1000 else 0.2, 1.5, size=400)

    assert _size_exponent(0.0, spectrum) == pytest.approx(0.0, abs=0.03)
    assert _size_exponent(-0.5, spectrum) == pytest.approx(-0.5, abs=0.03)

    def apart(size):
        return np.linspace(1.0, 2.0, 50) * (1.0 if size == 1000 else 10.0)

    assert np.isnan(_size_exponent(0.0, apart))


def test_errors_are_those_of_independent_samples(monkeypatch):
    """Identical modes within a sample count once: the error is over samples."""
    monkeypatch.setattr(resampling, "RESAMPLES", 400)
    rng = np.random.default_rng(7)
    centres = rng.normal(size=40)
    rows = pd.DataFrame(
        {"ensemble": "a", "sample": np.repeat(np.arange(40), 25), "x": np.repeat(centres, 25)}
    )
    wanted = centres.std(ddof=1) / np.sqrt(40)
    assert bootstrap_error(rows, ("x",), np.mean) == pytest.approx(wanted, rel=0.1)
    assert jackknife_error(rows, lambda left: left["x"].mean()) == pytest.approx(wanted)
    few = rows[rows["sample"] < 2]
    assert np.isnan(bootstrap_error(few, ("x",), np.mean))
    assert np.isnan(jackknife_error(few, lambda left: left["x"].mean()))


# --- verdicts, both ways --------------------------------------------------------------------------


def test_the_known_answers_of_the_invented_campaign(summary):
    assert value(summary, "exponent of |DPhi| with |Dr|", ensemble=HARMONIC)["agrees"] == "yes"
    assert value(summary, "rank correlation of A_c and omega", ensemble=LJ)["agrees"] == "yes"
    assert value(summary, "rank correlation of A_c and O_k", ensemble=HARMONIC)["agrees"] == "yes"
    shared = value(summary, "distinct transitions / modes", ensemble="lj_300")
    assert shared["observed"] == pytest.approx(12 / 58, abs=0.01) and shared["agrees"] == "yes"
    exponent = value(summary, "far-field exponent a", ensemble="harmonic_600")
    assert exponent["observed"] == pytest.approx(2.75, abs=0.15) and exponent["agrees"] == "yes"
    ratio = value(summary, "barrier / (omega^2 A_c^2 N / 2)", ensemble=LJ)
    assert ratio["observed"] == pytest.approx(1.0, abs=0.02) and ratio["agrees"] == "yes"
    outcome = value(summary, "part of the modes with a transition", ensemble=LJ)
    assert outcome["observed"] == pytest.approx(58 / 60)
    assert "7 none, 7 overlap, 406 transition" in outcome["statement"]
    cubic = value(summary, "rank correlation of cubic A_c and P_k", ensemble=f"{LJ}, lj_large")
    assert cubic["agrees"] == "yes"
    assert value(summary, "minimisations per mode", ensemble=LJ)["agrees"] == "-"


@pytest.mark.parametrize(
    ("quantity", "columns"),
    [
        ("A_c, 5 % quantile", {"amplitude": 1e-4}),
        ("|Dr|, 95 % quantile", {"distance": 1e3}),
        ("|DPhi|, largest", {"energy_change": 1e-8}),
        ("N_rearr, 95 % quantile", {"participants": 1e6}),
        ("barrier / (omega^2 A_c^2 N / 2)", {"barrier": 5.0}),
        ("far-field exponent a", {"far_field_exponent": 0.7}),
        ("overlap I, median", {"overlap": 5.0}),
        ("log10 of cubic A_c / measured A_c", {"amplitude": 10.0}),
    ],
)
def test_a_disagreement_is_said(tables, quantity, columns):
    factors = {name: factor * tables["excitations"][name] for name, factor in columns.items()}
    rows = summarise(changed(tables, **factors))
    assert set(rows.loc[rows["quantity"] == quantity, "agrees"]) == {"no"}


def test_wrong_trends_are_said(tables):
    table = tables["excitations"]
    rows = summarise(
        changed(
            tables,
            # falls with frequency and follows P_k; energies as |Dr|; nothing shared
            amplitude=1e-3 * table["participation_ratio"] / table["frequency"] ** 4,
            energy_change=table["distance"],
            final_structure=table["mode"] + 1,
            phonon_order=1.0 - table["phonon_order"],
        )
    )
    assert value(rows, "rank correlation of A_c and omega", ensemble=HARMONIC)["agrees"] == "no"
    assert value(rows, "exponent of |DPhi| with |Dr|", ensemble=LJ)["agrees"] == "no"
    assert value(rows, "distinct transitions / modes", ensemble="lj_300")["observed"] == 1.0
    assert value(rows, "distinct transitions / modes", ensemble="lj_300")["agrees"] == "no"
    low = table.assign(amplitude=table["participation_ratio"])
    rows = summarise({**tables, "excitations": low})
    assert value(rows, "rank correlation of A_c and P_k", ensemble=LJ)["agrees"] == "no"


def test_a_dependence_on_size_is_said(tables):
    table = tables["excitations"]
    size = table["ensemble"].str.extract(r"_(\d+)$")[0].astype(float)
    steady = table["frequency"] ** 2
    for factor, verdict in ((1.0, "yes"), ((size / 300.0) ** 1.5, "no")):
        rows = summarise(changed(tables, amplitude=steady * factor))
        assert value(rows, "exponent of A_c with N", ensemble=HARMONIC)["agrees"] == verdict


def test_one_sample_is_not_judged_where_errors_are_needed(tables):
    few = {
        name: table[table["sample"] <= 0] if "sample" in table else table
        for name, table in tables.items()
    }
    rows = summarise(few)
    for quantity in ("rank correlation of A_c and O_k", "exponent of |Dr| with N"):
        found = rows[rows["quantity"] == quantity]
        assert len(found) and set(found["agrees"]) == {"-"}


def test_missing_tables_leave_rows_out(tables):
    few = {name: tables[name] for name in ("ensembles", "cubic_amplitudes")}
    quantities = set(summarise(few)["quantity"])
    assert quantities == {
        "rank correlation of cubic A_c and O_k",
        "rank correlation of cubic A_c and P_k",
    }
    nothing = changed(tables, outcome="not_converged")
    rows = summarise({name: nothing[name] for name in ("ensembles", "excitations")})
    assert set(rows["quantity"]) >= {"part of the modes with a transition"}
    assert "A_c, smallest" not in set(rows["quantity"])


def test_a_model_that_the_paper_does_not_have_is_not_compared(tables):
    ensembles = tables["ensembles"].assign(model="ipl12")
    rows = summarise({**tables, "ensembles": ensembles})
    assert not rows["quantity"].str.startswith(("|Dr|, ", "A_c, ")).any()
    assert np.isnan(value(rows, "exponent of T_c with N")["paper"])
