"""From a bulk order (采购单) to accepted goods.

Tables: requisition with lines (filled, submitted, approved by another person), purchase_order with order_line (one
order per supplier), shipment with shipment_line (parts, naming lots), acceptance with acceptance_line.
Verbs: open_requisition, put_lines, submit, approve, reject, withdraw; confirm, decline, lapse, cancel; ship;
record_acceptance (called by settlement), mark_settled (called by settlement).

What the database keeps, whatever the path: ordered = open + in transit + accepted + rejected + cancelled on every order
line, none below zero, returned ≤ accepted; accepted + rejected ≤ quantity on every shipment line; one acceptance line
per shipment line; the approver is not the submitter.
"""
