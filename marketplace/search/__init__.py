"""Search: finds offers by Chinese words, pinyin, English and codes, with filters and their counts.

Words: a *document* is what an offer looks like to a searcher; a *term* is what the index knows it by; a *snapshot* is
the process's own copy of the columns that are filtered, counted and sorted by. Documents are made by other hands;
losing the index loses nothing that cannot be made again from the catalogue.
"""
