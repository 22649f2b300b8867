"""Pages and API of messages, packs and certificates: what each audience opens, what is refused, what a link may do."""

import io

import pypdf
import pytest
from sqlalchemy import select

from marketplace.core import clock, jobs, mail
from marketplace.core.db import db, transaction
from marketplace.notices import mail as mails
from marketplace.notices.messages import tell
from marketplace.notices.models import MailSetting, Message
from marketplace.reporting import certificates, papers_pack
from tests.api.callers import Caller, token_of
from tests.factories.world import World


@pytest.fixture
def county(app):
    """The small county with a settled order, and a page asker."""
    with transaction():
        world = World.build()
        bill = world.settled(world.lot())
        world.extra |= {"order": bill.order_id, "bill": bill.id}
    return world


@pytest.fixture
def ask(app, client):
    secrets = {}

    def ask(actor, url, form=None, status=200):
        if actor is not None and actor.user not in secrets:
            with transaction():
                secrets[actor.user] = token_of(actor)
        headers = {"Authorization": f"Bearer {secrets[actor.user]}"} if actor else {}
        answer = client.get(url, headers=headers) if form is None else client.post(url, data=form, headers=headers)
        assert answer.status_code == status, answer.text[:2000]
        return answer

    return ask


def test_every_audience_has_its_messages_and_their_number(county, ask):
    """Red when the header's number is another's, or a page shows another's message."""
    with transaction():
        db.session.execute(Message.__table__.update().values(done_at=clock.now()))
        tell(
            "order_to_confirm",
            organisation_id=county.manager.organisation,
            about=("order", county.extra["order"]),
            number="SO-1",
            permission="order.confirm",
            act_by=clock.today(),
            who="沿河中学",
            total_fen=100,
        )
    page = ask(county.manager, "/messages/").text
    assert "SO-1" in page
    assert '消息<span class="bf-count">1</span>' in page
    for other in (county.requester, county.office, county.finance):
        assert "SO-1" not in ask(other, "/messages/").text
    one = db.session.scalars(select(Message).where(Message.done_at.is_(None))).one()
    ask(county.finance, f"/messages/{one.id}", status=404)
    ask(county.finance, f"/messages/{one.id}/open", {}, status=404)
    answer = ask(county.manager, f"/messages/{one.id}/open", {}, status=303)
    assert answer.location == f"/supplier/orders/{county.extra['order']}"
    assert "bf-count" not in ask(county.manager, "/messages/").text.partition("</header>")[0].split("消息")[1][:40]


def test_the_header_asks_one_statement_for_the_number(county, ask, app):
    """Red when the number is asked for twice (the header stands twice on a page)."""
    from tests.procurement.test_statements import counted

    with counted() as seen:
        ask(county.finance, "/account/")
    assert len([one for one in seen if "message_read" in one]) == 1


def test_a_work_address_is_set_confirmed_and_left_by_the_links_of_its_mails(county, ask):
    page = ask(county.finance, "/messages/mail", {"address": "rubbish", "wish": "at_once"}, 422).text
    assert "应是一个邮箱地址" in page
    ask(county.finance, "/messages/mail", {"address": "a@example.cn", "wish": "at_once"}, 303)
    row = db.session.scalar(select(MailSetting))
    confirm, stop = mails.token("confirm", row), mails.token("stop", row)
    ask(None, f"/messages/mail/confirm/{confirm}")
    db.session.expire_all()
    assert db.session.scalar(select(MailSetting)).confirmed_at is None  # looking is not confirming
    ask(None, f"/messages/mail/confirm/{confirm}", {}, 400)  # not without the page's own token
    ask(county.finance, f"/messages/mail/confirm/{stop}", {}, 422)
    ask(None, f"/messages/mail/stop/{stop}", {}, 303)  # a mail program's own post, without a page's token
    db.session.expire_all()
    assert db.session.scalar(select(MailSetting)).wish == "none"
    with transaction():
        mails.confirm(confirm)
    assert "a@example.cn" in ask(county.finance, "/messages/mail").text
    ask(county.finance, "/messages/mail/forget", {}, 303)
    assert db.session.scalars(select(MailSetting.id)).all() == []
    assert mail.outbox is not None


