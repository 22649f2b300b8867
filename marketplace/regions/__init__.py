"""Regions: the divisions of China as dated rows, and programmes as dated lists of counties.

Words: a *division* is a row of the statistical code table; its *prefix* are the digits of its level, and "lies in"
compares prefixes; a *successor* is the division that took over, wholly or in part, what another one was;
a *programme* is a list of counties with days ("832": the counties of the national list).
"""
