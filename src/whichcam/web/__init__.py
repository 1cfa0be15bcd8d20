"""One page and a REST API for the verbs, on the machine of the person who asks.

Needs the extra ``serve`` (FastAPI and uvicorn). Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.web._app import create_app
    from whichcam.web._serve import serve
    from whichcam.web._settings import Settings

_WHERE = {"Settings": "_settings", "create_app": "_app", "serve": "_serve"}

__all__ = ["Settings", "create_app", "serve"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
