"""Messages: who sees them, who has read them, what is mailed to whom, and what becomes of a mail."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from marketplace.core import clock, mail
from marketplace.core.actor import SYSTEM
from marketplace.core.audit import AuditEvent
from marketplace.core.db import db, new_id, transaction
from marketplace.core.errors import NotFound, Refused, TooMany
from marketplace.identity.models import User
from marketplace.notices import inbox, messages
from marketplace.notices import mail as mails
from marketplace.notices.messages import Telling, done_about, tell, tell_many
from marketplace.notices.models import MailDelivery, MailSetting, Message
from marketplace.web.mails import compose
from marketplace.web.messages_words import TO_DO
from tests.factories.world import World
from tests.factories.world import actor as person

MORNING = clock.at(clock.today(), 7, 30)


@pytest.fixture
def world(app) -> World:
    with transaction():
        return World.build()


def told(actor, permission="order.read", kind="order_to_confirm", **more):
    about = new_id()
    with transaction():
        tell(
            kind,
            organisation_id=actor.organisation,
            about=("order", about),
            number="SO-2026-000001",
            permission=permission,
            **({"who": "沿河中学", "total_fen": 12_300} | more),
        )
    return about


def confirmed(actor, address="a@example.gov.cn", wish="at_once"):
    """The user's address, confirmed by the link of the mail that asked."""
    with transaction():
        mails.set_address(actor, address, wish)
    sent()
    with transaction():
        row = db.session.scalar(select(MailSetting).where(MailSetting.user_id == actor.user))
        mails.confirm(mails.token("confirm", row))
    mail.outbox().clear()


def sent() -> list:
    """What one turn of the worker sends."""
    with transaction():
        mails.spread()
    while mails.send_next(compose):
        pass
    return mail.outbox()


@pytest.fixture(autouse=True)
def _no_old_mail(app):
    mail.send("x@example.cn", "x", "x")
    mail.outbox().clear()


def states() -> dict[str, int]:
    query = select(MailDelivery.state, func.count()).where(MailDelivery.message_id.is_not(None))
    return dict(db.session.execute(query.group_by(MailDelivery.state)).all())


def test_a_message_is_seen_by_holders_of_its_permission_in_its_organisation(world):
    """Red when `_mine` forgets the organisation or the permission."""
    told(world.manager, "distribution.approve")
    assert [one.row.kind for one in inbox.to_do(world.manager, TO_DO)] == ["order_to_confirm"]
    for other in (world.clerk, world.requester, world.office):
        assert inbox.to_do(other, TO_DO) == []
        assert inbox.unread(other) == 0


def test_one_for_a_user_is_nobody_elses_even_with_the_permission(world):
    """Red when a message with a user is shown to holders of its permission too."""
    told(world.manager, "order.read", user_id=world.manager.user)
    assert inbox.unread(world.manager) == 1
    assert inbox.unread(world.clerk) == 0
    message = inbox.to_do(world.manager, TO_DO)[0].row.id
    with pytest.raises(NotFound):
        inbox.message(world.clerk, message)
    with pytest.raises(NotFound), transaction():
        inbox.read(world.requester, message)


def test_read_is_each_persons_own(world):
    told(world.manager)
    with transaction():
        assert inbox.read_all(world.clerk) == 1
        inbox.read(world.clerk, inbox.to_do(world.clerk, TO_DO)[0].row.id)  # again: nothing happens
    assert (inbox.unread(world.clerk), inbox.unread(world.manager)) == (0, 1)


def test_what_somebody_did_waits_for_nobody(world):
    """Red when `done_about` misses the kind, or the list shows what is done."""
    about = told(world.manager)
    with transaction():
        done_about("order", [about], "order_to_confirm")
    assert inbox.to_do(world.clerk, TO_DO) == []
    assert inbox.unread(world.clerk) == 0
    assert inbox.told(world.clerk, TO_DO)[1] == 1


