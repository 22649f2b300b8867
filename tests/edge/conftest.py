"""An application with routes that stand for any room's: they take a number, an effect that can be counted."""

from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask, jsonify, request
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.app import create_app
from marketplace.core import numbers
from marketplace.core.actor import SYSTEM
from marketplace.core.db import db, transaction
from marketplace.core.errors import Refused, TooMany, Unavailable
from marketplace.edge.forms import Form, done
from marketplace.edge.guard import guard
from marketplace.identity import services, sign_in, tokens
from marketplace.settings import Settings

PASSWORD = "a long enough password"


class BrokenOff(Exception):
    sqlstate = "40001"


class LineSchema(Schema):
    quantity = fields.Integer(required=True)


class OrderSchema(Schema):
    lines = fields.List(fields.Nested(LineSchema), required=True)


def routes() -> Blueprint:
    blueprint = Blueprint("t", __name__)
    runs = {"broken": 0}

    @blueprint.post("/api/t/take")
    @guard(signed_in=True)
    def take():
        return jsonify(number=numbers.take("t")), 201, {"Location": "/api/t/1"}

    @blueprint.post("/api/t/secret")
    @guard(signed_in=True)
    def secret():
        response = jsonify(secret="bf_canary", number=numbers.take("t"))
        response.cache_control.no_store = True
        return response

    @blueprint.post("/api/t/refuse")
    @guard(signed_in=True)
    def refuse():
        numbers.take("t")
        raise Refused("not_money", field="price", row=2, value="x")

    @blueprint.post("/api/t/shown-again")
    @guard(signed_in=True)
    def shown_again():
        numbers.take("t")
        return "again", 422

    @blueprint.get("/api/t/writes")
    @guard(signed_in=True)
    def writes():
        return str(numbers.take("t"))

    @blueprint.post("/api/t/broken-off")
    @guard(signed_in=True)
    def broken_off():
        numbers.take("t")
        runs["broken"] += 1
        if runs["broken"] <= int(request.args["times"]):
            raise DBAPIError("UPDATE", None, BrokenOff())
        return jsonify(runs=runs["broken"])

    @blueprint.post("/api/t/stale")
    @guard(signed_in=True)
    def stale():
        raise StaleDataError("secret table")

    @blueprint.get("/api/t/boom")
    @guard(public=True)
    def boom():
        raise ValueError("secret detail")

    @blueprint.get("/t/boom")
    @guard(public=True)
    def page_boom():
        raise ValueError("secret detail")

    @blueprint.get("/api/t/throttled")
    @guard(public=True)
    def throttled():
        raise TooMany("sign_in_throttled", retry_after=77, minutes=2)

    @blueprint.get("/api/t/gone")
    @guard(public=True)
    def gone():
        raise Unavailable("unavailable")

    @blueprint.get("/t/plan")
    @guard("plan.approve")
    def plan():
        return "plan"

    @blueprint.get("/api/t/plan")
    @guard("plan.approve")
    def api_plan():
        return "plan"

    @blueprint.route("/t/form", methods=["GET", "POST"])
    @guard(signed_in=True)
    def form():
        form = Form(OrderSchema())
        if form.posted:
            with form.attempt():
                data = form.data()
                numbers.take("t")
                if any(line["quantity"] > 100 for line in data["lines"]):
                    raise Refused("quantity_too_large", field="quantity", row=2, value="many")
                return done("好", "t.form")
        return form.page("errors/problem.html", status=form.status, title="t", words=form.summary(), parts=[])

    return blueprint


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.register_blueprint(routes())
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def bearer(app: Flask) -> dict[str, str]:
    """The headers of an agency's requester."""
    with app.app_context(), transaction():
        agency = services.add_organisation(SYSTEM, "agency", "沿河中学", "430224000000")
        user = services.add_user(SYSTEM, agency.id, "liu", "刘晓燕", {"requester"}, sign_in.hash_password(PASSWORD))
        _token, secret = tokens.create_token(services.actor_of(user), "test")
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def taken(app: Flask):
    """How many numbers were taken and kept."""

    def count() -> int:
        with app.app_context(), transaction(write=False):
            return (
                db.session.scalar(select(numbers.NumberCounter.value).where(numbers.NumberCounter.series == "t")) or 0
            )

    return count
