"""The verbs that cross rooms: accept, confirm_payment; what they settle; the figures that grow with it.

Tables: settled_line (one acceptance line, accepted and paid: the row every report and drill-down ends at) and figure
(settled, attributed and owed money by month and one dimension: origin, supplier, agency, category, channel).
A line settles when its bill is fully paid, once ever: its id is the acceptance line's and the ledger's source.
"""
