"""The words of everything that makes or pays income (RULES.md, Linkage and income), for whoever shows a statement."""

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

MECHANISMS: dict[str, LazyString] = {
    "outright": _("买断收购"),
    "consignment": _("代销"),
    "floor_plus": _("保底收购"),
    "supplement": _("二次返利"),
    "revision": _("补差"),
    "produce": _("收购产品"),
    "dividend": _("按销售额分成"),
    "premium": _("溢价收购"),
    "piece_wage": _("计件务工"),
    "wage": _("务工工资"),
    "rent": _("土地流转租金"),
    "fixed_dividend": _("固定分红"),
    "surplus": _("盈余返还"),
    "payment": _("收购付款"),
    "payout": _("分配兑付"),
    "set_off": _("抵扣预支款"),
}
METHODS: dict[str, LazyString] = {"cash": _("现金"), "transfer": _("转账"), "": _("待付")}
ABOUT: dict[str, LazyString] = {
    "payout": _("分配兑付"),
    "slip": _("过磅单"),
    "payment": _("收购付款"),
    "flow": _("按期收入"),
    "share": _("卖货分得"),
    "missing": _("漏记的"),
}
REMEDIES: dict[str, LazyString] = {
    "payment": _("补付款"),
    "flow": _("补记或更正收入"),
    "revision": _("批次补差"),
    "reversal": _("冲回销售后重记"),
    "other": _("其他更正"),
}
VOICES: dict[str, LazyString] = {
    "household": _("本户"),
    "proxy": _("代领人"),
    "officer": _("村干部代办"),
}


def mechanism(code: str) -> str:
    return str(MECHANISMS.get(code, code))
