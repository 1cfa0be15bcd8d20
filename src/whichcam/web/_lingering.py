"""Answers that come before a request's end, and reach who is still sending."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_S: Final = 1.0
"""How long is read on after such an answer, at most."""


class Lingering:
    """The outermost layer: reads on a little after an answer that ends a connection.

    A connection closed with bytes unread is reset, and a sender who is told so before
    having read the answer never learns why. What is read is dropped.

    Parameters
    ----------
    app : ASGI application
        What gives the answers.
    most_bytes : int
        Read on, at most: whoever sends what is allowed is heard to the end.
    """

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and read what is left before the connection closes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_whole = False  # whether all of the request was read
        closes = False

        async def read() -> Message:
            nonlocal is_whole
            message = await receive()
            is_whole = is_whole or not message.get("more_body", False)
            return message

        async def said(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                closes = Headers(raw=message["headers"]).get("connection") == "close"
            is_last = message["type"] == "http.response.body" and not message.get(
                "more_body", False
            )
            if not is_last or not closes or is_whole:
                await send(message)
                return
            await send({**message, "more_body": True})
            await drain()
            await send({"type": "http.response.body", "body": b""})

        async def drain() -> None:
            n_bytes = 0
            deadline = time.monotonic() + LONGEST_S
            while not is_whole and n_bytes < self._most_bytes:
                try:
                    left = deadline - time.monotonic()
                    message = await asyncio.wait_for(read(), left)
                except TimeoutError:
                    return
                n_bytes += len(message.get("body", b""))

        await self._app(scope, read, said)
