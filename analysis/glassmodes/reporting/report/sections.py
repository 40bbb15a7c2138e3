"""The sections of the report: overview, papers, further figures, tables, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import yaml

from glassmodes.campaign import registry
from glassmodes.data.columns import Column
from glassmodes.data.samples import SamplesUsed, samples_used
from glassmodes.data.schemas import TABLES
from glassmodes.papers.paper_tables import PAPER_TABLES
from glassmodes.reporting.report.claims import (
    CHECK_VERDICTS,
    CLAIM_VERDICTS,
    NOT_JUDGED,
    cited_items,
    comparison_of_item,
    paper_verdicts,
)
from glassmodes.reporting.report.markup import (
    Section,
    anchor,
    definitions,
    escaped,
    findable,
    fold,
    frame_grid,
    grid,
    picture,
)

_WHOLE_TABLE = 60
"""Rows up to which a table is shown whole; of longer ones the first few are."""

_FIRST_ROWS = 5

_NAMED_ENSEMBLES = 4
"""Ensembles up to which the line below a figure names all of them, not only the incomplete ones."""


class Results:
    """What the sections of one report share.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        By name.
    summary : pandas.DataFrame
        The table `summary`, checked.
    notes : list of dict
        Of each figure: name, title, caption, paper ("" for none), item, and the reason in
        `skipped` if it was not drawn.
    folder : path
        Folder of the figures.
    provenance : mapping
        See :func:`glassmodes.reporting.report.write_report`.
    requires : mapping of str to sequence of str
        Names of the tables that a figure is drawn from.
    """

    def __init__(self, tables, summary, notes, folder, provenance, requires):
        self.tables, self.summary = tables, summary
        self.folder, self.provenance = Path(folder), provenance
        self.requires = requires
        self.samples: dict[str, SamplesUsed] = samples_used(tables)
        self.compared = list(provenance.get("papers", ()))
        self.drawn: dict[str, list[dict]] = {}
        self.undrawn: dict[str, list[tuple[dict, str]]] = {}
        for note in notes:
            paper = note.get("paper", "")
            missing = "" if self._picture(note).is_file() else "its file is missing"
            if reason := note.get("skipped") or missing:
                self.undrawn.setdefault(paper, []).append((note, reason))
            else:
                self.drawn.setdefault(paper, []).append(note)
        self.made: dict[str, list] = {}
        for name, entry in PAPER_TABLES.items():
            if name in tables and len(tables[name]):
                self.made.setdefault(entry.paper, []).append(entry)

    @property
    def papers(self) -> list[str]:
        """Papers that the report has something of: those compared with, then any others."""
        found = [*self.compared, *self.summary["paper"], *self.drawn, *self.made]
        return list(dict.fromkeys(filter(None, found)))

    def _picture(self, note) -> Path:
        return self.folder / f"{note['name']}.png"

    def figure(self, note: dict, beside: str) -> str:
        """One figure with its caption; `beside` is HTML that follows it."""
        item = f"{note['item']}. " if note.get("item") and note.get("paper") else ""
        name, heading = f"figure-{anchor(note['name'])}", item + note["title"]
        return (
            f'<article id="{name}" {findable("Figure", heading)}><h3>{escaped(heading)}</h3>'
            f"<figure>{picture(self._picture(note), f'Plot: {heading}')}"
            f"<figcaption>{escaped(note['caption'])}</figcaption></figure>"
            f"{self.origin(self.requires.get(note['name'], ()))}{beside}</article>"
        )

    def origin(self, made_from: Sequence[str]) -> str:
        """Campaign, samples and version behind a figure or table, in one line.

        Parameters
        ----------
        made_from : sequence of str
            Names of the tables whose ensembles count; none for all.
        """
        found = {
            ensemble
            for name in made_from
            if name in self.tables and "ensemble" in self.tables[name]
            for ensemble in self.tables[name]["ensemble"].unique()
        }
        mine = [samples for name, samples in self.samples.items() if name in found or not made_from]
        named = [samples for samples in mine if len(mine) <= _NAMED_ENSEMBLES or samples.left_out]
        texts = [
            f"{samples.ensemble} {samples.count} of N = {samples.particles:,}"
            + (f", left out: {samples.reasons}" if samples.left_out else "")
            for samples in named
        ]
        if len(named) < len(mine):
            others = f"the other {len(mine) - len(named)}" if named else f"{len(mine)}"
            texts.append(f"all samples of {others} ensembles")
        version = self.provenance.get("code_version", "")
        parts = (
            f"Campaign {self.provenance.get('campaign', '')}",
            "; ".join(texts),
            f"glassmodes {version}" if version else "",
            f"computed {str(self.provenance['created'])[:10]}"
            if "created" in self.provenance
            else "",
        )
        return f'<p class="origin">{escaped(" · ".join(filter(None, parts)))}</p>'

    def not_drawn(self, paper: str) -> tuple[str, list[tuple[str, str]]]:
        """The folded list of figures that were not drawn, and its entry in the contents."""
        missing = self.undrawn.get(paper, ())
        if not missing:
            return "", []
        rows = []
        for note, reason in missing:
            item = f"{note['item']}. " if note.get("item") and paper else ""
            rows.append(f"<li>{escaped(item + note['title'])}: {escaped(reason)}</li>")
        title, name = f"Not drawn ({len(missing)})", anchor("not drawn", paper or "further")
        return fold(title, f"<ul>{''.join(rows)}</ul>", name=name), [(name, title)]


def overview(results: Results) -> Section:
    """Papers compared with, and samples used."""
    parts = []
    if results.compared:
        parts.append(_papers_grid(results))
    else:
        parts.append("<p>This campaign is compared with no paper.</p>")
    known = results.tables.get("ensembles")
    if known is not None and len(known):
        parts.append(_samples_grid(results, known))
    return Section("overview", "Overview", "\n".join(parts))


def _papers_grid(results):
    rows = []
    for paper in results.compared:
        count = results.summary.loc[results.summary["paper"] == paper, "verdict"].value_counts()
        cells = "".join(
            f'<td class="number">{count.get(verdict, 0)}</td>'
            for verdict in (*CLAIM_VERDICTS, *CHECK_VERDICTS)
        )
        link = f'<a href="#{anchor("paper", paper)}">{escaped(paper)}</a>'
        rows.append(f'<tr><th scope="row">{link}</th>{cells}</tr>')
    columns = [
        ("Paper", False),
        *((verdict.capitalize(), True) for verdict in CLAIM_VERDICTS),
        *((verdict.replace("check", "Checks"), True) for verdict in CHECK_VERDICTS),
    ]
    return "<h3>Claims of the papers, and checks</h3>" + grid(
        columns, rows, label="Verdicts by paper"
    )


def _samples_grid(results, known):
    rows = []
    for row in known.itertuples():
        samples = results.samples[row.ensemble]
        reasons = escaped(samples.reasons) if samples.left_out else "–"
        rows.append(
            f'<tr><th scope="row">{escaped(row.ensemble)}</th><td>{escaped(row.model)}</td>'
            f'<td>{escaped(row.kind)}</td><td class="number">{row.particles:,}</td>'
            f'<td class="number">{samples.asked:,}</td><td class="number">{samples.used:,}</td>'
            f'<td class="wide">{reasons}</td></tr>'
        )
    columns = [("Ensemble", False), ("Model", False), ("Kind", False), ("N", True)]
    columns += [("Asked for", True), ("Used", True), ("Left out: reason (stage)", False)]
    return (
        "<h3>Samples</h3>"
        + grid(columns, rows, label="Samples asked for, used and left out")
        + '<p class="note">Left out are samples that at least one stage could not use.</p>'
    )


def paper_section(results: Results, paper: str, citation: str) -> Section:
    """One paper: its verdicts, its figures, its tables, and what was not drawn."""
    mine = results.summary[results.summary["paper"] == paper]
    figures, made = results.drawn.get(paper, ()), results.made.get(paper, ())
    anchors = {entry.item: f"paper-table-{anchor(entry.name)}" for entry in made}
    for note in figures:
        for item in (note["item"], *cited_items(note["item"])):
            anchors.setdefault(item, f"figure-{anchor(note['name'])}")

    def link(items: str) -> str:
        names = [name.strip() for name in items.split(";")]
        return "; ".join(
            f'<a href="#{anchors[name]}">{escaped(name)}</a>' if name in anchors else escaped(name)
            for name in names
        )

    parts = [f'<p class="lead">{escaped(citation)}</p>'] if citation else []
    if len(mine):
        parts.append(paper_verdicts(paper, mine, link))
    elif paper in results.compared:
        parts.append(f"<p>{NOT_JUDGED}</p>")
    else:
        parts.append(
            "<p>The campaign is not compared with this paper; its tables allow these figures.</p>"
        )
    entries = []
    for note in figures:
        parts.append(results.figure(note, comparison_of_item(mine, note["item"], link)))
        entries.append((f"figure-{anchor(note['name'])}", f"{note['item']} · {note['title']}"))
    for entry in made:
        name, heading = f"paper-table-{anchor(entry.name)}", f"{entry.item}. {entry.title}"
        parts.append(
            f'<article id="{name}" {findable("Table", heading)}><h3>{escaped(heading)}</h3>'
            f"{_paper_table(entry, results.tables[entry.name])}{results.origin(())}"
            f"{comparison_of_item(mine, entry.item, link)}</article>"
        )
        entries.append((name, f"{entry.item} · {entry.title}"))
    text, left = results.not_drawn(paper)
    return Section(
        anchor("paper", paper), f"After {paper}", "\n".join([*parts, text]), entries + left
    )


def _paper_table(entry, table):
    shown = entry.shown(table)
    rows = []
    for name, *entries in shown.itertuples(index=False):
        cells = "".join(f"<td>{_lines(text)}</td>" for text in entries)
        rows.append(f'<tr><th scope="row">{escaped(name)}</th>{cells}</tr>')
    columns = [(str(column), False) for column in shown]
    return (
        grid(columns, rows, label=entry.title, kind="paper")
        + f'<p class="caption">{escaped(entry.caption(table))}</p>'
    )


def _lines(text):
    first, *others = escaped(text).split("\n")
    return f"<strong>{first}</strong>" + "".join(f"<br>{line}" for line in others)


def further_figures(results: Results) -> Section | None:
    """Figures that are after no paper, None where there is none."""
    figures = results.drawn.get("", ())
    text, left = results.not_drawn("")
    if not figures and not text:
        return None
    parts = [results.figure(note, "") for note in figures]
    entries = [(f"figure-{anchor(note['name'])}", note["title"]) for note in figures]
    return Section("further", "Further figures", "\n".join([*parts, text]), entries + left)


def _columns(name: str) -> tuple[Column, ...]:
    """What is declared of the columns of a table; nothing of a table that nobody declares."""
    made = {table.name: table.declared.table for table in PAPER_TABLES.values()}
    declared = (TABLES | registry.tables() | made).get(name)
    return declared.columns if declared else ()


def gathered_tables(tables: Mapping[str, pd.DataFrame]) -> Section:
    """Every table: its columns, and its rows or the first of them, folded."""
    parts = [
        "<p>One row per object; open them with <code>pandas.read_parquet</code>. Small ones have a "
        ".csv twin.</p>"
    ]
    for name, table in sorted(tables.items()):
        title = f"{name}: {len(table):,} row{'' if len(table) == 1 else 's'}"
        described = {column.name: column.description for column in _columns(name)}
        body = f"<p><code>tables/{escaped(name)}.parquet</code></p>"
        body += definitions((column, described.get(column, "")) for column in table.columns)
        whole = len(table) <= _WHOLE_TABLE
        # claims are shown with their papers
        if len(table) and name != "summary":
            shown = table if whole else table.head(_FIRST_ROWS)
            body += "" if whole else f'<p class="note">The first {_FIRST_ROWS} rows:</p>'
            body += frame_grid(shown, label=name)
        place = f"table-{anchor(name)}"
        parts.append(f'<div id="{place}" {findable("Table", name)}>{fold(title, body)}</div>')
    return Section("tables", "Tables", "\n".join(parts))


_TITLES = {
    "versions": "Versions of the software",
    "revisions": "Revisions of the stages",
    "settings": "Settings of the campaign",
    "files": "SHA-256 of the tables",
}


def provenance(content: Mapping) -> Section:
    """Where the results come from: what is one value is listed, the rest is folded."""
    simple, nested = [], []
    for key, value in content.items():
        title = _TITLES.get(key, str(key).replace("_", " ").capitalize())
        if key == "settings":
            text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
            nested.append(fold(title, f"<pre>{escaped(text)}</pre>"))
        elif isinstance(value, Mapping):
            nested.append(fold(title, definitions(value.items())))
        elif isinstance(value, list | tuple):
            simple.append((title, ", ".join(map(str, value)) or "none"))
        else:
            simple.append((title, value))
    return Section("provenance", "Provenance", definitions(simple) + "\n".join(nested))
