"""Lists: `page` and `size` in the query; `items`, `total`, `page` and `size` in the answer."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from ..core.fields import Whole

MAX_PAGE = 100_000
_made: dict[type[Schema], type[Schema]] = {}


class PageSchema(Schema):
    page = Whole(1, MAX_PAGE, load_default=1)
    size = Whole(1, 100, load_default=25)


def list_of(schema: type[Schema]) -> type[Schema]:
    """The schema of a page of such items."""
    if schema not in _made:
        name = schema.__name__.removesuffix("Schema") + "ListSchema"
        _made[schema] = Schema.from_dict(
            {
                "items": fields.List(fields.Nested(schema), required=True),
                "total": Whole(required=True, metadata={"description": "How many there are on all pages"}),
                "page": Whole(1, MAX_PAGE, required=True),
                "size": Whole(1, required=True),
            },
            name=name,
        )
    return _made[schema]


def page_of(rows: Sequence[Any], total: int, query: dict[str, Any]) -> dict[str, Any]:
    return {"items": rows, "total": total, "page": query["page"], "size": query["size"]}


def cut(rows: Sequence[Any], query: dict[str, Any]) -> dict[str, Any]:
    """A page of rows that were read as a whole."""
    start = (query["page"] - 1) * query["size"]
    return page_of(rows[start : start + query["size"]], len(rows), query)
