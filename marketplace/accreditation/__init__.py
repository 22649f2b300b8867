"""Accreditation (帮扶产品认定): the reviewed right of a product to be sold as assistance produce, dated.

Table: grant. Verbs: give, suspend, resume, revoke, use; `eligible` answers for a day and a programme.
The recognition paths with their steps come later; here an office gives the grant.
"""
