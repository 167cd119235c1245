"""The kit that tests connectors and projects, ours and third parties' alike."""
