"""Papers found by their folders, figures of a user's own, and summaries made again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from glassmodes import papers as registry
from glassmodes.campaign import registry as declarations
from glassmodes.campaign.settings import ROOT
from glassmodes.data.manifest import check_manifest, digest
from glassmodes.data.storage import read_table
from glassmodes.papers import PaperError, compared_papers, find_paper, paper_names, papers
from glassmodes.papers.paper import Paper
from glassmodes.papers.paper_tables import PAPER_TABLES
from glassmodes.reporting.catalogue import (
    FIGURES,
    FigureFileError,
    catalogue,
    concerned,
    draw,
    figures_of_file,
)

from tests.unit import synthetic_tables
from workflow.scripts import draw_figures, summarise_tables

KNOWN = ["kapteijns2020_nqe", "mizuno2020_anharmonic", "mizuno2020_intermittent"]


def test_papers_are_found_by_their_folders():
    assert set(KNOWN) <= set(paper_names())
    for name, paper in papers().items():
        assert paper.name == name and paper.citation and paper.modules
        assert paper.load().figures and paper.claim_functions
        assert {figure.paper for figure in paper.figures.values()} == {name}


def test_a_folder_is_all_that_a_new_paper_needs(tmp_path, monkeypatch):
    folder = tmp_path / "somebody2031"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from glassmodes.papers.paper import Paper\n"
        "PAPER = Paper(name='somebody2031', citation='Somebody (2031)', modules=('claims',))\n"
    )
    (folder / "claims.py").write_text(
        "from glassmodes.papers.criteria import above, claim\n"
        "from glassmodes.papers.somebody2031 import PAPER\n"
        "@PAPER.claims('modes')\n"
        "def stable(tables):\n"
        "    yield claim(above(tables['modes']['frequency'].min(), 0.0, 0.0), item='Fig. 1',\n"
        "        quantity='lowest', ensemble='all', observed=1.0, error=0.0, statement='stable')\n"
    )
    monkeypatch.setattr(registry, "__path__", [*registry.__path__, str(tmp_path)])
    assert "somebody2031" in paper_names()
    rows = list(find_paper("somebody2031").judge(synthetic_tables.build(particles=20, frames=300)))
    assert [row["verdict"] for row in rows] == ["shown"]
    for module in [name for name in sys.modules if "somebody2031" in name]:
        monkeypatch.delitem(sys.modules, module)


def test_an_unknown_paper_is_named_with_what_is_allowed(tmp_path, monkeypatch):
    with pytest.raises(PaperError, match="'mizuno2020_anharmonics' is not known; allowed: .*did"):
        find_paper("mizuno2020_anharmonics")
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "__init__.py").write_text("")
    monkeypatch.setattr(registry, "__path__", [*registry.__path__, str(tmp_path)])
    with pytest.raises(PaperError, match="papers/nobody/__init__.py: declares no PAPER"):
        find_paper("nobody")


def test_old_and_new_settings_name_the_papers():
    assert compared_papers({"papers": ["a", "b"]}) == ["a", "b"]
    assert compared_papers({"papers": []}) == compared_papers({}) == []
    assert compared_papers({"paper": "a"}) == ["a"]


def test_declaring_papers_loads_no_tables_and_no_pictures():
    """Names and tables of papers are asked for before any job of a campaign."""
    code = (
        "import sys; from glassmodes.papers import papers; papers(); "
        "print(sorted({'pandas', 'matplotlib', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "analysis")},
    )
    assert found.stdout.strip() == "[]"


def test_every_paper_s_table_is_made_from_a_gathered_one():
    for table in PAPER_TABLES.values():
        assert table.made_from in declarations.tables()
        assert table.paper in paper_names()


def test_two_figures_of_one_name_are_refused():
    paper = Paper(name="a", prefix="a_")

    def first(tables):
        return None

    figure = paper.figure("Fig. 1", "First", requires=("modes",))(first)
    assert figure.name == "a_first" and figure.paper == "a"
    with pytest.raises(ValueError, match="two figures are called 'a_first'"):
        paper.figure("Fig. 2", "Second", requires=("modes",))(first)


# --- figures of a user's own ----------------------------------------------------------------------

OWN = """
import matplotlib.pyplot as plt

from glassmodes.plotting.figure import FigureSet

FIGURES = FigureSet()


@FIGURES.figure("own", "Frequencies in order", requires=("modes",))
def {name}(tables):
    figure, panel = plt.subplots()
    panel.plot(sorted(tables["modes"]["frequency"]))
    return figure


@{name}.caption
def _(tables):
    return f"{{len(tables['modes'])}} frequencies."
