"""A papers pack in words, for pages: kinds of documents and what is missing. A test compares it with the pack's own."""

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ..core.money import format_yuan
from .messages import PAPERS

KINDS: dict[str, LazyString] = {
    "request": _("采购申请单"),
    "order": _("订单确认书"),
    "stamped": _("订单确认书（盖章扫描件）"),
    "delivery": _("送货单"),
    "acceptance": _("验收单"),
    "batch": _("批次证明"),
    "bill": _("结算单"),
    "invoice": _("发票"),
    "payment": _("付款凭证"),
    "card_payment": _("网上支付凭证"),
    "return": _("退货单"),
    "red_invoice": _("红字发票"),
}
MISSING: dict[str, LazyString] = {
    "unconfirmed": _("订单 %(number)s：供应商还没有接单"),
    "not_delivered": _("订单 %(number)s：还没有发货"),
    "not_accepted": _("送货单 %(number)s：还没有验收"),
    "not_signed": _("验收单 %(number)s：缺第二人签字"),
    "not_billed": _("验收单 %(number)s：还没有开结算单"),
    "no_paper": _("批次 %(number)s：缺%(paper)s"),
    "no_invoice": _("结算单 %(number)s：缺发票 %(fen)s"),
    "no_scan": _("发票 %(number)s：缺扫描件"),
    "not_confirmed": _("结算单 %(number)s：%(fen)s 已付，供应商还没有确认到账"),
    "not_paid": _("结算单 %(number)s：还有 %(fen)s 没有付"),
    "card_processing": _("结算单 %(number)s：%(fen)s 网上支付正在处理"),
    "refund_pending": _("网上支付 %(number)s：退款 %(fen)s 还没有完成"),
    "no_red_invoice": _("退货单 %(number)s：缺红字发票 %(fen)s"),
}


def lacking(one: Any) -> str:
    """What is missing, as a sentence."""
    paper = str(PAPERS.get(one.paper, one.paper))
    return str(MISSING[one.code]) % {"number": one.number, "fen": format_yuan(one.fen), "paper": paper}
