"""Rows that are inserted many at once."""

from sqlalchemy import select

from marketplace.core.db import db, insert_rows, transaction
from marketplace.core.numbers import NumberCounter

TEXTS = ["", "NULL", 'a "b" \\ c', "{1,2}", "炎陵,黄桃", "it's\nhere", " "]


def test_texts_that_look_like_an_array_are_kept_as_they_are(app):
    """Red when `_element` does not quote a text, or does not double its backslash."""
    with transaction():
        insert_rows(NumberCounter, [{"series": text, "value": n} for n, text in enumerate(TEXTS)])
    with transaction(write=False):
        found = dict(db.session.execute(select(NumberCounter.series, NumberCounter.value)).all())
        assert found == {text: n for n, text in enumerate(TEXTS)}
