"""From a path, bytes or a file object to a name and the bytes themselves."""

from __future__ import annotations

import os
import stat
from typing import Any

from whichcam._typing import PhotoSource
from whichcam.errors import InputError, PhotoNotFoundError, UnsupportedFormatError
from whichcam.media._limits import Limits
from whichcam.media._text import clean_text

_CHUNK_BYTES = 1 << 20


def read_source(source: PhotoSource, limits: Limits) -> tuple[str, bytes]:
    """Return a display name and all the bytes of `source`, read once.

    A file object is read from where it stands to its end and is left open.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        name, data = "<bytes>", bytes(source)
        limits.check_bytes(name, len(data))
    elif isinstance(source, str | os.PathLike):
        name, data = _read_path(os.fspath(source), limits)
    elif callable(getattr(source, "read", None)):
        name, data = _read_stream(source, limits)
    else:
        raise InputError(
            f"a photo is given as a path, bytes or a binary file object, not as "
            f"{type(source).__name__}"
        )
    if not data:
        raise UnsupportedFormatError(f"{name}: the file is empty (0 bytes)")
    return name, data


def _read_path(path: str | bytes, limits: Limits) -> tuple[str, bytes]:
    shown = clean_text(os.fsdecode(path), limit=1024)
    name = clean_text(os.path.basename(os.fsdecode(path))) or shown  # noqa: PTH119
    try:
        # Before opening: to open a device can already have an effect.
        _require_regular(os.stat(path), shown)  # noqa: PTH116
        # O_NONBLOCK: should a pipe take the file's place meanwhile, do not hang.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123
            status = os.fstat(descriptor)
            _require_regular(status, shown)
            limits.check_bytes(name, status.st_size)
            data = file.readall()
    except PhotoNotFoundError:  # ours, and a FileNotFoundError as well
        raise
    except FileNotFoundError as error:
        raise PhotoNotFoundError(f"{shown}: there is no such file") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise PhotoNotFoundError(f"{shown}: this is no valid path ({error})") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PhotoNotFoundError(f"{shown}: cannot be read: {reason}") from error
    limits.check_bytes(name, len(data))
    return name, data


def _require_regular(status: os.stat_result, shown: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        kind = "a folder; name the pictures in it"
    elif stat.S_ISFIFO(status.st_mode):
        kind = "a named pipe; read it yourself and pass the bytes"
    else:
        kind = "a device or socket, not a regular file"
    raise PhotoNotFoundError(f"{shown}: this is {kind}")


def _read_stream(stream: Any, limits: Limits) -> tuple[str, bytes]:
    given = getattr(stream, "name", None)  # of a descriptor without a name, a number
    base = os.path.basename(given) if isinstance(given, str) else ""  # noqa: PTH119
    name = clean_text(base) or "<stream>"
    chunks: list[bytes] = []
    n_bytes = 0
    while True:
        try:
            chunk = stream.read(_CHUNK_BYTES)
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            raise InputError(f"{name}: reading failed: {error}") from error
        if not isinstance(chunk, bytes):
            raise InputError(
                f"{name}: read() gave {type(chunk).__name__}, expected bytes; open the "
                "file in binary, blocking mode"
            )
        if not chunk:
            return name, b"".join(chunks)
        n_bytes += len(chunk)
        limits.check_bytes(name, n_bytes)
        chunks.append(chunk)
