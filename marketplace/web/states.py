"""Every state once: object kind → state → (tone, word). Tone is colour and glyph (LOOK.md): idle ○, wait ◐, move ▶,
done ✓, stop ✕, void –. A room that adds a state adds its line here; a test compares the rooms' tables with this one.
"""

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString

Tone = str
STATES: dict[str, dict[str, tuple[Tone, LazyString]]] = {
    "requisition": {
        "draft": ("idle", _("草稿")),
        "submitted": ("wait", _("待审批")),
        "approved": ("done", _("已批准")),
        "rejected": ("stop", _("未批准")),
        "withdrawn": ("void", _("已撤回")),
    },
    "order": {
        "to_confirm": ("wait", _("待接单")),
        "to_ship": ("idle", _("待发货")),
        "in_transit": ("move", _("运输中")),
        "part_delivered": ("move", _("部分到货")),
        "to_accept": ("wait", _("待验收")),
        "accepted": ("done", _("已验收")),
        "settled": ("done", _("已结清")),
        "rejected": ("stop", _("全部拒收")),
        "declined": ("stop", _("未接单")),
        "lapsed": ("void", _("逾期未接")),
        "cancelled": ("void", _("已取消")),
    },
    "shipment": {
        "draft": ("idle", _("待发")),
        "in_transit": ("move", _("运输中")),
        "to_accept": ("wait", _("待验收")),
        "accepted": ("done", _("已验收")),
        "rejected": ("stop", _("拒收")),
        "recalled": ("stop", _("召回")),
    },
    "acceptance": {
        "open": ("move", _("验收中")),
        "to_sign": ("wait", _("待第二人签")),
        "signed": ("done", _("已签")),
        "deemed": ("done", _("视同验收")),
        "disputed": ("stop", _("有争议")),
    },
    "bill": {
        "to_pay": ("wait", _("待付款")),
        "open": ("wait", _("待付款")),
        "partly_paid": ("move", _("部分付款")),
        "paid": ("done", _("已付清")),
        "overdue": ("stop", _("逾期")),
        "credited": ("void", _("已冲销")),
    },
    "payment": {
        "recorded": ("wait", _("待供应商确认")),
        "processing": ("move", _("处理中")),
        "confirmed": ("done", _("已到账")),
        "refused": ("stop", _("未到账")),
        "failed": ("stop", _("失败")),
        "refunded": ("void", _("已退款")),
    },
    "return": {
        "asked": ("wait", _("待答复")),
        "moving": ("move", _("退回中")),
        "done": ("done", _("已办结")),
        "refused": ("stop", _("不同意")),
    },
    "plan": {
        "draft": ("idle", _("草稿")),
        "filed": ("wait", _("待核准")),
        "approved": ("done", _("已核准")),
        "returned": ("stop", _("退回修改")),
    },
    "grant": {
        "county": ("wait", _("县审")),
        "notice": ("wait", _("公示中")),
        "prefecture": ("wait", _("市核")),
        "province": ("wait", _("省定")),
        "in_force": ("done", _("认定有效")),
        "returned": ("stop", _("退回")),
        "suspended": ("stop", _("暂停")),
        "revoked": ("stop", _("撤销")),
        "expired": ("void", _("已过期")),
        "ended": ("void", _("已终止")),
    },
    "product": {
        "draft": ("idle", _("草稿")),
        "pre_sale": ("move", _("预售")),
        "on_sale": ("done", _("在售")),
        "sold_out": ("void", _("售罄")),
        "withdrawn": ("void", _("已下架")),
        "stopped": ("stop", _("已停售")),
    },
    "offer": {
        "on_sale": ("done", _("在售")),
        "sold_out": ("void", _("售罄")),
        "withdrawn": ("void", _("已下架")),
    },
    "agreement": {
        "draft": ("idle", _("草稿")),
        "to_consent": ("wait", _("待农户确认")),
        "in_force": ("done", _("生效")),
        "disputed": ("stop", _("有异议")),
        "ended": ("void", _("已终止")),
        "expired": ("void", _("已到期")),
    },
    "distribution": {
        "draft": ("idle", _("草稿")),
        "prepared": ("wait", _("待批")),
        "notice": ("wait", _("公示中")),
        "approved": ("move", _("兑付中")),
        "paying": ("move", _("兑付中")),
        "paid": ("done", _("已兑付")),
        "failed": ("stop", _("付款失败")),
        "discarded": ("void", _("已作废")),
    },
    "payout": {
        "to_pay": ("wait", _("待兑付")),
        "paid": ("done", _("已兑付")),
        "failed": ("stop", _("付款失败")),
    },
    "dispute": {
        "raised": ("wait", _("待答复")),
        "answered": ("wait", _("待裁定")),
        "upheld": ("stop", _("异议成立")),
        "corrected": ("done", _("已更正")),
        "rejected": ("void", _("异议不成立")),
        "withdrawn": ("void", _("已撤回")),
    },
    "link": {
        "live": ("done", _("有效")),
        "revoked": ("stop", _("已作废")),
    },
    "finding": {
        "open": ("wait", _("待整改")),
        "rectifying": ("move", _("整改中")),
        "closed": ("done", _("已销号")),
        "overdue": ("stop", _("逾期未改")),
        "dismissed": ("void", _("不属实")),
    },
    "period": {
        "open": ("idle", _("未结")),
        "closing": ("move", _("结账中")),
        "closed": ("done", _("已结账")),
        "restated": ("wait", _("已重述")),
    },
    "task": {
        "queued": ("idle", _("排队")),
        "checking": ("move", _("检查中")),
        "running": ("move", _("进行中")),
        "partly": ("wait", _("部分完成")),
        "done": ("done", lazy_pgettext("task", "完成")),
        "failed": ("stop", _("失败")),
        "cancelled": ("void", _("已取消")),
    },
    "token": {
        "live": ("done", _("有效")),
        "expired": ("void", _("已到期")),
        "revoked": ("stop", _("已作废")),
    },
}
KINDS: dict[str, LazyString] = {
    "requisition": _("采购单"),
    "order": _("订单"),
    "shipment": _("发货"),
    "acceptance": _("验收"),
    "bill": _("结算单"),
    "payment": _("付款"),
    "offer": _("供应"),
    "return": _("退货"),
    "plan": _("份额方案"),
    "grant": _("产品认定"),
    "product": _("产品"),
    "agreement": _("联结协议"),
    "distribution": _("分配"),
    "payout": _("兑付"),
    "dispute": _("异议"),
    "link": _("明白卡"),
    "finding": _("问题"),
    "period": _("账期"),
    "task": _("任务"),
    "token": _("令牌"),
}


def badge(kind: str, state: str) -> tuple[Tone, str]:
    """(tone, word) of a state; one that the table lacks shows as itself, without colour."""
    tone, word = STATES.get(kind, {}).get(state, ("idle", state))
    return tone, str(word)
