"""Decisions as tables: what a table is, how it decides, why it decided so, and what is wrong with it.

A table is closed: its cells know equality, lists, ranges, comparisons and negation, so that it can be proven before it
is used. Evaluation is total or an error: an input that a row has to look at and that is not given, is of another kind
than its column, or lies outside its domain, is never taken for "does not fit".
"""
