"""Table I and the summary of pulled modes, on an invented campaign and on small examples."""

import numpy as np
import pandas as pd
import pytest
from glassmodes.papers import find_paper
from glassmodes.papers import summary as summaries
from glassmodes.papers.criteria import VERDICTS
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
from glassmodes.papers.paper_tables import make_table
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
from tests.unit.declared import columns, validate
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
        assert list(validate(table, name).columns[:2]) == columns(name)[:2]


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
    assert list(table) == columns("table_critical_temperature")


def test_the_paper_s_onset_temperatures():
    assert PUBLISHED["harmonic"].critical_temperatures[512_000] == 3.7e-9
    assert PUBLISHED["lj"].critical_temperatures == {8000: 0.11, 32000: 0.023, 128000: 0.0063}


def test_the_onset_against_the_paper_s_at_the_same_size(by_hand):
    """Four samples of 8000 particles whose T_c scatter little, much, or lie elsewhere."""
    rows = pd.concat([by_hand["excitations"].iloc[[0]]] * 4, ignore_index=True)
    rows = rows.assign(ensemble="a", sample=range(4))
    for barriers, wanted in (
        ([0.055, 0.056, 0.057, 0.058], "shown"),
        ([0.055, 5.0, 600.0, 7e4], "undecided"),
        ([55.0, 56.0, 57.0, 58.0], "contradicted"),
    ):
        tables = {**by_hand, "excitations": rows.assign(barrier=barriers)}
        assert value(summarise(tables), "T_c, N = 8000")["verdict"] == wanted
    found = summarise(by_hand)
    # two samples have no error, whatever they give; no size of the paper is no claim
    assert value(found, "T_c, N = 8000")["verdict"] == "undecided"
    assert "samples of this size" in value(found, "T_c, N = 8000")["reason"]
    assert value(found, "T_c, N = 16000")["verdict"] == "context"


def test_the_onset_falls_with_size_or_not(tables):
    """Barriers as N^-2, and as N^2, the same in every sample, or drawn at random."""
    size = tables["excitations"]["ensemble"].str.extract(r"_(\d+)$")[0].astype(float)
    for exponent, verdict in ((-2.0, "shown"), (2.0, "contradicted")):
        barrier = 1e-6 * size**exponent
        rows = summarise(changed(tables, barrier=barrier))
        found = value(rows, "exponent of T_c with N", ensemble=HARMONIC)
        assert found["observed"] == pytest.approx(exponent) and found["verdict"] == verdict
        assert found["reference"] == pytest.approx(-2.11, abs=0.01)
    sample = tables["excitations"]["sample"].astype(float)
    rows = summarise(changed(tables, barrier=np.exp(5.0 * sample)))
    assert value(rows, "exponent of T_c with N", ensemble=HARMONIC)["verdict"] == "undecided"


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


# --- verdicts -------------------------------------------------------------------------------------


def test_the_known_answers_of_the_invented_campaign(summary):
    assert value(summary, "exponent of |DPhi| with |Dr|", ensemble=HARMONIC)["verdict"] == "shown"
    assert value(summary, "rank correlation of A_c and omega", ensemble=LJ)["verdict"] == "shown"
    shared = value(summary, "distinct transitions / modes", ensemble=LJ)
    assert shared["observed"] == pytest.approx(12 / 58, abs=0.01) and shared["verdict"] == "shown"
    exponent = value(summary, "far-field exponent a", ensemble="harmonic_600")
    assert exponent["observed"] == pytest.approx(2.75, abs=0.15)
    ratio = value(summary, "barrier / (omega^2 A_c^2 N / 2)", ensemble=LJ)
    assert ratio["observed"] == pytest.approx(1.0, abs=0.02) and ratio["verdict"] == "shown"
    outcome = value(summary, "part of the modes with a transition", ensemble=LJ)
    assert outcome["observed"] == pytest.approx(58 / 60)
    assert "7 none, 7 overlap, 406 transition" in outcome["finding"]
    assert "4 samples of lj_300, N = 300" in outcome["samples"]
    assert value(summary, "minimisations per mode", ensemble=LJ)["verdict"] == "context"


def test_each_rule_stands_in_words_with_its_item(summary):
    for column in ("rule", "item", "source", "statement", "finding"):
        assert summary[column].str.len().min() > 5, column
    assert set(summary["verdict"]) <= set(VERDICTS)
    paper = find_paper("mizuno2020_anharmonic").load()
    known = {figure.item for figure in paper.figures.values()} | {t.item for t in paper.tables}
    items = {item for text in summary["item"] for item in text.split("; ")}
    assert {item for item in items if not item.startswith(("Eq.", "Section"))} <= known


