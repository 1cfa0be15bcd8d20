"""Pictures out of a request's body: to files, piece by piece, within bounds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from whichcam.media._text import clean_text
from whichcam.web._errors import ProblemError, fail
from whichcam.web._settings import Settings

FIELD: Final = "photo"
"""The form field that pictures come in, once or several times."""

_MAX_PART_HEADERS: Final = 8192
_FRAMING: Final = 1 << 16  # bytes of a form that are no picture, for one picture
_CLOSE: Final = {"Connection": "close"}  # the rest of the body is not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A picture that was sent: where it lies, and what the sender calls it."""

    path: Path
    name: str
    n_bytes: int


async def receive(
    request: Request, folder: Path, settings: Settings, *, at_most: int = 1
) -> list[Upload]:
    """Write the pictures of a request to files in a folder.

    The body is one file, or a form with files in the field ``photo``. Whatever is
    too large, too slow or too many ends the request as soon as that is known.

    Parameters
    ----------
    request : Request
        Its body has not been read.
    folder : Path
        For the files, named by us.
    settings : Settings
        The bounds.
    at_most : int, default 1
        Files, at most.

    Returns
    -------
    list of Upload
        One at least.

    Raises
    ------
    ProblemError
        400, 408, 411, 413, 415 or 422.
    starlette.requests.ClientDisconnect
        If the sender is gone.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    is_form = kind == b"multipart/form-data"
    if not is_form and kind in (
        b"application/x-www-form-urlencoded",
        b"application/json",
    ):
        raise fail(
            415,
            "unsupported_body",
            f"The body is {kind.decode('latin-1')}; send the file itself "
            "with Content-Type: application/octet-stream, or a multipart form with it "
            f"in the field {FIELD!r}.",
        )
    largest = settings.max_request if at_most > 1 else settings.max_upload
    whole = largest + (_FRAMING * at_most if is_form else 0)
    _check_declared(request, whole, largest)
    sink: _RawSink | _FormSink
    if is_form:
        sink = _FormSink(options.get(b"boundary", b""), folder, settings, at_most)
    else:
        sink = _RawSink(folder, request.query_params.get("name", ""), settings)
    n_bytes = 0
    try:
        async for chunk in _pieces(request, settings):
            n_bytes += len(chunk)
            if n_bytes > whole:
                raise too_large(largest)
            sink.write(chunk)
        uploads = sink.finish()
    except OSError as error:
        raise fail(
            507,
            "no_space",
            "There is no room left to keep the picture while it is looked at.",
        ) from error
    finally:
        sink.close()
    if not uploads or not any(one.n_bytes for one in uploads):
        raise fail(422, "no_photo", "The request holds no picture; send one.")
    return uploads


def too_large(limit: int) -> ProblemError:
    """Return the error for what exceeds a number of bytes."""
    return fail(
        413,
        "too_large",
        f"That is more than {_size(limit)}, which is the most this server accepts at "
        "once. Send a smaller file, or start the server with a higher --max-upload.",
        headers=_CLOSE,
        limit_bytes=limit,
    )


def _size(n_bytes: int) -> str:
    if n_bytes < 1 << 20:
        return f"{n_bytes:,} bytes"
    return f"{n_bytes / (1 << 20):,.0f} MiB"


def _check_declared(request: Request, whole: int, largest: int) -> None:
    declared = request.headers.get("content-length")
    if declared is None:
        return
    if not declared.isdecimal():
        raise fail(400, "bad_length", "Content-Length is no number.", headers=_CLOSE)
    if int(declared) > whole:
        raise too_large(largest)


async def _pieces(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    """Yield the body as it comes; give up on one that hardly does."""
    stream = request.stream()
    begun = time.monotonic()
    n_bytes = 0
    while True:
        try:
            chunk = await asyncio.wait_for(anext(stream), settings.upload_timeout_s)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _too_slow() from error
        n_bytes += len(chunk)
        took = time.monotonic() - begun
        if (
            took > settings.upload_timeout_s
            and n_bytes < settings.slowest_upload * took
        ):
            raise _too_slow()
        if chunk:
            yield chunk


def _too_slow() -> ProblemError:
    return fail(
        408,
        "too_slow",
        "The upload came in too slowly and was given up. Send it again.",
        headers=_CLOSE,
    )


class _Files:
    """Writes one file after the other, each within the limit."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._limit = settings.max_upload
        self._done: list[Upload] = []
        self._open: tuple[BinaryIO, Path, str] | None = None
        self._n_bytes = 0

    def begin(self, name: str) -> None:
        path = self._folder / f"upload-{len(self._done):05d}"
        self._open = (path.open("xb"), path, clean_text(name, limit=200) or "picture")
        self._n_bytes = 0

    def add(self, data: bytes) -> None:
        assert self._open is not None
        self._n_bytes += len(data)
        if self._n_bytes > self._limit:
            raise too_large(self._limit)
        self._open[0].write(data)

    def end(self) -> None:
        assert self._open is not None
        file, path, name = self._open
        file.close()
        self._done.append(Upload(path=path, name=name, n_bytes=self._n_bytes))
        self._open = None

    def close(self) -> None:
        if self._open is not None:
            self._open[0].close()

    @property
    def done(self) -> list[Upload]:
        return self._done


