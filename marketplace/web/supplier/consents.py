"""Households' consent to an agreement, written down from the signed sheet: two witnesses, none of them the supplier's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import DomainError, Many, Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...households import services as households
from ...linkage import services as linkage
from . import blueprint, people
from .files import uploaded
from .schemas import ConsentsSchema

LABELS = {
    "day": _l("确认日"),
    "method": _l("方式"),
    "witness": _l("见证人一"),
    "second_witness": _l("见证人二"),
    "code": _l("户号"),
    "head_name": _l("户主"),
    "consents": _l("农户"),
    "file": _l("签字表扫描件"),
}
ROWS, MOST_ROWS = 20, 200


@blueprint.route("/agreements/<uuid:agreement_id>/consents", methods=["GET", "POST"])
@guard("agreement.edit")
def consents(agreement_id: UUID) -> Response:
    row = linkage.own(actor(), agreement_id)
    given = {consent.household_id for consent in linkage.consents_of(agreement_id)}
    linked = people.of(linkage.linked_households(row.supplier_id) - given)
    form = Form(ConsentsSchema(), {"day": clock.today().isoformat(), "method": "signature"})
    if form.posted:
        with form.attempt():
            data = form.data()
            found = _recognised(data.pop("consents"))
            if data["day"] > clock.today():
                raise Refused("day_in_future", field="day")
            data["file_id"] = uploaded()
            with _of_all():
                linkage.record_consents(actor(), agreement_id, [{**data, "household_id": id_} for id_ in found])
            words = _("已登记 %(count)s 户确认。", count=len(found))
            return done(words, "supplier.agreement", agreement_id=agreement_id)
    return form.page(
        "supplier/consents.html",
        agreement=row,
        linked=list(linked.values()),
        given=len(given),
        rows=min(max(request.args.get("rows", ROWS, type=int), 1), MOST_ROWS),
        labels=LABELS,
    )


@contextmanager
def _of_all() -> Iterator[None]:
    """The witnesses are those of the whole sheet: what is wrong with them is said once, beside them."""
    try:
        yield
    except Many as many:
        if many.errors[0].code in ("witness_is_clerk", "witnesses_same"):
            raise Refused(many.errors[0].code, field="second_witness") from many
        raise


def _recognised(rows: list[dict[str, Any]]) -> list[UUID]:
    """The households that code and head's name stand for. Raises Many naming the rows where they do not agree."""
    if not rows:
        raise Refused("no_lines", field="consents")
    found = households.recognise([(row["code"], row["head_name"]) for row in rows])
    errors: list[DomainError] = [
        Refused("household_unknown", field="code", row=number) for number, id_ in enumerate(found, 1) if id_ is None
    ]
    if errors:
        raise Many(errors)
    return [id_ for id_ in found if id_ is not None]