def spread_over_samples(table, width):
    """A factor of each sample, from exp(-width) to exp(width)."""
    sample = table["sample"] / table["sample"].max()
    return np.exp(width * (2.0 * sample - 1.0))


@pytest.mark.parametrize(
    ("quantity", "column", "wrong", "noisy"),
    [
        ("barrier / (omega^2 A_c^2 N / 2)", "barrier", 5.0, True),
        ("overlap I, median", "overlap", 20.0, False),
        ("log10 of cubic A_c / measured A_c", "amplitude", 10.0, False),
    ],
)
def test_a_contradiction_is_said_and_noise_decides_nothing(tables, quantity, column, wrong, noisy):
    table = tables["excitations"]
    rows = summarise(changed(tables, **{column: wrong * table[column]}))
    assert set(rows.loc[rows["quantity"] == quantity, "verdict"]) == {"contradicted"}
    if noisy:
        rows = summarise(changed(tables, **{column: table[column] * spread_over_samples(table, 3)}))
        assert set(rows.loc[rows["quantity"] == quantity, "verdict"]) == {"undecided"}
    single = summarise({**tables, "excitations": table[table["sample"] == 0]})
    # one sample of each size: two in all
    assert set(single.loc[single["quantity"] == quantity, "verdict"]) == {"undecided"}


def test_three_verdicts_on_the_far_field_of_single_cores(tables):
    rng = np.random.default_rng(1)
    count = len(tables["excitations"])
    for centre, width, wanted in (
        (2.75, 0.1, "shown"),
        (2.0, 0.1, "contradicted"),
        (2.6, 3.0, "undecided"),
    ):
        exponents = centre + width * rng.normal(size=count)
        found = changed(tables, far_field_exponent=exponents, participants=30.0)
        row = value(summarise(found), "far-field exponent a", ensemble="harmonic_600")
        assert row["verdict"] == wanted
        assert ("relaxes last" in row["reason"]) == (wanted == "contradicted")
    several = changed(tables, far_field_exponent=2.0, participants=200.0)
    assert not (summarise(several)["quantity"] == "far-field exponent a").any()


def test_three_verdicts_on_the_exponent_of_the_energy(tables):
    table = tables["excitations"]
    for power, wanted in ((3.0, "shown"), (1.0, "contradicted")):
        rows = summarise(changed(tables, energy_change=1e-3 * table["distance"] ** power))
        found = value(rows, "exponent of |DPhi| with |Dr|", ensemble=LJ)
        assert found["observed"] == pytest.approx(power) and found["verdict"] == wanted
    # the paper's own ranges say 7/3 for harmonic spheres, and 3 for Lennard-Jones
    rows = summarise(changed(tables, energy_change=1e-3 * table["distance"] ** 2.4))
    assert value(rows, "exponent of |DPhi| with |Dr|", ensemble=HARMONIC)["verdict"] == "shown"
    assert value(rows, "exponent of |DPhi| with |Dr|", ensemble=LJ)["verdict"] == "contradicted"
    wild = 1e-3 * table["distance"] ** 2.5 * spread_over_samples(table, 12)
    rows = summarise(changed(tables, energy_change=wild))
    assert value(rows, "exponent of |DPhi| with |Dr|", ensemble=LJ)["verdict"] == "undecided"


def test_wrong_trends_are_said(tables):
    table = tables["excitations"]
    rows = summarise(
        changed(
            tables,
            # falls with frequency and follows P_k; nothing shared
            amplitude=1e-3 * table["participation_ratio"] / table["frequency"] ** 4,
            final_structure=table["mode"] + 1,
            phonon_order=1.0 - table["phonon_order"],
        )
    )
    name = "rank correlation of A_c and omega"
    assert value(rows, name, ensemble=HARMONIC)["verdict"] == "contradicted"
    shared = value(rows, "distinct transitions / modes", ensemble=LJ)
    assert shared["observed"] == 1.0 and shared["verdict"] == "contradicted"


