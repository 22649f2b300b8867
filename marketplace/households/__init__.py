"""Households (农户): village, group, size, class; their members, payees and changes.

One household is one in every count, whoever it is linked to. Its pseudonym stands for it in hashes and exports; the
code is what people read. Identity numbers, telephones and accounts live only here, sealed (`core/crypto.py`), beside a
blind index and the last four digits; reading one in full is a verb with a reason.

Tables: household, member, payee (who is paid for a household, perhaps for one agreement), household_change with
household_change_part (left, merged, split, moved, died).
Verbs: add, add_members, leave; propose_payees, approve_payees, stop_payee, reveal_member, reveal_accounts;
record_change, approve_change, refuse_change. Reads for payouts: payees_on, why_no_payee, heirs_on.

What the database keeps: a person is a member of one household at a time; a payee is approved by another person than
proposed it, one of the two an office's, and never changes afterwards save to end; a household has one proposal open per
agreement; a change that turns a household's money to another (merged, split) stands only when a second person approved
it; changes and their parts are append-only. `checks.py` looks at what rows alone cannot keep.
"""
