"""What these pages call kinds, dimensions and columns."""

from flask_babel import lazy_gettext as _

DIMENSIONS = {
    "origin": _("产地"),
    "buyer": _("采购单位"),
    "supplier": _("供应商"),
    "category": _("品类"),
    "channel": _("渠道"),
    "month": _("月份"),
}
COLUMNS = {
    "ordered": _("订购额"),
    "accepted": _("验收额"),
    "settled": _("销售额"),
    "change": _("比上年"),
    "attributed": _("可追溯额"),
    "owed": _("应得"),
    "received": _("已得"),
    "to_pay": _("应付未付"),
    "households": _("联结农户"),
}
ROW_KINDS = {
    "order_line": _("订购"),
    "accepted_line": _("验收"),
    "settled_line": _("结清"),
    "slip": _("过磅单"),
    "flow": _("工资租金等"),
    "revision": _("批次补价"),
    "set_off": _("抵扣预支"),
    "farm_payment": _("收购付款"),
    "payout": _("分配兑付"),
}
FINDINGS = {
    "above_reference": _("价格高于参考价"),
    "beyond_committed_value": _("销售超过商品价值量"),
    "line_money_short": _("货款不够分配"),
    "order_may_miss_year": _("订单可能赶不上本年份额"),
    "payee_account_shared": _("几户共用一个收款账户"),
    "dispute_unanswered": _("异议逾期未答复"),
    "return_unanswered": _("退货申请逾期未答复"),
    "order_dispute_unanswered": _("订单争议逾期未答复"),
    "order_dispute_undecided": _("订单争议逾期未裁定"),
    "recall_overdue": _("召回逾期未回复"),
    "dispute_undecided": _("异议逾期未裁定"),
    "card_payment_differs": _("网上支付与应付不符"),
    "card_payment_unknown": _("Stripe 上有来路不明的付款"),
    "card_overpaid": _("网上支付多付"),
    "card_disputed": _("网上支付被付款方拒付"),
    "card_refund_differs": _("网上退款与申请不符"),
    "card_refund_unknown": _("Stripe 上有来路不明的退款"),
    "card_refund_outside": _("在 Stripe 页面上自行退款"),
    "card_refund_failed": _("网上退款被银行退回"),
    "stripe_account_unknown": _("Stripe 通知来自不认识的账户"),
}
HOUSEHOLD_CLASSES = {
    "none": _("一般农户"),
    "registered": _("脱贫户"),
    "unstable": _("脱贫不稳定户"),
    "marginal": _("边缘易致贫户"),
    "sudden": _("突发严重困难户"),
}
MECHANISMS = {
    "produce": _("收购产品"),
    "dividend": _("按销售额分红"),
    "premium": _("溢价收购"),
}
BASES = {"outright": _("买断收购"), "consignment": _("代销")}
METHODS = {"cash": _("现金"), "transfer": _("转账")}
ORGANISATION_KINDS = {
    "platform": _("平台"),
    "supplier": _("供应商"),
    "agency": _("采购人"),
    "office": _("帮扶部门"),
    "auditor": _("审计"),
}
SUPPLIER_KINDS = {
    "enterprise": _("企业"),
    "cooperative": _("合作社"),
    "family_farm": _("家庭农场"),
    "workshop": _("就业帮扶车间"),
}
AGENCY_KINDS = {"budget_unit": _("预算单位"), "union": _("工会"), "state_firm": _("国有企业")}
LEVELS = {1: _("省级"), 2: _("市级"), 3: _("县级"), 4: _("乡镇"), 5: _("村")}
OBJECTS = {
    "requisition": _("采购单"),
    "order": _("订单"),
    "shipment": _("发货"),
    "acceptance": _("验收"),
    "bill": _("结算单"),
    "offer": _("供应"),
    "product": _("产品"),
    "grant": _("认定"),
    "agreement": _("协议"),
    "roster": _("名单"),
    "slip": _("过磅单"),
    "lot": _("批次"),
    "household": _("农户"),
    "distribution": _("分配"),
    "dispute": _("异议"),
    "link": _("明白卡"),
    "supplier": _("供应商"),
    "quota_plan": _("份额方案"),
    "organisation": _("单位"),
    "user": _("用户"),
}
