"""The words of codes that these pages show: mechanisms, methods, reasons, papers."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from ...core.money import format_yuan
from ...edge.messages import PAPERS, WORDS
from ...linkage.rules import FLOW_UNITS
from .. import kit
from ..mechanisms import MECHANISMS

KINDS: list[tuple[str, LazyString, LazyString]] = [
    ("produce", _("收购农户产品"), _("买断、代销，或保底收购加二次返利")),
    ("dividend", _("按销售额分成"), _("每笔结清货款的百分之几")),
    ("premium", _("溢价收购、让利"), _("每个计价单位多付几元")),
    ("piece_wage", _("计件务工"), _("每件几元，凭计件单；也可按卖出的计价单位算")),
    ("wage", _("务工工资"), _("按工日或按月登记，凭工资单")),
    ("rent", _("土地流转租金"), _("每亩每年几元，凭付租凭证")),
    ("fixed_dividend", _("固定分红"), _("按年固定的分红，凭分红单")),
    ("surplus", _("盈余返还"), _("合作社一年一次，凭成员大会决议")),
]
BASES: list[tuple[str, LazyString, LazyString]] = [
    ("outright", _("买断收购"), _("过磅当日就欠，卖不卖得出都欠")),
    ("consignment", _("代销"), _("货款结清后才欠，按卖出的量算")),
    ("floor_plus", _("保底收购加二次返利"), _("保底价过磅当日就欠；卖得高于保底成本的部分再返百分之几")),
]
FLOWS: dict[str, LazyString] = {
    "piece_wage": _("计件务工"),
    "wage": _("务工工资"),
    "rent": _("土地流转租金"),
    "fixed_dividend": _("固定分红"),
    "surplus": _("盈余返还"),
}
# What a flow counts in: the head of its quantity column.
COUNTED: dict[str, LazyString] = {
    "piece_wage": _("件数"),
    "wage": _("工日"),
    "rent": _("亩数"),
    "fixed_dividend": _("股数"),
}
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
    "recalled": _("批次召回"),
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


def rate(row: Any) -> str:
    """An agreement's terms in a few words: 2 %, ¥0.35/件."""
    if row.rate_basis_points:
        return kit.percent(row.rate_basis_points, 2)
    if not row.rate_fen:
        return kit.NONE
    per = {"rent": gettext("亩每年"), "premium": gettext("计价单位")}.get(row.kind)
    if row.sale_tied:
        per = gettext("计价单位")
    return f"{format_yuan(row.rate_fen)}/{per or kit.unit_word(FLOW_UNITS[row.kind])}"


def mechanism_of_list(code: str) -> str:
    """A mechanism in the totals of a distribution; `flows` before it is approved."""
    return str(
        FLOWS.get(code) or MECHANISMS.get(code) or (gettext("务工、租金等已登记收入") if code == "flows" else code)
    )


def why_held(reason: str) -> str:
    """Why nobody is paid: a code of ours, or what the bank wrote."""
    return str(WORDS.get(reason, reason))
