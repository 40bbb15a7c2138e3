"""Pieces of HTML that every section of the report is put together from.

Arguments called `body`, `cells` and `rows` are HTML already; all others are plain text and are
escaped here.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, features

CSS_PIXELS_PER_INCH = 96
"""Pixels of a style sheet in an inch, whatever the screen."""


@dataclass
class Section:
    """A part of the report and what the contents say about it.

    Attributes
    ----------
    anchor : str
        Its `id`.
    heading : str
    body : str
        HTML.
    entries : list of (str, str)
        Anchor and text of each thing in it that the contents list.
    """

    anchor: str
    heading: str
    body: str
    entries: list[tuple[str, str]] = field(default_factory=list)

    @property
    def html(self) -> str:
        """The section with its heading."""
        return (
            f'<section id="{self.anchor}"><h2>{heading(self.heading)}</h2>\n{self.body}\n</section>'
        )


def escaped(text) -> str:
    """Plain text as HTML, also for attributes."""
    return html.escape(str(text))


def heading(text: str) -> str:
    """Plain text as HTML that may break after an underscore."""
    return escaped(text).replace("_", "_<wbr>")


def anchor(*words: str) -> str:
    """An `id` from words: letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", " ".join(words)).strip("-").lower()


def findable(kind: str, label: str) -> str:
    """Attributes of an element that the search finds, and names by its kind and label."""
    return f'data-find="{escaped(kind)}" data-label="{escaped(label)}"'


def fold(title: str, body: str, *, name: str = "", opened: bool = False) -> str:
    """A folded part; `name` is its `id`."""
    attributes = (f' id="{name}"' if name else "") + (" open" if opened else "")
    return f"<details{attributes}><summary>{escaped(title)}</summary>{body}</details>"


def grid(
    columns: Sequence[tuple[str, bool]], rows: Iterable[str], *, label: str, kind: str = ""
) -> str:
    """A table that scrolls by itself where it is wider than the page.

    Parameters
    ----------
    columns : sequence of (str, bool)
        Heading, and whether the column holds numbers.
    rows : iterable of str
        HTML of each row.
    label : str
        What the table shows, for readers who hear it.
    kind : str
        Class of the table.
    """
    head = "".join(
        f'<th scope="col"{_number_class(numbers)}>{escaped(text)}</th>' for text, numbers in columns
    )
    classed = f' class="{kind}"' if kind else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escaped(label)}">'
        f"<table{classed}>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def frame_grid(table: pd.DataFrame, *, label: str) -> str:
    """All rows of a table, numbers with four digits."""
    numeric = [pd.api.types.is_numeric_dtype(table[column]) for column in table]
    rows = (
        "<tr>"
        + "".join(
            f"<td{_number_class(numbers)}>{escaped(_plain(value))}</td>"
            for value, numbers in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for row in table.itertuples(index=False)
    )
    return grid(list(zip(map(str, table.columns), numeric, strict=True)), rows, label=label)


def definitions(entries: Iterable[tuple[str, object]]) -> str:
    """A list of names and values."""
    rows = "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(text)}</dd>" for name, text in entries)
    return f"<dl>{rows}</dl>" if rows else ""


def picture(path: Path, alternative: str) -> str:
    """An embedded picture at the size at which it was drawn, never larger.

    Parameters
    ----------
    path : path
        A PNG. Its pixels and its resolution (dots per inch) give its size; without a resolution
        one of its pixels is one of the style sheet's.
    alternative : str
        Text for readers who do not see it.

    Returns
    -------
    str
        The picture is embedded without loss as WebP, which takes well under half the bytes of a
        PNG, or as it is where Pillow was built without WebP.
    """
    data, kind = path.read_bytes(), "png"
    with Image.open(io.BytesIO(data)) as image:
        dots = image.info.get("dpi", (CSS_PIXELS_PER_INCH, CSS_PIXELS_PER_INCH))
        width, height = (
            round(CSS_PIXELS_PER_INCH * pixels / per_inch)
            for pixels, per_inch in zip(image.size, dots, strict=True)
        )
        if features.check("webp"):
            packed = io.BytesIO()
            # exact: colours below transparent pixels count as well
            image.save(packed, format="WEBP", lossless=True, exact=True, method=4)
            data, kind = packed.getvalue(), "webp"
    return (
        f'<div class="scroll"><img alt="{escaped(alternative)}" width="{width}" height="{height}" '
        f'style="--own: {width}px" '
        f'src="data:image/{kind};base64,{base64.b64encode(data).decode()}"></div>'
    )


def _number_class(numbers):
    return ' class="number"' if numbers else ""


def _plain(value):
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
