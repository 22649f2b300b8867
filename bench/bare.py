"""The yardstick: 24 rows by primary key order through Flask and the ORM as JSON, and a bare hello. Nothing else.

BARE_URL names a PostgreSQL database; `fill` makes its table of 10,000 rows. Served by gunicorn as `bench.bare:app`.
"""

import os

from flask import Flask, Response, jsonify
from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

ROWS = 10_000
app = Flask(__name__)
engine = create_engine(os.environ.get("BARE_URL", "sqlite://"))


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "bare_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    price_fen: Mapped[int]
    stock: Mapped[int]


@app.get("/")
def page() -> Response:
    with Session(engine) as session:
        rows = session.scalars(select(Item).order_by(Item.id).limit(24)).all()
        return jsonify(
            [
                {"id": row.id, "code": row.code, "name": row.name, "price_fen": row.price_fen, "stock": row.stock}
                for row in rows
            ]
        )


@app.get("/hello")
def hello() -> str:
    return "hello"


def fill(url: str) -> None:
    owner = create_engine(url)
    Base.metadata.drop_all(owner)
    Base.metadata.create_all(owner)
    rows = [
        {"id": n, "code": f"P-{n:05d}", "name": f"产品 {n}", "price_fen": n * 7, "stock": n} for n in range(1, ROWS + 1)
    ]
    with owner.begin() as connection:
        connection.execute(insert(Item), rows)
    owner.dispose()
