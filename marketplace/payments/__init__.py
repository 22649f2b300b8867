"""Bills (结算单), what pays them, and the tax invoices recorded beside them. Money never passes through us.

Words: *part* an acceptance's money, billed once; *transfer* a bank or treasury transfer; *payer's credit* (余款) what a
supplier holds of an agency beyond its bills; *prepayment* a bill before delivery; *row* an incoming payment of a bank
statement. Tables: payment_term, bill, bill_part, transfer, payer_credit, credit_use, interest_claim, tax_invoice,
invoice_part, red_invoice, bill_credit, bank_statement, bank_row, and those of card payments (stripe_models).
Verbs that settle are called by settlement: answer_transfer, receive, use_credit, bill_acceptance.
The database keeps: bill numbers gapless per supplier and year (a counter row), an acceptance billed once, paid and
recorded ≤ total, a credit used and refunded ≤ what it is, a statement's row once per account, an invoice number once
per seller, its parts ≤ the invoice. `docs/payments.md` tells the rules.
"""
