"""The directive `room`: every module of a room of the package, from its docstrings."""

import pkgutil
import re
from importlib.util import find_spec

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

_LITERAL = re.compile(r"``.*?``|:[a-z:]+:`.*?`|`[^`]*`|(?<!\S)\*\w[^*]*\w\*(?!\w)")


class Room(SphinxDirective):
    """Modules below a package, or the module itself, one heading each."""

    required_arguments = 1

    def run(self):
        """Sections with the members of each module."""
        name = self.arguments[0]
        found = _modules(name)
        lines = [f".. automodule:: {name}", "   :no-members:", ""] if found else []
        found = found or [name]
        for module in found:
            title = module.removeprefix("glassmodes.")
            lines += [title, "-" * len(title), "", f".. automodule:: {module}", ""]
        holder = nodes.section()
        holder.document = self.state.document
        self.state.nested_parse(StringList(lines, source=name), 0, holder, match_titles=1)
        return holder.children


def _modules(package):
    """Modules below a package, without importing them; none of a plain module."""
    folders = find_spec(package).submodule_search_locations or ()
    found = []
    for entry in pkgutil.iter_modules(folders):
        name = f"{package}.{entry.name}"
        found += _modules(name) if entry.ispkg else [name]
    return sorted(found)


def escape(app, what, name, obj, options, lines):
    """Protect bars and stars of formulas in plain text, and set off indented formulas.

    Docstrings are written to be read as they are: |x| is a norm there, a word in single quotes of
    code is a name, and what is indented after a colon within the text of a module is a formula.
    """
    out = []
    ends = ""
    inside = None
    for line in lines:
        indented = line.startswith("    ")
        if line.strip() and not indented and not line.startswith(" "):
            inside = "math" if line.startswith(".. math::") else None
        elif what == "module" and indented and inside is None:
            inside = "formula" if ends.endswith((":", ",", "by", "if", "is")) else "text"
            if inside == "formula":
                out += ["::", ""]
        plain = inside in (None, "text") and not set(line.strip()) <= set("=- ")
        out.append(_protect(line) if plain else line)
        ends = line.rstrip() or ends
    lines[:] = out


def _protect(line):
    parts, end = [], 0
    for found in _LITERAL.finditer(line):
        parts += [_plain(line[end : found.start()]), _literal(found.group())]
        end = found.end()
        # markup must end at a space or at punctuation
        if parts[-1] and re.match(r"[\w^]", line[end:]):
            parts.append("\\ ")
    return "".join([*parts, _plain(line[end:])])


def _literal(text):
    return text if text.startswith((":", "``", "*")) else f"`{text}`"


def _plain(text):
    text = text.replace("|", r"\|")
    text = re.sub(r"(?<=\w)_(?=[\s.,;:()^/*\\]|$)", r"\_", text)
    return re.sub(r"\*(?=\S)", r"\*", text)


def keep_signature(app, what, name, obj, options, signature, returns):
    """Signatures are those of the code: docstrings never repeat them."""
    return signature, returns


def setup(app):
    """Register the directive and the treatment of docstrings."""
    app.add_directive("room", Room)
    # both before numpydoc, which builds fields from the sections
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("autodoc-process-signature", keep_signature, priority=100)
    return {"parallel_read_safe": True}
