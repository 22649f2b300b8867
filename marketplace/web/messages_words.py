"""What a message says and opens: its kind → (words, endpoint, the endpoint's argument for `about_id`).

Words are filled with the message's `number` and its facts; `…_fen`, `…_qty`, `…_bp` and days are formatted. A kind
asks for something (TO_DO, until `notices.done_about` says that it is done) or only tells (NEWS). A kind belongs to one
audience, so its endpoint does too. A test finds a kind that is told somewhere and has no words here.
"""

from collections import defaultdict
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from . import kit, navigation

Words = tuple[LazyString, str, str]

TO_DO: dict[str, Words] = {
    "return_asked": (_("采购人申请退货 %(number)s，请答复"), "supplier.return_request", "request_id"),
    "return_agreed": (_("退货 %(number)s 可以退，请退回货物"), "buyer.return_request", "request_id"),
    "return_sent_back": (_("退货 %(number)s 已由采购人退回，请收货"), "supplier.return_request", "request_id"),
    "return_to_finish": (_("退货 %(number)s 已收回，请冲账办结"), "supplier.return_request", "request_id"),
    "order_dispute_to_answer": (_("供应商提出争议 %(number)s，请答复"), "buyer.order_dispute", "order_dispute_id"),
    "order_dispute_to_answer_supplier": (
        _("采购人提出争议 %(number)s，请答复"),
        "supplier.order_dispute",
        "order_dispute_id",
    ),
    "order_dispute_to_decide": (_("订单争议 %(number)s 等待裁定"), "office.order_dispute", "order_dispute_id"),
    "recall_to_answer": (_("批次 %(lot)s 召回（%(number)s），请立即处理并回复"), "buyer.recall", "recall_id"),
    "requisition_submitted": (
        _("采购单 %(number)s（%(total_fen)s）等你审批"),
        "buyer.requisition",
        "requisition_id",
    ),
    "requisition_rejected": (_("采购单 %(number)s 未批准，请修改后再提交"), "buyer.requisition", "requisition_id"),
    "requisition_expired": (
        _("采购单 %(number)s 没有在期限内批完，库存已放回，请重新提交"),
        "buyer.requisition",
        "requisition_id",
    ),
    "order_to_confirm": (_("%(who)s 的订单 %(number)s（%(total_fen)s）等你接单"), "supplier.order", "order_id"),
    "shipment_under_way": (_("%(who)s 的发货 %(number)s 预计到货，请准备验收"), "buyer.accept", "shipment_id"),
    "acceptance_to_sign": (_("验收单 %(number)s 等第二人签字"), "buyer.acceptance", "acceptance_id"),
    "substitute_proposed": (
        _("%(who)s 提出用别的产品替代订单 %(number)s 的一行，请答复"),
        "buyer.substitute",
        "substitute_id",
    ),
    "acceptance_due": (_("发货 %(number)s 请在 %(day)s 前验收，逾期视同验收"), "buyer.accept", "shipment_id"),
    "acceptance_deemed": (
        _("%(number)s 逾期未验收，已视同验收（%(total_fen)s）；两人签字后才计入份额"),
        "buyer.acceptance",
        "acceptance_id",
    ),
    "bill_to_pay": (_("结算单 %(number)s（%(total_fen)s）待付款"), "buyer.bill", "bill_id"),
    "transfer_to_confirm": (_("%(who)s 付了结算单 %(number)s（%(fen)s），请确认到账"), "supplier.bill", "bill_id"),
    "transfer_refused": (_("供应商没有收到结算单 %(number)s 的付款（%(fen)s），请核对"), "buyer.bill", "bill_id"),
    "plan_to_check": (_("%(agency)s 填报了 %(year)s 年预留份额，请审核"), "office.plan", "plan_id"),
    "plan_amendment": (_("%(agency)s 申请调整 %(year)s 年预留份额，请审核"), "office.plan", "plan_id"),
    "plan_returned": (_("%(year)s 年预留份额被退回，请修改后再报"), "buyer.plan_one", "plan_id"),
    "plan_due": (_("%(year)s 年预留份额还没有填报"), "buyer.plan_due", "agency_id"),
    "plan_overdue": (_("%(year)s 年预留份额已过填报期限，请尽快补报"), "buyer.plan_due", "agency_id"),
    "standing_drafted": (
        _("定期订货 %(day)s 送的采购单 %(number)s 已生成，请核对后提交"),
        "buyer.requisition",
        "requisition_id",
    ),
    "standing_without_person": (
        _("定期订货 %(number)s 的填报人已不能填单，%(day)s 的采购单没有生成"),
        "buyer.standing_order",
        "standing_id",
    ),
    "quotation_asked": (_("%(who)s 的询价单 %(number)s 请你报价"), "supplier.sourcing_answer", "request_id"),
    "request_closed": (_("%(number)s 报价已截止，请比价定标"), "buyer.sourcing_request", "request_id"),
    "framework_to_sign": (_("%(who)s 的框架协议 %(number)s 等你签署"), "supplier.sourcing_framework", "framework_id"),
    "term_proposed": (_("%(who)s 提出结算约定，请答复"), "supplier.term", "term_id"),
    "credit_to_refund": (_("%(who)s 的余款 %(number)s（%(fen)s）待退回"), "supplier.credit", "credit_id"),
}

