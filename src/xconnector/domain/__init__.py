"""Words and decisions, pure: no I/O, no clock, no framework."""
