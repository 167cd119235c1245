"""The roof: command line, web and worker, wired in `bootstrap.py`."""
