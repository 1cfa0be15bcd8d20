"""Names to implementations: literal tables of ``name -> "module:attribute"``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from whichcam.errors import UnknownNameError


def load(table: Mapping[str, str], name: str, *, what: str = "name") -> Any:
    """Import and return the object that ``table`` lists under ``name``.

    Parameters
    ----------
    table : mapping of str to str
        Entries are ``"package.module:attribute"``; nothing is imported before
        its name is asked for.
    name : str
        The name to look up.
    what : str, default "name"
        What the names stand for, used in the error message only.

    Returns
    -------
    object
        The attribute named by the entry.

    Raises
    ------
    UnknownNameError
        If ``name`` is not in ``table``; the message lists the names that are.
    """
    if name not in table:
        known = ", ".join(sorted(table))
        raise UnknownNameError(f"unknown {what} {name!r}; known: {known}")
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)
