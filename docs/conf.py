"""Sphinx configuration; pages are built with ``-W -n``: a warning is an error."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_tools"))

import cli_reference  # noqa: E402
import figures  # noqa: E402
import report_example  # noqa: E402
import rest_reference  # noqa: E402
import result_pages  # noqa: E402
import scale_costs  # noqa: E402

import whichcam  # noqa: E402

project = "whichcam"
author = "The whichcam authors"
copyright = author
version = release = whichcam.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
]
exclude_patterns = ["_build", "_tools"]
source_suffix = {".md": "markdown"}

html_theme = "furo"
html_title = f"whichcam {release}"
html_copy_source = False
EXTRA = HERE / "_build" / "generated" / "extra"
EXTRA.mkdir(parents=True, exist_ok=True)
html_extra_path = [str(EXTRA)]  # copied as it is

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"

autodoc_default_options = {"members": True}
autosummary_generate = False  # numpydoc brings the extension along
autodoc_member_order = "bysource"
# Types stand in the docstrings, with shape and range; in the signature they hide it.
autodoc_typehints = "none"
default_role = "code"  # `name` in a docstring is code; a link is asked for by role
numpydoc_show_class_members = False

nitpicky = True
nitpick_ignore_regex = [
    # The build opens no connection, so there is no inventory of other projects.
    (r"py:.*", r"(numpy|np|npt|scipy|torch|pathlib|collections|typing|sklearn)\..*"),
    # Built-in exceptions and classes, named as bases and in "Raises".
    (r"py:.*", r"[A-Z]\w*(Error|Warning)"),
    (r"py:.*", r"(object|Protocol|Exception|Mapping|Sequence|Path|Any|Enum|str|int)"),
    # "Returns" in prose ("ndarray of shape ...") is split into words by numpydoc.
    (r"py:class", r".*\b(of|or|shape|optional|default)\b.*"),
]


def setup(app: object) -> None:
    """Make what the pages include: figures and the command reference."""
    generated = HERE / "_build" / "generated"
    generated.mkdir(parents=True, exist_ok=True)
    figures.write_all(generated)
    result_pages.write_all(generated)
    cli_reference.write(generated / "cli.md")
    rest_reference.write(generated / "rest.md")
    report_example.write(EXTRA / "example-report.html")
    scale_costs.write(generated / "scale-costs.md")
