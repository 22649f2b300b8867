"""What people typed: validated by the room's schema, kept when it is refused, with each error at its field.

    form = Form(CancelSchema(), {"reason": ""})
    if form.posted:
        with form.attempt():
            services.cancel(actor(), order_id, **form.data())
            return done(_("已取消"), "buyer.order", order_id=order_id)
    return form.page("buyer/cancel.html", order=order)      # 422 when the attempt was refused

Names may nest: `lines.0.quantity` becomes {"lines": [{"quantity": …}]}; rows left wholly blank are passed over.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import marshmallow
from flask import Response, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from ..core import fields
from ..core.errors import Conflict, DomainError, Forbidden, Many, NotFound, SignInNeeded
from . import transactions
from .messages import sentence
from .problems import of_database, of_validation

_OURS = ("csrf_token", "_key")


def done(word: Any, endpoint: str, **values: Any) -> Response:
    """After an effect: the word for the next page, and the way there."""
    flash(str(word), "done")
    return make_response(redirect(url_for(endpoint, **values), 303))


class Form:
    def __init__(
        self,
        schema: marshmallow.Schema | None = None,
        values: Mapping[str, Any] | None = None,
        needs: Mapping[str, str] | None = None,
    ) -> None:
        """`needs`: list → the control without which its row counts as blank ({"parts": "quantity"}), whatever else
        the page filled in for it."""
        self.schema, self.needs = schema, needs or {}
        self.posted = request.method == "POST"
        self.typed: Mapping[str, Any] = request.form if self.posted else values or {}
        self.errors: list[DomainError] = []
        self.status = 200
        self._kept: dict[str, list[int]] = {}

    def value(self, name: str, default: Any = "") -> Any:
        """What stands in the control: what was typed, else the present value."""
        return self.typed.get(name, default)

    def data(self) -> dict[str, Any]:
        """The schema's values. Raises Many."""
        raw = self._nested()
        if self.schema is None:
            return raw
        try:
            with fields.reading(fields.FORM):
                loaded: dict[str, Any] = self.schema.load(raw)
        except marshmallow.ValidationError as wrong:
            raise of_validation(wrong.messages) from wrong
        return loaded

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Refusals inside it are kept as the form's errors, and what was done is undone. 401, 403 and 404 pass on."""
        try:
            yield
        except (NotFound, Forbidden, SignInNeeded):
            raise
        except DomainError as error:
            self._refuse(error)
        except (StaleDataError, IntegrityError) as error:
            self._refuse(of_database(error) or Conflict("rule_in_database"))

    def page(self, template: str, **context: Any) -> Response:
        """The form's page, with status 422 (or the refusal's own) when it is shown again."""
        response = make_response(render_template(template, form=self, **context), self.status)
        for error in self.errors:
            if "retry_after" in error.facts:
                response.headers["Retry-After"] = str(error.facts["retry_after"])
        return response

    def error(self, name: str) -> str | None:
        """The sentence at a control, or None."""
        return next((sentence(error) for error in self.errors if self.name_of(error) == name), None)

    def summary(self) -> list[tuple[str | None, int | None, str]]:
        """(control's name, row, sentence) of each error, for the summary on top."""
        return [(self.name_of(error), self._row_of(error), sentence(error)) for error in self.errors]

    def name_of(self, error: DomainError) -> str | None:
        """The control that an error belongs to: a row's field is `lines.<index>.field`, with the index as typed."""
        if error.field is None or error.row is None:
            return error.field
        for listed, kept in self._kept.items():
            if error.row <= len(kept):
                field = error.field.removeprefix(f"{listed}.{error.row - 1}.")
                return f"{listed}.{kept[error.row - 1]}.{field}"
        return error.field

    def _row_of(self, error: DomainError) -> int | None:
        """The row as it stands on the page, blank ones above it counted."""
        for kept in self._kept.values():
            if error.row is not None and error.row <= len(kept):
                return kept[error.row - 1] + 1
        return error.row

    def _refuse(self, error: DomainError) -> None:
        transactions.abandon()
        self.errors = error.errors if isinstance(error, Many) else [error]
        self.status = error.status

    def _nested(self) -> dict[str, Any]:
        """The typed text as the schema reads it: its own names only; blank controls count as not given."""
        plain: dict[str, Any] = {}
        rows: dict[str, dict[int, dict[str, str]]] = {}
        lists = _list_fields(self.schema)
        known = None if self.schema is None else {field.data_key or name for name, field in self.schema.fields.items()}
        for name, values in request.form.lists():
            parts = name.split(".")
            text = values[0].strip()
            if name in _OURS or (known is not None and parts[0] not in known):
                continue
            if len(parts) == 3 and parts[1].isdecimal() and len(parts[1]) < 5:
                row = rows.setdefault(parts[0], {}).setdefault(int(parts[1]), {})
                if text:
                    row[parts[2]] = text
            elif name in lists:
                plain[name] = [value for value in values if value.strip()]
            elif text:
                plain[name] = text
        for listed, numbered in rows.items():
            needed = self.needs.get(listed)
            self._kept[listed] = [
                number for number in sorted(numbered) if (needed in numbered[number] if needed else numbered[number])
            ]
            plain[listed] = [numbered[number] for number in self._kept[listed]]
        return plain


def _list_fields(schema: marshmallow.Schema | None) -> set[str]:
    if schema is None:
        return set()
    return {name for name, field in schema.fields.items() if isinstance(field, marshmallow.fields.List)}