def test_three_verdicts_on_a_correlation_that_should_not_be(tables):
    name = "rank correlation of A_c and P_k"
    table = tables["excitations"]
    follows = summarise(changed(tables, amplitude=table["participation_ratio"]))
    assert value(follows, name, ensemble=LJ)["verdict"] == "contradicted"
    assert "at equal frequency" in value(follows, name, ensemble=LJ)["reason"]
    rng = np.random.default_rng(2)
    random = summarise(changed(tables, amplitude=rng.random(len(table))))
    assert value(random, name, ensemble=LJ)["verdict"] == "shown"
    # followed in some samples, and the opposite in others
    sign = np.where(table["sample"] % 2 == 0, 1.0, -1.0)
    mixed = summarise(changed(tables, amplitude=10.0 + sign * table["participation_ratio"]))
    assert value(mixed, name, ensemble=LJ)["verdict"] == "undecided"


def test_three_verdicts_on_a_dependence_on_size(tables):
    table = tables["excitations"]
    size = table["ensemble"].str.extract(r"_(\d+)$")[0].astype(float)
    steady = table["frequency"] ** 2
    for factor, verdict in (
        (1.0, "shown"),
        ((size / 300.0) ** 1.5, "contradicted"),
        (spread_over_samples(table, 2.0), "undecided"),
    ):
        rows = summarise(changed(tables, amplitude=steady * factor))
        assert value(rows, "exponent of A_c with N", ensemble=HARMONIC)["verdict"] == verdict


def test_three_verdicts_on_the_lines_of_figure_11(tables):
    name = "part of the transitions between the lines of Fig. 11"
    table = tables["excitations"]
    inside = 0.2 * np.sqrt(table["participants"])
    odd = (table["sample"] == 0) & (table["mode"] % 2 == 0)
    for outside, verdict in (
        (table["mode"] < 0, "shown"),
        (table["mode"] % 2 == 0, "contradicted"),
        (odd, "undecided"),
    ):
        rows = summarise(changed(tables, distance=inside * np.where(outside, 1e3, 1.0)))
        assert value(rows, name, ensemble=LJ)["verdict"] == verdict


def test_ranges_of_decades_are_no_claims(summary):
    quantiles = summary[summary["quantity"].str.contains("% quantile")]
    assert len(quantiles) == 20 and set(quantiles["verdict"]) == {"context"}
    assert quantiles["reference"].notna().all()
    assert not summary["quantity"].str.contains("smallest|largest").any()


def test_a_boson_peak_is_listed_once_for_each_spectrum(tables, summary):
    rows = summary[summary["quantity"] == "omega_BP"]
    assert len(rows) == tables["boson_peak"]["spectrum_of"].nunique()


def test_one_sample_decides_nothing_where_errors_are_needed(tables):
    few = {
        name: table[table["sample"] <= 0] if "sample" in table else table
        for name, table in tables.items()
    }
    rows = summarise(few)
    for quantity in ("rank correlation of A_c and O_k", "exponent of |Dr| with N"):
        found = rows[rows["quantity"] == quantity]
        assert len(found) and set(found["verdict"]) == {"undecided"}


def test_the_cubic_expansion_is_judged_for_harmonic_spheres_alone(tables):
    """By a bootstrap over samples, or over modes where there is one large sample."""
    cubic = tables["cubic_amplitudes"]
    cubic = cubic[cubic["ensemble"] == "harmonic_large"]
    cubic = cubic[cubic["sample"] == cubic["sample"].min()].reset_index(drop=True)
    name = "rank correlation of cubic A_c and P_k"
    rng = np.random.default_rng(4)
    ranks = cubic["participation_ratio"].rank()
    for amplitude, verdict in (
        (ranks, "shown"),
        (rng.random(len(cubic)), "contradicted"),
        (ranks + 1.6 * len(cubic) * rng.random(len(cubic)), "undecided"),
    ):
        few = {
            "ensembles": tables["ensembles"],
            "cubic_amplitudes": cubic.assign(amplitude=amplitude),
        }
        row = value(summarise(few), name)
        assert row["verdict"] == verdict and "bootstrap over modes" in row["finding"]
    rows = summarise(tables)
    lj = rows[(rows["quantity"] == name) & rows["ensemble"].str.startswith("lj")]
    assert set(lj["verdict"]) == {"context"}


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
    assert not rows["quantity"].str.startswith("A_c").any()


def test_a_model_that_the_paper_does_not_have_is_not_compared(tables):
    ensembles = tables["ensembles"].assign(model="ipl12")
    rows = summarise({**tables, "ensembles": ensembles})
    assert not rows["quantity"].str.startswith(("|Dr|, ", "A_c, ")).any()
    assert np.isnan(value(rows, "exponent of T_c with N")["reference"])
