"""Findings (疑点): a suspicion with what it is about, the division that owns it and its evidence. Verification comes later.

Table: finding. Any room above opens one; an office reads those of its division.
"""
