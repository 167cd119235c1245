"""The classic engine, started as a program."""
