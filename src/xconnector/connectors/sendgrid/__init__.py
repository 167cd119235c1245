"""Reads what Twilio SendGrid reports by webhook: pure functions, without a role in a manifest."""
