"""The outside systems we speak to, one folder each."""
