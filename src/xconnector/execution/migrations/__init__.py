"""The numbered migrations of execution's own tables."""