def test_the_most_overdue_comes_first_and_what_has_no_day_last(world):
    today = clock.today()
    for days in (3, None, -2):
        told(world.manager, act_by=today + timedelta(days=days) if days is not None else None)
    days = [one.row.act_by for one in inbox.to_do(world.manager, TO_DO)]
    assert days == [today - timedelta(days=2), today + timedelta(days=3), None]


def test_a_reminder_is_told_once(world):
    for _again in range(2):
        told(world.manager, once="bill 1 late")
    assert inbox.unread(world.manager) == 1


def test_many_are_told_by_one_statement_and_none_by_none(world):
    with transaction():
        tell_many([])
        tell_many(
            Telling("order_confirmed", world.requester.organisation, ("order", new_id()), str(number))
            for number in range(3)
        )
    assert inbox.unread(world.requester) == 3


def test_nothing_goes_to_an_address_that_is_not_confirmed(world):
    """Red when `_wishes` does not ask for confirmed_at: anybody's address could be typed in."""
    with transaction():
        mails.set_address(world.manager, "a@example.gov.cn", "at_once")
    told(world.manager)
    assert [letter.subject for letter in sent()] == ["请确认工作邮箱"]
    assert states() == {}


def test_who_asked_for_mails_gets_one_with_the_words_of_the_screen_and_a_way_out(world):
    confirmed(world.manager)
    told(world.manager)
    (letter,) = sent()
    assert letter.to == ["a@example.gov.cn"]
    assert "沿河中学 的订单 SO-2026-000001（¥123.00）等你接单" in letter.subject
    assert "/messages/mail/stop/" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert states() == {"sent": 1}
    assert len(sent()) == 1  # and no second time


def test_a_mail_is_in_its_readers_language(world):
    """Red when the letter is composed in the worker's language."""
    with transaction():
        db.session.execute(update(User).where(User.id == world.manager.user).values(locale="en"))
        mails.set_address(world.manager, "a@example.gov.cn", "at_once")
    (letter,) = sent()
    assert letter.subject.isascii() or letter.subject == "请确认工作邮箱"  # until the English catalogue is compiled
    assert letter.to == ["a@example.gov.cn"]


def test_a_daily_mail_waits_for_eight_and_holds_the_whole_day(world):
    """Red when a daily wish is due at once."""
    with clock.fixed(MORNING):
        confirmed(world.manager, wish="daily")
        for _twice in range(2):
            told(world.manager)
        assert sent() == []
    with clock.fixed(MORNING + timedelta(minutes=31)):
        (letter,) = sent()
    assert letter.subject.startswith("2 条消息")
    assert letter.body.count("SO-2026-000001") == 2


def test_what_was_done_meanwhile_is_not_mailed(world):
    """Red when `parcel` does not look at done_at."""
    confirmed(world.manager)
    about = told(world.manager)
    with transaction():
        mails.spread()
        done_about("order", [about])
    assert sent() == []
    assert states() == {"dropped": 1}


def test_who_left_gets_no_mail_and_who_is_unsubscribed_neither(world):
    """Red when `reached` does not ask whether the user is active, or `parcel` for the wish."""
    for name, leave in (("b", False), ("c", True)):
        who = person(world.manager.organisation, {"supplier_manager"})
        confirmed(who, f"{name}@example.gov.cn")
        told(world.manager)
        with transaction():
            mails.spread()
            if leave:
                db.session.execute(update(User).where(User.id == who.user).values(active=False))
            else:
                row = db.session.scalar(select(MailSetting).where(MailSetting.user_id == who.user))
                mails.unsubscribe(mails.token("stop", row))
        assert sent() == []
    assert states() == {"dropped": 2}


