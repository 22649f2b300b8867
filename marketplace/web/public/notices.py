"""Public notices: the list, one in large type with its objection form, and as a PDF to post on a wall. Without sign-in."""

import io
from typing import Any
from uuid import UUID

from flask import Response, render_template, request, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ...core import clock, pdf
from ...core.errors import Refused
from ...core.money import format_yuan
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...notices import services as notices
from ...notices.schemas import ObjectSchema, shown_lines
from ...regions import services as regions
from ..tables import Table
from . import blueprint

LABELS = {"words": _l("什么情况"), "name": _l("姓名"), "contact": _l("联系方式"), "line_no": _l("序号")}


@blueprint.get("/notices", endpoint="notices")
@guard(public=True)
def notices_() -> str:
    """Those that run, or all with `all=1`; of a place with `place`."""
    table = Table(per_page=50)
    place, everything = request.args.get("place", "")[:12], "all" in request.args
    division = place if place.isdecimal() and len(place) in (2, 4, 6, 9, 12) else None
    rows, table.total = notices.listed(division=division, running=not everything, page=table.page, size=table.per_page)
    return render_template(
        "public/notices.html",
        rows=rows,
        table=table,
        everything=everything,
        suppliers=identity.named({row.supplier_id for row in rows}),
        places=regions.name_paths({row.division for row in rows}),
    )


@blueprint.route("/notices/<uuid:notice_id>", methods=["GET", "POST"])
@guard(public=True)
def notice(notice_id: UUID) -> Response:
    """The notice; its form takes an objection from anybody."""
    form = Form(ObjectSchema(), {"line_no": request.args.get("line", "")})
    if form.posted:
        with form.attempt():
            row = notices.raise_objection(notice_id, **form.data())
            words = _("异议 %(number)s 已收到，处理完以前这一笔暂缓发放。", number=row.number)
            return done(words, "public.notice", notice_id=notice_id)
    return form.page("public/notice.html", labels=LABELS, **_shown(notice_id))


def _shown(notice_id: UUID) -> dict[str, Any]:
    row = notices.public(notice_id)
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in shown_lines(row):
        groups.setdefault(line["group"], []).append(line)
    raised = notices.objections_of([row.id]).get(row.id, [])
    return {
        "notice": row,
        "groups": groups,
        "place": regions.name_path(row.division),
        "supplier": identity.named({row.supplier_id})[row.supplier_id],
        "runs": row.from_day <= clock.today() <= row.until_day,
        "objections": [one.state for one in raised],
    }


@blueprint.get("/notices/<uuid:notice_id>.pdf")
@guard(public=True)
def notice_pdf(notice_id: UUID) -> Response:
    """A4, large type."""
    shown = _shown(notice_id)
    row = shown["notice"]
    if row.households > 3_000:
        raise Refused("sheet_too_many", sheets=1, rows=3_000, columns=5)
    content = pdf.render("public_notice", _printed(shown))
    return send_file(io.BytesIO(content), "application/pdf", download_name=f"notice-{row.number}-{row.division}.pdf")


def _printed(shown: dict[str, Any]) -> dict[str, Any]:
    """Paper is Chinese, whatever the reader's language."""
    row, supplier = shown["notice"], shown["supplier"].name
    total = format_yuan(row.total_fen, "")
    first, last = _day(row.from_day), _day(row.until_day)
    return {
        "title": "联农带农收益分配公示",
        "place": shown["place"],
        "number": row.number,
        "lead": f"{supplier}本次（{row.number}）拟向本村 {row.households} 户发放联农分配收益共 {total} 元，现予公示。"
        f"公示期 {first} 至 {last}。",
        "groups": [
            [group, [[str(line["no"]), line["name"], line["number"], format_yuan(line["fen"], "")] for line in lines]]
            for group, lines in shown["groups"].items()
        ],
        "total": total,
        "how": ["对名单或金额有异议的，请在公示期内向村民委员会或乡镇部门反映，也可在本平台公示页面提出。"],
        "below": [supplier, first],
    }


def _day(day: Any) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
