"""The `flask` commands: one module per group, each exposing a click group; `register` adds them to the application."""

from pathlib import Path

from flask import Flask

from ..core.db import db

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


def register(app: Flask) -> None:
    """Adds every group. The imports are local: a web worker that runs no command loads none of their libraries."""
    from flask_migrate import Migrate

    from .backup import backup, restore
    from .demo_command import demo
    from .keys import keys
    from .ledger import ledger
    from .payments import payments
    from .payout import payout
    from .period import period
    from .regions import regions
    from .report import report
    from .search import group as search
    from .verify import verify

    for group in (backup, restore, demo, keys, ledger, payments, payout, period, regions, report, search, verify):
        app.cli.add_command(group)
    Migrate(app, db, directory=str(MIGRATIONS))
