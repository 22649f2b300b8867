"""What comes again at the first agency: its school year, a weekly standing order, and festival goods for its union."""

from datetime import date, timedelta

from ...core import clock
from ...sourcing import standing, welfare
from .people import Cast

STAFF = [(name, place) for place in ("语文组", "数学组", "后勤处") for name in ("王", "李", "张", "刘", "陈", "杨")]


def make(cast: Cast) -> None:
    agency = cast.agencies[0]
    today = clock.today()
    year = today.year if today.month >= 8 else today.year - 1
    for name, first, last in (
        (f"{year} 年秋季学期", date(year, 9, 1), date(year + 1, 1, 20)),
        (f"{year + 1} 年春季学期", date(year + 1, 2, 20), date(year + 1, 7, 5)),
    ):
        standing.put_span(agency.requester, "term", name, first, last)
    items = cast.suppliers[0].items[:3]
    standing.open_standing(
        agency.requester,
        title="食堂每周送货",
        from_day=today,
        until_day=today + timedelta(days=90),
        weekdays="14",
        window="上午 6–8 点",
        contact="食堂王老师",
        lines=[{"offer_id": item.offer, "quantity": max(item.minimum, item.pack)} for item in items],
    )
    goods_ = welfare.open_welfare(
        agency.requester, title=f"{year + 1} 年春节慰问", festival="spring", year=year + 1, limit_fen=50_000
    )
    people = [welfare.Head(f"{name}老师", place, f"{number:03d}") for number, (name, place) in enumerate(STAFF, 1)]
    welfare.put_heads(agency.requester, goods_.id, people)
    welfare.put_goods(agency.requester, goods_.id, [{"offer_id": items[0].offer, "quantity": 1_000}])
