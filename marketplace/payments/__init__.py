"""Bills (结算单), tax invoices recorded beside them, and transfers from buyer to supplier. Money never passes through us.

Tables: bill, tax_invoice, transfer. Verbs: make_bill (called by settlement), record_invoice, record_transfer,
confirm_transfer and refuse_transfer (confirming is called by settlement, because it settles).
The database keeps: bill numbers gapless per supplier and year (a counter row), an invoice number once per seller,
paid ≤ total, one open or confirmed transfer per bill.
"""
