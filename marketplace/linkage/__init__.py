"""Linkage (利益联结): how money reaches households.

Tables: agreement (dated, of a mechanism), consent, roster with entries (a dated list of who shares), weighing slip
(收购过磅单), farm_payment (paid at the farm gate), slip_set_off (covered by money received before), lot (批次, made of slips),
lot_paper, lot_revision with shares (a late addition to a lot's cost); flow (a dated, evidenced amount: piece slip, wage,
rent, fixed dividend, surplus), advance with advance_repayment (预支款), surplus_year with shares (盈余返还), standing (what
a household was ever owed and has received), settled_until (no roster begins on that day or before).
Verbs: draft_agreement, record_consents, put_roster, start and end an agreement; record_slips, pay_slips; make_lot,
add_paper, take, record_revision (through attribution.revise_lot); record_flows, correct_flow; give_advance,
repay_advance; prepare_surplus, approve_surplus. A slip that is not consigned is owed by its value the moment it is
weighed, whatever becomes of the goods; what it deducts repays signed advances and is received that day.

What the database keeps: a slip's net is gross less tare and its payments stay within what is payable; an advance is never
repaid beyond itself, a household never paid beyond what it is owed; a lot is never taken beyond its size; a slip belongs
to one lot; a voucher stands once for a household, member and day; a sealed lot's slips, a roster's entries, flows and
revisions do not change; at least 60 % of a surplus goes by volume and two persons divide it.
"""