"""


@pytest.fixture(scope="module")
def tables():
    return synthetic_tables.build(particles=20, frames=300)


def test_a_user_s_figure_is_drawn_as_one_of_no_paper(tables, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN.format(name="ordered_frequencies"))
    figures = catalogue([path])
    assert set(figures) - set(FIGURES) == {"ordered_frequencies"}
    assert concerned(tables, [], figures)[-1] == "ordered_frequencies"
    drawn = draw("ordered_frequencies", tables, tmp_path, figures=figures, formats=("png",))
    assert drawn.skipped == "" and (tmp_path / "ordered_frequencies.png").is_file()
    note = json.loads((tmp_path / "ordered_frequencies.json").read_text())
    assert note["paper"] == "" and note["caption"] == f"{len(tables['modes'])} frequencies."
    assert isinstance(figures_of_file(path)["ordered_frequencies"].draw, type(draw))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_this_name\n", "mine.py: ModuleNotFoundError: No module named"),
        ("x = 1\n", "mine.py: must register figures with FIGURES = FigureSet"),
        ("FIGURES = []\n", "mine.py: must register figures"),
        (OWN.format(name="lifetimes"), "mine.py: the name lifetimes is taken; choose another"),
        ("def broken(:\n", "mine.py: SyntaxError"),
    ],
)
def test_a_broken_file_of_figures_is_named(tmp_path, text, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(FigureFileError, match=message):
        catalogue([path])


def test_missing_and_clashing_files_of_figures_are_named(tmp_path):
    with pytest.raises(FigureFileError, match="absent.py: no such file"):
        catalogue([tmp_path / "absent.py"])
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(OWN.format(name="mine"))
    with pytest.raises(FigureFileError, match="two.py: the name mine is taken by another file"):
        catalogue([tmp_path / "one.py", tmp_path / "two.py"])


# --- results that were computed before ------------------------------------------------------------


@pytest.fixture
def cache(tmp_path):
    """A copy of the smallest results that the repository ships."""
    shipped = ROOT / "tests" / "data" / "mizuno2020_anharmonic_large"
    return Path(shutil.copytree(shipped, tmp_path / "cache"))


def hashes(folder):
    return {path.name: digest(path) for path in folder.glob("*.parquet")}


def test_a_summary_is_made_again_and_nothing_else(cache):
    folder = cache / "tables"
    before, old = hashes(folder), json.loads((folder / "manifest.json").read_text())
    summarise_tables.main(["--cache", str(cache)])
    after, new = hashes(folder), check_manifest(folder)
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= {"summary.parquet"} and set(after) == set(before)
    assert new["settings"]["papers"] == ["mizuno2020_anharmonic"] and "paper" not in new["settings"]
    for key in ("campaign", "config_hash", "created", "versions"):
        assert new[key] == old[key]
    summary = read_table(folder / "summary.parquet")
    assert set(summary["paper"]) == {"mizuno2020_anharmonic"}
    assert len(pd.read_csv(folder / "summary.csv")) == len(summary)
    # once more: the same bytes
    summarise_tables.main(["--cache", str(cache)])
    assert hashes(folder) == after and check_manifest(folder) == new


def test_the_papers_of_computed_results_can_be_changed(cache):
    folder = cache / "tables"
    summarise_tables.main(["--cache", str(cache), "--papers"])
    assert len(read_table(folder / "summary.parquet")) == 0
    assert check_manifest(folder)["settings"]["papers"] == []
    summarise_tables.main(["--cache", str(cache), "--papers", *KNOWN])
    assert check_manifest(folder)["settings"]["papers"] == KNOWN
    with pytest.raises(PaperError, match="'nobody' is not known"):
        summarise_tables.main(["--cache", str(cache), "--papers", "nobody"])


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--campaign", "a"],
        ["--tables", "a"],
        ["--cache", "a", "--campaign", "b", "--tables", "c"],
    ],
)
def test_half_a_command_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        summarise_tables.main(arguments)
    assert "give either --campaign and --tables, or --cache" in capsys.readouterr().err


def test_a_user_s_figures_of_computed_results_are_drawn_where_they_are(cache, tmp_path, caplog):
    own = tmp_path / "mine.py"
    own.write_text(OWN.format(name="ordered_frequencies"))
    manifest = cache / "tables" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["settings"] |= {"papers": [], "figures": [str(own), str(tmp_path / "elsewhere.py")]}
    manifest.write_text(json.dumps(content))
    draw_figures.main(["--manifest", str(manifest), "--output", str(tmp_path / "figures")])
    drawn = {path.stem for path in (tmp_path / "figures").glob("*.png")}
    assert "ordered_frequencies" in drawn
    log = tmp_path / "log"
    draw_figures.main(
        ["--manifest", str(manifest), "--output", str(tmp_path / "figures"), "--log", str(log)]
    )
    assert "elsewhere.py: this file of figures is not here" in log.read_text()
