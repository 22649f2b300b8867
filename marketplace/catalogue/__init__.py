"""What is on offer: order unit, price unit, pack, minimum, price breaks, harvest window, stock.

Tables: offer, price_break, reference_price. Verbs: list_offer, edit_offer, set_breaks, set_stock, withdraw, relist;
reserve, release, consume (called by procurement).
The database keeps 0 ≤ reserved ≤ stock: `stock` is what the supplier has for sale, `reserved` what approved orders hold.
"""
