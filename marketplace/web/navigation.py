"""Menus by audience: (endpoint, label, permission, counter). An endpoint that does not exist is passed over."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from flask import current_app, g, redirect, request, url_for
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from flask_babel.speaklater import LazyString

from ..core.actor import Actor
from ..core.errors import NotFound
from ..edge import current

# Which audience's pages an organisation's people work on.
AUDIENCES = {"supplier": "supplier", "agency": "buyer", "office": "office", "auditor": "office", "platform": "office"}

NAV: dict[str, list[tuple[str, LazyString, str | None, str | None]]] = {
    "public": [
        ("public.home", _("首页"), None, None),
        ("public.catalogue", _("产品目录"), None, None),
        ("public.suppliers", lazy_pgettext("plural", "供应商"), None, None),
        ("public.results", _("帮扶成效"), None, None),
        ("public.demands", _("采购需求"), None, None),
        ("public.disclosure", _("认定公示"), None, None),
        ("public.notices", _("发放公示"), None, None),
        ("public.discipline", _("付款情况"), None, None),
    ],
    "buyer": [
        ("buyer.home", _("首页"), None, None),
        ("public.catalogue", _("产品目录"), None, None),
        ("buyer.sourcing_requests", _("询价与协议"), "request.read", "sourcing"),
        ("buyer.requisitions", lazy_pgettext("plural", "采购单"), "requisition.read", "requisitions"),
        ("buyer.orders", _("订单与验收"), "order.read", "orders"),
        ("buyer.bills", lazy_pgettext("plural", "付款"), "bill.read", "bills"),
        ("buyer.plan", _("预留份额"), "plan.read", None),
        ("office.volume", _("报表"), "report.read", None),
    ],
    "supplier": [
        ("supplier.home", _("首页"), None, None),
        ("supplier.products", _("产品与批次"), "product.edit", None),
        ("supplier.sourcing_requests", _("询价报价"), "request.read", "sourcing"),
        ("supplier.orders", _("订单与发货"), "order.read", "orders"),
        ("supplier.bills", _("结算收款"), "bill.read", "bills"),
        ("supplier.agreements", _("利益联结"), "household.read", "disputes"),
        ("supplier.distributions", _("分配兑付"), "distribution.prepare", "distributions"),
        ("office.volume", _("报表"), "report.read", None),
    ],
    "office": [
        ("office.home", _("首页"), None, None),
        ("office.volume", _("帮扶报表"), "report.read", None),
        ("office.suppliers", lazy_pgettext("plural", "供应商"), "report.read", None),
        ("office.grants", _("产品认定"), "grant.read", "grants"),
        ("office.plans", _("预留份额"), "plan.read", "plans"),
        ("office.households", lazy_pgettext("plural", "农户"), "household.read", "households"),
        ("office.orders", lazy_pgettext("plural", "订单"), "order.read", "orders"),
        ("office.findings", _("问题台账"), "finding.read", "findings"),
        ("office.periods", lazy_pgettext("menu", "结账"), "period.read", None),
        ("office.verification", _("核验"), "organisation.edit", None),
        ("office.organisations", _("单位与用户"), "organisation.edit", None),
        ("office.trail", _("操作记录"), "audit.read", None),
    ],
}
FOOT: list[tuple[str, LazyString]] = [
    ("public.help", _("帮助")),
    ("public.disclosure", _("公示")),
    ("public.recalls", _("召回公告")),
    ("public.open_data", _("开放数据")),
    ("api_docs.show", _("接口文档")),
]
ROLE_WORDS: dict[str, LazyString] = {
    "supplier_manager": _("供应商负责人"),
    "supplier_clerk": _("供应商办事员"),
    "requester": _("采购员"),
    "approver": _("审批人"),
    "leader": _("单位负责人"),
    "receiver": _("验收员"),
    "finance": _("财务"),
    "office_clerk": _("帮扶工作人员"),
    "office_head": _("帮扶部门负责人"),
    "platform": _("平台管理员"),
    "auditor": _("审计员"),
}
# audience → numbers beside its entries, by counter name, in one statement; a page module registers its own.
COUNTERS: dict[str, Callable[[Actor], dict[str, int]]] = {}


class Entry(NamedTuple):
    url: str
    label: str
    waiting: int
    current: bool


def audience(actor: Actor) -> str:
    return AUDIENCES.get(actor.kind, "public")


def counter(name: str) -> Callable[[Callable[[Actor], dict[str, int]]], Callable[[Actor], dict[str, int]]]:
    """Registers an audience's counters: @counter("buyer") above a function of the actor."""

    def register(function: Callable[[Actor], dict[str, int]]) -> Callable[[Actor], dict[str, int]]:
        COUNTERS[name] = function
        return function

    return register


def exists(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def on_own_side(view: Any) -> Any:
    """The view; who follows another side's link is led to the page of their own, which offers what they may do."""

    @wraps(view)
    def shown(**values: Any) -> Any:
        endpoint = f"{audience(current.actor())}.{view.__name__}"
        if endpoint == request.endpoint:
            return view(**values)
        if request.method != "GET" or not exists(endpoint):
            raise NotFound("page")
        return redirect(url_for(endpoint, **values))

    return shown


def menu(actor: Actor, here: str | None = None) -> list[Entry]:
    """The actor's menu. `here` is the entry's endpoint that a page below it belongs to."""
    name = audience(actor)
    counts = _counts(name, actor)
    return [
        Entry(url_for(endpoint), str(label), counts.get(key or "", 0), endpoint == (here or request.endpoint))
        for endpoint, label, permission, key in NAV[name]
        if exists(endpoint) and (permission is None or actor.may(permission))
    ]


def _counts(name: str, actor: Actor) -> dict[str, int]:
    """None on an error page: it must not lean on the database."""
    return COUNTERS[name](actor) if name in COUNTERS and not g.get("failed") else {}


def foot() -> list[tuple[str, str]]:
    return [(url_for(endpoint), str(label)) for endpoint, label in FOOT if exists(endpoint)]


def home_of(actor: Actor) -> str:
    """The URL of the audience's first page."""
    for endpoint in (f"{audience(actor)}.home", "public.home", "account.home"):
        if exists(endpoint):
            return url_for(endpoint)
    return "/"
