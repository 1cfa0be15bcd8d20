"""Names and notes, made safe to print and to compare."""

from __future__ import annotations

import unicodedata
from typing import Final

from whichcam.errors import InputError

MAX_NAME: Final = 128
"""Longest name of a camera, in characters."""

MAX_TEXT: Final = 1000
"""Longest camera model, version or warning, in characters."""


def clean_name(name: str) -> str:
    """Return the form under which a name is stored and looked up.

    Runs of white space become one space, what cannot be printed is escaped (it could
    rewrite a terminal), and letters that look the same are spelt the same (Unicode
    NFC). A name is never used as the name of a file.

    Raises
    ------
    InputError
        If nothing is left, or more than 128 characters are: two names must not
        become one by being cut.
    """
    if not isinstance(name, str):
        raise InputError(f"a camera's name is text, got {type(name).__name__}")
    # One character may escape to ten: refused before the work is done.
    cleaned = _clean(name) if len(name) <= 4 * MAX_NAME else name
    if not cleaned:
        raise InputError("the camera's name is empty; give it a name to find it by")
    if len(cleaned) > MAX_NAME:
        raise InputError(
            f"the camera's name has {len(cleaned)} characters, at most {MAX_NAME} are "
            "kept; give it a shorter one"
        )
    return cleaned


def clean_note(text: str, what: str) -> str:
    """Return a text with unprintable characters escaped, or refuse it for length."""
    if not isinstance(text, str):
        raise InputError(f"{what} is {type(text).__name__}; expected text")
    cleaned = _clean(text) if len(text) <= MAX_TEXT else text
    if len(cleaned) > MAX_TEXT:
        raise InputError(
            f"{what} has {len(cleaned)} characters; at most {MAX_TEXT} are kept"
        )
    return cleaned


def _clean(text: str) -> str:
    spaced = " ".join(text.split())
    if not spaced.isprintable():
        spaced = "".join(c if c.isprintable() else _escape(c) for c in spaced)
    return unicodedata.normalize("NFC", spaced)


def _escape(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
