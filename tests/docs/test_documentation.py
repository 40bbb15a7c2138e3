"""The documentation builds without a complaint, knows every key, and its examples work."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from glassmodes.campaign.settings import schema
from glassmodes.models.potentials import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
UNLISTED = {"papers", "plotting", "reporting"}
"""Rooms whose functions serve the report alone."""

EXAMPLES = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = [DOCS / "library.md", DOCS / "howto" / "potential.md"]
"""Pages whose examples run one after another; those of others are files of the project."""


@pytest.mark.slow
def test_it_builds_without_a_warning(tmp_path):
    command = (sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html")
    built = subprocess.run([*command, str(DOCS), str(tmp_path)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    sources = {
        page.relative_to(DOCS).with_suffix(".html").as_posix() for page in DOCS.rglob("*.md")
    }
    assert sources <= pages
    page = (tmp_path / "campaign.html").read_text()
    for block in (schema(), *schema()["$defs"].values()):
        for key in block.get("properties", ()):
            assert re.search(rf">{key}(\.\w+)?<", page), f"campaign.md lacks the key {key}"
    # formulas are shown without a network
    assert "cdn" not in (tmp_path / "physics.html").read_text()
    assert (tmp_path / "_static/mathjax/tex-chtml.js").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_work(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = set(FAMILIES)
    names: dict = {"__name__": page.stem}
    examples = EXAMPLES.findall(page.read_text())
    assert examples
    try:
        for example in examples:
            exec(compile(example, str(page), "exec"), names)
    finally:
        # an example may add a potential to the table
        for family in set(FAMILIES) - known:
            del FAMILIES[family]


def test_every_room_has_a_page():
    package = ROOT / "analysis" / "glassmodes"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    files = {path.stem for path in package.glob("*.py")} - {"__init__"}
    listed = " ".join(page.read_text() for page in (DOCS / "api").glob("*.md"))
    found = set(re.findall(r"^\.\. room:: glassmodes\.(\w+)$", listed, re.MULTILINE))
    assert found == (rooms | files) - UNLISTED
