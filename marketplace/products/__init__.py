"""What a product is: identity, category, base unit, comparable unit, and the papers that its batches need.

Tables: category, product. Verbs: add_product, edit_product. What it costs and how it is packed is `catalogue`.
"""
