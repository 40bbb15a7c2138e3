"""Figures of kapteijns2020_nqe from an invented campaign, from parts of it and from nearly none."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from glassmodes.papers.kapteijns2020_nqe import cubic_figures, pictures, quartic_figures
from glassmodes.papers.kapteijns2020_nqe import panels as soft_spot_panels
from glassmodes.plotting.figure import MissingData
from glassmodes.reporting.catalogue import FIGURES, draw
from glassmodes.statistics import resampling

from tests.unit import synthetic_quasilocalized as synthetic

NAMES = [name for name, figure in FIGURES.items() if figure.paper == "kapteijns2020_nqe"]
OF_MODES = [name for name in NAMES if FIGURES[name].requires == ("quasilocalized",)]
PICTURES = [name for name in NAMES if FIGURES[name].requires == ("quasilocalized_fields",)]


@pytest.fixture(scope="module")
def tables():
    return synthetic.build(samples=40)


@pytest.fixture(scope="module")
def few():
    """Three samples of one ensemble."""
    return synthetic.build([synthetic.ENTRIES[3]], samples=3)


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    monkeypatch.setattr(resampling, "RESAMPLES", 10)
    yield
    plt.close("all")


def only(tables, *starts):
    """Tables of the ensembles whose names begin so."""
    return {
        name: table[table["ensemble"].str.startswith(starts)].reset_index(drop=True)
        for name, table in tables.items()
    }


def titles(figure):
    found = (panel.get_title() + panel.get_title(loc="left") for panel in figure.axes)
    return [title for title in found if title]


def legends(figure):
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


def test_all_figures_of_the_paper_are_there():
    """In the order of the paper, whichever module draws them."""
    items = [FIGURES[name].item for name in NAMES]
    assert items[:9] == [f"Fig. {i}" for i in range(1, 10)]
    assert items[9:] == ["Eqs 30, 36, 38", "Section IV", "Section VI"]


@pytest.mark.parametrize("name", ["nqe_quartic_coefficient", "nqe_decay"])
def test_captions_say_how_many_samples_were_left_out_and_why(name, tables):
    """Samples 0 and 1 of the largest glasses in space, which no table but the status has."""
    part = {
        key: table[~((table["ensemble"] == "space_2048") & (table["sample"] < 2))]
        if "sample" in table
        else table
        for key, table in only(tables, "space_2048").items()
    }
    status = tables["quasilocalized_samples"]
    status = status[status["ensemble"] == "space_2048"]
    lost = np.where(status["sample"] < 2, "not_equilibrated", "ok")
    part["quasilocalized_samples"] = status.assign(status=lost)
    caption = FIGURES[name].write_caption(part)
    used = {"nqe_quartic_coefficient": 38, "nqe_decay": 3}[name]
    assert f"N = 2048 ({used} of 40 samples)" in caption
    assert "not_equilibrated (quasilocalized), samples 0, 1" in caption


@pytest.mark.parametrize("name", NAMES)
def test_drawn_with_sizes_samples_and_the_paper_s_statement(name, tables, tmp_path):
    made = draw(name, tables, tmp_path, formats=("png",))
    assert made.skipped == "" and made.files[0].stat().st_size > 5000
    first = {"nqe_stability_bound": "3D POLY"}.get(name, "3D IPL")
    for word in (first, "sample", "N = ", "The paper's statement"):
        assert word in made.caption
    assert json.loads((tmp_path / f"{name}.json").read_text())["caption"] == made.caption
    assert "nan" not in made.caption


@pytest.mark.parametrize("name", OF_MODES)
def test_captions_say_where_the_units_come_from(name, tables):
    caption = FIGURES[name].write_caption(tables)
    assert "G(T_p = inf) measured in this campaign" in caption
    alone = {key: tables[key] for key in ("ensembles", "quasilocalized")}
    assert "of the paper's Table II" in FIGURES[name].write_caption(alone)


@pytest.mark.parametrize("starts", [("space_2048",), ("plane_400",), ("poly",), ("hyper",)])
def test_one_model_alone_is_drawn_or_said_to_be_missing(starts, tables):
    part = only(tables, *starts)
    drawn = []
    for name in NAMES:
        try:
            FIGURES[name].draw(part)
            FIGURES[name].write_caption(part)
            drawn.append(name)
        except MissingData as reason:
            assert str(reason)
        plt.close("all")
    missing = set(NAMES) - set(drawn)
    # four dimensions cannot be drawn, and the convergence is shown in 2D and 3D
    expected = {*PICTURES, "nqe_convergence"} if starts == ("hyper",) else set()
    assert missing == expected


@pytest.mark.parametrize("samples", [1, 3])
def test_nearly_empty_tables_are_drawn_or_said_to_be_empty(samples, few):
    part = {
        name: table[table["sample"] < samples].reset_index(drop=True)
        if "sample" in table
        else table
        for name, table in few.items()
    }
    for name in NAMES:
        try:
            figure = FIGURES[name].draw(part)
            # the layout of the emptiest panels, too
            if samples == 1 and name in OF_MODES:
                figure.draw_without_rendering()
            FIGURES[name].write_caption(part)
        except MissingData as reason:
            assert name == "nqe_softest_distributions" or name in PICTURES, reason
        plt.close("all")


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_table_or_one_without_known_ensembles_skips_the_figure(name, tables, tmp_path):
    needed = FIGURES[name].requires[0]
    made = draw(name, {key: t for key, t in tables.items() if key != needed}, tmp_path)
    assert needed in made.skipped and made.files == ()
    stranger = {**tables, needed: tables[needed].assign(ensemble="stranger")}
    made = draw(name, stranger, tmp_path)
    assert made.skipped and made.files == ()


@pytest.mark.parametrize("kind", ["harmonic", "quartic", "cubic"])
def test_a_missing_kind_of_mode_skips_what_needs_it_alone(kind, few):
    table = few["quasilocalized"]
    part = {**few, "quasilocalized": table[table["kind"] != kind]}
    skipped = set()
    for name in OF_MODES:
        try:
            FIGURES[name].draw(part)
        except MissingData:
            skipped.add(name)
        plt.close("all")
    needs = {
        "harmonic": {"nqe_participation", "nqe_convergence"},
        "quartic": set(OF_MODES) - {"nqe_stability_bound"},
        "cubic": {"nqe_cubic_and_quartic", "nqe_stability_bound"},
    }[kind]
    assert skipped == needs | {"nqe_softest_distributions"}


def test_lines_of_the_paper_stand_where_they_belong(tables):
    figure = FIGURES["nqe_stability_bound"].draw(tables)
    (bound,) = [line for line in figure.axes[0].get_lines() if line.get_label().startswith("$3")]
    x, y = bound.get_data()
    np.testing.assert_allclose(y, 3.0 * x)
    figure = FIGURES["nqe_participation"].draw(tables)
    dashed = {
        round(float(line.get_xdata()[0]), 3)
        for panel in figure.axes
        for line in panel.get_lines()
        if line.get_linestyle() == "--"
    }
    # 2 pi / N^(1/d) of every ensemble of IPL
    assert dashed == {0.314, 0.157, 0.785, 0.495, 0.898}
    assert titles(figure) == ["(a) 3D", "(b) 2D", "(c) 4D"]


def test_convergence_has_a_row_for_each_dimension_and_its_prefactors(tables):
    figure = FIGURES["nqe_convergence"].draw(tables)
    assert titles(figure) == [f"({x}) {d}D" for x, d in zip("abcdefgh", "33332222", strict=True)]
    assert {"3D, $N$ = 2048", "2D, $N$ = 400"} <= legends(figure)
    assert figure.axes[6].get_xlabel() == r"$L / a_0$"
    texts = [text.get_text() for text in figure.axes[6].texts + figure.axes[7].texts]
    assert texts == [r"$\propto L^2$", r"$\propto L^4$"]


def test_many_modes_are_a_histogram_and_few_are_points(tables):
    few_modes = FIGURES["nqe_cubic_and_quartic"].draw(tables)
    assert not any(panel.collections and panel.images for panel in few_modes.axes)
    assert len(few_modes.axes) == 3
    many = synthetic.build([synthetic.ENTRIES[3]], samples=soft_spot_panels.FEWEST_IN_HISTOGRAM + 5)
    # with a bar for the colours
    assert len(FIGURES["nqe_cubic_and_quartic"].draw(many).axes) == 4


def test_every_series_has_a_colour_of_its_own(tables):
    rows = soft_spot_panels.families_with(tables, "omega_4")
    styles = soft_spot_panels.series_styles(rows)
    assert len({style["color"] for style in styles.values()}) == len(styles) == 8
    poly = soft_spot_panels.series_styles(cubic_figures._cubic_modes(tables, poly=True))
    assert [style["color"] for style in poly.values()] == list(
        soft_spot_panels.OF_TEMPERATURE.values()
    )


# --- pictures of modes ----------------------------------------------------------------------------


def test_pictures_are_of_ipl_in_each_dimension(tables):
    found = pictures.pictures(tables, "softest", "difference")
    assert [picture.ensemble["label"] for picture in found.values()] == [
        "3D IPL",
        "2D IPL, cooled",
    ]
    assert found[3].ensemble["particles"] == 2048 and found[2].ensemble["particles"] == 1600
    poly = only(tables, "poly")
    assert "3D POLY" in FIGURES["nqe_difference_field"].write_caption(poly)


def test_the_softest_pair_is_the_softest_of_all_ensembles(tables):
    table = tables["quasilocalized_fields"].copy()
    table.loc[table["ensemble"] == "space_512", "frequency"] *= 0.5
    soft = {**tables, "quasilocalized_fields": table}
    found = pictures.pictures(soft, "softest", "harmonic", largest=False)
    assert found[3].ensemble["particles"] == 512
    assert pictures.pictures(soft, "softest", "harmonic")[3].ensemble["particles"] == 2048


def test_signs_are_alike_and_gaps_are_of_the_pair_shown(tables):
    picture = pictures.pictures(tables, "softest", "harmonic")[3]
    psi, pi = picture.fields["harmonic"], picture.fields["quartic"]
    # the invented quartic mode is stored with the other sign
    assert (psi * pi).sum() > 0.99
    assert picture.structure_gap == pytest.approx(1.0 - (psi * pi).sum(), rel=1e-9)
    expected = 1.0 - (0.5 / 0.51) ** 2
    assert picture.energy_gap == pytest.approx(expected)
    assert f"{100 * expected:.2g} %" in FIGURES["nqe_softest_pair"].write_caption(tables)
    hybrid = pictures.pictures(tables, "hybridised", "harmonic", "second_quartic")[3]
    assert (hybrid.fields["second_quartic"] * hybrid.fields["harmonic"]).sum() > 0.0


def test_a_quartic_mode_stands_as_long_as_the_harmonic_one_at_its_core(tables):
    """The paper: scaled so that the largest component is that of the harmonic mode."""
    picture = pictures.pictures(tables, "hybridised", "harmonic", "second_quartic")[3]
    harmonic = picture.arrows("harmonic", "black")
    for kind in ("quartic", "second_quartic"):
        arrows = picture.arrows(kind, "red", alike="harmonic")
        core = int((arrows.field**2).sum(axis=1).argmax())
        lengths = [np.linalg.norm(one.scale * one.field[core]) for one in (arrows, harmonic)]
        assert lengths[0] == pytest.approx(lengths[1])
    longest = harmonic.scale * picture.largest("harmonic")
    assert longest == pytest.approx(pictures.ARROW[3] * picture.edge)


def test_the_difference_is_as_long_as_the_mode_in_the_core(tables):
    for picture in pictures.pictures(tables, "softest", "difference").values():
        delta, mode = quartic_figures._with_difference(picture)
        near = np.argsort((mode.field**2).sum(axis=1))[-5:]
        lengths = np.linalg.norm(delta.scale * delta.field[near], axis=1)
        largest = near[lengths.argmax()]
        limit = 1.5 * pictures.ARROW[picture.dimension] * picture.edge
        expected = min(
            np.linalg.norm(mode.scale * mode.field[largest]),
            limit * lengths.max() / (delta.scale * picture.largest("difference")),
        )
        assert lengths.max() == pytest.approx(expected)


def test_hybridised_and_phonon_are_drawn_alone_where_the_other_is_missing(tables):
    table = tables["quasilocalized_fields"]
    for role, panels in (("hybridised", 2), ("phonon", 2)):
        part = {**tables, "quasilocalized_fields": table[table["role"] == role]}
        assert len(FIGURES["nqe_hybridisation"].draw(part).axes) == panels
    assert len(FIGURES["nqe_hybridisation"].draw(tables).axes) == 4
    softest = {**tables, "quasilocalized_fields": table[table["role"] == "softest"]}
    with pytest.raises(MissingData, match="hybridised"):
        FIGURES["nqe_hybridisation"].draw(softest)


def test_growth_is_averaged_over_samples(tables):
    figure = FIGURES["nqe_population_growth"].draw(tables)
    line = figure.axes[0].get_lines()[0]
    growth = tables["quasilocalized_growth"]
    mine = growth[(growth["ensemble"] == "plane_400") & (growth["kind"] == "quartic")]
    expected = mine.groupby("starts")["distinct"].mean()
    np.testing.assert_allclose(line.get_ydata(), expected)
    assert pd.Index(line.get_xdata()).equals(pd.Index(expected.index))
