"""What an office does for a household: cards of one or of a village, a yes and a dispute with its signature."""

import io
import re

from sqlalchemy import func, select

from marketplace.attribution import services as attribution
from marketplace.attribution.household_models import StatementLink
from marketplace.core import clock, jobs
from marketplace.core.db import db, transaction
from marketplace.reporting import cards
from tests.factories.world import VILLAGES

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def file() -> tuple[io.BytesIO, str]:
    return io.BytesIO(PNG), "签字.png"


def test_a_card_is_printed_and_its_code_ended(world, ask):
    url = f"/office/households/{world.households[0]}"
    answer = ask(world.office, f"{url}/card", {})
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "有效" in ask(world.office, url).text
    ask(world.office, f"{url}/link/revoke", {}, status=303)
    assert "已作废" in ask(world.office, url).text
    ask(world.extra["auditor"], f"{url}/card", {}, status=403)
    ask(world.extra["beside"], f"{url}/card", {}, status=404)


def test_a_village_s_cards_are_one_file_and_many_are_a_job_s(world, ask, monkeypatch):
    form = {"village": VILLAGES[0], "year": str(clock.today().year)}
    assert ask(world.office, "/office/households/cards", form).data.startswith(b"%PDF-")
    assert "请选" in ask(world.office, "/office/households/cards", {"year": "2026"}, status=422).text
    ask(world.extra["beside"], "/office/households/cards", form, status=404)
    monkeypatch.setattr(cards, "AT_ONCE", 2)
    monkeypatch.setattr(cards, "A_FILE", 2)
    ask(world.office, "/office/households/cards", form, status=303)
    assert jobs.work({"cards": cards.work})
    page = ask(world.office, "/office/households/cards").text
    links = re.findall(r'href="(/office/households/cards/[^"]+)"', page)
    assert len(links) == 2, "three cards, two to a file"
    for link in links:
        assert ask(world.office, link).data.startswith(b"%PDF-")
        ask(world.extra["county"], link, status=404)
    with transaction(write=False):
        alive = select(func.count()).select_from(StatementLink).where(StatementLink.revoked_at.is_(None))
        assert db.session.scalar(alive) == 3, "the former cards' codes are dead"


def test_the_officer_records_a_household_s_yes_with_its_signature(world, ask):
    with transaction(write=False):
        payout = next(row for home in world.households for row in attribution.unconfirmed(home) if row.state == "paid")
    url = f"/office/households/{payout.household_id}"
    assert "请附凭证" in ask(world.office, f"{url}/confirm", {"payout_ids": str(payout.id)}, status=422).text
    ask(world.office, f"{url}/confirm", {"payout_ids": str(payout.id), "file": file()}, status=303)
    with transaction(write=False):
        assert attribution.confirmed([payout.id])[payout.id].voice == "officer"
    assert "村干部代办已确认" in ask(world.office, f"{url}?month={clock.today():%Y-%m}").text


def test_the_officer_raises_a_dispute_that_a_place_s_days_decide(world, ask):
    terms = {"answer_days": "3", "decide_days": "2", "from_day": clock.today().isoformat()}
    assert "超出允许的范围" in ask(world.office, "/office/disputes/terms", terms, status=422).text
    ask(world.office, "/office/disputes/terms", terms | {"decide_days": "6"}, status=303)
    url = f"/office/households/{world.households[0]}/disputes/new"
    about = re.search(r'value="(slip [0-9a-f-]{36})"', ask(world.office, url).text)[1]
    form = {"about": about, "words": "少算 18 斤", "claimed_fen": "1,200.00"}
    kept = ask(world.office, url, form, status=422).text
    assert "请附凭证" in kept
    assert "少算 18 斤" in kept
    ask(world.office, url, form | {"about": "slip x", "file": file()}, status=422)
    page = ask(world.office, url, form | {"file": file()}, status=303)
    dispute = ask(world.office, page.headers["Location"]).text
    assert "¥1,200.00" in dispute
    assert "供应商可答复到" in dispute
    scan = re.search(r'href="(/office/disputes/[^"]+/files/[^"]+)"', dispute)[1]
    assert ask(world.office, scan).data == PNG
    ask(world.extra["beside"], scan, status=404)
    assert "YY-" in ask(world.office, "/office/disputes").text
    assert "办理中 1 件" in ask(world.office, "/office/").text
