"""The acceptance pages: crates on the scale, papers ticked, the draft, photographs, who signs, the PDF."""

import io

import pytest

from marketplace.core.db import db, transaction
from marketplace.identity.models import User
from marketplace.identity.sign_in import hash_password
from marketplace.procurement import services as procurement
from marketplace.settlement import services as settlement
from tests.factories.world import actor

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 50


@pytest.fixture
def shipment(world):
    with transaction():
        id_ = world.shipped(world.lot(), 200_000)
        world.extra["line"] = procurement.shipment(world.receiver, id_)[0].lines[0].id
    return id_


def typed(world, **more: str) -> dict[str, str]:
    line = str(world.extra["line"])
    return {
        "lines.0.shipment_line_id": line,
        "lines.0.accepted": "200",
        "scales.0.shipment_line_id": line,
        "scales.1.shipment_line_id": line,
        "papers.0.shipment_line_id": line,
        "papers.0.kind": "conformity",
        "papers.0.seen": "true",
        "checklist": "true",
    } | {name.replace("__", "."): value for name, value in more.items()}


def signing(world, shipment):
    with transaction():
        counts = [procurement.Count(world.extra["line"], 200_000)]
        return settlement.accept(world.receiver, shipment, counts)[0].id


def test_without_a_second_inspector_the_acceptance_waits_for_him(world, ask, shipment):
    answer = ask(world.receiver, f"/buyer/shipments/{shipment}/accept", typed(world), 303)
    assert "/buyer/acceptances/" in answer.location
    page = ask(world.receiver, answer.location).text
    assert "待第二人签" in page
    assert "HGZ-001" in page


def test_a_paper_that_nobody_ticked_blocks(world, ask, shipment):
    form = typed(world)
    del form["papers.0.seen"]
    page = ask(world.receiver, f"/buyer/shipments/{shipment}/accept", form, 422).text
    assert "没有核对：承诺达标合格证" in page


def test_what_was_weighed_stays_typed_when_it_is_refused(world, ask, shipment):
    form = typed(world, scales__0__gross="10", scales__0__tare="12", scales__1__gross="95.5", scales__1__tare="5")
    page = ask(world.receiver, f"/buyer/shipments/{shipment}/accept", form, 422).text
    assert "第 1 筐的皮重不小于毛重" in page
    assert 'value="95.5"' in page


def test_a_draft_is_saved_resumed_by_a_colleague_and_its_clash_shown(world, ask, shipment):
    url = f"/buyer/shipments/{shipment}"
    form = typed(world, lines__0__accepted="188.5", version="0", scales__1__gross="61")
    ask(world.receiver, f"{url}/draft", form, 303)
    with transaction():
        second = actor(world.receiver.organisation, {"receiver"}, "周立新")
    page = ask(second, f"{url}/accept").text
    assert 'value="188.5"' in page
    assert 'value="61"' in page
    assert world.receiver.name in page
    clash = ask(second, f"{url}/draft", typed(world, lines__0__accepted="180", version="0"), 409).text
    assert "别处刚保存过" in clash
    assert 'value="180"' in clash
    assert 'name="version" value="1"' in clash


def test_a_photograph_is_shown_and_what_is_none_is_refused(world, ask, shipment, app):
    url, line = f"/buyer/shipments/{shipment}/photos", world.extra["line"]
    ask(world.receiver, url, {f"photo.{line}": (io.BytesIO(JPEG), "桃.jpg")}, 303)
    page = ask(world.receiver, f"/buyer/shipments/{shipment}/accept").text
    with transaction(write=False):
        [photo] = procurement.delivery_photos(shipment)
        address = f"/buyer/photos/{photo.id}"
    assert address in page
    assert ask(world.receiver, address).mimetype == "image/jpeg"
    ask(world.receiver, url, {"photo": (io.BytesIO(b"%PDF-1.7"), "a.pdf")}, 422)
    ask(world.receiver, url, {"photo.x": (io.BytesIO(JPEG), "a.jpg")}, 404)
    ask(world.receiver, url, {"photo": (io.BytesIO(JPEG + b"0" * 50_000_000), "a.jpg")}, 413)


def test_the_second_inspector_signs_on_the_same_phone_with_his_own_password(world, ask, shipment):
    acceptance = signing(world, shipment)
    with transaction():
        second = actor(world.receiver.organisation, {"receiver"}, "周立新")
        row = db.session.get_one(User, second.user)
        row.password, name = hash_password("for-tests-only-2026"), row.sign_in_name
    url = f"/buyer/acceptances/{acceptance}/sign"
    wrong = ask(world.receiver, url, {"second": "1", "name": name, "password": "x"}, 422).text
    assert "待第二人签" in wrong
    ask(world.receiver, url, {"second": "1", "name": name, "password": "for-tests-only-2026"}, 303)
    page = ask(world.receiver, f"/buyer/acceptances/{acceptance}").text
    assert "周立新" in page
    assert "已签" in page


def test_who_signed_first_does_not_sign_again(world, ask, shipment):
    acceptance = signing(world, shipment)
    assert (
        "第二验收人不能是第一个签字的人" in ask(world.receiver, f"/buyer/acceptances/{acceptance}/sign", {}, 422).text
    )


def test_both_sides_take_the_papers_home(world, ask, shipment):
    acceptance = signing(world, shipment)
    for who, side in ((world.receiver, "buyer"), (world.clerk, "supplier")):
        for path in (f"acceptances/{acceptance}.pdf", f"shipments/{shipment}.pdf"):
            answer = ask(who, f"/{side}/{path}")
            assert answer.mimetype == "application/pdf"
            assert answer.data.startswith(b"%PDF")


def test_a_deemed_acceptance_says_so(world, ask, shipment):
    with transaction():
        acceptance = settlement.deem(shipment)[0].id
    assert "视同验收" in ask(world.receiver, f"/buyer/acceptances/{acceptance}").text
