"""Finding the offer: asking several, comparing, awarding, and buying again under what was agreed.

Above procurement: what is awarded becomes agreed prices (`catalogue.agreed`) and a draft of each agency's bulk order.

Tables: sourcing_request (a request for quotation 询价单, or a posted demand 需求发布; pooled 联合采购 when others may
join) with request_line, request_party (the agencies that buy under it), request_want (what each wants of a line) and
invitation (the suppliers addressed); quotation with quotation_line; award; framework (框架协议) with framework_party and
framework_line.
Verbs by noun: `addressees` whom a request may ask; `requests` write, open, cancel, close; `demand` what is posted,
join, leave; `quotations` send, withdraw; `compare` side by side; `awards` award; `from_awards` an award made a
framework's draft; `frameworks` write, propose, sign, decline, withdraw, end, amend, call_off.

What the database keeps, whatever the path: one quotation per request and supplier; one award per line and quotation,
never changed; an award that is not the cheapest or lies above the price guard has its reason; who awards is not who
wrote the request, who proposes a framework is not who wrote it; joining ends before answering does; one amendment of a
framework at a time. Quotations are sealed until the deadline: nothing here tells the buyer of one before it, not even
how many there are.

Quantities are thousandths: of a line's comparable unit (千克, 升, 枚, 只) in requests, quotations and awards, of the
offer's order unit in frameworks and agreed prices. Money is fen per price unit of the offer; `comparable_fen` per
comparable unit.
"""
