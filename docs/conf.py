"""How the documentation is built: `make docs`."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reference_pages import write_reference_pages

project = "xConnector"
author = "the xConnector authors"
release = version_of("xconnector")
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "xConnector"
html_show_copyright = False
html_show_sphinx = False

exclude_patterns = ["_build", "images/README.md"]
nitpicky = True

write_reference_pages()
