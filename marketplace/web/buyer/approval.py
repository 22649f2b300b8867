"""The agency's chain of approval by amount, and who stands in for whom: one page for both."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields, validate

from ...core import clock
from ...core.fields import Day, Fen, Text, Whole
from ...core.money import yuan
from ...edge.current import actor
from ...edge.forms import Form, done
from ...edge.guard import guard
from ...identity import services as identity
from ...procurement import services as procurement
from ...procurement.chains import HOLD_DAYS, MAX_HOLD_DAYS, MAX_STEPS, MAX_TIERS, STEP_ROLES
from ...procurement.schemas import NewDeputySchema
from ..navigation import ROLE_WORDS
from . import blueprint

SHOWN_TIERS = 2
STEPS = range(1, MAX_STEPS + 1)
LABELS = {
    "from_day": _l("从哪天起"),
    "until_day": _l("到哪天止"),
    "tiers": _l("各档"),
    "from_fen": _l("起点金额"),
    "steps": _l("审批步骤"),
    "hold_days": _l("库存保留天数"),
    "principal_id": _l("被代理人"),
    "deputy_id": _l("代理人"),
    "reason": _l("事由"),
}


class _Tier(Schema):
    from_fen = Fen(required=True)
    hold_days = Whole(1, MAX_HOLD_DAYS, load_default=HOLD_DAYS)


# Each step's `who` is a role or a person's id.
TierSchema = _Tier.from_dict(
    {f"title{no}": Text(40, load_default="") for no in STEPS} | {f"who{no}": Text(60, load_default="") for no in STEPS},
    name="TierSchema",
)


class ChainSchema(Schema):
    from_day = Day(required=True)
    tiers = fields.List(fields.Nested(TierSchema), required=True, validate=validate.Length(1, MAX_TIERS))


@blueprint.get("/approval")
@guard("requisition.read")
def approval() -> Response:
    return _page(Form(ChainSchema(), _values()), Form(NewDeputySchema(), {}))


@blueprint.post("/approval/chain")
@guard("chain.edit")
def set_chain() -> Response:
    form = Form(ChainSchema(), needs={"tiers": "from_fen"})
    with form.attempt():
        asked = form.data()
        procurement.set_chain(actor(), asked["from_day"], [_tier(tier) for tier in asked["tiers"]])
        return done(_("审批链已设定，%(day)s起用。", day=asked["from_day"].isoformat()), "buyer.approval")
    return _page(form, Form(NewDeputySchema(), {}))


def _tier(typed: dict[str, Any]) -> dict[str, Any]:
    steps = [_step(typed[f"title{no}"], typed[f"who{no}"]) for no in STEPS if typed[f"who{no}"]]
    return {"from_fen": typed["from_fen"], "hold_days": typed["hold_days"], "steps": steps}


def _step(title: str, who: str) -> dict[str, Any]:
    try:
        return {"title": title, "user_id": UUID(who)}
    except ValueError:
        return {"title": title, "role": who}  # one that there is not is refused by the service


@blueprint.post("/approval/deputies")
@guard("requisition.approve")
def name_deputy() -> Response:
    form = Form(NewDeputySchema())
    with form.attempt():
        procurement.name_deputy(actor(), **form.data())
        return done(_("代理人已指定。"), "buyer.approval")
    return _page(Form(ChainSchema(), _values()), form)


@blueprint.post("/approval/deputies/<uuid:deputy_id>/end")
@guard("requisition.approve")
def end_deputy(deputy_id: UUID) -> Response:
    form = Form()
    with form.attempt():
        procurement.end_deputy(actor(), deputy_id)
        return done(_("代理已结束。"), "buyer.approval")
    return _page(Form(ChainSchema(), _values()), form)


def _values() -> dict[str, Any]:
    """The chain's form as it stands: the newest rules, to be changed from tomorrow on."""
    chain = procurement.chain(actor())
    rules = list(chain.values())[-1] if chain else []
    first = clock.today() + timedelta(days=1 if rules else 0)
    values: dict[str, Any] = {"from_day": max(first, rules[0].from_day if rules else first)}
    for place, rule in enumerate(rules):
        values |= {f"tiers.{place}.from_fen": yuan(rule.from_fen), f"tiers.{place}.hold_days": rule.hold_days}
        for no, step in enumerate(rule.steps, 1):
            values |= {f"tiers.{place}.title{no}": step["title"]}
            values |= {f"tiers.{place}.who{no}": step["user_id"] or step["role"]}
    return values


def _page(form: Form, deputy_form: Form) -> Response:
    me = actor()
    assert me.organisation is not None
    chain: dict[date, list[Any]] = procurement.chain(me)
    deputies = procurement.deputies(me)
    people = identity.people_with(me.organisation, "requisition.approve")
    tiers = max([SHOWN_TIERS, *(len(rules) + 1 for rules in chain.values())])
    named = {person for row in deputies for person in (row.principal_id, row.deputy_id, row.named_by) if person}
    main = deputy_form if deputy_form.errors else form
    return main.page(
        "buyer/approval.html",
        chain=chain,
        chain_form=form,
        deputy_form=deputy_form,
        deputies=deputies,
        approvers=[(str(person), name) for person, name in people.items()],
        deciders=[(role, str(ROLE_WORDS[role])) for role in STEP_ROLES]
        + [(str(one), name) for one, name in people.items()],
        names=people | {str(person): name for person, name in people.items()} | identity.user_names(named),
        step_words=ROLE_WORDS,
        shown_tiers=min(tiers, MAX_TIERS),
        steps=STEPS,
        hold_days=HOLD_DAYS,
        today=clock.today(),
        labels=LABELS,
    )
