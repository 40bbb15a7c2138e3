"""The report: one HTML file with the summary, every figure and the provenance, readable offline."""

from __future__ import annotations

import base64
import html
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from glassmodes.data.storage import atomic_path
from glassmodes.papers.paper_tables import PAPER_TABLES

_STYLE = """
:root { --ink: #1d2330; --soft: #5b6472; --line: #d9dde3; --accent: #0b5cad; --paper: #ffffff; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: var(--ink);
  font: 16px/1.55 Charter, "Bitstream Charter", "Source Serif 4", Cambria, Georgia, serif; }
main { max-width: 62rem; margin: 2rem auto; padding: 2.5rem 3.2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 4px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.35rem; margin: 2.6rem 0 .8rem; padding-top: .8rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 .4rem; }
p { margin: .5rem 0; }
.lead { color: var(--soft); }
nav { margin: 1rem 0 0; font-size: .95rem; }
nav a { margin-right: 1.2rem; }
a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; font: 13px/1.4 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", Arial, sans-serif; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--line);
  padding: .35rem .6rem .35rem 0; vertical-align: bottom; }
td { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.statement { color: var(--soft); }
.scroll { overflow-x: auto; }
.yes { color: #14713d; } .no { color: #b3261e; font-weight: 600; } .none { color: var(--soft); }
figure { margin: .6rem 0 0; }
figure img { width: 100%; height: auto; display: block; }
table.paper tbody th { vertical-align: top; border-bottom: 1px solid var(--line); }
table.paper td { white-space: nowrap; }
summary { cursor: pointer; color: var(--accent); margin: .5rem 0; }
.stated { margin: .8rem 0 0; }
.stated table { font-size: 12.5px; }
.origin { font: 12.5px/1.4 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  color: var(--soft); margin: .5rem 0 0; }
figcaption, .caption { font-size: .92rem; color: var(--soft); margin-top: .4rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0;
  font: 13px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code { font: 12.5px/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (max-width: 50rem) { main { padding: 1.2rem; margin: 0; border: 0; } }
@media print { body { background: white; } main { border: 0; margin: 0; max-width: none; }
  figure, tr { break-inside: avoid; } }
"""

_OURS = "Vibrations"
"""Heading of figures that are after no figure of a paper."""

_SHOWN_ROWS = 400


def write_report(path, tables, figures, provenance, *, title=None) -> Path:
    """Write the report of a campaign.

    Parameters
    ----------
    path : path
        The HTML file; pictures are embedded, nothing is fetched.
    tables : dict of pandas.DataFrame
        By name; `ensembles`, `summary` and the papers' tables are shown, the others are listed.
    figures : path
        Folder of :func:`glassmodes.figures__.draw_all`: a .json for each figure, with its .png.
    provenance : dict
        What the results come from: campaign, seed, config_hash, code_version, ... Values may be
        text, numbers, or dicts, which become lists of their own.
    title : str, optional

    Returns
    -------
    Path
    """
    path = Path(path)
    drawn = [json.loads(file.read_text()) for file in sorted(Path(figures).glob("*.json"))]
    drawn = _in_catalogue_order(drawn)
    campaign = str(provenance.get("campaign", ""))
    title = title or f"Campaign {campaign}".strip()
    sections = [_header(title, tables, provenance)]
    if "summary" in tables and len(tables["summary"]):
        sections.append(_summary(tables["summary"]))
    sections.extend(_paper_sections(drawn, Path(figures), tables, provenance))
    sections.append(_tables(tables))
    sections.append(_provenance(tables, provenance))
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )
    with atomic_path(path) as temporary:
        Path(temporary).write_text(document, encoding="utf-8")
    return path


def _in_catalogue_order(drawn):
    # imported here: the catalogue draws, the report only reads what was drawn
    from glassmodes.reporting.catalogue import FIGURES

    order = {name: place for place, name in enumerate(FIGURES)}
    return sorted(drawn, key=lambda note: (order.get(note["name"], len(order)), note["name"]))


def _header(title, tables, provenance):
    known = tables.get("ensembles", pd.DataFrame())
    words = [
        f"{row.samples} {row.kind} sample{'s' if row.samples > 1 else ''} of N = {row.particles}"
        for row in known.itertuples()
    ]
    paper = provenance.get("paper", "mizuno2020_intermittent")
    lead = f"Compared with {paper}. " + ("; ".join(words) + "." if words else "")
    return (
        f"<header><h1>{html.escape(title)}</h1>"
        f'<p class="lead">{html.escape(lead)} Reduced units: mass, length, energy and k<sub>B</sub>'
        " are one; frequencies are angular.</p>"
        '<nav><a href="#summary">Summary</a><a href="#figures">Figures</a>'
        '<a href="#tables">Tables</a><a href="#provenance">Provenance</a></nav></header>'
    )


def number_with_error(value, error=math.nan) -> str:
    """A number with as many digits as its error allows, such as 0.92 ± 0.03."""
    if value is None or not math.isfinite(value):
        return "–"
    if error is None or not math.isfinite(error) or error <= 0.0:
        return f"{value:.3g}"
    places = max(0, 1 - int(math.floor(math.log10(error))))
    if places > 6 or abs(value) >= 1e6:
        return f"{value:.4g} ± {error:.1g}"
    return f"{value:.{places}f} ± {error:.{places}f}"


