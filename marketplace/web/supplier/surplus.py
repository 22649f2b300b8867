"""A cooperative's surplus: the years, preparing one from the members' resolution, one with each member's part."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock
from ...core.errors import DomainError, Many, Refused
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...linkage.services import Resolution
from . import blueprint, pasted, people
from .files import uploaded
from .flow_schemas import SurplusSchema

LABELS = {
    "agreement_id": _l("协议"),
    "year": _l("年度"),
    "resolution": _l("决议文号"),
    "resolved_on": _l("决议日"),
    "profit_fen": _l("当年盈余"),
    "losses_fen": _l("弥补以前亏损"),
    "reserves_fen": _l("提取公积金等"),
    "volume_basis_points": _l("按交易量返还"),
    "file": _l("决议扫描件"),
    "household": _l("农户"),
    "volume": _l("交易量"),
    "volumes": _l("交易量"),
    "capital": _l("出资和公积份额"),
    "capitals": _l("出资和公积份额"),
    "pasted": _l("粘贴的表格"),
    "table": _l("表格文件"),
}
HEADS = {
    "household": ("户号", "户主", "农户", "成员", "Household"),
    "volume": ("交易", "Volume"),
    "capital": ("出资", "公积", "份额", "Capital"),
}


@blueprint.get("/surplus")
@guard("statement.read")
def surpluses() -> str:
    agreements = [row for row in linkage.listed(actor()) if row.kind == "surplus" and row.state == "in_force"]
    return render_template("supplier/surpluses.html", rows=linkage.surplus_years(actor()), agreements=agreements)


@blueprint.route("/surplus/new", methods=["GET", "POST"])
@guard("distribution.prepare")
def surplus_new() -> Response:
    agreements = [row for row in linkage.listed(actor()) if row.kind == "surplus" and row.state == "in_force"]
    known = list(people.of(linkage.roster_on(agreements[0].id, clock.today())).values()) if agreements else []
    values = {
        "year": str(clock.today().year - 1),
        "resolved_on": clock.today().isoformat(),
        "volume_basis_points": "60",
    }
    form = Form(SurplusSchema(), values)
    if pasted.asked():
        with form.attempt():
            form.typed = pasted.typed("members", pasted.rows_of(HEADS), form.typed)
    elif form.posted:
        with form.attempt():
            row = _prepared(form.data(), known)
            return done(
                _("%(number)s 已编制，请另一人审批。", number=row.number), "supplier.surplus", surplus_id=row.id
            )
    return form.page(
        "supplier/surplus_form.html",
        agreements=agreements,
        known=known,
        rows=pasted.rows_shown("members", form.typed, max(5, min(len(known), 40))),
        labels=LABELS,
    )


def _prepared(data: dict[str, Any], known: list[people.Person]) -> Any:
    volumes, capitals = _weights(data.pop("members"), known)
    resolution = Resolution(data.pop("resolution"), data.pop("resolved_on"), uploaded())
    return linkage.prepare_surplus(
        actor(),
        data.pop("agreement_id"),
        data.pop("year"),
        resolution=resolution,
        volumes=volumes,
        capitals=capitals,
        **data,
    )


def _weights(rows: list[dict[str, Any]], known: list[people.Person]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """(volumes, capitals) by household. Raises Many of household_unknown, named_twice with rows."""
    errors: list[DomainError] = []
    found: dict[UUID, dict[str, Any]] = {}
    for number, typed in enumerate(rows, 1):
        one = people.by_typed(known, typed["household"])
        if one is None or one.id in found:
            errors.append(Refused("named_twice" if one else "not_on_roster", field="household", row=number))
        else:
            found[one.id] = typed
    if errors:
        raise Many(errors)
    volumes = {id_: row["volume"] for id_, row in found.items() if row["volume"]}
    return volumes, {id_: row["capital"] for id_, row in found.items() if row["capital"]}


@blueprint.get("/surplus/<uuid:surplus_id>")
@guard("statement.read")
def surplus(surplus_id: UUID) -> Response:
    return _page(surplus_id, Form())


def _page(surplus_id: UUID, form: Form) -> Response:
    row = linkage.own_surplus(actor(), surplus_id)
    shares = linkage.shares_of_surplus(surplus_id)
    return form.page(
        "supplier/surplus.html",
        surplus=row,
        shares={share.household_id: share for share in shares},
        people=people.of({share.household_id for share in shares}),
        users=identity.user_names({user for user in (row.prepared_by, row.approved_by) if user}),
        mine=row.prepared_by == actor().user,
        labels=LABELS,
        asked=request.method,
    )


@blueprint.post("/surplus/<uuid:surplus_id>/approve")
@guard("distribution.approve")
def surplus_approve(surplus_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = linkage.approve_surplus(actor(), surplus_id)
        return done(
            _("%(number)s 已审批，各户应得已记。", number=row.number), "supplier.surplus", surplus_id=surplus_id
        )
    return _page(surplus_id, form)


@blueprint.post("/surplus/<uuid:surplus_id>/discard")
@guard("distribution.prepare")
def surplus_discard(surplus_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        linkage.discard_surplus(actor(), surplus_id)
        return done(_("草稿已作废，可以重新编制。"), "supplier.surpluses")
    return _page(surplus_id, form)
