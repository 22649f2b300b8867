"""What a message says and opens: its kind → (words, endpoint, the endpoint's argument for `about_id`).

Words are filled with the message's `number` and its facts; `…_fen`, `…_qty`, `…_bp` and days are formatted. A kind
asks for something (TO_DO, until `notices.done_about` says that it is done) or only tells (NEWS). A kind belongs to one
audience, so its endpoint does too. A test finds a kind that is told somewhere and has no words here.
"""

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

Words = tuple[LazyString, str, str]

TO_DO: dict[str, Words] = {
    "requisition_submitted": (
        _("采购单 %(number)s（%(total_fen)s）等你审批"),
        "buyer.requisition",
        "requisition_id",
    ),
    "requisition_rejected": (_("采购单 %(number)s 未批准，请修改后再提交"), "buyer.requisition", "requisition_id"),
    "order_to_confirm": (_("%(who)s 的订单 %(number)s（%(total_fen)s）等你接单"), "supplier.order", "order_id"),
    "shipment_under_way": (_("%(who)s 的发货 %(number)s 预计到货，请准备验收"), "buyer.accept", "shipment_id"),
    "acceptance_to_sign": (_("验收单 %(number)s 等第二人签字"), "buyer.order", "order_id"),
    "bill_to_pay": (_("结算单 %(number)s（%(total_fen)s）待付款"), "buyer.bill", "bill_id"),
    "transfer_to_confirm": (_("%(who)s 付了结算单 %(number)s（%(fen)s），请确认到账"), "supplier.bill", "bill_id"),
    "transfer_refused": (_("供应商没有收到结算单 %(number)s 的付款（%(fen)s），请核对"), "buyer.bill", "bill_id"),
}

NEWS: dict[str, Words] = {
    "requisition_approved": (_("采购单 %(number)s 已批准，订单已发给供应商"), "buyer.requisition", "requisition_id"),
    "order_confirmed": (_("%(who)s 已接订单 %(number)s"), "buyer.order", "order_id"),
    "order_declined": (_("%(who)s 未接订单 %(number)s，库存和份额已退回"), "buyer.order", "order_id"),
    "order_lapsed": (_("订单 %(number)s 供应商逾期未接，库存和份额已退回"), "buyer.order", "order_id"),
    "order_cancelled": (_("%(who)s 取消了订单 %(number)s 的未发数量"), "supplier.order", "order_id"),
    "delivery_accepted": (_("%(who)s 已验收 %(number)s（%(total_fen)s）"), "supplier.order", "order_id"),
    "transfer_confirmed": (_("结算单 %(number)s 已到账结清（%(fen)s）"), "buyer.bill", "bill_id"),
}

KINDS: dict[str, Words] = TO_DO | NEWS
