"""What a paper states and what was found here: rows of the table `summary` as HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from glassmodes.data.gather import TableError
from glassmodes.papers.criteria import (
    CHECK_FAILED,
    CHECK_PASSED,
    CONTRADICTED,
    SHOWN,
    UNDECIDED,
    VERDICTS,
)
from glassmodes.reporting.report.markup import anchor, escaped, findable, fold, grid
from glassmodes.statistics.numbers import number_with_error

CLAIM_VERDICTS = (SHOWN, UNDECIDED, CONTRADICTED)
"""Verdicts on what a paper claims."""

CHECK_VERDICTS = (CHECK_PASSED, CHECK_FAILED)
"""Verdicts on identities and internal checks, which are no evidence for a paper."""

_REASON_OF = {"undecided": "To decide it", "contradicted": "Why"}
"""What the column `reason` tells of a claim of each verdict."""

NOT_JUDGED = "The tables of this campaign allow no verdict on its claims."

_OPEN_CLAIMS = 8
"""Claims up to which their list beside a figure is open from the start."""

_NEEDED = (
    *("paper", "item", "ensemble", "temperature", "quantity", "observed", "error", "reference"),
    *("margin", "verdict", "statement", "finding", "rule", "reason", "source", "samples"),
)


def checked_summary(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The table `summary` of a campaign, with no rows where there is none.

    Raises
    ------
    TableError
        If a column is missing or a verdict is none of :data:`glassmodes.papers.criteria.VERDICTS`.
    """
    table = tables.get("summary")
    if table is None or table.empty:
        return pd.DataFrame(columns=_NEEDED)
    missing = [column for column in _NEEDED if column not in table.columns]
    if missing:
        raise TableError(f"summary: no column {', '.join(missing)}; needed: {', '.join(_NEEDED)}")
    unknown = sorted(set(table["verdict"]) - set(VERDICTS))
    if unknown:
        raise TableError(
            f"summary: column 'verdict' holds {unknown[0]!r}; allowed: {', '.join(VERDICTS)}"
        )
    return table.reset_index(drop=True)


