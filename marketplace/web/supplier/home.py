"""The first page: what must I ship, and what do I owe my households."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext

from ...accreditation import services as accreditation
from ...attribution import services as attribution
from ...catalogue import services as catalogue
from ...core import clock
from ...core.actor import Actor
from ...edge.current import actor
from ...edge.guard import guard
from ...identity import services as identity
from ...linkage import services as linkage
from ...payments import services as payments
from ...procurement import services as procurement
from ...products import services as products
from ...sourcing import services as sourcing
from .. import navigation
from . import blueprint

TO_SHIP = ("to_ship", "in_transit", "part_delivered")
SHOWN = 40


class ToShip(NamedTuple):
    """One line still to send: the order, the line, the lots that hold some of its product, days left to delivery."""

    order: Any
    line: Any
    lots: list[Any]
    left: int


class Lack(NamedTuple):
    """What a product lacks, what follows from it, and where it is put right."""

    product: Any
    lack: str
    effect: str
    tone: str
    word: str
    endpoint: str
    action: str


@navigation.counter("supplier")
def waiting(who: Actor) -> dict[str, int]:
    states = procurement.counts(who)
    after = procurement.returns_waiting(who) + procurement.disputes_waiting(who) + procurement.recalls_waiting(who)
    return {
        "orders": states.get("to_confirm", 0) + states.get("to_ship", 0) + after,
        "bills": len(payments.to_confirm(who)),
        "distributions": sum(row.state == "draft" for row in attribution.listed(who)),
        "disputes": attribution.waiting(who),
        "sourcing": sourcing.unanswered(who) + sourcing.frameworks_to_sign(who),
    }


@blueprint.get("/")
@guard("order.read")
def home() -> str:
    who = actor()
    confirm, confirm_total = procurement.listed(who, states=("to_confirm",), sort="confirm_by", size=20)
    orders, ship_total = procurement.listed(who, states=TO_SHIP, sort="deliver_on", size=SHOWN)
    ship = to_ship(orders)
    transfers = payments.to_confirm(who)
    names = identity.named({row.agency_id for row in [*confirm, *orders, *(bill for _, bill in transfers)]})
    return render_template(
        "supplier/home.html",
        confirm=confirm,
        confirm_total=confirm_total,
        ship=ship,
        ship_orders=len({row.order.id for row in ship}),
        late=sum(row.left < 0 for row in ship),
        more=ship_total > SHOWN,
        names=names,
        owing=attribution.owing(who.organisation),
        linked=len(linkage.linked_households(who.organisation)),
        due=payments.due(who),
        transfers=transfers,
        drafts=[row for row in attribution.listed(who) if row.state == "draft"],
        lacks=lacks(who),
        disputes=attribution.waiting(who),
    )


def to_ship(orders: Iterable[Any]) -> list[ToShip]:
    """The orders' lines with something open, each with the lots it could come from."""
    orders = list(orders)
    lines = procurement.lines_of([order.id for order in orders])
    wanted = {line.product_id for rows in lines.values() for line in rows if line.open}
    lots: dict[UUID, list[Any]] = {}
    for lot in linkage.lots_of(wanted, available=True) if wanted else []:
        lots.setdefault(lot.product_id, []).insert(0, lot)
    today = clock.today()
    return [
        ToShip(order, line, lots.get(line.product_id, []), (order.deliver_on - today).days)
        for order in orders
        for line in lines.get(order.id, [])
        if line.open
    ]


def lacks(who: Actor) -> list[Lack]:
    """What keeps products from selling, or from counting: the worst first."""
    rows = products.own(who)
    offers: dict[UUID, list[Any]] = {}
    for offer in catalogue.own(who):
        offers.setdefault(offer.product_id, []).append(offer)
    grants: dict[UUID, list[Any]] = {}
    for grant in accreditation.listed(who):
        grants.setdefault(grant.product_id, []).append(grant)
    stocked = {lot.product_id for lot in linkage.own_lots(who, available=True)}
    found = [
        lack
        for row in rows
        for lack in _lacks_of(row, offers.get(row.id, []), grants.get(row.id, []), row.id in stocked)
    ]
    return sorted(found, key=lambda lack: ("stop", "wait", "void", "done").index(lack.tone))


def _lacks_of(product: Any, offers: list[Any], grants: list[Any], stocked: bool) -> Iterable[Lack]:
    on_sale = [offer for offer in offers if offer.state == "on_sale"]
    today = clock.today()
    live = [grant for grant in grants if grant.state == "in_force" and grant.valid_from <= today <= grant.valid_to]

    def lack(what: str, effect: str, tone: str, word: str, endpoint: str, action: str) -> Lack:
        return Lack(product, what, effect, tone, word, endpoint, action)

    if not on_sale:
        words = (_("没有供应") if not offers else _("供应已下架"), _("买方看不到"))
        yield lack(*words, "void", _("未上架"), "supplier.product", _("去上架"))
    elif not any(offer.available for offer in on_sale):
        yield lack(_("库存为零"), _("不能下单"), "void", _("售罄"), "supplier.product", _("改库存"))
    if not live:
        yield lack(_("没有有效的认定"), _("可卖，不计入预留份额"), "stop", _("无认定"), "supplier.product", _("看认定"))
    for grant in live:
        if (grant.valid_to - today).days <= 60:
            left = (grant.valid_to - today).days
            words = ngettext(
                "认定 %(number)s 还有 %(days)s 天到期",
                "认定 %(number)s 还有 %(days)s 天到期",
                left,
                number=grant.number,
                days=left,
            )
            yield lack(words, _("到期后不计入份额"), "wait", _("将到期"), "supplier.product", _("看认定"))
        if grant.committed_value_fen and grant.used_fen * 10 >= grant.committed_value_fen * 9:
            share = grant.used_fen * 1000 // grant.committed_value_fen
            words = _("商品价值量已用 %(share)s %%", share=f"{share // 10}.{share % 10}")
            yield lack(words, _("超出即列为疑点"), "wait", _("将用完"), "supplier.product", _("看认定"))
    if on_sale and not stocked:
        yield lack(_("没有可发的批次"), _("有单也发不出"), "wait", _("缺批次"), "supplier.lot_new", _("建批次"))
    if not product.shelf_life_days:
        yield lack(_("没填保质期"), _("买方不便比较"), "done", _("在售"), "supplier.product_edit", _("补齐"))
