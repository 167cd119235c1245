"""The roof: the command line, the web, the worker."""
