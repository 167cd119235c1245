"""The command line: one file a verb, each of which calls an operation and shows what it returned."""

from xconnector.entrypoints.cli.app import app, main

__all__ = ["app", "main"]
