"""Which container a video file is, and whether all of it is there.

FFmpeg guesses formats from content, playlists that name other files and addresses
among them. Here the format is told by its first bytes, from a short list, and FFmpeg
is given that one only.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import BinaryIO, Final

from whichcam._typing import PathLike
from whichcam.errors import InputError, PhotoNotFoundError, UnsupportedFormatError
from whichcam.media._text import clean_text

_HEAD: Final = 1024
_MOST_BOXES: Final = 100_000
_MOV_BOXES: Final = frozenset(
    (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
)
_STILL_BRANDS: Final = frozenset((b"heic", b"heix", b"mif1", b"avif"))
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*", b"GIF8")
_MAGIC: Final = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"\0\0\x01\xba", "mpeg"),
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
)


def open_binary(path: PathLike) -> tuple[str, BinaryIO]:
    """Open a regular file, and return a display name with it.

    Raises
    ------
    PhotoNotFoundError
        If there is no such file, or it is a folder, pipe or device.
    """
    shown = clean_text(os.fsdecode(os.fspath(path)), limit=1024)
    name = clean_text(os.path.basename(os.fsdecode(path))) or shown  # noqa: PTH119
    # O_NONBLOCK: a pipe must not hang before it is seen to be one.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as error:
        raise PhotoNotFoundError(f"{shown}: there is no such file") from error
    except ValueError as error:
        raise PhotoNotFoundError(f"{shown}: this is no valid path ({error})") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PhotoNotFoundError(f"{shown}: cannot be read: {reason}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PhotoNotFoundError(
            f"{shown}: this is a folder, pipe or device, not a regular file"
        )
    return name, os.fdopen(descriptor, "rb")


def container_of(name: str, file: BinaryIO) -> str:
    """Return FFmpeg's name of the container, told by its first bytes.

    Raises
    ------
    UnsupportedFormatError
        If the file is empty, a picture, or none of the containers known.
    """
    head = _read_at(name, file, 0, _HEAD)
    if not head:
        raise UnsupportedFormatError(f"{name}: the file is empty (0 bytes)")
    if head[4:8] in _MOV_BOXES:
        if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
            raise _a_picture(name)
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    for packet, offset in ((188, 0), (192, 4)):
        if head[offset::packet][:5] == b"\x47" * 5:
            return "mpegts"
    if head.startswith(_PICTURES) or head[8:12] == b"WEBP":
        raise _a_picture(name)
    raise UnsupportedFormatError(
        f"{name}: this is no video, or of a container not supported; expected MP4, "
        "MOV, MKV, WebM, AVI, MPEG, Ogg, FLV or ASF"
    )


def missing_bytes(name: str, file: BinaryIO, container: str, n_bytes: int) -> int:
    """Return how many bytes the container declares beyond the file's end.

    0 where all are there, or where the container does not say.
    """
    if container == "avi":
        head = _read_at(name, file, 4, 4)
        return max(0, 8 + int.from_bytes(head, "little") - n_bytes)
    if container != "mov":
        return 0
    at = 0
    for _ in range(_MOST_BOXES):
        head = _read_at(name, file, at, 16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if len(head) < 8 or size < 8:  # the end; 0: as far as the file goes
            return 0
        at += size
        if at >= n_bytes:
            return at - n_bytes
    return 0


def _read_at(name: str, file: BinaryIO, place: int, size: int) -> bytes:
    try:
        file.seek(place)
        return file.read(size)
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(f"{name}: reading failed: {error}") from error
    finally:
        with suppress(OSError, ValueError):
            file.seek(0)


def _a_picture(name: str) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        f"{name}: this is a picture, not a video; ask about it as a photo"
    )
