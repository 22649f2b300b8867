"""Words of quota that several audiences' pages share."""

from typing import Any

from flask_babel import lazy_gettext as _l

from ..core.money import half_up

UNIT_CASES = {
    "own": _l("自办食堂"),
    "none": _l("没有食堂"),
    "outsourced": _l("食堂外包"),
    "shared": _l("合用食堂，由另一家单位填报"),
}
BASES = {"canteen": _l("食堂食材采购额"), "canteen_union": _l("食堂食材采购额和工会经费")}
COUNTED = {"canteen": _l("食堂"), "union": _l("工会"), "contractor": _l("承包商"), "employee": _l("职工个人")}
LABELS = {
    "year": _l("年度"),
    "unit_case": _l("食堂情况"),
    "canteen_fen": _l("食堂食材采购总额"),
    "union_fen": _l("工会经费采购总额"),
    "target_fen": _l("预留份额"),
    "ceiling_fen": _l("上限"),
    "shared_with_id": _l("由哪家单位填报"),
    "contractor_ids": _l("承包商"),
    "note": _l("说明"),
    "from_day": _l("从哪天起"),
    "reason": _l("理由"),
    "add_contractor_id": _l("增加承包商"),
    "end_contractor_id": _l("终止承包商"),
    "answer": _l("不同意的理由"),
}


def rate(part: int, whole: int) -> int | None:
    """Basis points of a share; None of nothing."""
    return half_up(part * 10_000, whole) if whole else None


def case_of(plan: Any) -> Any:
    return UNIT_CASES[plan.unit_case]
