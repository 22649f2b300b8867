import re

from flask.testing import FlaskClient

from .conftest import PASSWORD

Headers = dict[str, str]


def token(client: FlaskClient, path: str = "/account/sign-in") -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text).group(1)


def signed_in(client: FlaskClient) -> None:
    body = {"name": "liu", "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/account/sign-in", data=body).status_code == 303


def test_a_cookie_write_needs_its_csrf_token(client: FlaskClient, bearer: Headers, taken) -> None:
    signed_in(client)
    body = {"lines.0.quantity": "5"}
    answer = client.post("/t/form", data=body)
    assert answer.status_code == 400
    assert "刷新" in answer.text
    assert taken() == 0
    body["csrf_token"] = token(client, "/account/")
    assert client.post("/t/form", data=body).status_code == 303
    assert taken() == 1


def test_a_bearer_request_ignores_the_cookie(client: FlaskClient, bearer: Headers) -> None:
    signed_in(client)
    assert client.post("/api/t/take", headers={"Authorization": "Bearer bf_wrong"}).status_code == 401
    assert client.post("/api/t/take", headers=bearer).status_code == 201


def test_pages_run_no_foreign_and_no_inline_script_or_style(client: FlaskClient) -> None:
    answer = client.get("/kit")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self' 'nonce-" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"\sstyle=|\son\w+=|javascript:", answer.text)
    assert "http://" not in re.sub(r"http://www\.w3\.org\S*", "", answer.text)


def test_the_session_cookie_is_kept_from_scripts(client: FlaskClient) -> None:
    cookie = client.get("/account/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_probes_answer_without_a_sign_in(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json["parts"]["database"] == "ok"
    assert "bangfu_requests_total" in client.get("/metrics").text
    assert client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 404
