"""A worker that is killed while it sends mails loses none, and sends the one it was at once more at most."""

import email
import multiprocessing
import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from marketplace.app import create_app
from marketplace.core import clock
from marketplace.core.db import db, transaction
from marketplace.notices import mail
from marketplace.notices.models import MailDelivery, Message
from marketplace.settings import Settings
from marketplace.web.mails import compose
from tests.counts import count
from tests.factories.world import World
from tests.notices.test_messages import confirmed, told

MESSAGES, KILLS = 40, count(40)


def send_all(settings: Settings, later: timedelta) -> None:
    """A worker, a process of its own: a mail for each message, into files."""
    mail.A_MAIL = 1
    app = create_app(settings)
    with app.app_context(), clock.fixed(clock.now() + later):
        with transaction():
            mail.spread()
        while mail.send_next(compose):
            pass


def files(folder: Path) -> list[Path]:
    return list(folder.glob("*")) if folder.exists() else []


def links(file: Path) -> str:
    body = email.message_from_bytes(file.read_bytes()).get_payload(decode=True)
    return (body or b"").decode(errors="replace")


def test_mails_of_a_killed_worker_are_sent_once_more_at_most_and_none_is_lost(app, database, settings: Settings):
    """Red when a mail is marked before it is sent, or a stale claim is not taken up again."""
    with transaction():
        world = World.build()
    confirmed(world.manager)
    context, chance, folder = multiprocessing.get_context("fork"), random.Random(4), settings.var / "mail"
    for round_ in range(max(1, KILLS // 8)):
        for file in files(folder):
            file.unlink()
        asked = {told(world.manager) for _ in range(MESSAGES)}
        with transaction(write=False):
            ids = set(db.session.scalars(select(Message.id).where(Message.about_id.in_(asked))))
        killed = broken_off(context, settings, folder, chance, round_)
        seen = Counter(id_ for file in files(folder) for id_ in ids if f"messages/{id_}" in links(file))
        assert seen.keys() == ids
        assert max(seen.values()) <= 2
        assert sum(seen.values()) <= MESSAGES + killed
        with transaction(write=False):
            states = select(MailDelivery.state).where(MailDelivery.message_id.in_(ids))
            assert set(db.session.scalars(states)) == {"sent"}


def broken_off(context, settings: Settings, folder: Path, chance: random.Random, round_: int) -> int:
    """Kills three workers in the middle, each a while after the claim of the one before grew stale; a fourth ends it."""
    killed = 0
    for place in range(4):
        db.session.remove()
        db.engine.dispose()
        before = len(files(folder))
        later = (mail.STALE + timedelta(minutes=1)) * (round_ * 4 + place)
        worker = context.Process(target=send_all, args=(settings, later))
        worker.start()
        wanted = before + chance.randint(2, 9) if place < 3 else None
        while wanted and len(files(folder)) < wanted and worker.is_alive():
            time.sleep(0.001)  # the moment of the kill is what is tried
        if wanted and worker.is_alive():
            worker.kill()
            killed += 1
        worker.join(120)
    assert worker.exitcode == 0
    return killed
