"""From a bulk order (采购单) to accepted goods.

Tables: requisition with lines (filled, submitted, approved by others) and its delivery plan (requisition_delivery,
requisition_part; order_delivery, order_part once approved), approval_rule (who decides, by amount and day),
approval_step (one attempt's steps, each decided once), deputy (who stands in), purchase_order with order_line (one
order per supplier), order_confirmation_scan, shipment with shipment_line (parts, naming lots), acceptance with
acceptance_line, what was found at the door (weighing_entry, seen_paper, delivery_photo, acceptance_draft), crates on
deposit (shipment_crate, crate_movement, crate_balance), substitute, deeming_term.
Verbs: open_requisition, put_lines, put_plan, submit, approve, reject, withdraw, expire_holds; set_chain, name_deputy;
confirm, decline, lapse, cancel, add_scan; ship, amend_shipment, cancel_shipment; propose, consent (substitutes);
save_draft, add_photo, take_back (crates); record_acceptance, record_deemed, sign_acceptance, mark_settled (called by
settlement).

After delivery: return_request with return_photo (ask_return, answer_return, send_return, receive_return; settlement
ends it), order_dispute (raise_dispute, answer_dispute, decide_dispute), recall with recall_recipient (open_recall,
answer_recall, end_recall), review (review, reply, hide), after_term (the days for each).

What the database keeps, whatever the path: settled + credited ≤ accepted on every order line; one open return request
per accepted line, one open dispute about a thing, one open recall per lot; ordered = open + in transit + accepted + rejected + cancelled on every order
line, none below zero, returned ≤ accepted; accepted + rejected ≤ quantity on every shipment line; one acceptance line
per shipment line; one draft per shipment; no crates below zero; a second signature is another's; the
approver is not the submitter, and nobody decides two steps; only what is submitted holds stock.
"""
