"""Whose money a settled line is: pools, their movements, distributions, payouts, statements.

Four figures, never mixed: sold, attributed, owed, received (DESIGN.md, Attribution).
Tables: pool (one immutable version of who shares what), pool_movement (its running total, one row per line that fed
it), distribution with distribution_share, payout.
Verbs: post (called by settlement), prepare, approve, mark_paid; `statement` reads.
Rows per settled line do not depend on how many households stand behind it; a household's fen are the difference of two
apportionments of the pool.

The household's side (household_models): statement_link with link_attempt, confirmation, dispute, dispute_term. Verbs:
issue, revoke, enter; confirm; raise_dispute, answer, decide, correct, withdraw_dispute, set_terms. What the database
keeps: one living link per household and organisation, one confirmation per payout, one open dispute per row; what was
raised is never changed, and each state has its own evidence.
"""
