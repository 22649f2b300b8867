from marketplace.search import services as search
from tests.api.callers import Caller


def test_a_catalogue_that_was_never_indexed_finds_nothing_and_says_so(app) -> None:
    """A fresh installation: red when an index without segments is an error."""
    search.rebuild([])
    found = Caller(app).get("search?q=黄桃")
    assert (found["items"], found["total"]) == ([], 0)


def test_an_unknown_filter_is_named_instead_of_passed_over(app) -> None:
    problem = Caller(app).refused("GET", "search?categroy=fruit")
    assert [(part["field"], part["code"]) for part in problem["errors"]] == [("categroy", "unknown_field")]
