"""Households (农户): village, group, size, class. One household is one in every count, whoever it is linked to.

Table: household. The pseudonym stands for it in hashes and exports; the code is what people read.
Identity numbers, telephones and accounts are not stored here.
"""
