"""Quota plans (预留份额): an agency's year, its target, ceiling, committed and settled money (RULES.md, Quota).

Tables: quota_rule (parameters by year and region), quota_plan, quota_contractor (who buys under an outsourced canteen's
plan), quota_amendment, quota_succession (abolished units and who follows them).
Verbs: set_rule, confirm_rule; save_draft, file, approve, send_back, file_plan (by an office, approved at once);
propose_amendment, decide_amendment, withdraw_amendment; abolish; commit, release, settle (called by procurement and
settlement). Reads: plan_for (which plan an order moves), rule_for, check_may_buy.
The database keeps committed + settled ≤ ceiling where there is one, one plan per agency and year, two persons per
approval, one open naming of a contractor per year, and nothing counted on a plan that another one covers.
"""