NEWS: dict[str, Words] = {
    "card_refund_done": (
        _("结算单 %(number)s 的网上退款 %(fen)s 已退回付款方，退货的请登记红字发票"),
        "supplier.card_payment",
        "payment_id",
    ),
    "card_refund_failed": (
        _("结算单 %(number)s 的网上退款 %(fen)s 没有成功，请另行退还"),
        "supplier.card_payment",
        "payment_id",
    ),
    "card_refunded": (_("结算单 %(number)s 的货款 %(fen)s 已由供应商原路退回"), "buyer.card", "bill_id"),
    "return_refused": (_("供应商不同意退货 %(number)s，可以提出争议"), "buyer.return_request", "request_id"),
    "return_unanswered": (
        _("供应商逾期未答复退货 %(number)s，可以提出争议"),
        "buyer.return_request",
        "request_id",
    ),
    "return_done": (_("退货 %(number)s 已办结，冲减 %(fen)s"), "buyer.return_request", "request_id"),
    "order_dispute_decided": (_("争议 %(number)s 已裁定"), "buyer.order_dispute", "order_dispute_id"),
    "order_dispute_decided_supplier": (_("争议 %(number)s 已裁定"), "supplier.order_dispute", "order_dispute_id"),
    "recall_opened": (_("部门召回了批次 %(lot)s（%(number)s）"), "supplier.recall", "recall_id"),
    "recall_ended": (_("批次 %(lot)s 的召回（%(number)s）已结束"), "buyer.recall", "recall_id"),
    "plan_approved": (_("%(year)s 年预留份额已核准"), "buyer.plan_one", "plan_id"),
    "plan_amended": (_("%(year)s 年预留份额的第 %(no)s 次调整已同意"), "buyer.plan_one", "plan_id"),
    "plan_amendment_refused": (_("%(year)s 年预留份额的第 %(no)s 次调整未同意"), "buyer.plan_one", "plan_id"),
    "order_may_miss_year": (
        _("订单 %(number)s 的付款期过了年度截止日，可能计不进 %(year)s 年份额"),
        "buyer.order",
        "order_id",
    ),
    "requisition_approved": (_("采购单 %(number)s 已批准，订单已发给供应商"), "buyer.requisition", "requisition_id"),
    "order_confirmation_for_agency": (
        _("%(who)s 传回了订单 %(number)s 盖章的确认书"),
        "buyer.order",
        "order_id",
    ),
    "order_confirmation_for_supplier": (
        _("%(who)s 传回了订单 %(number)s 盖章的确认书"),
        "supplier.order",
        "order_id",
    ),
    "order_confirmed": (_("%(who)s 已接订单 %(number)s"), "buyer.order", "order_id"),
    "order_declined": (_("%(who)s 未接订单 %(number)s，库存和份额已退回"), "buyer.order", "order_id"),
    "order_lapsed": (_("订单 %(number)s 供应商逾期未接，库存和份额已退回"), "buyer.order", "order_id"),
    "order_cancelled": (_("%(who)s 取消了订单 %(number)s 的未发数量"), "supplier.order", "order_id"),
    "substitute_answered": (_("%(who)s 已答复订单 %(number)s 的替代"), "supplier.order", "order_id"),
    "shipment_cancelled": (_("供应商撤回了发货 %(number)s，数量退回待发"), "buyer.order", "order_id"),
    "crates_returned": (_("%(who)s 收回周转筐 %(count)s 个"), "buyer.crates_of", "supplier_id"),
    "delivery_deemed": (_("%(who)s 逾期未验收，%(number)s 已视同验收（%(total_fen)s）"), "supplier.order", "order_id"),
    "delivery_accepted": (_("%(who)s 已验收 %(number)s（%(total_fen)s）"), "supplier.order", "order_id"),
    "term_agreed": (_("%(who)s 已同意结算约定"), "buyer.term", "term_id"),
    "credit_refunded": (_("余款 %(number)s 已退回 %(fen)s"), "buyer.credit", "credit_id"),
    "interest_claimed": (_("%(who)s 就结算单 %(number)s 主张逾期利息 %(fen)s"), "buyer.bill", "bill_id"),
    "transfer_confirmed": (_("结算单 %(number)s 已到账结清（%(fen)s）"), "buyer.bill", "bill_id"),
    "request_cancelled": (_("%(number)s 已由采购人取消"), "supplier.sourcing_answer", "request_id"),
    "request_awarded": (
        _("%(title)s（%(request)s）已定标，采购单草稿 %(number)s 已建好"),
        "buyer.requisition",
        "requisition_id",
    ),
    "quotation_won": (_("您在 %(number)s 中选"), "supplier.sourcing_answer", "request_id"),
    "quotation_lost": (_("您在 %(number)s 未中选"), "supplier.sourcing_answer", "request_id"),
    "framework_signed": (_("%(who)s 已签署框架协议 %(number)s"), "buyer.sourcing_framework", "framework_id"),
    "framework_declined": (_("%(who)s 未签框架协议 %(number)s"), "buyer.sourcing_framework", "framework_id"),
    "framework_ended": (_("框架协议 %(number)s 已由采购人终止"), "supplier.sourcing_framework", "framework_id"),
}

KINDS: dict[str, Words] = TO_DO | NEWS


def sentence(row: Any) -> str:
    """A message's sentence; a fact that an old message lacks shows as —, a kind that is gone as its number."""
    if row.kind not in KINDS:
        return str(row.number)
    facts = defaultdict(lambda: kit.NONE, {name: _shown(name, value) for name, value in row.facts.items()})
    facts["number"] = row.number
    return str(KINDS[row.kind][0]) % facts


def _shown(name: str, value: Any) -> str:
    if name == "fen" or name.endswith("_fen"):
        return kit.money(value)
    if name.endswith("_qty"):
        return kit.quantity(value)
    if name.endswith("_bp"):
        return kit.percent(value)
    if name == "day" or name.endswith(("_day", "_on")):
        return kit.day(date.fromisoformat(value)) if isinstance(value, str) else str(value)
    return str(value)


def opens(row: Any) -> str | None:
    """The page of what a message is about."""
    if row.kind not in KINDS or not navigation.exists(KINDS[row.kind][1]):
        return None
    _words, endpoint, argument = KINDS[row.kind]
    return url_for(endpoint, **{argument: row.about_id})
