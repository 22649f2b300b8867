"""Filing the agency's plan, and proposing that an approved one is amended."""

from typing import Any
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import fields, validate

from ...core import clock
from ...core.errors import NotFound
from ...core.money import yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import registry
from ...identity import services as identity
from ...quota import services as quota
from ...quota.schemas import AmendSchema, FilingSchema
from ...quota.services import Change, Filing
from .. import quota_words
from . import blueprint


class FilingForm(FilingSchema):
    """The page files at once or keeps a draft."""

    then = fields.String(load_default="file", validate=validate.OneOf(["file", "save"]))


@blueprint.route("/plan/file", methods=["GET", "POST"])
@guard("plan.file")
def plan_file() -> Response:
    year = request.args.get("year", clock.today().year, type=int)
    agency = identity.own(actor())
    own = quota.plan_of(agency.id, year)
    if own and own.state not in ("draft", "returned") and request.method == "GET":
        return redirect(url_for("buyer.plan", year=year))  # type: ignore[return-value]
    form = Form(FilingForm(), _present(own, year))
    if form.posted:
        with form.attempt():
            asked = form.data()
            then = asked.pop("then")
            row = quota.save_draft(actor(), Filing(**(asked | {"contractor_ids": tuple(asked["contractor_ids"])})))
            if then == "file":
                quota.file(actor(), row.id)
            word = _("已上报，等主管部门审核。") if then == "file" else _("草稿已保存。")
            return done(word, "buyer.plan", year=row.year)
    units = [(str(id_), name) for id_, name in registry.buyers(agency.division[:4]) if id_ != agency.id]
    return form.page(
        "buyer/plan_file.html",
        labels=quota_words.LABELS,
        year=year,
        own=own,
        units=units,
        chosen=_chosen(form, own),
        cases=[(code, word, "") for code, word in quota_words.UNIT_CASES.items()],
        rule=quota.rule_for(agency.division, year),
        days=quota.calendar_for(agency.division, year),
        last_target=quota.last_target(agency.id, year),
        words=quota_words,
    )


def _present(own: Any, year: int) -> dict[str, Any]:
    if own is None:
        return {"year": year, "unit_case": "own"}
    named = {name: yuan(getattr(own, name)) for name in ("canteen_fen", "union_fen", "target_fen")}
    filer = quota.filer_of(own)
    return {
        "year": year,
        "unit_case": own.unit_case,
        **{name: value if value else "" for name, value in named.items()},
        "ceiling_fen": "" if own.ceiling_fen is None else yuan(own.ceiling_fen),
        "shared_with_id": str(filer) if filer else "",
        "note": own.note,
    }


def _chosen(form: Form, own: Any) -> list[str]:
    if form.posted:
        return request.form.getlist("contractor_ids")
    return [str(one.contractor_id) for one in quota.contractors_of([own.id]).get(own.id, [])] if own else []


@blueprint.route("/plans/<uuid:plan_id>/amend", methods=["GET", "POST"])
@guard("plan.file")
def plan_amend(plan_id: UUID) -> Response:
    row = quota.plan(actor(), plan_id)
    if row.agency_id != actor().organisation:
        raise NotFound("plan")
    named = {name: yuan(getattr(row, name)) for name in ("canteen_fen", "union_fen", "target_fen")}
    present = {"from_day": clock.today().isoformat(), **named}
    form = Form(AmendSchema(), present | {"ceiling_fen": "" if row.ceiling_fen is None else yuan(row.ceiling_fen)})
    if form.posted:
        with form.attempt():
            quota.propose_amendment(actor(), plan_id, Change(**form.data()))
            return done(_("已申请调整，等主管部门审核。"), "buyer.plan", year=row.year)
    named_now = [one for one in quota.contractors_of([row.id]).get(row.id, []) if one.until_day is None]
    names = identity.named({one.contractor_id for one in named_now})
    return form.page(
        "buyer/plan_amend.html",
        labels=quota_words.LABELS,
        plan=row,
        rule=quota.rule_for(row.division, row.year),
        units=[(str(id_), name) for id_, name in registry.buyers(row.division[:4]) if id_ != row.agency_id],
        contractors=[(str(id_), names[id_].name) for id_ in names],
    )


@blueprint.post("/plans/amendments/<uuid:amendment_id>/withdraw")
@guard("plan.file")
def plan_amendment_withdraw(amendment_id: UUID) -> Response:
    quota.withdraw_amendment(actor(), amendment_id)
    return done(_("已撤回调整。"), "buyer.plan")
