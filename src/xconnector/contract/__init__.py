"""What a connector promises: its roles, its settings, and the four ways in which the outside can fail us."""
