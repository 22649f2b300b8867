"""A union's festival goods: the list of people, what each gets, the bulk order, and who has signed."""

from typing import Any
from uuid import UUID

from flask import Response, render_template, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ...core import clock, files, pdf, sheets
from ...core.errors import NotFound, Refused
from ...core.fields import Text, Whole
from ...core.quantity import format_quantity
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...products import services as products
from ...sourcing import welfare
from ...sourcing.repeating_schemas import NewWelfareSchema
from ..supplier import pasted
from ..supplier.files import uploaded
from ..tables import Table
from . import blueprint, goods_typed

LABELS = {
    "title": _l("名称"),
    "festival": _l("节日"),
    "year": _l("年度"),
    "limit_fen": _l("每人限额"),
    "pasted": _l("粘贴的名单"),
    "table": _l("名单文件"),
    "code": _l("编码"),
    "quantity": _l("每人数量"),
    "proxy": _l("代领人"),
    "numbers": _l("已签领的人"),
    "heads": _l("人员名单"),
    "file": _l("签领表扫描件"),
    "name": _l("姓名"),
}
FESTIVALS = [("spring", _l("春节")), ("dragon_boat", _l("端午")), ("mid_autumn", _l("中秋")), ("other", _l("其他"))]
HEADS = {
    "name": ("姓名", "Name"),
    "department": ("部门", "处室", "科室", "Department"),
    "staff_number": ("工号", "职工号", "Number"),
}
LIMITS = sheets.Limits(size=2 * sheets.MB, sheets=1, rows=welfare.MOST_HEADS + 1, columns=30)


class GoodsFormSchema(Schema):
    class Row(Schema):
        code = Text(24, 1, required=True)
        quantity = Text(40, 1, required=True)

    lines = fields.List(fields.Nested(Row), load_default=list)


class SignFormSchema(Schema):
    numbers = fields.List(
        Whole(1, welfare.MOST_HEADS), load_default=list, validate=validate.Length(max=welfare.MOST_HEADS)
    )
    proxy = Text(40, load_default="")


@blueprint.get("/welfare")
@guard("order.read")
def welfare_orders() -> str:
    table = Table(per_page=50)
    rows, table.total = welfare.welfare_orders(actor(), page=table.page, size=table.per_page)
    return render_template("buyer/welfare_orders.html", rows=rows, table=table, festivals=dict(FESTIVALS))


@blueprint.route("/welfare/new", methods=["GET", "POST"])
@guard("requisition.edit")
def welfare_new() -> Response:
    form = Form(NewWelfareSchema(), {"year": str(clock.today().year), "festival": "spring"})
    if form.posted:
        with form.attempt():
            row = welfare.open_welfare(actor(), **form.data())
            return done(_("已建 %(number)s。", number=row.number), "buyer.welfare_order", welfare_id=row.id)
    return form.page("buyer/welfare_form.html", festivals=FESTIVALS, labels=LABELS)


@blueprint.get("/welfare/<uuid:welfare_id>")
@guard("order.read")
def welfare_order(welfare_id: UUID) -> Response:
    return _page(welfare_id, Form())


def _page(welfare_id: UUID, form: Form) -> Response:
    row = welfare.welfare_order(actor(), welfare_id)
    goods = goods_typed.shown(welfare.goods_of(row.id))
    heads = welfare.heads_of(row.id)
    return form.page(
        "buyer/welfare_order.html",
        row=row,
        goods=goods,
        wanted={good.offer.id: good for good in welfare.wanted(row)},
        heads=heads,
        served=welfare.served(actor(), row) if row.state in ("ordered", "handing_out") else 0,
        festivals=dict(FESTIVALS),
        controls=goods_typed.controls(goods),
        labels=LABELS,
    )


@blueprint.post("/welfare/<uuid:welfare_id>/heads")
@guard("requisition.edit")
def welfare_heads(welfare_id: UUID) -> Response:
    """The list, pasted or as a file; what stood there before is replaced."""
    form = Form()
    with form.attempt():
        rows = pasted.rows_of(HEADS, LIMITS)
        heads = [
            welfare.Head(**{name: row.get(name, "")[:40] for name in HEADS}, row=no) for no, row in enumerate(rows, 1)
        ]
        welfare.put_heads(actor(), welfare_id, heads)
        return done(_("名单 %(count)s 人。", count=len(heads)), "buyer.welfare_order", welfare_id=welfare_id)
    return _page(welfare_id, form)


