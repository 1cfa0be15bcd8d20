"""Text out of hostile files, made safe to print and to store."""

from __future__ import annotations

MAX_TEXT = 256
"""Longest text kept of one metadata field, in characters."""


def clean_text(text: str, *, limit: int = MAX_TEXT) -> str:
    r"""Return `text` with everything unprintable escaped, cut to `limit` characters.

    Control characters, bidirectional overrides and lone surrogates could rewrite a
    terminal or break a JSON file; they become ``\xNN`` or ``\uNNNN``. A text that
    was cut ends in an ellipsis.
    """
    cut = text[: limit + 1].strip()
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else _escape(c) for c in cut)
    return cut if len(cut) <= limit else cut[: limit - 1] + "…"


def clean_bytes(raw: bytes, *, limit: int = MAX_TEXT) -> str:
    """Decode the text before the first NUL: UTF-8 where it is valid, else Latin-1."""
    # The standard says ASCII; a character of UTF-8 takes up to four bytes.
    head = raw[: 4 * limit + 4].split(b"\0", 1)[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return clean_text(text, limit=limit)


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
