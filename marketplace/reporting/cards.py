"""The card (收入明白卡): a household's year on one sheet of A5, with the QR code of its statement. A Chinese paper.

The code's token is made with the card and kept nowhere: printing again makes a new one, and the former card's code is
dead. A card that asks for the household number's last four (no ID number is on record) does not print them.
"""

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import segno

from ..attribution import services as attribution
from ..core import clock, files, pdf
from ..core.actor import Actor
from ..core.db import transaction
from ..core.errors import Refused
from ..core.jobs import Job, Progress
from ..core.money import format_yuan
from ..households import facts
from ..households import services as households
from ..identity import services as identity
from ..regions import services as regions
from ..settlement import services as settlement

# More than AT_ONCE are made by a job, A_FILE in a file (5 MB).
AT_ONCE, A_FILE, MOST = 200, 500, 5000
OWED = {
    "outright": "买断收购",
    "consignment": "代销",
    "floor_plus": "保底收购",
    "supplement": "二次返利",
    "revision": "补差",
    "produce": "收购产品",
    "dividend": "按销售额分成",
    "premium": "溢价收购",
    "piece_wage": "计件务工",
    "wage": "务工工资",
    "rent": "土地流转租金",
    "fixed_dividend": "固定分红",
    "surplus": "盈余返还",
}
RECEIVED = {"payment": "收购时付的", "payout": "分配兑付的", "set_off": "抵扣预支款的"}


def cards(actor: Actor, household_ids: Sequence[UUID], year: int, base_url: str) -> bytes:
    """One PDF of the households' cards of a year, in the given order; issues a new link to each. Raises NotFound."""
    tokens = attribution.issue_many(actor, household_ids)
    return _render(actor, year, facts_of(actor, household_ids, year), tokens, base_url)


def of_village(actor: Actor, village: str) -> list[UUID]:
    """The households that live in a village of the actor's place, by group and number. Raises Refused: village_needed."""
    actor.require("link.issue")
    if len(village) != 12 or not village.isdecimal() or actor.kind != "office":
        raise Refused("village_needed", field="village")
    actor.require_lies_in(village, "village")
    rows, total = households.listed(actor, division=village, page=1, size=MOST)
    if not total:
        raise Refused("village_needed", field="village")
    return [row.id for row in rows]


def work(job: Job, progress: Progress) -> dict[str, Any]:
    """The job `cards`: a village's cards, kept as files of the office that asked. Repeating it makes new codes."""
    with transaction(write=False):
        actor = identity.actor_by_id(UUID(job.payload["user"]))
        ids = of_village(actor, job.payload["village"])
    year, kept = int(job.payload["year"]), list[str]()
    for start in range(0, len(ids), A_FILE):
        part = ids[start : start + A_FILE]
        with transaction(write=False):
            found = facts_of(actor, part, year)
        with transaction():  # short: what takes long is read before and made after it
            tokens = attribution.issue_many(actor, part)
        content = _render(actor, year, found, tokens, job.payload["base_url"])
        with transaction():
            name = f"cards-{job.payload['village']}-{year}-{len(kept) + 1}.pdf"
            kept.append(str(files.keep(actor, name, content).id))
        progress(start + len(part), len(ids))
    return {"files": kept, "cards": len(ids)}


def facts_of(actor: Actor, household_ids: Sequence[UUID], year: int) -> dict[UUID, dict[str, Any]]:
    """Household → what its card says. The caller has checked scope."""
    rows = households.by_ids(list(household_ids))
    names = {code: regions.name_path(code) for code in {row.present_division for row in rows.values()}}
    return {id_: _card(actor, rows[id_], names[rows[id_].present_division], year) for id_ in household_ids}


def _render(
    actor: Actor, year: int, found: dict[UUID, dict[str, Any]], tokens: dict[UUID, str], base_url: str
) -> bytes:
    urls = {id_: f"{base_url.rstrip('/')}/s/{tokens[id_]}" for id_ in found}
    today = clock.today()
    return pdf.render(
        "card",
        {
            "year": year,
            "day": f"{today.year}年{today.month}月{today.day}日",
            "issuer": actor.organisation_name,
            "person": actor.name,
            "cards": [card | {"qr": _qr(urls[id_])} for id_, card in found.items()],
        },
    )


def _card(actor: Actor, household: Any, place: str, year: int) -> dict[str, Any]:
    supplier = actor.organisation if actor.kind == "supplier" else None
    found = attribution.statement(household.id, supplier, (year * 100 + 1, year * 100 + 12))
    sums = found.by_mechanism()
    known = bool(facts.of_people(household.id))
    suppliers = found.suppliers
    sold = settlement.sold_by(suppliers, (year * 100 + 1, year * 100 + 12)) if suppliers else 0
    return {
        "head": household.head_name,
        "place": place + household.group_name,
        "code": household.code if known else household.code[:-4] + "＊＊＊＊",
        "fact": "户内任一人身份证号" if known else "户号",
        "suppliers": "、".join(sorted(row.name for row in identity.named(suppliers).values())),
        "owed_by": [
            [word, format_yuan(sums[kind].owed_fen)] for kind, word in OWED.items() if _has(sums, kind, "owed")
        ],
        "received_by": [
            [word, format_yuan(sums[kind].received_fen)]
            for kind, word in RECEIVED.items()
            if _has(sums, kind, "received")
        ],
        "sold": format_yuan(sold),
        "attributed": format_yuan(found.attributed_fen),
        "owed": format_yuan(found.owed_fen),
        "received": format_yuan(found.received_fen),
        "left": format_yuan(found.payable_fen),
        "back": format_yuan(found.recoverable_fen) if found.recoverable_fen else "",
    }


def _has(sums: dict[str, Any], kind: str, figure: str) -> bool:
    return kind in sums and bool(getattr(sums[kind], f"{figure}_fen"))


def _qr(url: str) -> str:
    """The code as SVG; a quarter of it may be soiled."""
    out = io.BytesIO()
    segno.make(url, error="q", micro=False).save(out, kind="svg", xmldecl=False, border=2)
    return out.getvalue().decode()