@blueprint.post("/welfare/<uuid:welfare_id>/goods")
@guard("requisition.edit")
def welfare_goods(welfare_id: UUID) -> Response:
    form = Form(GoodsFormSchema(), needs={"lines": "code"})
    with form.attempt():
        welfare.put_goods(actor(), welfare_id, goods_typed.read(form.data()["lines"]))
        return done(_("已保存。"), "buyer.welfare_order", welfare_id=welfare_id)
    return _page(welfare_id, form)


@blueprint.post("/welfare/<uuid:welfare_id>/order")
@guard("requisition.edit")
def welfare_to_order(welfare_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        row = welfare.order_welfare(actor(), welfare_id)
        words = _("已生成采购单草稿，请填送达日期后提交。")
        return done(words, "buyer.requisition", requisition_id=row.requisition_id)
    return _page(welfare_id, form)


@blueprint.post("/welfare/<uuid:welfare_id>/cancel")
@guard("requisition.edit")
def welfare_cancel(welfare_id: UUID) -> Response:
    welfare.cancel_welfare(actor(), welfare_id)
    return done(_("已取消。"), "buyer.welfare_orders")


@blueprint.post("/welfare/<uuid:welfare_id>/sign")
@guard("delivery.accept")
def welfare_sign(welfare_id: UUID) -> Response:
    form = Form(SignFormSchema())
    with form.attempt():
        data = form.data()
        welfare.sign_for(actor(), welfare_id, data["numbers"], proxy=data["proxy"])
        words = _("已登记 %(count)s 人签领。", count=len(data["numbers"]))
        return done(words, "buyer.welfare_order", welfare_id=welfare_id)
    return _page(welfare_id, form)


@blueprint.post("/welfare/<uuid:welfare_id>/finish")
@guard("delivery.accept")
def welfare_finish(welfare_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        file_id = uploaded()
        if file_id is None:
            raise Refused("file_empty", field="file")
        welfare.finish_welfare(actor(), welfare_id, file_id)
        return done(_("已发完。"), "buyer.welfare_order", welfare_id=welfare_id)
    return _page(welfare_id, form)


@blueprint.get("/welfare/<uuid:welfare_id>/scan")
@guard("order.read")
def welfare_scan(welfare_id: UUID) -> Response:
    row = welfare.welfare_order(actor(), welfare_id)
    if row.sheet_file_id is None:
        raise NotFound("file")
    kept = files.kept(actor(), row.sheet_file_id)
    response = send_file(files.open_kept(kept), mimetype=kept.media_type, download_name=kept.name)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@blueprint.get("/welfare/<uuid:welfare_id>/list.pdf")
@guard("order.read")
def welfare_sheet(welfare_id: UUID) -> Response:
    """签领表, to print and to sign."""
    row = welfare.welfare_order(actor(), welfare_id)
    body = pdf.render("pay_list", _sheet(row))
    name = f"{row.number}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


def _sheet(row: Any) -> dict[str, Any]:
    goods = welfare.wanted(row)
    named = products.by_ids({good.offer.product_id for good in goods})
    each = "；".join(
        f"{named[good.offer.product_id].name} {format_quantity(good.each)} {good.offer.order_unit}" for good in goods
    )
    heads = welfare.heads_of(row.id)
    rows = [
        [str(head.no), head.department, head.name, head.staff_number, "", head.proxy, _shown(head.signed_on)]
        for head in heads
    ]
    return {
        "title": f"{row.title}签领表",
        "below": f"{row.number}　每人：{each or '—'}",
        "unit": actor().organisation_name,
        "columns": ["序号", "部门", "姓名", "工号", "签领", "代领人", "日期"],
        "rows": rows,
        "sum": ["", "", f"共 {len(heads)} 人", "", "", "", ""],
        "right": [],
        "widths": [0, 3, 2, 2, 3, 2, 2],
        "made": f"{clock.today().isoformat()} 打印",
        "signers": [["经办人", ""], ["审核人", ""], ["负责人", ""]],
        "foot": row.number,
    }


def _shown(day: Any) -> str:
    return day.isoformat() if day else ""
