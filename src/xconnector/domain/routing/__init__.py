"""Routing: which channels a communication takes, in which order, and why."""
