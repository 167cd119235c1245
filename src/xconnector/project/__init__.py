"""The customer's declarative files: read, typed, linted, and tested."""
