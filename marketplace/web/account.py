"""Sign-in and out, the account's tokens, sessions and language."""

from typing import NamedTuple
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..edge import current
from ..edge.forms import Form, done
from ..edge.guard import guard
from ..identity import sign_in as identity
from ..identity import tokens
from ..identity.schemas import ConfirmSchema, SignInSchema, TokenSchema
from . import kit, navigation

blueprint = Blueprint("account", __name__)
LABELS = {"name": _l("登录名"), "password": _l("密码")}
TOKEN_LABELS = {"name": _l("用途"), "days": _l("有效期")}


class DemoSignIn(NamedTuple):
    role: str
    name: str
    password: str


def demo_sign_ins() -> list[DemoSignIn]:
    """One per role, shown on the sign-in page in demo mode only."""
    return [DemoSignIn(*row) for row in current_app.config.get("DEMO_SIGN_INS", ())]


@blueprint.route("/sign-in", methods=["GET", "POST"])
@guard(public=True, writes=False)
def sign_in() -> Response:
    form = Form(SignInSchema())
    if form.posted:
        target = kit.safe_next(request.form.get("next"))
        with form.attempt():
            actor = identity.sign_in(**form.data(), address=request.remote_addr or "")
            current.begin_session()
            return redirect(target or navigation.home_of(actor), 303)  # type: ignore[return-value]
    target = kit.safe_next(request.values.get("next"))
    return form.page("account/sign_in.html", target=target, demos=demo_sign_ins(), labels=LABELS)


@blueprint.route("/confirm", methods=["GET", "POST"])
@guard(signed_in=True, writes=False)
def confirm() -> Response:
    """The password once more, before numbers of a person are shown in full."""
    target = kit.safe_next(request.values.get("next")) or navigation.home_of(current.actor())
    form = Form(ConfirmSchema())
    if form.posted:
        with form.attempt():
            identity.confirm(current.actor(), form.data()["password"], request.remote_addr or "")
            current.confirm_session()
            return redirect(target, 303)  # type: ignore[return-value]
    return form.page("account/confirm.html", target=target, labels=LABELS)


@blueprint.post("/sign-out")
@guard(public=True)
def sign_out() -> Response:
    identity.sign_out(current.actor())
    return done(_("已退出。"), "account.sign_in")


@blueprint.get("/")
@guard(signed_in=True)
def home() -> str:
    form = Form(TokenSchema(), {"days": 90})
    return render_template("account/home.html", form=form, **_tokens())


@blueprint.post("/tokens")
@guard(signed_in=True)
def create_token() -> Response:
    """Answers with the page that shows the secret, once."""
    form = Form(TokenSchema())
    with form.attempt():
        _token, secret = tokens.create_token(current.actor(), **form.data())
        response = form.page("account/home.html", secret=secret, **_tokens())
        response.cache_control.no_store = True
        return response
    return form.page("account/home.html", **_tokens())


@blueprint.post("/tokens/<uuid:token_id>/revoke")
@guard(signed_in=True)
def revoke_token(token_id: UUID) -> Response:
    tokens.revoke_token(current.actor(), token_id)
    return done(_("令牌已作废。"), "account.home")


@blueprint.post("/sessions/end")
@guard(signed_in=True)
def end_sessions() -> Response:
    identity.end_all_sessions(current.actor())
    flash(_("所有设备上的登录都已结束。"), "done")
    return redirect(url_for("account.sign_in"), 303)  # type: ignore[return-value]


@blueprint.post("/language")
@guard(signed_in=True)
def language() -> Response:
    """The user's language for mails and documents, and this browser's at once."""
    locale = request.form.get("locale", "")
    identity.set_locale(current.actor(), locale)
    response = done(_("语言已改。"), "account.home")
    response.set_cookie(
        kit.COOKIE, locale, max_age=365 * 86400, samesite="Lax", httponly=True, secure=request.is_secure
    )
    return response


def _tokens() -> dict[str, object]:
    listed = tokens.tokens_of(current.actor())
    states = {
        token.id: "revoked" if token.revoked_at else "live" if tokens.is_live(token) else "expired" for token in listed
    }
    return {"tokens": listed, "states": states, "labels": TOKEN_LABELS}