_MARKS = {"yes": ("yes", "yes"), "no": ("no", "no")}


def _summary(table):
    rows = []
    text = table["statement"] + " Rule: " + table["rule"] + "."
    # the same statement for several ensembles and temperatures is printed once
    block = (text != text.shift()).cumsum()
    for _, group in table.groupby(block, sort=False):
        for place, row in enumerate(group.itertuples()):
            mark, kind = _MARKS.get(row.agrees, ("–", "none"))
            span = f' rowspan="{len(group)}"'
            rows.append(
                "<tr>"
                f"<td>{html.escape(row.quantity)}</td>"
                f"<td>{html.escape(row.ensemble)}</td>"
                f'<td class="number">{_temperature(row)}</td>'
                f'<td class="number">{number_with_error(row.observed, row.error)}</td>'
                f'<td class="number">{number_with_error(row.paper)}</td>'
                f"<td>{html.escape(row.source)}</td>"
                f'<td class="{kind}">{mark}</td>'
                + (
                    f'<td class="statement"{span}>{html.escape(text[row.Index])}</td>'
                    if place == 0
                    else ""
                )
                + "</tr>"
            )
    decided = table["agrees"].isin(["yes", "no"]).sum()
    agreed = (table["agrees"] == "yes").sum()
    return (
        '<section id="summary"><h2>Summary</h2>'
        f"<p>{agreed} of {decided} values agree with the paper by the rules stated in each row. "
        "Each figure below is followed by what the paper states about it.</p>"
        f"<details><summary>All {len(table)} values</summary>"
        '<div class="scroll"><table><thead><tr><th>Quantity</th><th>Ensemble</th>'
        '<th class="number">T</th><th class="number">Observed</th><th class="number">Paper</th>'
        "<th>Source</th><th>Agrees</th><th>Statement</th></tr></thead><tbody>"
        + "\n".join(rows)
        + "</tbody></table></div></details></section>"
    )


def _temperature(row) -> str:
    return f"{row.temperature:g}" if math.isfinite(row.temperature) else "–"


def cited_items(source: str) -> set[str]:
    """Figures, tables and equations that a source names, such as "Fig. 2" of "Figs 2(b) and 3".

    Ranges count for every item in them.
    """
    kinds = {"Fig": "Fig. {}", "Table": "Table {}", "Eq": "Eq. {}"}
    found, kind = set(), None
    token = r"(Fig|Table|Eq)s?\b\.?|\b([SA]?)(\d+)(?:-(\d+))?(?![\d.])|\b([IVX]+)\b"
    for name, letter, first, last, roman in re.findall(token, source):
        if name:
            kind = kinds[name]
        elif kind and roman:
            found.add(kind.format(roman))
        elif kind:
            for number in range(int(first), int(last or first) + 1):
                found.add(kind.format(f"{letter}{number}"))
    return found