@pytest.mark.parametrize("who", ["finance", "manager", "office"])
def test_each_side_downloads_its_pack(county, ask, who):
    actor = getattr(county, who)
    for of, id_ in (("orders", county.extra["order"]), ("bills", county.extra["bill"])):
        page = ask(actor, f"/papers/{of}/{id_}").text
        assert ("采购申请单" in page) == (who != "manager")
        content = ask(actor, f"/papers/{of}/{id_}/pack.pdf").data
        assert len(pypdf.PdfReader(io.BytesIO(content)).pages) > 5


def test_a_long_pack_is_made_by_a_job_that_others_do_not_open(county, ask, monkeypatch):
    """Red when a job's file is given to whoever knows its id."""
    monkeypatch.setattr(papers_pack, "AT_ONCE", 2)
    url = f"/papers/orders/{county.extra['order']}"
    assert "整理成一份 PDF" in ask(county.finance, url).text
    ask(county.finance, f"{url}/make", {}, 303)
    assert "正在整理" in ask(county.finance, url).text
    assert jobs.work({papers_pack.KIND: papers_pack.work})
    job = papers_pack.latest(county.finance, "order", county.extra["order"])
    assert ask(county.finance, f"/papers/made/{job.id}").data.startswith(b"%PDF-")
    ask(county.manager, f"/papers/made/{job.id}", status=404)


def test_a_certificate_from_issue_to_public_check(county, ask):
    """Red when the public page needs a sign-in, shows anything without its code, or answers 200 to a wrong one."""
    today = clock.today()
    form = {"from_day": today.replace(day=1).isoformat(), "until_day": today.isoformat()}
    ask(county.approver, "/certificates/", form, 403)
    ask(county.finance, "/certificates/", {"from_day": "2031-01-01", "until_day": "x"}, 422)
    location = ask(county.finance, "/certificates/", form, 303).location
    page = ask(county.finance, location).text
    number = page.partition("ZM-")[2][:11]
    row = db.session.scalars(select(certificates.Certificate)).one()
    assert row.number == f"ZM-{number}"
    code = certificates.code_of(row)
    assert row.number in ask(county.office, "/certificates/").text
    assert ask(county.finance, f"{location}/certificate.pdf").data.startswith(b"%PDF-")
    shown = ask(None, f"/certificates/{row.number}?code={code}").text
    assert "有效，金额与现在的记录一致" in shown
    assert county.requester.organisation_name in shown
    for wrong in ("?code=WRONG", "?code=%00", f"?code={'x' * 500}"):
        text = ask(None, f"/certificates/{row.number}{wrong}", status=404).text
        assert county.requester.organisation_name not in text
    assert county.requester.organisation_name not in ask(None, f"/certificates/{row.number}").text
    ask(county.finance, f"{location}/revoke", {"reason": ""}, 422)
    ask(county.finance, f"{location}/revoke", {"reason": "开错"}, 303)
    assert "已于" in ask(None, f"/certificates/{row.number}?code={code}").text


def test_the_api_does_what_the_pages_do(county, app):
    with transaction():
        finance, stranger = Caller(app, token_of(county.finance), county.finance), Caller(app)
    order, bill = county.extra["order"], county.extra["bill"]
    pack = finance.get(f"orders/{order}/pack")
    assert [one["code"] for one in pack["missing"]] == ["no_invoice"]
    assert finance("GET", f"/api/v1/bills/{bill}/pack/content").data.startswith(b"%PDF-")
    job = finance("POST", f"orders/{order}/pack").json
    assert jobs.work({papers_pack.KIND: papers_pack.work})
    made = finance.get(f"packs/{job['id']}")
    assert finance("GET", f"/api/v1/files/{made['file_id']}/content").data.startswith(b"%PDF-")
    steps = finance.get(f"orders/{order}/story")
    assert steps["steps"][-1]["verb"] == "bill.settle"
    row = finance.post("certificates", {"order_id": str(order)})
    assert (row["total_fen"], row["now_fen"]) == (240_000, 240_000)
    checked = stranger("GET", f"/api/v1/certificate-checks/{row['number']}?code={row['code']}")
    assert checked.json["stands"]
    assert stranger("GET", f"/api/v1/certificate-checks/{row['number']}?code=X").status_code == 404
    assert "id" in finance.get("messages") or "items" in finance.get("messages")
    finance.post("messages/read")
