"""A table's state is its URL: sort (`-sold` is descending), page, filters. Services sort; this reads and links."""

from typing import Any

from flask import request, url_for

MAX_PAGE = 10_000  # beyond it an offset only costs


class Table:
    """What a request asks of a table. `keys` may be sorted by; a foreign one counts as the default."""

    def __init__(self, keys: tuple[str, ...] = (), default: str = "", per_page: int = 50, total: int = 0) -> None:
        asked = request.args.get("sort", default)
        self.sort = asked if asked.removeprefix("-") in keys else default
        self.key, self.descending = self.sort.removeprefix("-"), self.sort.startswith("-")
        self.page = min(max(request.args.get("page", 1, type=int), 1), MAX_PAGE)
        self.per_page, self.total = per_page, total

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    @property
    def limit(self) -> int:
        return self.per_page

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        return self.offset + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.offset + self.per_page, self.total)

    def aria(self, key: str) -> str | None:
        if key != self.key:
            return None
        return "descending" if self.descending else "ascending"

    def sort_url(self, key: str, number: bool = True) -> str:
        """The same table sorted by `key`; numbers start with the largest, a second click turns the order round."""
        if key == self.key:
            return here(sort=key if self.descending else f"-{key}", page=None)
        return here(sort=f"-{key}" if number else key, page=None)

    def page_url(self, page: int) -> str:
        return here(page=page if page > 1 else None)

    def shown_pages(self) -> list[int | None]:
        """Page numbers to show; None is a gap."""
        near = {1, self.pages, *range(self.page - 1, self.page + 2)}
        shown: list[int | None] = []
        for number in sorted(page for page in near if 1 <= page <= self.pages):
            if shown and shown[-1] is not None and number > shown[-1] + 1:
                shown.append(None)
            shown.append(number)
        return shown


def here(**changes: Any) -> str:
    """This page's URL with some arguments changed; None drops one, a list gives several."""
    if request.endpoint is None:
        return "/"
    arguments: dict[str, Any] = {name: values for name, values in request.args.lists() if name != "lang"}
    arguments.update(changes)
    return url_for(request.endpoint, **(request.view_args or {}), **arguments)
