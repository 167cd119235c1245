"""The web: intake of events, the portal, and what a supervisor asks."""
