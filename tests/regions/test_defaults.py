"""The data that the product ships, with the real edges in it; on both engines."""

from contextlib import contextmanager
from datetime import date

import pytest
from sqlalchemy import event, func, select

from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import NotFound
from marketplace.regions import defaults, services
from marketplace.regions.models import Division, ProgrammeCounty

DAY = date(2026, 11, 1)


@contextmanager
def statements():
    """The statements sent to the database within it."""
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def loaded(app):
    with transaction():
        return defaults.load(SYSTEM)


def names(places):
    return [place.name for place in places]


def test_the_shipped_data_answers_its_real_edges(app, loaded):
    """One load and many questions: a load per question would take the suite a minute."""
    assert loaded.added == 44_699 + 378

    # Paths and names.
    assert names(services.path_of("430225209000")) == ["湖南省", "株洲市", "炎陵县", "中村瑶族乡"]
    assert services.name_path("430225209000") == "湖南省株洲市炎陵县中村瑶族乡"
    assert services.name_path("110101000000") == "北京市东城区"
    with pytest.raises(NotFound):
        services.path_of("439999000000")
    with pytest.raises(NotFound):
        services.division("not a code")

    # Townships directly under a prefecture.
    for prefecture, townships in (("441900000000", 36), ("442000000000", 23), ("460400000000", 18)):
        found = services.children(prefecture, DAY)
        assert (len(found), {place.level for place in found}) == (townships, {4})
        assert services.county_of(found[0].code).code == prefecture
        assert len(services.path_of(found[0].code)) == 3
    assert services.county_of("430225209000").name == "炎陵县"
    assert len(services.children(None, DAY)) == 31
    assert services.children("350527000000", DAY) == []  # Jinmen has no townships

    # The same names in both demo counties: the path tells them apart.
    twins = db.session.scalars(
        select(Division.code).where(Division.name.in_(["龙溪村", "龙井村"]), Division.level == 5)
    ).all()
    assert len(set(services.name_paths(twins).values())) == 4

    # Nobody lives in the farms and the reserve's office, nor in their villages.
    empty = db.session.scalars(
        select(Division.name).where(Division.has_households.is_(False), Division.level == 4)
    ).all()
    assert sorted(empty) == sorted(["炎陵县大院农场", "炎陵县桃源洞管理局", "茶陵县红色农场"])
    assert not services.division("430225400598").has_households
    assert services.division("430225209000").has_households

    # The list, its renamed counties and its split one.
    assert db.session.scalar(select(func.count()).select_from(ProgrammeCounty)) == 832
    for code in ("532601000000", "540581000000", "540481000000", "622901000000", "632857000000", "632803000000"):
        assert services.in_programme(code, "832", DAY), code
    assert services.in_programme("511903000000", "832", DAY)  # Enyang, through Bazhou
    assert services.in_programme("511902000000", "832", DAY)
    assert services.in_programme("430225209003", "832", DAY)  # a village's county
    for code in ("532600000000", "622900000000", "630104000000", "441900000000", "430211000000"):
        assert not services.in_programme(code, "832", DAY), code
    assert not services.in_programme("430225000000", "832", date(2013, 12, 31))
    assert not services.in_programme("430225000000", "other", DAY)
    # Before the change the new code was not yet the county, the old one was.
    assert not services.in_programme("540481000000", "832", date(2023, 4, 2))
    assert services.in_programme("540422000000", "832", date(2023, 4, 2))

    # An ended code keeps its name, and is no child any more.
    assert services.division("540422000000").ends == date(2023, 4, 2)
    assert "米林县" not in names(services.children("540400000000", DAY))
    assert "米林县" in names(services.children("540400000000", date(2023, 4, 2)))

    # Every listed county that counts today can be named.
    nameless = [code for code in services.counties_of("832", DAY) if not services.paths_of([code])[code]]
    assert nameless == []

    # Many paths are one query, and none once they are known.
    codes = db.session.scalars(select(Division.code).where(Division.level == 5)).all()
    services.forget()
    with statements() as seen:
        services.paths_of(codes)
    assert sum("FROM division" in text for text in seen) == 1
    with statements() as seen:
        services.paths_of(codes)
    assert len(seen) == 0

    # Repeating it changes nothing.
    with transaction():
        again = defaults.load(SYSTEM)
    assert (again.added, again.changed) == (0, 0)