def cited_items(source: str) -> set[str]:
    """Figures, tables and equations that a citation names, such as "Fig. 2" of "Figs 2(b) and 3".

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


def rows_of_item(rows: pd.DataFrame, item: str) -> pd.DataFrame:
    """Rows of one paper that belong to one of its items, those that are mainly about it first.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the summary, all of the paper of the figure.
    item : str
        Item of a figure or table; of one such as "Eqs 30, 36, 38" each equation counts.
    """
    wanted = {item} | cited_items(item)
    listed = [[name.strip() for name in text.split(";")] for text in rows["item"]]
    mainly = np.array([names[0] in wanted for names in listed], dtype=bool)
    partly = np.array([bool(wanted & set(names)) for names in listed], dtype=bool)
    return pd.concat([rows[mainly], rows[partly & ~mainly]])


def paper_verdicts(paper: str, rows: pd.DataFrame, link: Callable[[str], str]) -> str:
    """The beginning of a paper's section: counts, contradicted claims with the reasons, all rows.

    Parameters
    ----------
    paper : str
        Name of the paper's folder.
    rows : pandas.DataFrame
        Its rows of the summary.
    link : callable
        Takes the text `item` of a row, returns HTML: its items, linked to their figures.
    """
    claims = rows[rows["verdict"].isin(CLAIM_VERDICTS)]
    count = claims["verdict"].value_counts()
    marks = " ".join(_mark(verdict, count.get(verdict, 0)) for verdict in CLAIM_VERDICTS)
    parts = [
        f'<p class="counts">{_claims(claims)}: {marks}</p>'
        if len(claims)
        else f"<p>{NOT_JUDGED}</p>"
    ]
    contradicted = claims[claims["verdict"] == "contradicted"]
    if len(contradicted):
        parts.append("<h3>Contradicted claims, and why</h3>" + _reasons(contradicted, link))
    undecided = claims[claims["verdict"] == "undecided"]
    if len(undecided):
        parts.append(
            fold(
                f"Undecided claims, and what would decide them ({len(undecided)})",
                _reasons(undecided, link),
            )
        )
    for title, part in (
        ("All claims", claims),
        ("Numbers beside the paper's, without a claim", rows[rows["verdict"] == "context"]),
    ):
        if len(part):
            body = _comparison(part, link, label=f"{title} of {paper}", named=paper)
            parts.append(fold(f"{title} ({len(part)})", body))
    parts.append(_checks(paper, rows[rows["verdict"].isin(CHECK_VERDICTS)]))
    return "\n".join(filter(None, parts))


def comparison_of_item(rows: pd.DataFrame, item: str, link: Callable[[str], str]) -> str:
    """What a paper states about one of its figures or tables, and what was found here."""
    mine = rows_of_item(rows, item)
    claims = mine[mine["verdict"].isin(CLAIM_VERDICTS)]
    others = mine[mine["verdict"] == "context"]
    parts = []
    if len(claims):
        count = claims["verdict"].value_counts()
        verdicts = (f"{count[verdict]} {verdict}" for verdict in CLAIM_VERDICTS if verdict in count)
        title = f"{_claims(claims)}: {', '.join(verdicts)}"
        body = _comparison(claims, link, label=f"Claims about {item}")
        parts.append(fold(title, body, opened=len(claims) <= _OPEN_CLAIMS))
    if len(others):
        body = _comparison(others, link, label=f"Numbers about {item}, without a claim")
        parts.append(fold(f"Numbers beside the paper's, without a claim ({len(others)})", body))
    return "".join(parts)


def claim_anchor(paper: str, row: int) -> str:
    """The `id` of a row of the summary in the full list of its paper."""
    return anchor("claim", paper, str(row))


def _claims(rows) -> str:
    return f"{len(rows)} claim{'' if len(rows) == 1 else 's'}"


def _mark(verdict, count=None) -> str:
    text = verdict if count is None else f"{count} {verdict}"
    return f'<span class="verdict {anchor(verdict)}">{text}</span>'


def _comparison(rows, link, *, label, named="") -> str:
    body = []
    # what is stated of several ensembles and temperatures is printed once
    for statement, group in rows.groupby("statement", sort=False):
        numbers = ", ".join(dict.fromkeys(filter(None, map(_reference, group.itertuples()))))
        first = group.iloc[0]
        # one rule for all of them is printed once, too
        shared = group["rule"].nunique() == 1
        stated = (
            f"<p>{escaped(statement)}</p>"
            + (f"<p>The paper's value: {escaped(numbers)}</p>" if numbers else "")
            + f'<p class="note">{link(first["item"])}{_citation(first)}</p>'
            + (_rule(first["rule"]) if shared else "")
        )
        attributes = ""
        if named:
            quantity = f"{first['quantity']}: {statement}"
            attributes = (
                f' id="{claim_anchor(named, group.index[0])}" {findable("Claim", quantity)}'
            )
        found = "".join(_found(row, with_rule=not shared) for row in group.itertuples())
        body.append(f"<tr{attributes}><td>{stated}</td><td>{found}</td></tr>")
    columns = [("The paper states", False), ("Found here", False)]
    return grid(columns, body, label=label, kind="comparison")


def _citation(row) -> str:
    return f" · {escaped(row['source'])}" if row["source"] not in ("", row["item"]) else ""


def _reference(row) -> str:
    if not math.isfinite(row.reference):
        return ""
    margin = f" (margin {row.margin:.3g})" if math.isfinite(row.margin) else ""
    return f"{row.reference:.4g}{margin}"


def _where(row) -> str:
    at = f"T = {row.temperature:g}" if math.isfinite(row.temperature) else ""
    return ", ".join(filter(None, (str(row.ensemble), at)))


def _rule(text) -> str:
    return fold("Rule", f"<p>{escaped(text)}</p>") if text else ""


def _found(row, *, with_rule) -> str:
    observed = number_with_error(row.observed, row.error)
    value = f': <span class="value">{escaped(observed)}</span>' if observed != "–" else ""
    word = _REASON_OF.get(row.verdict, "")
    return (
        '<div class="found">'
        f'<p>{_mark(row.verdict)} {escaped(row.quantity)}, <span class="note">'
        f"{escaped(_where(row))}</span>{value}</p>"
        + (f"<p>{escaped(row.finding)}</p>" if row.finding else "")
        + (f"<p><strong>{word}:</strong> {escaped(row.reason)}</p>" if word and row.reason else "")
        + (f'<p class="note">{escaped(row.samples)}</p>' if row.samples else "")
        + (_rule(row.rule) if with_rule else "")
        + "</div>"
    )


def _reasons(rows, link) -> str:
    items = []
    for row in rows.itertuples():
        observed = number_with_error(row.observed, row.error)
        reference = _reference(row)
        value = f"{observed} here" if observed != "–" else ""
        value = escaped(", ".join(filter(None, (value, f"paper {reference}" if reference else ""))))
        items.append(
            f"<li>{link(row.item)} {escaped(row.statement)}<br>"
            f'{escaped(row.quantity)}, <span class="note">{escaped(_where(row))}</span>'
            f"{f': {value}' if value else ''}<br>"
            f"<strong>{_REASON_OF[row.verdict]}:</strong> "
            f"{escaped(row.reason or 'not known.')}</li>"
        )
    return f'<ul class="reasons">{"".join(items)}</ul>'


def _checks(paper, rows) -> str:
    if rows.empty:
        return ""
    failed = int((rows["verdict"] == "check failed").sum())
    body = [
        f'<tr id="{claim_anchor(paper, row.Index)}" {findable("Check", row.quantity)}>'
        f"<td>{_mark(row.verdict)}</td><td>{escaped(row.statement)}"
        f'<p class="note">{escaped(row.rule)}</p></td>'
        f"<td>{escaped(row.quantity)}, {escaped(_where(row))}</td>"
        f'<td class="number">{escaped(number_with_error(row.observed, row.error))}</td></tr>'
        for row in rows.itertuples()
    ]
    columns = [("Check", False), ("What must hold", False), ("Quantity", False), ("Here", True)]
    lead = (
        '<p class="note">Identities and internal checks of the computation; they are no evidence '
        "for the paper.</p>"
    )
    title = f"Checks: {len(rows) - failed} passed, {failed} failed"
    return fold(title, lead + grid(columns, body, label=title), opened=failed > 0)
