"""Finding the offer: asking several, comparing, awarding, and buying again under what was agreed.

Above procurement: what is awarded becomes agreed prices (`catalogue.agreed`) and a draft of the agency's bulk order.
"""
