"""Reads what Twilio reports by webhook: pure functions, without a role in a manifest."""
