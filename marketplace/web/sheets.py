"""A list as a CSV file to keep."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from flask import Response

from ..core import clock
from ..core.sheets import to_csv


def download(name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as an attachment `name.csv`; the day stands in its name."""
    response = Response(to_csv(chain([heads], rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'
    return response