class _RawSink:
    """A body that is one file."""

    def __init__(self, folder: Path, name: str, settings: Settings) -> None:
        self._files = _Files(folder, settings)
        self._files.begin(_base(name))

    def write(self, chunk: bytes) -> None:
        self._files.add(chunk)

    def finish(self) -> list[Upload]:
        self._files.end()
        return self._files.done

    def close(self) -> None:
        self._files.close()


class _FormSink:
    """A form with files; parsed as it comes, nothing of it kept in memory."""

    def __init__(
        self, boundary: bytes, folder: Path, settings: Settings, at_most: int
    ) -> None:
        if not boundary or len(boundary) > 256:
            raise fail(400, "bad_form", "The form names no usable boundary.")
        self._files = _Files(folder, settings)
        self._at_most = at_most
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._n_header_bytes = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._begin_file,
                "on_part_data": self._data,
                "on_part_end": self._files.end,
                "on_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise fail(
                400, "bad_form", "The form is damaged; send it again.", headers=_CLOSE
            ) from error

    def finish(self) -> list[Upload]:
        if not self._ended:
            raise fail(400, "bad_form", "The form is cut off; send it again.")
        return self._files.done

    def close(self) -> None:
        self._files.close()

    def _begin_part(self) -> None:
        if len(self._files.done) >= self._at_most:
            raise fail(
                422,
                "too_many_photos",
                f"The form holds more than {self._at_most} file(s); send fewer at "
                "once.",
                headers=_CLOSE,
                limit=self._at_most,
            )
        self._headers = {}
        self._n_header_bytes = 0

    def _count(self, n_bytes: int) -> None:
        self._n_header_bytes += n_bytes
        if self._n_header_bytes > _MAX_PART_HEADERS:
            raise fail(
                400, "bad_form", "A part's headers are too long.", headers=_CLOSE
            )

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _begin_file(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        field = options.get(b"name", b"").decode("utf-8", "replace")
        if field != FIELD:
            raise fail(
                422,
                "unexpected_field",
                f"The form has a field {clean_text(field)!r}; pictures are expected "
                f"in {FIELD!r}, options in the address.",
                headers=_CLOSE,
            )
        self._files.begin(
            _base(options.get(b"filename", b"").decode("utf-8", "replace"))
        )

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._files.add(data[start:end])

    def _end(self) -> None:
        self._ended = True


def _base(name: str) -> str:
    """Return the last part of a name, whichever system it comes from."""
    return name.replace("\\", "/").rpartition("/")[2]


__all__ = ["FIELD", "ClientDisconnect", "Upload", "receive", "too_large"]
