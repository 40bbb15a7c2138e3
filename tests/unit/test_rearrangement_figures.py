"""Figures 5 to 9 of mizuno2020_intermittent from invented rearrangements, and from none."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from glassmodes.papers.mizuno2020_intermittent import rearrangement_figures as figures
from glassmodes.plotting.displacement_fields import DisplacementField, core_share, typical_field
from glassmodes.reporting.catalogue import FIGURES, draw

from tests.unit import synthetic_tables

NAMES = [name for name, figure in FIGURES.items() if "rearrangement_runs" in figure.requires]
OF_EVENTS = [name for name in NAMES if name != "rearrangement_rates"]


@pytest.fixture(scope="module")
def tables():
    return synthetic_tables.build_transitions(sizes=(500, 2000), temperatures=(1e-3, 1e-2, 5e-2))


@pytest.fixture(scope="module")
def quiet(tables):
    """The same runs, as if nothing had ever changed."""
    runs = tables["rearrangement_runs"].assign(events=0, distinct_structures=1, returned=False)
    still = {"structure": 0, "energy": 0.0, "displacement": 0.0, "step_distance": 0.0}
    return {
        **tables,
        "rearrangement_runs": runs,
        "inherent_structures": tables["inherent_structures"].assign(**still),
        "rearrangements": tables["rearrangements"].iloc[:0],
        "rearrangement_fields": tables["rearrangement_fields"].iloc[:0],
    }


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(figure):
    return {text.get_text() for panel in figure.axes for text in panel.texts}


@pytest.mark.parametrize("name", NAMES)
def test_drawn_with_sizes_temperatures_samples_and_the_paper_s_statement(name, tables, tmp_path):
    made = draw(name, tables, tmp_path, formats=("png",))
    assert made.skipped == "" and made.files[0].stat().st_size > 5000
    for words in ("N = 500, 3 samples", "N = 2000", "T = 0.001, 0.01, 0.05", "paper's statement"):
        assert words in made.caption


@pytest.mark.parametrize("name", OF_EVENTS)
def test_captions_say_what_is_not_shown(name, tables):
    caption = FIGURES[name].write_caption(tables)
    assert "T = 0.001, at which no glass rearranged" in caption
    assert "Crystals: 0 rearrangements in a total time of 1800" in caption


@pytest.mark.parametrize("name", OF_EVENTS)
def test_without_any_event_the_reason_is_given(name, quiet, tmp_path):
    made = draw(name, quiet, tmp_path)
    assert made.skipped == ("no rearrangement in 18 runs of glasses, of a total time of 3600")
    assert made.files == ()


def test_rates_without_any_event_are_upper_limits(quiet):
    figure = FIGURES["rearrangement_rates"].draw(quiet)
    bounds = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata())]
    assert min(values.min() for values in bounds) > 0.0


def test_an_empty_size_says_so(tables):
    """A size that was not run at a temperature, and one that has no event there."""
    gone = {}
    for name, table in tables.items():
        if "temperature" in table:
            table = table[~((table["ensemble"] == "glass_500") & (table["temperature"] == 1e-2))]
        gone[name] = table
    for name in ("intermittent_rearrangements", "inherent_structure_displacement"):
        assert "not run" in texts(FIGURES[name].draw(gone))


def test_spikes_are_the_steps_of_the_first_sample(tables):
    figure = FIGURES["intermittent_rearrangements"].draw(tables)
    panel = figure.axes[-1]
    rows = tables["rearrangements"]
    rows = rows[(rows["ensemble"] == "glass_2000") & (rows["temperature"] == 5e-2)]
    spikes = panel.collections[0].get_segments()
    first = rows[rows["sample"] == 0]
    assert np.allclose(sorted(s[1, 1] for s in spikes), sorted(first["distance"]))
    assert f"{len(first)} events ({len(rows)} in 3 samples)" in texts(figure)


def test_frames_that_did_not_converge_are_marked_and_counted(tables):
    rows = tables["inherent_structures"].copy()
    rows.loc[rows.index % 400 == 7, "converged"] = False
    runs = tables["rearrangement_runs"].assign(not_converged=5)
    changed = {**tables, "inherent_structures": rows, "rearrangement_runs": runs}
    for name in ("intermittent_rearrangements", "inherent_structure_displacement"):
        figure = FIGURES[name].draw(changed)
        crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
        assert len(crosses) == 1 and len(crosses[0].get_xdata()) > 0
        assert f"{5 * len(runs)} frames did not converge" in FIGURES[name].write_caption(changed)


def scattered(positions, edge, cores, each, seed=4):
    """Displacements of some particles around each of several places of a periodic box."""
    rng = np.random.default_rng(seed)
    field = np.zeros_like(positions)
    for core in np.asarray(cores, dtype=float):
        apart = positions - core
        apart -= edge * np.rint(apart / edge)
        nearest = np.argsort((apart**2).sum(axis=1))[:each]
        field[nearest] = rng.normal(size=(each, 3))
    return field


def test_a_single_core_is_told_from_several():
    rng = np.random.default_rng(2)
    edge = 10.0
    positions = edge * rng.random((1000, 3))
    # across the boundary of the box as well
    for core in ([5.0, 5.0, 5.0], [0.1, 9.9, 0.0]):
        one = scattered(positions, edge, [core], 30)
        assert core_share(positions, one, edge) > 0.9
    two = scattered(positions, edge, [[2.0, 2.0, 2.0], [7.0, 7.0, 7.0]], 30)
    assert 0.3 < core_share(positions, two, edge) < 0.8


def test_the_event_shown_is_a_typical_one_of_a_single_core():
    rng = np.random.default_rng(2)
    edge, positions = 10.0, 10.0 * rng.random((1000, 3))
    few, many = 6.0 * rng.random((216, 3)), 10.0 * rng.random((1000, 3))
    middle = [[5.0, 5.0, 5.0]]
    fields = {
        "small system": (few, scattered(few, 6.0, [[3.0, 3.0, 3.0]], 60), 6.0),
        "two cores": (many, scattered(many, edge, [[2.0] * 3, [7.0] * 3], 30), edge),
        "extended": (positions, scattered(positions, edge, middle, 400), edge),
        "typical": (positions, scattered(positions, edge, middle, 60), edge),
        "tiny": (positions, scattered(positions, edge, middle, 8), edge),
    }
    assert typical_field(fields) == "typical"
    del fields["typical"], fields["tiny"]
    assert typical_field(fields) == "small system"
    del fields["small system"]
    # without a single core something is shown all the same
    assert typical_field(fields) == "two cores"


def test_the_event_shown_is_named_in_its_caption(tables):
    caption = FIGURES["displacement_field"].write_caption(tables)
    assert "ensemble glass_2000: N = 2000, T = 0.05, sample 2" in caption
    rows = tables["rearrangements"]
    rows = rows[(rows["ensemble"] == "glass_2000") & (rows["temperature"] == 5e-2)]
    largest = rows.loc[rows["sample"] == 2, "distance"].max()
    assert f"|Dr_IS| = {largest:.2g}" in caption and "N_rearr closest to 40" in caption
    assert "The 500 largest displacements" in caption and "the 50 largest in red" in caption


def test_the_fitted_tail_is_that_of_the_invented_field(tables):
    caption = FIGURES["displacement_field"].write_caption(tables)
    exponent = float(caption.split("gives a = ")[1].split(" ")[0])
    assert exponent == pytest.approx(2.7, abs=0.15)


def test_a_box_without_far_field_says_so():
    small = synthetic_tables.build_transitions(sizes=(60,), temperatures=(5e-2,), duration=2000.0)
    assert "too small for a fit" in FIGURES["displacement_field"].write_caption(small)
    FIGURES["displacement_field"].draw(small)


def test_arrows_are_the_paper_s_where_there_are_particles_enough():
    rng = np.random.default_rng(1)
    for count, wanted in ((12000, (1000, 100)), (400, (100, 10))):
        positions, moved = rng.random((2, count, 3))
        field = DisplacementField(positions, moved, 1.0, arrows=figures.ARROWS, red=100)
        assert (field.arrows, field.red) == wanted


def test_steps_keep_every_change_and_both_ends(tables):
    rows = tables["inherent_structures"]
    rows = rows[(rows["ensemble"] == "glass_2000") & (rows["temperature"] == 5e-2)]
    rows = rows[rows["sample"] == 1]
    time, energy = figures._changes(rows, "energy")
    assert time[0] == rows["time"].iloc[0] and time[-1] == rows["time"].iloc[-1]
    assert len(time) < len(rows) / 3
    behind = np.searchsorted(time, rows["time"].to_numpy(), side="right") - 1
    assert np.allclose(energy[behind], rows["energy"])


def test_the_short_window_is_a_tenth_of_a_short_run(tables):
    caption = FIGURES["inherent_structure_energy"].write_caption(tables)
    assert "first 20 time units" in caption
