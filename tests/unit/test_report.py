"""The report: what it shows, where, at which size, and that it needs nothing but itself."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from glassmodes.data.gather import TableError
from glassmodes.data.manifest import write_manifest
from glassmodes.data.storage import write_table
from glassmodes.papers.paper_tables import make_table
from glassmodes.reporting.catalogue import FIGURES, draw, draw_all
from glassmodes.reporting.report import cited_items, write_report
from glassmodes.reporting.report.script import SCRIPT
from glassmodes.statistics import resampling
from glassmodes.statistics.numbers import number_with_error
from PIL import Image

from tests.unit import synthetic_excitations, synthetic_quasilocalized, synthetic_tables
from workflow.scripts import write_report as program

PAPER, OTHER = "mizuno2020_intermittent", "mizuno2020_anharmonic"


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(resampling, "RESAMPLES", 10)


@pytest.fixture(scope="module")
def tables():
    made = synthetic_tables.build(particles=40, frames=400)
    made["table_rearrangements"] = make_table("table_rearrangements", made)
    return made


def claim(paper=PAPER, item="Fig. 2", verdict="shown", statement="", **values):
    """A row of an invented summary."""
    row = {"ensemble": "glass", "sample": -1, "temperature": 1e-3, "quantity": "exponent"}
    row |= {"observed": 0.923, "error": 0.031, "reference": 1.0, "margin": 0.1}
    row |= {"finding": "fit over 28 windows", "rule": "within the margin", "reason": ""}
    row |= {"source": item, "samples": "2 of 3 samples of glass, N = 4,000"}
    return {
        "paper": paper,
        "item": item,
        "verdict": verdict,
        "statement": statement,
        **row,
    } | values


def summary(*rows):
    return pd.DataFrame(list(rows))


def note(folder, name, paper, item, skipped="", title=None):
    """A figure as the catalogue leaves it, with a picture of one panel unless it was skipped."""
    folder.mkdir(exist_ok=True)
    content = {"name": name, "title": title or name.capitalize(), "paper": paper, "item": item}
    content |= {"caption": f"Caption of {name}.", "skipped": skipped}
    (folder / f"{name}.json").write_text(json.dumps(content))
    if not skipped:
        figure, panel = plt.subplots(figsize=(4.2, 3.0))
        panel.plot([0, 1])
        figure.savefig(folder / f"{name}.png", dpi=220)
        plt.close(figure)


class Page(HTMLParser):
    """What a reader's browser would make of a report."""

    VOID = {"meta", "img", "br", "input", "wbr"}

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.headings, self.pictures = [], [], [], []
        self.open, self.visible, self.source = [], [], text
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.visible.append(data)

    @property
    def text(self):
        return " ".join("".join(self.visible).split())


def article(text, name):
    """HTML of one figure or table of a paper, by its `id`."""
    found = re.search(rf'<article id="{name}".*?</article>', text, re.S)
    return found.group(0)


def report(tmp_path, tables, **provenance):
    path = write_report(
        tmp_path / "report.html",
        tables,
        tmp_path / "figures",
        {"campaign": "invented", "papers": [PAPER], **provenance},
    )
    return path.read_text(encoding="utf-8")


# --- one file -------------------------------------------------------------------------------------


