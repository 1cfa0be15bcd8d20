"""Who may ask: checks against other web pages, other names and other people."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whichcam.web._errors import ProblemError, fail
from whichcam.web._settings import Settings, is_loopback

COOKIE: Final = "whichcam_token"
"""What holds the token in a browser."""

# Nothing but what this server itself serves; no inline script or style; no frame.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_SAFE: Final = frozenset(("GET", "HEAD"))
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


class Guard:
    """The layer before all routes: refuses who should not ask, and marks every answer.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    settings : Settings
        Address, names and token.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = {name.lower() for name in settings.allowed_hosts}
        if not _is_address(settings.host):
            self._names.add(settings.host.lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
        except ProblemError as error:
            await _answer(marked, error)
            return
        if self._is_entry(scope):
            await _enter(marked, self._settings.token or "")
            return
        await self._app(scope, receive, marked)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._knows(host):
            # A name that an attacker made to point here: DNS rebinding.
            raise fail(
                403,
                "unknown_host",
                f"This server does not go by the name {host[:100]!r}. Open the address "
                "it printed, or start it with --allow-host.",
            )
        self._check_origin(scope, headers, host)
        if self._settings.token is not None and not self._is_entry(scope):
            self._check_token(headers)

    def _knows(self, host: str) -> bool:
        found = _HOST.fullmatch(host.lower())
        if found is None:
            return False
        name = found["name"]
        if name in self._names or is_loopback(name):
            return True
        # An address is no name that could be made to point elsewhere.
        return not self._settings.is_loopback and _is_address(name)

    def _check_origin(self, scope: Scope, headers: Headers, host: str) -> None:
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        is_page = scope["path"] == "/" and scope["method"] in _SAFE
        if site not in (None, "same-origin", "none") and not is_page:
            raise _foreign()
        own = (None, f"http://{host}", f"https://{host}")
        if scope["method"] not in _SAFE and origin not in own:
            raise _foreign()

    def _check_token(self, headers: Headers) -> None:
        given = _tokens(headers)
        wanted = (self._settings.token or "").encode()
        if not any(hmac.compare_digest(one.encode(), wanted) for one in given):
            raise fail(
                401,
                "token_needed",
                "This server needs its token. Open the whole address that it printed, "
                "or send the header Authorization: Bearer TOKEN.",
                headers={"WWW-Authenticate": "Bearer"},
            )

    def _is_entry(self, scope: Scope) -> bool:
        """Say whether someone opens the printed address, token and all."""
        if self._settings.token is None or scope["path"] != "/":
            return False
        given = QueryParams(scope.get("query_string", b"")).get("token", "")
        return hmac.compare_digest(given.encode(), self._settings.token.encode())


def _foreign() -> ProblemError:
    return fail(
        403,
        "foreign_page",
        "Another web page asked for this; only this server's own page may.",
    )


def _tokens(headers: Headers) -> Iterable[str]:
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        yield value.strip()
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            yield value


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


async def _answer(send: Send, error: ProblemError) -> None:
    problem = error.problem
    body = json.dumps(problem.body()).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",  # whatever body comes is not read
        **problem.headers,
    }
    await _send(send, problem.status, headers, body)


async def _enter(send: Send, token: str) -> None:
    """Move the token from the address to a cookie that scripts cannot read."""
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict"
    headers = {"Location": "/", "Set-Cookie": cookie, "Content-Length": "0"}
    await _send(send, 303, headers, b"")


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    raw = [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
