"""Numbers of a person in full: a reason, the password given again, a line in the trail; never in a URL or a cache."""

from uuid import UUID

from flask import Response
from flask_babel import lazy_gettext as _l

from ...edge.current import actor
from ...edge.forms import Form
from ...edge.guard import guard
from ...households import services as households
from ...households.schemas import WhySchema
from . import around, linked, one_of

LABELS = {"reason": _l("为什么要看")}


@guard("payee.reveal", fresh=True)
def member_reveal(member_id: UUID) -> Response:
    row = households.member(actor(), member_id, linked())
    form, found = Form(WhySchema()), None
    if form.posted:
        with form.attempt():
            _row, number, phone = households.reveal_member(actor(), member_id, form.data()["reason"], linked=linked())
            found = [(_l("身份证号"), number), (_l("电话"), phone)]
    return _page(form, row.household_id, row.name, row.id_last4, found)


@guard("payee.reveal", fresh=True)
def payee_reveal(payee_id: UUID) -> Response:
    row = households.payee(actor(), payee_id, linked())
    form, found = Form(WhySchema()), None
    if form.posted:
        with form.attempt():
            answer = households.reveal_accounts(actor(), [payee_id], form.data()["reason"], linked=linked())
            account, number = answer[payee_id]
            found = [(_l("身份证号"), number), (_l("开户行"), row.bank), (_l("账号"), account)]
    return _page(form, row.household_id, row.name, row.id_last4, found)


def _page(form: Form, household_id: UUID, name: str, last4: str, found: list | None) -> Response:
    return form.page(
        "people/number.html", **around(one_of(household_id)), labels=LABELS, name=name, last4=last4, found=found
    )


ROUTES = [
    ("/members/<uuid:member_id>/number", member_reveal, ["GET", "POST"]),
    ("/payees/<uuid:payee_id>/number", payee_reveal, ["GET", "POST"]),
]
