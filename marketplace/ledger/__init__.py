"""Double entry, append-only: obligations and proofs, never custody. Knows nothing of markets.

Words: an *account* is a kind with an owner and a party; a *journal* is what one source posted, with a region and a
period; an *entry* moves fen from a debit to a credit account; a *source* is the named event that posts, once ever.
"""
