"""The composition root: `create_app` wires settings, database, rooms, edge, pages, API and commands."""

from importlib import import_module
from pathlib import Path

from flask import Flask

from . import settings as settings_module
from .core import crypto, mail
from .core.db import db
from .households import payees
from .payments import gateway
from .settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent

# Pages: a module with a `blueprint`, and where it hangs.
PAGES = {
    "public": "",
    "buyer": "/buyer",
    "office": "/office",
    "results": "",
    "account": "/account",
    "messages": "/messages",
    "papers": "/papers",
    "certificates": "/certificates",
    "supplier": "/supplier",
}


def create_app(settings: Settings | None = None) -> Flask:
    """An application for these settings, or those of the environment. Raises SettingsError."""
    from . import rooms  # noqa: F401  every table is known before the first query
    from .edge.transactions import Application

    chosen = settings or settings_module.from_environment()
    chosen.var.mkdir(parents=True, exist_ok=True)
    app = Application("marketplace", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.config.update(
        SETTINGS=chosen,
        SECRET_KEY=chosen.secret_key,
        SECURITY_PASSWORD_SALT=chosen.password_salt,
        SQLALCHEMY_DATABASE_URI=chosen.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "hide_parameters": True,  # a logged failure shows the statement, never the people in it
            **({} if chosen.sqlite else {"pool_size": 5, "max_overflow": 5}),
        },
        FILES=str(chosen.var / "files"),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
    )
    app.extensions["keys"] = _keys(chosen)
    payees.cooling_days = chosen.cooling_days
    gateway.configure(_gateway(chosen))
    app.extensions["another"] = create_app  # a drill restores into one of its own; commands do not know the root
    db.init_app(app)
    _mail(app, chosen)
    _wire(app)
    return app


def _mail(app: Flask, chosen: Settings) -> None:
    try:
        mail.init_app(app, chosen.smtp_url, chosen.mail_from, chosen.var / "mail")
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _keys(chosen: Settings) -> crypto.Keys:
    """Without its keys the application does not start; a demo makes its own."""
    own = chosen.var / "keys" / "keys.json" if chosen.demo else None
    try:
        return crypto.keys_for(chosen.keys, chosen.keys_file or own, make=chosen.demo)
    except crypto.KeysError as error:
        raise SettingsError(str(error)) from None


def _gateway(chosen: Settings) -> gateway.Gateway | None:
    """The way to Stripe; without a key nobody pays by card."""
    if not chosen.stripe_key:
        return None
    return gateway.Gateway(gateway.Config(chosen.stripe_key, chosen.stripe_webhook_secret, chosen.stripe_api_base))


def _wire(app: Flask) -> None:
    from . import api, cli, edge
    from .edge import checks as edge_checks
    from .edge import guard
    from .identity import sign_in
    from .reporting import verification
    from .search import checks as search_checks
    from .search import services as search
    from .web import kit

    edge.init_app(app)
    app.extensions["ready_checks"]["search"] = search.count
    verification.also([*search_checks.CHECKS, *edge_checks.CHECKS])  # of rooms that it may not import
    sign_in.init_app(app)
    kit.init_app(app)
    for name, prefix in PAGES.items():
        app.register_blueprint(import_module(f"marketplace.web.{name}").blueprint, url_prefix=prefix)
    if app.config["SETTINGS"].demo:
        from .cli.demo.sign_ins import PASSWORD, SIGN_INS
        from .web import showcase

        app.config["DEMO_SIGN_INS"] = [(who, name, PASSWORD) for who, name in SIGN_INS]

        app.register_blueprint(showcase.blueprint)
    api.init_app(app)
    cli.register(app)
    guard.check(app)