def test_it_is_one_file_with_everything(tables, tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    names = ["joint_density", "mean_squared_displacement", "participation_ratio"]
    drawn = draw_all(tables, folder, names, formats=("png",))
    assert all(figure.files for figure in drawn)
    made = {**tables, "summary": summary(claim(), claim(verdict="check passed"))}
    text = report(tmp_path, made, seed=7, versions={"numpy": "2.4"}, config_hash="abc")
    page = Page(text)
    assert not page.open
    assert len(page.pictures) == len(names)
    for name in names:
        assert FIGURES[name].title in page.text
    for word in ("invented", "abc", "numpy", "Table I. Where rearrangements occur"):
        assert word in page.text
    # nothing is fetched from anywhere
    assert not re.search(r'(src|href)="(?!data:|#)|@import|url\(|fetch\(|XMLHttp', text)
    assert len(SCRIPT) < 6000
    assert len(text) < 6e6


def test_contents_lead_to_every_figure_and_table(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    note(tmp_path / "figures", "own", "", "g(omega)")
    note(tmp_path / "figures", "joint_density", PAPER, "Fig. 4", skipped="no table joint_density")
    page = Page(report(tmp_path, {**tables, "summary": summary(claim())}))
    contents = page.source.split('id="contents"')[1].split("</nav>")[0]
    order = ["overview", "paper-mizuno2020-intermittent", "figure-lifetimes"]
    order += ["paper-table-table-rearrangements", "not-drawn-mizuno2020-intermittent"]
    order += ["further", "figure-own", "tables", "provenance"]
    assert re.findall('href="#([^"]*)"', contents) == order
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_headings_descend_and_pictures_have_texts(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2", title="Lifetimes <of> modes")
    rows = summary(claim(), claim(verdict="contradicted"), claim(verdict="check failed"))
    page = Page(report(tmp_path, {**tables, "summary": rows}))
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert [picture["alt"] for picture in page.pictures] == ["Plot: Fig. 2. Lifetimes <of> modes"]


def test_pictures_keep_their_size_and_their_pixels(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    (picture,) = Page(report(tmp_path, tables)).pictures
    # 4.2 x 3 inches of 96 pixels
    assert (picture["width"], picture["height"]) == ("403", "288")
    data = base64.b64decode(picture["src"].split("base64,")[1])
    with Image.open(io.BytesIO(data)) as shown:
        with Image.open(tmp_path / "figures" / "lifetimes.png") as drawn:
            np.testing.assert_array_equal(shown.convert("RGBA"), drawn.convert("RGBA"))
    assert len(data) < (tmp_path / "figures" / "lifetimes.png").stat().st_size


def test_what_was_not_drawn_is_out_of_the_way(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    note(tmp_path / "figures", "joint_density", PAPER, "Fig. 4", skipped="no table <joint>")
    text = report(tmp_path, tables)
    assert "<li>Fig. 4. Joint_density: no table &lt;joint&gt;</li>" in text
    assert "<summary>Not drawn (1)</summary>" in text
    assert 'id="figure-joint-density"' not in text
    (tmp_path / "figures" / "lifetimes.png").unlink()
    text = report(tmp_path, tables)
    assert "<li>Fig. 2. Lifetimes: its file is missing</li>" in text


# --- claims ---------------------------------------------------------------------------------------


def test_a_figure_shows_only_rows_of_its_own_paper_and_item(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    note(tmp_path / "figures", "critical", OTHER, "Fig. 2")
    rows = summary(
        claim(statement="also here", item="Eq. 13; Fig. 2"),
        claim(statement="mainly here"),
        claim(statement="elsewhere", item="Fig. 20; Fig. 3"),
        claim(statement="of another paper", paper=OTHER),
        claim(statement="a check", verdict="check passed"),
        claim(statement="a number", verdict="context", reference=np.nan, margin=np.nan),
    )
    made = {**tables, "summary": rows}
    text = report(tmp_path, made, papers=[PAPER, OTHER])
    lifetimes = article(text, "figure-lifetimes")
    assert lifetimes.index("mainly here") < lifetimes.index("also here")
    assert "The paper states" in lifetimes and "Found here" in lifetimes
    assert "Numbers beside the paper's, without a claim (1)".replace("'", "&#x27;") in lifetimes
    assert not re.search("elsewhere|of another paper|a check", lifetimes)
    critical = article(text, "figure-critical")
    assert "of another paper" in critical and "mainly here" not in critical


def test_items_of_several_equations_collect_rows_of_each(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Eqs 30, 36, 38")
    rows = summary(claim(item="Eq. 36", statement="thirty-six"), claim(item="Eq. 3"))
    shown = article(report(tmp_path, {**tables, "summary": rows}), "figure-lifetimes")
    assert "thirty-six" in shown and shown.count('class="found"') == 1
    assert '<a href="#figure-lifetimes">Eq. 36</a>' in shown


def test_a_paper_begins_with_its_verdicts_and_why_claims_are_contradicted(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    rows = summary(
        claim(statement="lifetimes <fall> as 1/T"),
        claim(statement="the field decays", verdict="contradicted", reason="<several> cores"),
        claim(statement="no rearrangement", verdict="undecided", reason="ten samples a size"),
        claim(statement="a bound holds", verdict="check failed"),
        claim(statement="a sum rule", verdict="check passed"),
        claim(statement="of another paper", paper=OTHER, verdict="contradicted"),
    )
    text = report(tmp_path, {**tables, "summary": rows}, papers=[PAPER, OTHER])
    section = text.split('<section id="paper-mizuno2020-intermittent">')[1]
    section = section.split("<article")[0]
    shown = Page(f"<p>{section}</p>").text
    assert "3 claims: 1 shown 1 undecided 1 contradicted" in shown
    assert "Why: <several> cores" in shown and "To decide it: ten samples a size" in shown
    assert "exponent, glass, T = 0.001: 0.923 ± 0.031 here, paper 1 (margin 0.1)" in shown
    assert "<details open><summary>Checks: 1 passed, 1 failed</summary>" in section
    assert "of another paper" not in section
    row = r'mizuno2020_intermittent</a></th>(<td class="number">1</td>){5}</tr>'
    assert re.search(row, text)


def test_a_statement_of_several_ensembles_is_printed_once(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    rows = summary(*(claim(statement="said once", ensemble=name) for name in ("a", "b", "c")))
    shown = article(report(tmp_path, {**tables, "summary": rows}), "figure-lifetimes")
    assert shown.count("said once") == 1 and shown.count('class="found"') == 3
    assert "<details open><summary>3 claims: 3 shown</summary>" in shown
    rows = summary(*(claim(ensemble=f"e{index}") for index in range(20)))
    shown = article(report(tmp_path, {**tables, "summary": rows}), "figure-lifetimes")
    assert "<details><summary>20 claims: 20 shown</summary>" in shown


@pytest.mark.parametrize("papers", [[], [PAPER], [PAPER, OTHER]])
def test_a_campaign_says_what_it_is_compared_with(tables, tmp_path, papers):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    text = Page(report(tmp_path, tables, papers=papers)).text
    assert ("This campaign is compared with no paper." in text) == (not papers)
    assert ("The campaign is not compared with this paper" in text) == (PAPER not in papers)
    assert text.count("allow no verdict on its claims") == len(papers)


def test_citations_stand_under_the_papers(tables, tmp_path):
    (tmp_path / "figures").mkdir()
    arguments = (tmp_path / "r.html", tables, tmp_path / "figures", {"papers": [PAPER]})
    text = write_report(*arguments, citations={PAPER: "A & B (2020)"}).read_text()
    assert '<p class="lead">A &amp; B (2020)</p>' in text


def test_rows_that_are_no_summary_are_refused(tables, tmp_path):
    with pytest.raises(TableError, match="summary: column 'verdict' holds 'yes'; allowed: shown, "):
        report(tmp_path, {**tables, "summary": summary(claim(verdict="yes"))})
    with pytest.raises(TableError, match="summary: no column paper, reason; needed: paper, item"):
        rows = summary(claim()).drop(columns=["paper", "reason"])
        report(tmp_path, {**tables, "summary": rows})


# --- samples, tables, provenance ------------------------------------------------------------------


def test_samples_left_out_are_named_at_the_top_and_beside_figures(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    columns = ["ensemble", "sample", "stage", "status"]
    left_out = pd.DataFrame([["glass", 1, "dynamics", "melted"]], columns=columns)
    text = report(tmp_path, {**tables, "sample_statuses": left_out}, code_version="0.2.0")
    assert "Rests on 3 of 4 samples of 2 ensembles." in text
    row = 'glass</th>.*?<td class="number">2</td><td class="number">1</td>'
    assert re.search(row + '<td class="wide">melted \\(dynamics\\), sample 1</td>', text)
    origin = re.search('<p class="origin">(.*?)</p>', article(text, "figure-lifetimes")).group(1)
    assert origin == (
        "Campaign invented · glass 1 of 2 samples of N = 40, left out: melted (dynamics), "
        "sample 1; crystal 2 samples of N = 40 · glassmodes 0.2.0"
    )


def test_a_figure_names_only_the_ensembles_of_its_tables(tables, tmp_path):
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    rates = tables["lifetimes"]
    made = {**tables, "lifetimes": rates[rates["ensemble"] == "crystal"]}
    origin = article(report(tmp_path, made), "figure-lifetimes").split('"origin">')[1]
    assert "crystal 2 samples" in origin and "glass 2" not in origin


def test_tables_are_described_and_small_ones_shown_whole(tables, tmp_path):
    (tmp_path / "figures").mkdir()
    text = report(tmp_path, tables)
    moduli = text.split('<div id="table-moduli"')[1].split("</details>")[0]
    assert "<dt>shear_modulus</dt><dd>G of the inherent structure</dd>" in moduli
    assert moduli.count("<tr>") == 1 + len(tables["moduli"])
    modes = text.split('<div id="table-modes"')[1].split("</details>")[0]
    assert "The first 5 rows" in modes and modes.count("<tr>") == 6


@pytest.mark.parametrize(
    ("compared", "papers"), [({"paper": PAPER}, PAPER), ({"papers": [PAPER, OTHER]}, OTHER)]
)
def test_the_program_reads_manifests_old_and_new(tmp_path, tables, compared, papers):
    folder = tmp_path / "tables"
    folder.mkdir()
    note(tmp_path / "figures", "lifetimes", PAPER, "Fig. 2")
    write_table(folder / "ensembles.parquet", tables["ensembles"], {})
    settings = {"campaign": "a<b", "seed": 42, "ensembles": {"glass": {"samples": 2}}, **compared}
    provenance = {"campaign": "a<b", "versions": {"numpy": "2.4"}, "settings": settings}
    write_manifest(folder, ["ensembles.parquet"], provenance)
    paths = ["--figures", tmp_path / "figures", "--output", tmp_path / "report.html"]
    program.main(["--manifest", str(folder / "manifest.json"), *map(str, paths)])
    text = (tmp_path / "report.html").read_text()
    provenance = text.split('<section id="provenance">')[1]
    assert f"After {papers}".replace("_", "_<wbr>") in text and "Campaign a&lt;b" in text
    assert "<dt>Seed</dt><dd>42</dd>" in provenance and "<dt>numpy</dt><dd>2.4</dd>" in provenance
    assert "SHA-256 of the tables" in provenance and "ensembles.parquet" in provenance
    assert "<pre>campaign: a&lt;b\nseed: 42\nensembles:\n  glass:\n    samples: 2" in provenance


def test_table_one_of_the_anharmonic_paper_is_shown(tmp_path):
    made = synthetic_excitations.build()
    name = "table_critical_temperature"
    made[name] = make_table(name, made)
    (tmp_path / "figures").mkdir()
    draw("critical_amplitude", made, tmp_path / "figures", formats=("png",))
    text = Page(report(tmp_path, made, papers=[OTHER])).text
    assert f"After {OTHER}" in text and "Fig. 3. Extent of anharmonicity" in text
    assert "Table I. Onset temperature of the anharmonicities" in text
    assert "Harmonic spheres, N = 512000" in text and "3.7e-09" in text


def test_tables_one_and_two_of_the_quasilocalized_paper_are_shown(tmp_path):
    few = synthetic_quasilocalized.build([synthetic_quasilocalized.ENTRIES[3]], samples=3)
    names = ("table_ensemble_sizes", "table_shear_modulus")
    made = {**few, **{name: make_table(name, few) for name in names}}
    (tmp_path / "figures").mkdir()
    draw("nqe_stability_bound", made, tmp_path / "figures", formats=("png",))
    text = Page(report(tmp_path, made, papers=["kapteijns2020_nqe"])).text
    assert "After kapteijns2020_nqe" in text and "Fig. 8. Asymmetry of cubic modes" in text
    assert "Table I. Ensemble sizes" in text and "Table II. Shear modulus" in text
    assert "3D IPL, N = 32768" in text


# --- words and numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.9234, 0.031, "0.923 ± 0.031"),
        (-1.0, np.nan, "-1"),
        (np.nan, 0.1, "–"),
        (123.4, 12.0, "123 ± 12"),
        (1.0, 0.0, "1"),
    ],
)
def test_numbers_have_as_many_digits_as_their_error_allows(value, error, text):
    assert number_with_error(value, error) == text


@pytest.mark.parametrize(
    "source, items",
    [
        ("Fig. 2(b)", {"Fig. 2"}),
        ("Eq. 8, Fig. S5", {"Eq. 8", "Fig. S5"}),
        ("Figs 2(b) and 4(b)", {"Fig. 2", "Fig. 4"}),
        ("Figs 5-7", {"Fig. 5", "Fig. 6", "Fig. 7"}),
        ("Fig. 5, Table I", {"Fig. 5", "Table I"}),
        ("text", set()),
    ],
)
def test_items_that_a_source_names(source, items):
    assert cited_items(source) == items
