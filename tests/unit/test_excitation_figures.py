"""Figures 2 to 15 of mizuno2020_anharmonic from an invented campaign, and from parts of it."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from glassmodes.papers.mizuno2020_anharmonic import figures as anharmonic
from glassmodes.plotting.displacement_fields import DisplacementField
from glassmodes.plotting.selection import MissingData
from glassmodes.plotting.style import power_of_ten
from glassmodes.reporting import vibrations
from glassmodes.reporting.catalogue import FIGURES, draw
from glassmodes.statistics import resampling

from tests.unit import synthetic_excitations

NAMES = [name for name, figure in FIGURES.items() if figure.paper == "mizuno2020_anharmonic"]
OF_TRANSITIONS = [name for name in NAMES if "excitations" in FIGURES[name].requires]
BELOW_PEAK = [name for name in NAMES if name.endswith("_of_nature") or name == "direction_overlap"]


@pytest.fixture(scope="module")
def tables():
    return synthetic_excitations.build()


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    monkeypatch.setattr(resampling, "RESAMPLES", 20)
    yield
    plt.close("all")


def legends(figure):
    """Labels of all legends of a figure."""
    found = list(figure.legends) + [panel.get_legend() for panel in figure.axes]
    return {text.get_text() for legend in found if legend for text in legend.get_texts()}


def test_the_figures_of_mizuno2020_anharmonic_are_all_there():
    assert [FIGURES[name].item for name in NAMES] == [f"Fig. {i}" for i in range(2, 16)]


@pytest.mark.parametrize("name", NAMES)
def test_drawn_with_sizes_samples_and_the_paper_s_statement(name, tables, tmp_path):
    made = draw(name, tables, tmp_path, formats=("png",))
    assert made.skipped == "" and made.files[0].stat().st_size > 5000
    for word in ("harmonic spheres", "Lennard-Jones", "N = ", "sample", "paper's statement"):
        assert word in made.caption
    assert json.loads((tmp_path / f"{name}.json").read_text())["caption"] == made.caption


@pytest.mark.parametrize("name", OF_TRANSITIONS)
def test_panels_are_by_model_harmonic_spheres_first(name, tables):
    swapped = {**tables, "ensembles": tables["ensembles"].iloc[::-1]}
    titles = [panel.get_title() for panel in FIGURES[name].draw(swapped).axes]
    titles = [title for title in titles if title]
    assert titles == ["(a) Harmonic spheres", "(b) Lennard-Jones"]


@pytest.mark.parametrize("name", NAMES)
def test_one_model_alone_is_drawn(name, tables):
    lj = {
        key: table[table["ensemble"].str.startswith("lj")].reset_index(drop=True)
        for key, table in tables.items()
    }
    figure = FIGURES[name].draw(lj)
    titles = [panel.get_title() for panel in figure.axes if panel.get_title()]
    assert all("Lennard-Jones" in title for title in titles) and titles
    caption = FIGURES[name].write_caption(lj).split("The paper's statement")[0]
    assert "harmonic spheres" not in caption


def test_all_sizes_are_in_one_plot_and_in_the_legend(tables):
    assert {"$N$ = 300", "$N$ = 600"} <= legends(FIGURES["critical_amplitude"].draw(tables))
    assert {"$N$ = 300", "$N$ = 600", "$N$ = 4800"} <= legends(
        FIGURES["cubic_amplitude"].draw(tables)
    )


def test_captions_count_what_is_shown_and_what_is_not(tables):
    caption = FIGURES["transition_distance"].write_caption(tables)
    assert "harmonic spheres, N = 300 (4 samples, 232 modes), N = 600 (3 samples" in caption
    assert "Not shown, of 840 excited modes" in caption
    for words in (
        "14 made no transition up to the largest amplitude",
        "7 had particles overlapping first",
        "7 did not converge and are not shown",
    ):
        assert words in caption
    every = tables["excitations"][tables["excitations"]["outcome"] == "transition"]
    caption = FIGURES["critical_amplitude"].write_caption({**tables, "excitations": every})
    assert "All 812 excited modes made a transition" in caption


def test_modes_without_a_transition_bound_the_amplitude_from_below(tables):
    name = "critical_amplitude"
    assert "no transition up to here" in legends(FIGURES[name].draw(tables))
    caption = FIGURES[name].write_caption(tables)
    assert "of 21 modes without a transition" in caption
    assert "Without a transition, of 840 excited modes: 14" in caption
    unknown = tables["excitations"].drop(columns="scanned_to")
    unknown = {**tables, "excitations": unknown}
    assert "no transition up to here" not in legends(FIGURES[name].draw(unknown))
    assert "Not shown, of 840" in FIGURES[name].write_caption(unknown)


@pytest.mark.parametrize("name", OF_TRANSITIONS)
def test_without_any_transition_the_reason_is_given(name, tables, tmp_path):
    lost = tables["excitations"].assign(outcome="overlap")
    made = draw(name, {**tables, "excitations": lost}, tmp_path)
    assert made.files == () and "no mode has a transition" in made.skipped


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_table_skips_the_figure(name, tables, tmp_path):
    needed = FIGURES[name].requires[0]
    few = {key: table for key, table in tables.items() if key != needed}
    made = draw(name, few, tmp_path)
    assert needed in made.skipped and made.files == ()


def test_the_boson_peak_is_an_arrow_where_it_is_known(tables):
    def arrows(given):
        panels = FIGURES["critical_amplitude"].draw(given).axes
        return [text.xy[0] for panel in panels for text in panel.texts if "BP" in text.get_text()]

    assert arrows(tables) == list(synthetic_excitations.BOSON_PEAK.values())
    assert "omega_BP = 0.12 (harmonic spheres), 1.5" in FIGURES["critical_amplitude"].write_caption(
        tables
    )
    none = {key: table for key, table in tables.items() if key != "boson_peak"}
    assert arrows(none) == []
    assert "The boson peak is not known" in FIGURES["critical_amplitude"].write_caption(none)


@pytest.mark.parametrize("name", BELOW_PEAK)
def test_figures_of_low_modes_show_those_below_the_boson_peak(name, tables, tmp_path):
    def points(given):
        lines = [line for panel in FIGURES[name].draw(given).axes for line in panel.get_lines()]
        return sum(len(line.get_xdata()) for line in lines if "$N$" in str(line.get_label()))

    none = {key: table for key, table in tables.items() if key != "boson_peak"}
    assert 0 < points(tables) < points(none)
    assert "Modes below the boson peak" in FIGURES[name].write_caption(tables)
    assert "Modes of all excited frequencies" in FIGURES[name].write_caption(none)
    low = {**tables, "boson_peak": tables["boson_peak"].assign(frequency=1e-9)}
    assert "below the boson peak" in draw(name, low, tmp_path).skipped


def test_cubic_amplitudes_alone_are_drawn_without_measured_ones(tables):
    alone = {name: tables[name] for name in ("ensembles", "cubic_amplitudes")}
    for name in ("cubic_amplitude", "cubic_amplitude_of_nature"):
        assert any("measured" in text for text in legends(FIGURES[name].draw(tables)))
        assert not any("measured" in text for text in legends(FIGURES[name].draw(alone)))
        assert "grey dots" in FIGURES[name].write_caption(tables).lower()
        assert "grey dots" not in FIGURES[name].write_caption(alone).lower()


def test_the_scan_shown_is_of_the_largest_system_and_jumps_at_its_amplitudes(tables):
    (harmonic, _), (lj, scan) = anharmonic._scanned(tables)
    assert harmonic["ensemble"] == "harmonic_600" and lj["ensemble"] == "lj_600"
    assert (lj["sample"], lj["mode"]) == (0, 0) and len(scan) == 40
    onsets = anharmonic._onsets(lj)
    assert onsets[lj["sign"]] == lj["amplitude"] < onsets[-lj["sign"]]
    assert f"A_c = {lj['amplitude']:.3g} (sign" in FIGURES["excitation_scans"].write_caption(tables)
    assert list(anharmonic._onsets(lj.replace(lj["amplitude_other"], np.nan))) == [lj["sign"]]
    others = tables["excitation_scans"].assign(mode=tables["excitation_scans"]["mode"] + 1000)
    with pytest.raises(MissingData, match="no scanned mode"):
        FIGURES["excitation_scans"].draw({**tables, "excitation_scans": others})


def test_the_samples_shown_are_of_the_largest_system_that_has_four(tables):
    rows = anharmonic._samples(tables)
    assert set(rows["ensemble"]) == {"harmonic_300", "lj_300"}
    assert {"sample A", "sample D"} <= legends(FIGURES["sample_dependence"].draw(tables))
    single = tables["excitations"][tables["excitations"]["sample"] == 0]
    with pytest.raises(MissingData, match="more than one sample"):
        FIGURES["sample_dependence"].draw({**tables, "excitations": single})


def test_the_bounds_are_the_paper_s(tables):
    shown = legends(FIGURES["participants_against_displacement"].draw(tables))
    for bound in (5e-6, 1e-2, 5e-3, 1e-1):
        assert any(power_of_ten(bound) in text for text in shown)
    assert "Dr^2 = 5e-06 N_rearr and 0.01 N_rearr" in FIGURES[
        "participants_against_displacement"
    ].write_caption(tables)


def test_arrows_and_decay_of_a_displacement_field():
    """A field r^-2.5 around a particle that sits across the boundary of the box."""
    rng = np.random.default_rng(2)
    edge = 30.0
    positions = rng.random((12000, 3)) * edge
    positions[0] = 0.1
    apart = positions - positions[0]
    apart -= edge * np.rint(apart / edge)
    distance = np.linalg.norm(apart, axis=1)
    distance[0] = 0.7
    direction = rng.normal(size=(12000, 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    field = DisplacementField(
        positions, 1e-3 * direction / distance[:, None] ** 2.5, edge, arrows=2000, red=100
    )
    assert (field.arrows, field.red) == (2000, 100)
    assert field.exponent == pytest.approx(2.5, abs=0.05)
    assert 0.15 * edge < field.scale * field.size.max() <= 0.4 * edge
    assert np.abs(field.apart).max() <= 0.5 * edge
    assert f"a = {field.exponent:.2f}" in field.fit_words()
    few = DisplacementField(positions[:40], field.field[:40], 3.0, arrows=2000, red=100)
    assert (few.arrows, few.red) == (10, 1) and "too small" in few.fit_words()


def test_spectra_of_two_models_stand_side_by_side():
    """Full spectra of both models, g ~ omega^2: flat once reduced."""
    rng = np.random.default_rng(4)
    ensembles = synthetic_excitations.build(sizes=(100, 200), samples=(1, 1), modes=8)["ensembles"]
    parts = []
    for name, highest in (("harmonic_100", 2.6), ("lj_100", 34.0)):
        frequency = np.sort(highest * rng.random(297) ** (1.0 / 3.0))
        columns = {"ensemble": name, "sample": 0, "mode": np.arange(297), "frequency": frequency}
        parts.append(pd.DataFrame(columns))
    modes = pd.concat(parts).assign(participation_ratio=0.5, phonon_order=0.5)
    peak = {"ensemble": ["lj_100"], "sample": -1, "frequency": 7.0, "frequency_error": 0.1}
    tables = {"ensembles": ensembles, "modes": modes, "boson_peak": pd.DataFrame(peak)}
    for name in ("density_of_states", "reduced_density_of_states", "participation_ratio"):
        panels = FIGURES[name].draw(tables).axes
        assert [p.get_title() for p in panels] == ["(a) Harmonic spheres", "(b) Lennard-Jones"]
        caption = FIGURES[name].write_caption(tables)
        assert "for harmonic spheres (a) and Lennard-Jones (b)" in caption
        assert "harmonic spheres of N = 100, 1 sample; Lennard-Jones of N = 100" in caption
    assert "bins of width 0.05 and 0.5" in FIGURES["density_of_states"].write_caption(tables)
    assert "omega_BP = 7 (lj_100)" in FIGURES["reduced_density_of_states"].write_caption(tables)
    _, reduced, error = vibrations.reduced_histogram(tables, "lj_100")
    level = 3.0 / 34.0**3
    well = (reduced > 0.0) & (error < 0.3 * reduced)
    assert well.sum() >= 4 and np.abs(reduced[well] / level - 1.0).max() < 0.5
