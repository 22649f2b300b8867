"""The words of codes that these pages show: mechanisms, methods, reasons, papers."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ...edge.messages import PAPERS

MECHANISMS: dict[str, LazyString] = {
    "outright": _("买断收购"),
    "consignment": _("代销"),
    "produce": _("代销收购"),
    "dividend": _("按销售额分成"),
    "premium": _("溢价收购"),
}
KINDS: list[tuple[str, LazyString, LazyString]] = [
    ("produce", _("收购农户产品"), _("买断：过磅当日就欠；代销：货款结清才欠")),
    ("dividend", _("按销售额分成"), _("每笔结清货款的百分之几")),
    ("premium", _("溢价收购"), _("每个计价单位多付几元")),
]
BASES: list[tuple[str, LazyString, LazyString]] = [
    ("outright", _("买断收购"), _("过磅当日就欠，卖不卖得出都欠")),
    ("consignment", _("代销"), _("货款结清后才欠，按卖出的量算")),
]
WEIGHTS: dict[str, LazyString] = {"equal": _("每户均等"), "share": _("按份额"), "volume": _("按交售量")}
METHOD: dict[str, LazyString] = {"cash": _("现金"), "transfer": _("转账")}
METHODS = [(code, word, "") for code, word in METHOD.items()]
CONSENT: dict[str, LazyString] = {"signature": _("签字"), "thumbprint": _("手印")}
CONSENTS = [(code, word, "") for code, word in CONSENT.items()]
REJECTIONS: dict[str, LazyString] = {
    "bruised": _("压伤"),
    "rotten": _("腐坏"),
    "off_spec": _("规格不符"),
    "temperature": _("温度不符"),
    "papers": _("单据不齐"),
    "short": _("短少"),
}
PRICINGS: list[tuple[str, LazyString, LazyString]] = [
    ("counted", _("按件计价"), _("单价乘订购数量，不再过磅")),
    ("weighed", _("按净重计价"), _("验收时过磅，单价乘净重")),
]
CLASSES: dict[str, LazyString] = {
    "none": _("一般农户"),
    "registered": _("建档立卡户"),
    "unstable": _("脱贫不稳定户"),
    "marginal": _("边缘易致贫户"),
    "sudden": _("突发严重困难户"),
}
VERDICTS: dict[str, LazyString] = {
    "no_grant": _("没有认定"),
    "grant_expired": _("认定已过期"),
    "grant_suspended": _("认定暂停"),
    "grant_revoked": _("认定已撤销"),
    "county_not_listed": _("所在县不在名录"),
    "linkage_not_in_force": _("没有生效的联结协议"),
}
RATES: list[tuple[str, LazyString | str]] = [
    ("", _("免税")),
    ("100", "1 %"),
    ("300", "3 %"),
    ("600", "6 %"),
    ("900", "9 %"),
    ("1300", "13 %"),
]


def papers(kinds: list[str]) -> str:
    """Kinds of papers as words in a row."""
    return gettext("、").join(str(PAPERS.get(kind, kind)) for kind in kinds)


def mechanism(kind: str, basis: str | None) -> LazyString:
    return MECHANISMS[basis or kind]
