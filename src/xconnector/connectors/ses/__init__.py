"""Reads what Amazon SES reports by webhook: pure functions, without a role in a manifest."""
