"""Measurements as ratios: the product against the bare tools it is built on, in one run on one machine."""
