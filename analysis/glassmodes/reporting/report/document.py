"""The report as one HTML file, readable offline."""

from __future__ import annotations

import json
from pathlib import Path

from glassmodes.data.storage import atomic_path
from glassmodes.reporting.catalogue import FIGURES
from glassmodes.reporting.report import sections
from glassmodes.reporting.report.claims import checked_summary
from glassmodes.reporting.report.markup import Section, escaped, heading
from glassmodes.reporting.report.script import SCRIPT
from glassmodes.reporting.report.style import STYLE


def write_report(path, tables, figures, provenance, *, title=None, citations=None) -> Path:
    """Write the report of a campaign.

    Parameters
    ----------
    path : path
        The HTML file; pictures, style and script are embedded, nothing is fetched.
    tables : dict of pandas.DataFrame
        By name. `ensembles`, `sample_statuses`, `summary` and the papers' tables are shown in
        their places, all of them are listed.
    figures : path
        Folder of :func:`glassmodes.reporting.catalogue.draw_all`: a .json file for each figure,
        with its .png.
    provenance : dict
        What the results come from: campaign, papers (list of names that it is compared with),
        seed, machine, code_version, created, ...; dicts (versions, revisions, settings, files)
        are folded.
    title : str, optional
        Heading, "Campaign <name>" by default.
    citations : dict of str to str, optional
        Citation of each paper in full, by its name.

    Returns
    -------
    Path

    Raises
    ------
    TableError
        If the table `summary` or `sample_statuses` holds what is not allowed.
    """
    path, citations = Path(path), citations or {}
    title = title or f"Campaign {provenance.get('campaign', '')}".strip()
    order = {name: place for place, name in enumerate(FIGURES)}
    notes = [json.loads(file.read_text()) for file in sorted(Path(figures).glob("*.json"))]
    notes.sort(key=lambda note: (order.get(note["name"], len(order)), note["name"]))
    requires = {name: figure.requires for name, figure in FIGURES.items()}
    results = sections.Results(
        tables, checked_summary(tables), notes, figures, provenance, requires
    )
    parts = [
        sections.overview(results),
        *(
            sections.paper_section(results, paper, citations.get(paper, ""))
            for paper in results.papers
        ),
        sections.further_figures(results),
        sections.gathered_tables(tables),
        sections.provenance(provenance),
    ]
    document = _document(title, _lead(results), [part for part in parts if part is not None])
    with atomic_path(path) as temporary:
        Path(temporary).write_text(document, encoding="utf-8")
    return path


def _lead(results) -> str:
    papers = ", ".join(results.compared)
    asked = sum(samples.asked for samples in results.samples.values())
    used = sum(samples.used for samples in results.samples.values())
    compared = f"Compared with {papers}." if papers else "Compared with no paper."
    if not results.samples:
        return compared
    count = f"all {asked:,} samples" if used == asked else f"{used:,} of {asked:,} samples"
    return f"{compared} Rests on {count} of {len(results.samples)} ensembles."


def _document(title: str, lead: str, parts: list[Section]) -> str:
    body = "\n".join(part.html for part in parts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
<nav class="side" aria-label="Contents">
<div class="search" role="search" hidden>
<input type="search" placeholder="Search figures, claims, tables" aria-label="Search figures, \
claims and tables">
<p role="status"></p><ul></ul>
</div>
<details id="contents" open><summary>Contents</summary>
<ul>{_contents(parts)}</ul>
</details>
</nav>
<main id="results">
<header><h1>{heading(title)}</h1><p class="lead">{escaped(lead)}</p>
<p class="note">Reduced units: mass, length, energy and k<sub>B</sub> are one; frequencies are \
angular. Errors are standard errors.</p></header>
{body}
</main>
<script>{SCRIPT}</script>
</body>
</html>
"""


def _contents(parts: list[Section]) -> str:
    items = []
    for part in parts:
        below = "".join(_link(name, text) + "</li>" for name, text in part.entries)
        items.append(
            _link(part.anchor, part.heading) + (f"<ul>{below}</ul>" if below else "") + "</li>"
        )
    return "".join(items)


def _link(name: str, text: str) -> str:
    return f'<li><a href="#{name}">{escaped(text)}</a>'
