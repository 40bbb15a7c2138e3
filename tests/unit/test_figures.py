"""Every figure, from an invented campaign: drawn, captioned, or skipped by name."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
from glassmodes.papers.paper_tables import make_table
from glassmodes.papers.summary import summarise
from glassmodes.plotting.style import TEMPERATURE_COLOURS, temperature_colours, temperature_text
from glassmodes.reporting import catalogue as figures
from glassmodes.reporting.catalogue import concerned, draw, draw_all
from glassmodes.reporting.vibrations import debye_prefactor, histogram
from matplotlib.colors import to_rgb

from tests.unit import synthetic_tables
from tests.unit.declared import TABLES

PAPER = "mizuno2020_intermittent"

# the other papers have invented campaigns and tests of their own
FIGURES = {
    name: figure
    for name, figure in figures.FIGURES.items()
    if figure.paper not in ("mizuno2020_anharmonic", "kapteijns2020_nqe")
}


@pytest.fixture(scope="module")
def tables():
    made = synthetic_tables.build(particles=60, frames=800)
    made["table_rearrangements"] = make_table("table_rearrangements", made)
    made["summary"] = summarise(made, [PAPER])
    return made


@pytest.fixture(scope="module")
def drawn(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    return folder, draw_all(tables, folder, FIGURES, formats=("png",))


def test_every_figure_is_drawn_with_its_caption(drawn, tables):
    folder, figures = drawn
    assert [figure.name for figure in figures] == list(FIGURES)
    for figure in figures:
        assert figure.skipped == ""
        assert (folder / f"{figure.name}.png").stat().st_size > 5000
        note = json.loads((folder / f"{figure.name}.json").read_text())
        assert "N = 60" in note["caption"] and "2 samples" in note["caption"]
        if note["paper"]:
            assert "paper" in note["caption"]
    assert plt.get_fignums() == []


def test_the_figures_of_mizuno2020_intermittent_are_all_there():
    items = {
        figure.item for figure in FIGURES.values() if figure.paper == "mizuno2020_intermittent"
    }
    wanted = {f"Fig. {i}" for i in range(1, 10)} | {f"Fig. S{i}" for i in (1, 2, 3, 5, 6)}
    assert wanted <= items


def test_the_catalogue_names_tables_that_exist():
    for figure in figures.FIGURES.values():
        assert set(figure.requires) | set(figure.uses) <= set(TABLES)


def test_a_campaign_s_figures_are_those_of_its_papers_and_of_its_tables(tables):
    own = [name for name, figure in FIGURES.items() if not figure.paper]
    assert concerned(tables, [PAPER]) == list(FIGURES)
    # of a paper that is compared with, those without tables are said to be skipped
    assert concerned({}, [PAPER]) == list(FIGURES)
    assert concerned({}, []) == own
    both = {**tables, "excitations": tables["modes"]}
    assert {"critical_amplitude", "lifetimes"} <= set(concerned(both, [PAPER]))
    assert "excited_field" not in concerned(both, [PAPER])
    assert {"critical_amplitude", "lifetimes"} <= set(concerned(both, []))


def test_figures_are_in_the_order_of_the_campaign_s_papers():
    for papers in (["mizuno2020_anharmonic", PAPER], [PAPER, "mizuno2020_anharmonic"]):
        names = concerned({}, papers)
        of_paper = [figures.FIGURES[name].paper for name in names]
        assert list(dict.fromkeys(of_paper)) == [*papers, ""]


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_table_skips_the_figure(name, tables, tmp_path):
    needed = FIGURES[name].requires[0]
    few = {key: table for key, table in tables.items() if key != needed}
    result = draw(name, few, tmp_path)
    assert needed in result.skipped and result.files == ()
    assert not list(tmp_path.glob("*.p*"))
    assert json.loads((tmp_path / f"{name}.json").read_text())["skipped"]


def test_figures_without_the_optional_tables(tables, tmp_path):
    for name in ("lifetimes", "lifetimes_low_frequency", "density_of_states"):
        needed = {"ensembles", *FIGURES[name].requires}
        result = draw(name, {key: tables[key] for key in needed}, tmp_path, formats=("png",))
        assert result.skipped == "" and len(result.files) == 1


def test_glass_alone_has_one_panel(tables, tmp_path):
    glass = {
        name: table[table["ensemble"] == "glass"]
        for name, table in tables.items()
        if name != "summary"
    }
    # two panels for other reasons than two kinds
    doubled = {"theory_against_dynamics", "rearrangement_sizes", "displacement_field"}
    doubled.add("inherent_structure_energy")
    for figure in FIGURES.values():
        assert len(figure.draw(glass).axes) == (2 if figure.name in doubled else 1)
        plt.close("all")


def test_rearranged_or_short_runs_give_no_empty_figure(tables, tmp_path):
    lifetimes = tables["lifetimes"].assign(rearranged=True, lifetime=np.nan, mean_energy=np.nan)
    changed = {**tables, "lifetimes": lifetimes}
    for name in ("lifetimes", "lifetimes_low_frequency", "mean_mode_energy"):
        assert "rearranged" in draw(name, changed, tmp_path).skipped


def test_partial_spectra_have_no_density_of_states(tables, tmp_path):
    modes = tables["modes"][tables["modes"]["mode"] < 50]
    assert "full spectra" in draw("density_of_states", {**tables, "modes": modes}, tmp_path).skipped


def test_kernel_polynomials_stand_beside_the_exact_histogram_or_alone(tables, tmp_path):
    figure = FIGURES["kernel_density_of_states"]
    alone = {name: tables[name] for name in ("ensembles", "density_of_states")}
    for given, labels in ((tables, {"N$ = 60, exact", "kernel"}), (alone, {"kernel"})):
        legends = [panel.get_legend() for panel in figure.draw(given).axes]
        for found in ({text.get_text() for text in legend.texts} for legend in legends):
            assert len(found) == len(labels)
            assert all(any(word in text for text in found) for word in labels)
        plt.close("all")
    assert "Grey" in figure.write_caption(tables) and "Grey" not in figure.write_caption(alone)


def test_no_phonon_order_lies_above_the_axis(tables):
    modes = tables["modes"].assign(phonon_order=2.0)
    figure = FIGURES["phonon_order"].draw({**tables, "modes": modes})
    assert figure.axes[0].get_ylim()[1] > 2.0
    plt.close("all")


def test_the_density_of_states_is_normalised_and_debye_s_law_right(tables):
    centre, density, _ = histogram(tables, "glass")
    assert (density * np.diff(centre).mean()).sum() == pytest.approx(1.0)
    prefactor = debye_prefactor(tables, "glass")
    speeds = np.sqrt(np.array([22.0, 22.0, 60.0 + 4 / 3 * 22.0]) / 1.015)
    cutoff = (18 * np.pi**2 * 1.015 / (speeds**-3).sum()) ** (1 / 3)
    assert prefactor * cutoff**3 / 3 == pytest.approx(1.0)


def test_figures_are_reproducible(tables, tmp_path):
    draw("joint_density", tables, tmp_path / "a")
    draw("joint_density", tables, tmp_path / "b")
    for ending in ("png", "pdf"):
        first, second = (
            (tmp_path / folder / f"joint_density.{ending}").read_bytes() for folder in "ab"
        )
        assert first == second


def test_temperatures_are_written_and_coloured_as_in_the_paper():
    assert temperature_text(1e-3) == "$10^{-3}$"
    assert temperature_text(5e-2) == r"$5 \times 10^{-2}$"
    colours = temperature_colours([1e-3, 3e-3, 1e-1])
    assert colours[1e-3] == TEMPERATURE_COLOURS[1e-3]
    assert len({to_rgb(colour) for colour in colours.values()}) == 3
