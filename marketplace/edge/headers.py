"""Security headers, cookie flags, CSRF. Scripts run only from our own files or with the answer's nonce."""

from flask import Flask, Response, request, session
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from . import current, guard

CSP = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:"],  # Bootstrap's own icons are data: pictures
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    secure = app.config["SETTINGS"].public_url.startswith("https://")
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below: a bearer token is no cookie
        WTF_CSRF_TIME_LIMIT=None,  # a long order form lives as long as its session
        SESSION_COOKIE_NAME="bangfu",
        MAX_FORM_PARTS=5000,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,  # a bulk order of 2,000 lines is one form
    )
    csrf.init_app(app)
    Talisman(
        app,
        force_https=secure,
        strict_transport_security=secure,
        session_cookie_secure=secure,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
        content_security_policy=CSP,
        content_security_policy_nonce_in=["script-src"],
        frame_options="DENY",
        referrer_policy="same-origin",
    )

    @app.after_request
    def keep_to_the_asker(response: Response) -> Response:
        if current.known().user is not None and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        return response

    @app.before_request
    def check_csrf() -> None:
        declared = guard.of_request()
        if declared is None or not declared.csrf or current.bearer() is not None or request.method in guard.READS:
            return
        if request.path.startswith("/api/") and "_user_id" not in session:
            return  # nobody's authority rides on the request: the guard answers 401
        csrf.protect()
