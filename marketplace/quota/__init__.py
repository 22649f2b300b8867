"""Quota plans (预留份额): an agency's year, its target, ceiling, committed and settled money.

Table: quota_plan. Verbs: file_plan; commit, release, settle (called by procurement and settlement).
The database keeps committed + settled ≤ ceiling where there is one. Parameters by year, amendments and the
superior's check come later.
"""
