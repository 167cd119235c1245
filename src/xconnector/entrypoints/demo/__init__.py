"""The demo: a seeded population, a few deliberate faults, and the main path from event to archived proof."""
