"""An order's story in words: each verb of its trail, and each thing still to come. A test finds a verb without words.

Facts fill the words as in `messages`; one that an older event lacks shows as —.
"""

from collections import defaultdict
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ..core import clock
from ..core.money import format_yuan
from ..reporting.story import Coming, Step

VERBS: dict[str, LazyString] = {
    "requisition.open": _("开始填采购单"),
    "requisition.from_request": _("按询价 %(request)s 的结果填采购单"),
    "requisition.submit": _("提交采购单，%(total_fen)s"),
    "requisition.approve": _("审批通过"),
    "requisition.reject": _("审批未通过，退回修改"),
    "requisition.withdraw": _("撤回采购单"),
    "requisition.expire": _("逾期无人审批，库存已放回"),
    "order.made": _("采购人批准，成为订单"),
    "order.confirm": _("供应商接单"),
    "order.decline": _("供应商未接单：%(reason)s"),
    "order.lapse": _("供应商逾期未接，订单作废"),
    "order.confirmation": _("传回盖章的订单确认书"),
    "order.confirmation_read": _("查看盖章的订单确认书"),
    "order.cancel": _("取消未发数量：%(reason)s"),
    "shipment.send": _("发货 %(shipment)s"),
    "shipment.amend": _("改了发货 %(shipment)s 的预计到货日：%(expected_on)s"),
    "shipment.cancel": _("撤回发货 %(shipment)s：%(reason)s"),
    "substitute.propose": _("提出替代第 %(line)s 行"),
    "substitute.consent": _("同意替代"),
    "substitute.refuse": _("不同意替代"),
    "substitute.withdraw": _("撤回替代"),
    "delivery.accept": _("验收 %(acceptance)s，%(money_fen)s"),
    "delivery.deem": _("逾期未验收，%(acceptance)s 视同验收，%(money_fen)s"),
    "delivery.answer": _("核对视同验收 %(acceptance)s，第一人签字"),
    "delivery.sign": _("验收单 %(acceptance)s 第二人签字"),
    "delivery.photo": _("上传 %(shipment)s 的到货照片"),
    "bill.make": _("开结算单 %(number)s，%(fen)s"),
    "bill.settle": _("结算单 %(bill)s 结清，%(fen)s 记到农户名下"),
    "bill.prepay": _("要求预付，结算单 %(bill)s，%(fen)s"),
    "invoice.record": _("登记发票 %(number)s"),
    "transfer.record": _("付款 %(fen)s，结算单 %(bill)s"),
    "transfer.confirm": _("供应商确认到账 %(fen)s"),
    "transfer.refuse": _("供应商未收到 %(fen)s"),
    "bank_row.assign": _("银行来款 %(fen)s 认到结算单 %(bill)s"),
    "interest.claim": _("主张逾期利息 %(fen)s（%(number)s）"),
    "interest.pay": _("逾期利息 %(number)s 已付 %(fen)s"),
    "interest.waive": _("免去逾期利息 %(number)s，%(fen)s"),
    "card_payment.ask": _("网上付款 %(fen)s，结算单 %(bill)s"),
    "card_payment.succeeded": _("网上付款成功 %(fen)s"),
    "card_payment.failed": _("网上付款失败 %(fen)s"),
    "card_payment.cancelled": _("网上付款取消 %(fen)s"),
    "card_payment.processing": _("网上付款处理中 %(fen)s"),
    "card_refund.ask": _("申请网上退款 %(fen)s"),
    "card_refund.succeeded": _("网上退款成功 %(fen)s"),
    "card_refund.failed": _("网上退款失败 %(fen)s"),
    "card_refund.cancelled": _("网上退款取消 %(fen)s"),
    "order_dispute.raise": _("提出争议 %(number)s"),
    "order_dispute.answer": _("答复争议 %(number)s"),
    "order_dispute.withdraw": _("撤回争议 %(number)s"),
    "order_dispute.decide": _("部门裁定争议 %(number)s"),
    "recall.open": _("批次 %(lot)s 召回 %(number)s"),
    "review.write": _("采购人评价"),
    "review.edit": _("采购人修改评价"),
    "review.reply": _("供应商回复评价"),
    "review.hide": _("部门屏蔽评价：%(reason)s"),
    "return.ask": _("申请退货 %(number)s"),
    "return.agree": _("供应商同意退货 %(number)s"),
    "return.refuse": _("供应商不同意退货 %(number)s"),
    "return.uphold": _("退货 %(number)s 经裁定成立"),
    "return.withdraw": _("撤回退货申请 %(number)s"),
    "return.send_back": _("退货 %(number)s 已寄回"),
    "return.receive": _("供应商收到退货 %(number)s"),
    "return.finish": _("退货 %(number)s 办结，退 %(fen)s"),
    "credit.use": _("用预付余额 %(credit)s 抵 %(fen)s"),
    "return.record": _("退货 %(number)s，%(money_fen)s"),
    "line.reverse": _("退货 %(number)s 冲回已结清 %(fen)s"),
}
COMING: dict[str, LazyString] = {
    "confirm": _("供应商接单"),
    "ship": _("供应商发货"),
    "accept": _("第 %(no)s 批验收"),
    "sign": _("验收单 %(number)s 第二人签字"),
    "pay": _("付款 %(fen)s"),
    "confirm_payment": _("供应商确认到账 %(fen)s"),
    "settle": _("结清，分到农户"),
}
BAD = ("reject", "decline", "lapse", "cancel", "refuse", "expire", "failed", "cancelled", "deem", "dispute", "recall")
NONE = "—"


def title(step: Step) -> str:
    """What happened, as a sentence; a verb that has no words shows as itself."""
    return _filled(VERBS.get(step.verb, step.verb), step.facts)


def title_of_coming(one: Coming) -> str:
    return _filled(COMING[one.code], one.facts)


def who(step: Step) -> str:
    """张老师，沿河中学; the clock's own deeds are the system's."""
    if step.side == "system":
        return gettext("系统")
    return gettext("，").join(part for part in (step.name, step.organisation) if part)


def is_bad(step: Step) -> bool:
    return step.verb.rpartition(".")[2] in BAD or step.verb.startswith(BAD)


def timeline(steps: list[Step], coming: list[Coming]) -> list[dict[str, str]]:
    """Steps for `parts.timeline`: done, setbacks, what waits now, and hollow what follows it."""
    told = [
        {
            "title": title(one),
            "note": gettext("，").join((_when(one), who(one))),
            "state": "bad" if is_bad(one) else "done",
        }
        for one in steps
    ]
    ahead = [
        {
            "title": title_of_coming(one),
            "note": gettext("%(day)s 前", day=one.by.isoformat()) if one.by else "",
            "state": "next" if place else "now",
        }
        for place, one in enumerate(coming)
    ]
    return told + ahead


def _when(step: Step) -> str:
    return f"{clock.local(step.at):%Y-%m-%d %H:%M}"


def _filled(words: Any, facts: dict[str, Any]) -> str:
    shown = defaultdict(lambda: NONE, {name: _shown(name, value) for name, value in facts.items()})
    return str(words) % shown


def _shown(name: str, value: Any) -> str:
    if isinstance(value, int) and (name == "fen" or name.endswith("_fen")):
        return format_yuan(value)
    return str(value) if value not in (None, "") else NONE
