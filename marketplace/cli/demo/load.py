"""Running the demo: once, into an empty database, from a fixed seed."""

import random
import time
from datetime import timedelta

from sqlalchemy import func, select

from ...catalogue import services as catalogue
from ...core import clock
from ...core.actor import SYSTEM
from ...core.db import db, transaction
from ...core.errors import Conflict
from ...identity.models import Organisation
from ...regions import defaults
from . import people
from .people import Progress
from .year import Year

SEED = 20260818


def is_empty() -> bool:
    with transaction(write=False):
        return not db.session.scalar(select(func.count()).select_from(Organisation))


def load(progress: Progress, seed: int = SEED) -> float:
    """Loads the demo and returns its seconds. Raises Conflict('demo_not_empty') if there is anything already."""
    if not is_empty():
        raise Conflict("demo_not_empty")
    began = time.perf_counter()
    with transaction():
        defaults.load(SYSTEM, lambda done, total: progress("行政区划", done, total))
    rng = random.Random(seed)
    now = clock.now()
    start = (now - timedelta(days=365)).date()
    cast = people.make(rng, start, progress)
    Year(cast, rng, now, progress).run()
    with transaction():
        catalogue.refresh_references()
    return time.perf_counter() - began


def sign_ins() -> list[tuple[str, str]]:
    """(who, sign-in name) of one user per role; the password is `people.PASSWORD`."""
    return [
        ("采购人，采购员", "buyer"),
        ("采购人，审批人", "buyer-approver"),
        ("采购人，验收员", "buyer-receiver"),
        ("采购人，财务", "buyer-finance"),
        ("供应商，负责人", "supplier"),
        ("供应商，业务员", "supplier-clerk"),
        ("市级主管部门，负责人", "office"),
        ("炎陵县主管部门，负责人", "yanling"),
        ("审计", "auditor"),
        ("平台运营", "platform"),
    ]
