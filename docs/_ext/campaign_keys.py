"""The directive `campaign-keys`: every key of campaign files, from the schema of the package."""

import json

from glassmodes.campaign.settings import schema
from sphinx.util.docutils import SphinxDirective

LISTED = ("oneOf", "anyOf")


class CampaignKeys(SphinxDirective):
    """Tables of the keys of a campaign, its ensembles, protocols and studies."""

    def run(self):
        """Sections with one table each."""
        return self.parse_text_to_nodes("\n".join(lines(schema())), allow_section_headings=True)


def lines(top: dict) -> list[str]:
    """The reference as Markdown."""
    blocks = top["$defs"]
    studies = top["properties"]["studies"]["properties"]
    protocols = [entry["$ref"].rpartition("/")[2] for entry in blocks["preparation"]["oneOf"]]
    out = ["## Campaign", "", *_block(top)]
    out += ["## Ensembles", "", "Keys of `ensembles.<name>`.", "", *_block(blocks["ensemble"])]
    for name in protocols:
        out += [f"## Preparation: {name}", "", *_block(blocks[name])]
    for name in sorted(studies):
        out += [f"## Study: {name}", "", *_block(blocks[name])]
    return out


def _block(block):
    rows = [_cell(block.get("description", "")), "", "| key | value | default | what it is |"]
    rows += ["|---|---|---|---|"]
    for name, needed, facts in _keys("", block):
        default = "*required*" if needed else _code(facts.get("default"))
        text = " ".join(facts.get("description", "").split())
        rows.append(f"| `{name}` | {_allowed(facts)} | {default} | {_cell(text)} |")
    return [*rows, ""]


def _keys(prefix, block):
    """Every key of a block as (name, required, schema), those of nested mappings after it."""
    for key, facts in block.get("properties", {}).items():
        needed = key in block.get("required", ())
        yield prefix + key, needed, facts
        for inner in (facts, *(one for kind in LISTED for one in facts.get(kind, ()))):
            if "properties" in inner and prefix + key not in ("ensembles", "studies"):
                yield from _keys(f"{prefix}{key}.", inner)


def _allowed(facts) -> str:
    for kind in LISTED:
        if kind in facts:
            return " or ".join(dict.fromkeys(_allowed(one) for one in facts[kind]))
    if "const" in facts:
        return _code(facts["const"])
    if "enum" in facts:
        return ", ".join(_code(value) for value in facts["enum"])
    if "$ref" in facts:
        return facts["$ref"].rpartition("/")[2]
    kind = {"object": "mapping", "array": "list", "string": "text", "integer": "whole number"}
    name = kind.get(facts.get("type"), facts.get("type", "any"))
    if facts.get("type") == "array" and "items" in facts:
        name = f"list of {_allowed(facts['items'])}"
    bounds = [
        f"{sign} {_number(facts[key])}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in facts
    ]
    return ", ".join([name, *bounds])


def _number(value) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.15g}"


def _code(value) -> str:
    return "" if value is None else f"`{json.dumps(value)}`"


def _cell(text) -> str:
    return text.replace("|", r"\|").replace("<", r"\<").replace("*", r"\*")


def setup(app):
    """Register the directive."""
    app.add_directive("campaign-keys", CampaignKeys)
    return {"parallel_read_safe": True}
