"""A list as a CSV or XLSX file to keep."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from flask import Response

from ..core import clock
from ..core.sheets import to_csv, to_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(name: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as an attachment `name.csv`; the day stands in its name."""
    response = Response(to_csv(chain([heads], rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'
    return response


def workbook(
    name: str, title: str, heads: Sequence[Any], rows: Iterable[Sequence[Any]], widths: Sequence[int] = ()
) -> Response:
    """The same as `name.xlsx`, one sheet of that title."""
    response = Response(to_xlsx(chain([[str(head) for head in heads]], rows), title, widths), mimetype=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.today():%Y%m%d}.xlsx"'
    return response