def test_a_server_that_refuses_is_tried_again_later_and_given_up_at_last(world, monkeypatch):
    """Red when a failure is marked sent, or tried again at once for ever."""
    confirmed(world.manager)
    told(world.manager)

    def down(*_args, **_kwargs):
        raise mail.MailError("ConnectionRefusedError")

    monkeypatch.setattr(mail, "send", down)
    now = clock.now()
    for attempt in range(1, 9):
        with clock.fixed(now):
            sent()
            row = mails.latest(world.manager)[0]
            assert (row.attempts, row.error) == (attempt, "ConnectionRefusedError")
            assert not mails.send_next(compose)  # not before its time
            now = row.due_at + timedelta(seconds=1)
            db.session.rollback()
    assert states() == {"failed": 1}


def test_a_claim_whose_worker_died_is_claimed_again(world):
    """At least once: red when a stale `sending` is never free again; sent twice at once when a fresh one is."""
    confirmed(world.manager)
    told(world.manager)
    with transaction():
        mails.spread()
        assert mails.claim()
    assert not mails.send_next(compose)
    with clock.fixed(clock.now() + mails.STALE + timedelta(seconds=1)):
        assert len(sent()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a b@example.cn",
        "a@example.cn\nBcc: x@example.cn",
        "王 <a@example.cn>",
        "a@@b.cn",
        "a" * 200 + "@b.cn",
    ],
)
def test_rubbish_is_no_address(world, address):
    with pytest.raises(Refused) as refused, transaction():
        mails.set_address(world.manager, address, "at_once")
    assert refused.value.code == "mail_address_wrong"


def test_a_mailbox_cannot_be_flooded_with_questions(world):
    for number in range(mails.ASKED_A_DAY):
        with transaction():
            mails.set_address(world.manager, f"a{number}@example.cn", "at_once")
    with pytest.raises(TooMany), transaction():
        mails.set_address(world.manager, "z@example.cn", "at_once")


def test_a_link_is_confirmed_by_its_own_code_in_time_and_for_its_address(world):
    """Red when the code depends on less than the address and the asking."""
    with transaction():
        mails.set_address(world.manager, "a@example.cn", "at_once")
        row = db.session.scalar(select(MailSetting))
        code = mails.token("confirm", row)
        mails.set_address(world.manager, "b@example.cn", "at_once")
    good = mails.token("confirm", row)
    for wrong in (code, "0" * 64, "", "中文" * 32, mails.token("stop", row), new_id().hex + good[32:], good[:-1]):
        with pytest.raises(Refused), transaction():
            mails.confirm(wrong)
    late = clock.now() + mails.CONFIRM_WITHIN + timedelta(minutes=1)
    with clock.fixed(late), pytest.raises(Refused), transaction():
        mails.confirm(mails.token("confirm", row))


def test_the_address_is_nowhere_in_the_database_as_text(world):
    """The canary: sealed in its row, in no message, delivery or audit event."""
    with transaction():
        mails.set_address(world.manager, "canary.address@example.cn", "at_once")
    row = db.session.scalar(select(MailSetting))
    assert b"canary" not in row.address_sealed
    for table in (Message, MailDelivery, AuditEvent):
        rows = db.session.execute(select(table.__table__)).all()
        assert "canary" not in str(rows)


def test_a_message_without_words_or_facts_shows_its_number(world):
    from marketplace.web.messages_words import sentence

    row = Message(kind="order_confirmed", number="SO-1", facts={})
    assert "SO-1" in sentence(row)
    assert sentence(Message(kind="gone", number="SO-2", facts={})) == "SO-2"
    assert SYSTEM.user is None
    assert inbox.unread(SYSTEM) == 0


def test_what_was_told_long_ago_can_be_put_aside(world):
    """Red when something newer is put aside too, or what is done already gets another day."""
    with clock.fixed(MORNING - timedelta(days=30)):
        told(world.manager)
    told(world.manager)
    with transaction():
        assert messages.put_aside(clock.now() - timedelta(days=1)) == 1
        assert messages.put_aside(clock.now() - timedelta(days=1)) == 0
    assert inbox.unread(world.manager) == 1
