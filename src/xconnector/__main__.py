"""`python -m xconnector` is the command `xconnector`."""

from xconnector.entrypoints.cli import main

main()
