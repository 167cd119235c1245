"""How the documentation is built: `make docs`."""

from importlib.metadata import version as version_of

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
# A built page calls nobody: readers may sit behind a closed network.
html_theme_options = {"source_repository": None}

exclude_patterns = ["_build"]
nitpicky = True
