"""The ledger of findings (问题台账)."""

from datetime import date
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from ...core.money import format_yuan
from ...edge.current import actor
from ...edge.guard import guard
from ...findings import services as findings
from .. import kit
from ..kit import percent
from ..tables import Table
from . import asking, blueprint, words


@blueprint.get("/findings", endpoint="findings")
@guard("finding.read")
def findings_() -> str:
    table = Table(per_page=50)
    kind = request.args.get("kind", "")
    kind = kind if kind in words.FINDINGS else ""
    rows, table.total = findings.register(actor(), kind=kind or None, page=table.page, size=table.per_page)
    return render_template(
        "office/findings.html",
        rows=rows,
        table=table,
        kind=kind,
        kinds=words.FINDINGS,
        counts=findings.open_by_kind(actor()),
        places=asking.short_places({row.division for row in rows}),
        told=told,
        about=about,
    )


def told(row: Any) -> str:
    """What the finding found, in words and numbers."""
    facts = row.facts
    match row.kind:
        case "above_reference":
            return _("%(code)s 高出参考价 %(over)s", code=facts["code"], over=percent(facts["over"]))
        case "beyond_committed_value":
            used, promised = format_yuan(facts["used_fen"]), format_yuan(facts["committed_fen"])
            return _("已售 %(used)s，认定的价值量 %(promised)s", used=used, promised=promised)
        case "line_money_short":
            off, money = format_yuan(facts["written_off_fen"]), format_yuan(facts["money_fen"])
            return _("货款 %(money)s，各机制共短缺 %(off)s", money=money, off=off)
        case "order_may_miss_year":
            due, fen = kit.day(date.fromisoformat(facts["due"]), True), format_yuan(facts["fen"])
            return _("占用份额 %(fen)s，付款期到 %(due)s", fen=fen, due=due)
        case "payee_account_shared":
            return _("%(count)s 户登记了同一个账户", count=facts["households"])
        case kind if kind.startswith(("card_", "stripe_")):
            return _of_stripe(facts)
    return "，".join(f"{name} {value}" for name, value in facts.items())


def _of_stripe(facts: dict[str, Any]) -> str:
    """What Stripe has, beside what was asked for."""
    parts = [_("账户 %(account)s", account=facts["account"])] if facts.get("account") else []
    if "expected_fen" in facts:
        parts.append(_("应为 %(fen)s", fen=format_yuan(facts["expected_fen"])))
    if "fen" in facts:
        parts.append(_("Stripe 上 %(fen)s", fen=format_yuan(facts["fen"])))
    parts += [str(facts[name]) for name in ("payment", "type") if facts.get(name)]
    return _("，").join(parts)


def about(row: Any) -> tuple[str, str | None]:
    """(number of what it is about, url)."""
    facts = row.facts
    if row.object_kind == "grant":
        return facts.get("number", ""), url_for("office.grant", grant_id=row.object_id)
    return facts.get("number", ""), None
