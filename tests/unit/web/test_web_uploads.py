"""Uploads that lie, dawdle, never end or stop in the middle."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

import httpx
import pytest
from web_server import Served, left_over

MIB = 1 << 20


def _open(
    served: Served, *headers: str, path: str = "/api/v1/identify"
) -> socket.socket:
    """Begin a request by hand."""
    line = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    head = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{served.port}", *headers]
    line.sendall("\r\n".join([*head, "", ""]).encode())
    return line


def _answer(line: socket.socket) -> tuple[int, dict[str, Any], bool]:
    """Return status, error and whether the server hung up afterwards."""
    received = b""
    closed = False
    while True:
        try:
            piece = line.recv(65536)
        except (TimeoutError, ConnectionResetError):
            break
        if not piece:
            closed = True
            break
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"], closed


def _nothing_left(served: Served) -> bool:
    return served.is_idle() and left_over(served) == []


def test_two_gigabytes_announced_are_refused_before_one_byte_is_sent(
    served: Served,
) -> None:
    begun = time.monotonic()
    with _open(served, f"Content-Length: {2 << 30}") as line:
        status, error, closed = _answer(line)
    assert (status, error["code"]) == (413, "too_large")
    assert error["details"] == {"limit_bytes": 2 * MIB}
    assert closed
    assert time.monotonic() - begun < 2
    assert _nothing_left(served)


def test_a_stream_without_end_is_cut_off_at_the_limit(served: Served) -> None:
    piece = b"10000\r\n" + b"\xff" * 65536 + b"\r\n"
    n_sent = 0
    with _open(served, "Transfer-Encoding: chunked") as line:
        try:
            while n_sent < 2 << 30:
                line.sendall(piece)
                n_sent += 65536
        except (ConnectionResetError, BrokenPipeError):
            pass
        else:
            raise AssertionError("the server took 2 GB")
    assert n_sent < 16 * MIB  # the limit, and what lay in the buffers between
    assert _nothing_left(served)


def test_who_is_still_sending_reads_the_refusal(served: Served) -> None:
    body = b"\xff" * MIB
    with _open(
        served, f"Content-Length: {len(body)}", "Origin: http://elsewhere"
    ) as line:
        assert select.select([line], [], [], 20)[0], "no answer before the body"
        line.sendall(body)  # would fail if the server had closed already
        status, error, closed = _answer(line)
    assert (status, error["code"], closed) == (403, "foreign_page", True)
    assert _nothing_left(served)


@pytest.mark.parametrize("length", ["-1", "1e3", "ten", "0x10"])
def test_a_length_that_is_no_number_is_refused(served: Served, length: str) -> None:
    with _open(served, f"Content-Length: {length}") as line:
        line.settimeout(5)
        received = line.recv(65536)
    assert received.split()[1] == b"400"


def test_a_form_with_too_large_a_part_is_cut_off(
    served: Served, api: httpx.Client
) -> None:
    files = [("photo", ("a.jpg", b"\xff" * (2 * MIB + 1), "image/jpeg"))]
    answer = api.post("/enroll", params={"camera": "x"}, files=files)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert _nothing_left(served)


def test_a_body_that_stops_coming_is_given_up(served: Served) -> None:
    begun = time.monotonic()
    with _open(served, "Content-Length: 1000") as line:
        line.sendall(b"\xff\xd8")
        status, error, _ = _answer(line)
    assert (status, error["code"]) == (408, "too_slow")
    assert 0.8 < time.monotonic() - begun < 10
    assert _nothing_left(served)


def test_a_body_that_drips_is_given_up(served: Served) -> None:
    with _open(served, "Content-Length: 100000") as line:
        try:
            for _ in range(100):
                line.sendall(b"\xff")
                time.sleep(0.05)
        except (ConnectionResetError, BrokenPipeError):
            pass
        else:
            raise AssertionError("the server waited for a drip")
    assert _nothing_left(served)


@pytest.mark.parametrize("n_sent", [0, 1, 5000])
def test_a_sender_that_hangs_up_leaves_nothing(served: Served, n_sent: int) -> None:
    with _open(served, "Content-Length: 100000") as line:
        line.sendall(b"\xff" * n_sent)
        time.sleep(0.05)
    assert _nothing_left(served)


def test_who_hangs_up_while_waiting_costs_no_worker(
    served: Served, api: httpx.Client, photo: bytes
) -> None:
    restarts = served.server.pool.n_restarts
    with _open(served, f"Content-Length: {len(photo)}") as line:
        line.sendall(photo)
    assert served.is_idle()
    assert api.post("/identify", content=photo).status_code == 200
    assert served.server.pool.n_restarts == restarts
    assert _nothing_left(served)


BOUNDARY = "xyz"
DISPOSITION = 'Content-Disposition: form-data; name="photo"; filename="a"'
PART = f"--{BOUNDARY}\r\n{DISPOSITION}\r\n\r\n"
FORMS = {
    "cut off": (PART + "abc", 400, "bad_form"),
    "no parts": (f"--{BOUNDARY}--\r\n", 422, "no_photo"),
    "garbage": ("this is no form at all", 400, "bad_form"),
    "another field": (
        PART.replace("photo", "path") + f"/etc/passwd\r\n--{BOUNDARY}--\r\n",
        422,
        "unexpected_field",
    ),
    "endless header": (
        f"--{BOUNDARY}\r\nX: {'a' * 20_000}\r\n\r\n\r\n--{BOUNDARY}--\r\n",
        400,
        "bad_form",
    ),
    "two pictures": (
        (PART + "a\r\n") * 2 + f"--{BOUNDARY}--\r\n",
        422,
        "too_many_photos",
    ),
    "empty picture": (PART + f"\r\n--{BOUNDARY}--\r\n", 422, "no_photo"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_damaged_form_is_refused(
    served: Served, api: httpx.Client, name: str
) -> None:
    body, status, code = FORMS[name]
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    answer = api.post(
        "/identify", content=body.encode(), headers={"Content-Type": kind}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert _nothing_left(served)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("application/json", 415, "unsupported_body"),
        ("application/x-www-form-urlencoded", 415, "unsupported_body"),
        ("multipart/form-data", 400, "bad_form"),
        (f"multipart/form-data; boundary={'b' * 300}", 400, "bad_form"),
    ],
)
def test_another_kind_of_body_is_refused(
    api: httpx.Client, photo: bytes, kind: str, status: int, code: str
) -> None:
    answer = api.post("/identify", content=photo, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
