"""What a connector promises: lifecycle, roles, settings, manifest and four errors."""