def _stated(table, item):
    """What the paper states about one of its figures or tables, and what was found here."""
    mine = table[[item in cited_items(source) for source in table["source"]]]
    if not len(mine):
        return ""
    # what cannot be judged is in the summary
    judged = mine[mine["agrees"].isin(["yes", "no"])]
    mine = judged if len(judged) else mine
    rows = []
    for statement, group in mine.groupby("statement", sort=False):
        for place, row in enumerate(group.itertuples()):
            mark, kind = _MARKS.get(row.agrees, ("–", "none"))
            first = (
                f'<td class="statement" rowspan="{len(group)}">{html.escape(statement)}</td>'
                if place == 0
                else ""
            )
            at = f" at T = {_temperature(row)}" if math.isfinite(row.temperature) else ""
            rows.append(
                f"<tr>{first}<td>{html.escape(row.quantity)}</td>"
                f"<td>{html.escape(row.ensemble + at)}</td>"
                f'<td class="number">{number_with_error(row.paper)}</td>'
                f'<td class="number">{number_with_error(row.observed, row.error)}</td>'
                f'<td class="{kind}">{mark}</td></tr>'
            )
    return (
        '<div class="scroll stated"><table><thead><tr><th>The paper states</th><th>Quantity</th>'
        '<th>Ensemble</th><th class="number">Paper</th><th class="number">Here</th><th>Agrees</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _origin(tables, provenance):
    """Campaign, samples and versions behind a figure, in one line."""
    known = tables.get("ensembles", pd.DataFrame())
    samples = [
        f"{row.ensemble} {row.samples} of N = {row.particles:,}" for row in known.itertuples()
    ]
    versions = provenance.get("versions") or {"glassmodes": provenance.get("code_version", "")}
    parts = [
        f"Campaign {provenance.get('campaign', '')}",
        f"samples: {', '.join(samples)}" if samples else "",
        ", ".join(f"{name} {version}" for name, version in versions.items() if version),
        f"configuration {provenance['config_hash']}" if "config_hash" in provenance else "",
        f"computed {str(provenance['created'])[:10]}" if "created" in provenance else "",
    ]
    return f'<p class="origin">{html.escape(" · ".join(filter(None, parts)))}</p>'


def _paper_sections(drawn, folder, tables, provenance):
    """One section for each paper: its figures, then its tables."""
    figures, made = {}, {}
    for note in drawn:
        figures.setdefault(note.get("paper") or _OURS, []).append(note)
    for name, entry in PAPER_TABLES.items():
        if name in tables and len(tables[name]):
            made.setdefault(entry.paper, []).append(entry)
    # a paper of which there are only tables comes before the figures of our own
    groups = [group for group in figures if group != _OURS]
    groups += [group for group in made if group not in groups]
    groups += [_OURS] if _OURS in figures else []
    sections, anchor = [], ' id="figures"'
    origin = _origin(tables, provenance)
    # the summary compares with one paper
    summary = tables.get("summary", pd.DataFrame())
    compared = provenance.get("paper", "") if len(summary) else None
    for group in groups:
        heading = f"After {group}" if group != _OURS else group
        parts = [f"<section{anchor}><h2>{html.escape(heading)}</h2>"]
        anchor = ""
        stated = (lambda item: _stated(summary, item)) if group == compared else (lambda item: "")
        for note in figures.get(group, ()):
            parts.append(_figure(note, folder, stated(note.get("item", "")) + origin))
        for entry in made.get(group, ()):
            parts.append(_paper_table(entry, tables[entry.name]) + stated(entry.item) + origin)
        sections.append("\n".join(parts) + "</section>")
    return sections


def _figure(note, folder, beside):
    item = f"{note['item']}. " if note.get("item") and note.get("paper") else ""
    heading = f"<h3>{html.escape(item + note['title'])}</h3>"
    picture = folder / f"{note['name']}.png"
    if note.get("skipped") or not picture.is_file():
        reason = note.get("skipped") or "its file is missing"
        return f'{heading}\n<p class="lead">Not drawn: {html.escape(reason)}.</p>{beside}'
    data = base64.b64encode(picture.read_bytes()).decode()
    return (
        f'{heading}\n<figure><img alt="{html.escape(note["title"])}" '
        f'src="data:image/png;base64,{data}">'
        f"<figcaption>{html.escape(note['caption'])}</figcaption></figure>{beside}"
    )


def _paper_table(entry, table):
    shown = entry.shown(table)
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in shown)
    body = []
    for name, *entries in shown.itertuples(index=False):
        cells = "".join(f"<td>{_lines(text)}</td>" for text in entries)
        body.append(f"<tr><th>{html.escape(name)}</th>{cells}</tr>")
    return (
        f"<h3>{html.escape(f'{entry.item}. {entry.title}')}</h3>"
        f'<div class="scroll"><table class="paper"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
        f'<p class="caption">{html.escape(entry.caption(table))}</p>'
    )


def _lines(text):
    first, *others = html.escape(text).split("\n")
    return f"<strong>{first}</strong>" + "".join(f"<br>{line}" for line in others)


def _tables(tables):
    rows = "".join(
        f"<tr><td><code>tables/{html.escape(name)}.parquet</code></td>"
        f'<td class="number">{len(table):,}</td>'
        f"<td>{html.escape(', '.join(map(str, table.columns)))}</td></tr>"
        for name, table in sorted(tables.items())
    )
    return (
        '<section id="tables"><h2>Tables</h2><p>One row per object; open them with '
        "<code>pandas.read_parquet</code>. Small ones have a .csv twin.</p>"
        '<div class="scroll"><table><thead><tr><th>File</th><th class="number">Rows</th>'
        f"<th>Columns</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _provenance(tables, provenance):
    parts = ['<section id="provenance"><h2>Provenance</h2>']
    known = tables.get("ensembles")
    if known is not None and len(known):
        parts.append(_plain_table(known))
    parts.append(_definitions(provenance))
    if "dynamics_checks" in tables and len(tables["dynamics_checks"]):
        parts.append("<h3>Checks of the runs</h3>" + _plain_table(tables["dynamics_checks"]))
    return "\n".join(parts) + "</section>"


def _definitions(content):
    simple = {key: value for key, value in content.items() if not isinstance(value, dict)}
    nested = {key: value for key, value in content.items() if isinstance(value, dict)}
    rows = "".join(
        f"<dt>{html.escape(str(key))}</dt><dd>{html.escape(str(value))}</dd>"
        for key, value in simple.items()
    )
    text = f"<dl>{rows}</dl>" if rows else ""
    for key, value in nested.items():
        text += f"<h3>{html.escape(str(key))}</h3>" + _definitions(value)
    return text


def _plain_table(table):
    head = "".join(
        f"<th{_number_class(table[column])}>{html.escape(str(column))}</th>" for column in table
    )
    body = []
    for _, row in table.head(_SHOWN_ROWS).iterrows():
        cells = "".join(
            f"<td{_number_class(table[column])}>{html.escape(_plain(row[column]))}</td>"
            for column in table
        )
        body.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _number_class(column):
    return ' class="number"' if pd.api.types.is_numeric_dtype(column) else ""


def _plain(value):
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
