"""Reads what Postmark reports by webhook: pure functions, without a role in a manifest."""
