"""Reads what Mailgun reports by webhook: pure functions, without a role in a manifest."""
