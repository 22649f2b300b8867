"""A household's statement as pages show it: months, mechanisms, and the way from each figure to its rows.

Offices, suppliers and the household itself see the same sheets (`templates/statement/`); what a row links to differs by
audience and is told by `Ways`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, current_app, make_response, request
from flask_babel import gettext as _

from ..attribution import services as attribution
from ..core import clock
from ..core.actor import SYSTEM
from ..core.errors import NotFound, Refused
from ..edge.current import actor
from ..identity import services as identity
from ..linkage import services as linkage
from ..reporting import cards, rules
from ..reporting import services as reporting
from ..settlement import services as settlement
from . import kit, mechanisms
from .tables import here

MONTHS = 24  # what an overview reaches back
PER_PAGE = 20


def nowhere(*_of: Any) -> str | None:
    return None


@dataclass(frozen=True)
class Ways:
    """Where rows open to for an audience: functions that give a URL, or None where it has no page of it."""

    lines: Callable[..., str | None] = nowhere  # (pool id, distribution id or None)
    slip: Callable[..., str | None] = nowhere
    lot: Callable[..., str | None] = nowhere
    agreement: Callable[..., str | None] = nowhere
    distribution: Callable[..., str | None] = nowhere
    file: Callable[..., str | None] = nowhere
    raise_dispute: Callable[..., str | None] = nowhere  # (about kind, about id)
    dispute: Callable[..., str | None] = nowhere


def asked_month() -> int | None:
    """`?month=2026-08` or 202608; none is the overview. Raises NotFound for what is no month."""
    typed = request.args.get("month", "").replace("-", "")
    if not typed:
        return None
    if len(typed) != 6 or not typed.isdecimal() or not 1 <= int(typed[4:]) <= 12 or not 2000 <= int(typed[:4]) <= 2100:
        raise NotFound("page")
    return int(typed)


def periods_of(month: int | None) -> tuple[int, int]:
    """The month, or the two years that end with the present one."""
    present = clock.period(clock.today())
    return (month, month) if month else (rules.before(present, MONTHS - 1), present)


def tabs(month: int | None) -> list[dict[str, Any]]:
    """The overview and three months: the chosen one (else the present) with its neighbours; the present is still open."""
    now = clock.period(clock.today())
    last = min(rules.after(month), now) if month else now
    found: list[dict[str, Any]] = [{"month": None, "url": here(month=None), "current": month is None, "open": False}]
    for period in (rules.before(last, 2), rules.before(last), last):
        found.append({"month": period, "url": month_url(period), "current": period == month, "open": period == now})
    return found


def month_url(period: int) -> str:
    return here(month=f"{period // 100}-{period % 100:02d}", page=None)


def shown(household_id: UUID, supplier_id: UUID | None, month: int | None, ways: Ways) -> dict[str, Any]:
    """Everything that `statement/_sheets.html` needs. The caller has checked scope."""
    periods = periods_of(month)
    found: Any = (
        attribution.statement(household_id, supplier_id, periods)
        if month
        else attribution.overview(household_id, supplier_id, periods)
    )
    disputes = attribution.disputes_of(household_id, supplier_id)
    suppliers = found.suppliers | {row.supplier_id for row in disputes} | set(found.balances)
    lots: set[UUID] = set()
    if month:
        lots = {slip.lot_id for slip in found.slips if slip.lot_id} | {row.lot_id for row in found.revisions}
    return {
        "statement": found,
        "month": month,
        "periods": periods,
        "tabs": tabs(month),
        "month_url": month_url,
        "parties": identity.named(suppliers),
        "sold_fen": settlement.sold_by(suppliers, periods) if suppliers else 0,
        "lots": linkage.by_ids(lots) if lots else {},
        "confirmed": attribution.confirmed(row.id for row in found.payouts) if month else {},
        "disputes": disputes,
        "disputed": {(row.about_kind, row.about_id): row for row in reversed(disputes)},
        "to": ways,
        "words": mechanisms,
    }


@dataclass(frozen=True)
class PoolLine:
    """A line of a pool as a page shows it. `taken_from`: of a reversal, what its sale had brought the household."""

    share: Any
    order: Any
    reverses: bool
    taken_from: Any


TAIL = "tail"  # what has come since the last cut, in a URL's `cut`


def opened(household_id: UUID, supplier_id: UUID | None, pool_id: UUID, ways: Ways) -> dict[str, Any]:
    """One pool's part in one cut (`?cut=<distribution>` or tail; none: in all) with a page of the lines that made it.

    Raises NotFound: what is not in the household's statement is not the household's.
    """
    pools = attribution.statement(household_id, supplier_id).pools
    share = next((share for share in pools if share.pool.id == pool_id), None)
    if share is None:
        raise NotFound("row")
    typed = request.args.get("cut", "")
    cut = next((cut for cut in share.cuts if str(cut.distribution_id or TAIL) == typed), None)
    if typed and cut is None:
        raise NotFound("row")
    page = min(max(request.args.get("page", 1, type=int), 1), 10_000)
    if cut is None:
        rows, total = attribution.lines_of(share.pool, household_id, page=page, size=PER_PAGE)
    else:
        rows, total = attribution.lines_of_cut(cut, household_id, page=page, size=PER_PAGE)
    orders = reporting.orders_behind(row.line_id for row in rows)
    settled = settlement.lines_by_ids(SYSTEM, [row.line_id for row in rows])
    lines = []
    for row in rows:
        reversed_id = settled[row.line_id].reverses_id if row.line_id in settled else None
        sale = attribution.line_in_pool(share.pool, household_id, reversed_id) if reversed_id else None
        lines.append(PoolLine(row, orders.get(row.line_id), reversed_id is not None, sale))
    return {
        "share": share,
        "cut": cut,
        "of": cut or share,
        "lines": lines,
        "total": total,
        "page": page,
        "pages": max(1, -(-total // PER_PAGE)),
        "parties": identity.named({one.order.agency_id for one in lines if one.order} | {share.pool.supplier_id}),
        "to": ways,
        "words": mechanisms,
    }


def about_of(data: dict[str, Any]) -> dict[str, Any]:
    """A form's choice "<kind> <id>" as the verb's two arguments. Raises Refused('not_a_choice')."""
    kind, _space, id_ = data.pop("about").partition(" ")
    try:
        return data | {"about_kind": kind, "about_id": UUID(id_)}
    except ValueError:
        raise Refused("not_a_choice", field="about") from None


def about_options(household_id: UUID, supplier_id: UUID | None) -> list[tuple[str, str]]:
    """("kind id", words) of the rows of the last two years that a dispute may be about, newest first."""
    found = attribution.statement(household_id, supplier_id, periods_of(None))
    rows: list[tuple[Any, str, str, str]] = []
    for payout in found.payouts:
        rows.append((payout.paid_on, "payout", str(payout.id), _("分配兑付") + f" {kit.money(payout.fen)}"))
    for slip in found.slips:
        text = f"{slip.number} {slip.item} {kit.money(slip.payable_fen + slip.deduction_fen)}"
        rows.append((slip.delivered_on, "slip", str(slip.id), _("过磅单") + f" {text}"))
    for payment in found.payments:
        rows.append((payment.paid_on, "payment", str(payment.id), _("收购付款") + f" {kit.money(payment.fen)}"))
    for flow in found.flows:
        text = f"{mechanisms.mechanism(flow.kind)} {kit.money(flow.fen)}"
        rows.append((flow.day, "flow", str(flow.id), text))
    rows.sort(key=lambda row: str(row[0] or "9999"), reverse=True)
    options = [(f"{kind} {id_}", f"{kit.day(when) if when else ''} {text}".strip()) for when, kind, id_, text in rows]
    for share in found.pools:
        text = f"{mechanisms.mechanism(share.mechanism)} {share.lot_number or share.agreement.number} {kit.money(share.fen)}"
        options.append((f"share {share.pool.id}", text))
    suppliers = identity.named(found.suppliers)
    return options + [(f"missing {id_}", _("漏记：%(name)s", name=row.name)) for id_, row in suppliers.items()]


def card_of(household_ids: list[UUID], name: str) -> Response:
    """The cards (明白卡) of the form's year as one PDF, which is shown once and kept nowhere."""
    year = request.form.get("year", clock.today().year, type=int)
    if not clock.today().year - 5 <= year <= clock.today().year:
        raise Refused("out_of_range", field="year")
    content = cards.cards(actor(), household_ids, year, current_app.config["SETTINGS"].public_url)
    response = make_response(content)
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{year}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response
