"""A figure opens to its rows through the API too, and they sum to it."""

from marketplace.core import clock
from marketplace.core.db import transaction
from tests.api.callers import Caller
from tests.factories.world import World


def test_every_figure_equals_the_sum_of_its_rows(world: World, people: dict[str, Caller]) -> None:
    with transaction():
        lot = world.lot()
        world.settled(lot, 100_000)
        world.settled(lot, 50_000)
    month = clock.period(clock.today())
    asked = f"first={month}&last={month}"
    report = people["office"].get(f"reports/volume?{asked}&by=supplier")
    assert report["total"]["settled_fen"] == 180_000
    for figure in ("ordered", "accepted", "settled", "attributed"):
        opened = people["office"].get(f"reports/volume/rows?{asked}&figure={figure}")
        assert sum(row["fen"] for row in opened["items"]) == opened["fen"] == report["total"][f"{figure}_fen"]
    assert people["office"].get(f"reports/volume/households?{asked}")["total"] == report["total"]["households"] == 3


def test_what_is_public_hides_what_few_households_made(app, world: World, people: dict[str, Caller]) -> None:
    with transaction():
        world.settled(world.lot(), 100_000)
    month = clock.period(clock.today())
    report = Caller(app).get(f"results?first={month}&last={month}")
    assert report["total"]["settled_fen"] is None
    assert {row["hidden"] for row in report["rows"]} <= {"few", "complement"}


def test_months_are_asked_in_their_order_and_not_too_many(people: dict[str, Caller]) -> None:
    for query, field in (
        ("first=202612&last=202611", "last"),
        ("first=200001&last=210012", "last"),
        ("first=202613&last=202613", "first"),
        ("first=202601&last=202601&origin=4302250", "origin"),
    ):
        problem = people["office"].refused("GET", f"reports/volume?{query}")
        assert problem["errors"][0]["field"] == field
