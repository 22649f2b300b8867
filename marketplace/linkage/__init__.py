"""Linkage (利益联结): how money reaches households.

Tables: agreement (dated, of a mechanism), consent, roster with entries (a dated list of who shares), weighing slip
(收购过磅单), farm_payment (paid at the farm gate), lot (批次, made of slips), lot_paper.
Verbs: draft_agreement, record_consent, put_roster, start and end an agreement; record_slip, pay_slip; make_lot,
add_paper, take. An outright slip is owed the moment it is weighed, whatever becomes of the goods.

What the database keeps: a slip's net is gross less tare and its payments stay within what is payable; a lot is never
taken beyond its size; a slip belongs to one lot; a sealed lot's slips and a roster's entries do not change.
"""
