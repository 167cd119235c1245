"""The main path, one file a stage."""
