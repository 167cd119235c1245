"""Words and decisions of customer communications: pure, without I/O, clock or framework."""
