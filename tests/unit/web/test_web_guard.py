"""Who may ask: this machine's own page and programs, and nobody else."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from whichcam.web import Settings, create_app

TOKEN = "a-token-of-some-length"
HOST = "127.0.0.1:8765"


@pytest.fixture(scope="module")
def page() -> TestClient:
    """Return a client of the routes that need no worker."""
    return TestClient(create_app(), base_url=f"http://{HOST}")


@pytest.fixture(scope="module")
def closed() -> TestClient:
    """Return a client of a server that needs a token."""
    settings = Settings(host="0.0.0.0", token=TOKEN, allowed_hosts=("photos.example",))
    app = create_app(settings)
    return TestClient(app, base_url=f"http://{HOST}", follow_redirects=False)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8765", "127.0.0.1.evil.example", "192.168.1.5"),
        *("localhost.evil.example", "", "127.0.0.1:99999999", "a b", "[::1"),
    ],
)
def test_a_name_made_to_point_here_is_refused(page: TestClient, host: str) -> None:
    answer = page.get("/", headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "unknown_host"


@pytest.mark.parametrize("host", [HOST, "localhost:1", "LOCALHOST", "[::1]:8765"])
def test_names_of_this_machine_are_answered(page: TestClient, host: str) -> None:
    assert page.get("/", headers={"Host": host}).status_code == 200


def test_stated_names_and_addresses_are_answered_where_others_may_ask(
    closed: TestClient,
) -> None:
    own = {"Authorization": f"Bearer {TOKEN}"}
    for host in ("photos.example", "192.168.1.5:8765"):
        assert closed.get("/", headers={"Host": host, **own}).status_code == 200
    assert closed.get("/", headers={"Host": "other.example", **own}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"]
)
def test_another_page_cannot_make_a_browser_send_a_form(
    page: TestClient, origin: str
) -> None:
    answer = page.post(
        "/api/v1/identify", content=b"x", headers={"Origin": origin, "Host": HOST}
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "foreign_page"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_cannot_read_by_a_browser(page: TestClient, site: str) -> None:
    answer = page.get("/api/v1/jobs/x", headers={"Sec-Fetch-Site": site})
    assert answer.json()["error"]["code"] == "foreign_page"


def test_a_link_on_another_page_may_open_the_page(page: TestClient) -> None:
    assert page.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/nowhere", "/api/v1/x"])
def test_every_answer_forbids_what_the_page_does_not_need(
    page: TestClient, path: str
) -> None:
    headers = page.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_the_page_holds_no_inline_script_or_style_and_names_no_other_host(
    page: TestClient,
) -> None:
    html = page.get("/").text
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert "<style" not in html
    assert re.findall(r'\s(?:style|on\w+)="', html) == []
    for name in re.findall(r"/static/[\w.]+", html):
        assert page.get(name).status_code == 200
    for name in ("main.js", "app.css", "api.js", "strings.js"):
        assert "http" not in page.get(f"/static/{name}").text.replace("httpx", "")


@pytest.mark.parametrize(
    "path",
    ["/static/../_app.py", "/static/..%2f_app.py", "/static/%2e%2e/x", "/static/"],
)
def test_only_the_files_of_the_page_are_served(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_an_unchanged_file_is_not_sent_again(page: TestClient) -> None:
    tag = page.get("/static/app.css").headers["etag"]
    again = page.get("/static/app.css", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/", "/static/app.css", "/api/v1/health"])
def test_without_the_token_nothing_is_answered(closed: TestClient, path: str) -> None:
    answer = closed.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "token_needed"


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], f"{TOKEN}x", "é"])
def test_a_wrong_token_is_no_token(closed: TestClient, given: str) -> None:
    headers = {"Authorization": f"Bearer {given}".encode()}
    assert closed.get("/", headers=headers).status_code == 401  # type: ignore[arg-type]
    assert closed.get("/", params={"token": given}).status_code == 401


def test_the_printed_address_puts_the_token_into_a_cookie_of_this_page_only(
    closed: TestClient,
) -> None:
    entered = closed.get("/", params={"token": TOKEN})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    closed.cookies.clear()
    held = {"Cookie": cookie.partition(";")[0]}
    assert closed.get("/", headers=held).status_code == 200


def test_the_token_in_the_address_opens_nothing_but_the_page(
    closed: TestClient,
) -> None:
    assert closed.get("/api/v1/jobs", params={"token": TOKEN}).status_code == 401


def test_errors_of_routing_have_the_one_shape(page: TestClient) -> None:
    wrong = page.get("/api/v1/identify")
    assert wrong.status_code == 405
    assert set(wrong.json()["error"]) == {"code", "message", "details"}
    assert page.get("/nowhere").json()["error"]["code"] == "not_found"
