"""Words of what comes after delivery: reasons, hazards, instructions, what is disputed, remedies, days."""

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString

ORDERS = lazy_pgettext("plural", "订单")
RETURNS = lazy_pgettext("list", "退货")
DISPUTES = lazy_pgettext("list", "争议")
RECALLS = lazy_pgettext("list", "召回")
RECALL = lazy_pgettext("one", "召回")
ACCEPTANCE_TERMS = _("验收默认条款")
REVIEWS = lazy_pgettext("list", "评价")

REASONS: dict[str, LazyString] = {
    "damaged": _("破损"),
    "quality": _("质量不符"),
    "wrong": _("品种或规格不符"),
    "papers": _("单证不全或不符"),
    "recalled": _("批次召回"),
    "other": _("其他"),
}
ABOUT: dict[str, LazyString] = {
    "order": lazy_pgettext("one", "订单"),
    "shipment": _("发货"),
    "acceptance": lazy_pgettext("done", "验收"),
    "bill": _("结算单"),
    "return": _("退货申请"),
}
SIDES: dict[str, LazyString] = {"agency": _("采购人"), "supplier": _("供应商")}
REMEDIES: dict[str, LazyString] = {"return": _("退货"), "none": _("不另作要求")}
HAZARDS: dict[str, LazyString] = {
    "safety": _("可能危害健康"),
    "residue": _("农残、药残或污染物超标"),
    "label": _("标签或单证有误"),
    "quality": _("质量不合格"),
    "other": _("其他"),
}
INSTRUCTIONS: dict[str, LazyString] = {
    "stop": _("停止使用，原地封存"),
    "return": _("停止使用，退回供应商"),
    "destroy": _("停止使用，就地销毁"),
}
TERMS: dict[str, LazyString] = {
    "return_ask": _("验收后申请退货"),
    "return_damaged": _("因破损申请退货"),
    "return_answer": _("供应商答复退货"),
    "dispute_answer": _("对方答复争议"),
    "dispute_decide": _("部门裁定争议"),
    "review_edit": _("修改评价"),
}
MARKS: dict[str, LazyString] = {"quality": _("质量"), "packing": _("包装"), "punctuality": _("准时")}
