"""``whichcam serve``: the page and the API, on this machine."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from whichcam.cli._device_options import GalleryFolder
from whichcam.cli._text import say

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen at; needs --token if not loopback.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")
    ] = 8765,
    gallery: GalleryFolder = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model folder; the bundled one where not given.", show_default=False
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=256,
            help="Processes that look at pictures; one a core, up to 4, where not "
            "given.",
            show_default=False,
        ),
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Largest picture, in pixels.")
    ] = 100_000_000,
    max_upload: Annotated[
        str, typer.Option(help="Largest file, in bytes, or such as 64M.")
    ] = "128M",
    token: Annotated[
        str | None,
        typer.Option(
            help="What every request must carry: 16 characters or more, or 'new' to "
            "have one made.",
            show_default=False,
            envvar="WHICHCAM_TOKEN",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Also answer under this name, such as that of a reverse proxy.",
            show_default=False,
            metavar="NAME",
        ),
    ] = None,
    log_names: Annotated[
        bool,
        typer.Option("--log-names", help="Log names of pictures, not only hashes."),
    ] = False,
) -> None:
    """Serve a page for people and a REST API for programs, until Ctrl-C.

    Only this machine can reach it, unless --host says otherwise. Pictures are deleted
    once they have been looked at. Needs the extra `serve`.
    """
    size = _bytes(max_upload)
    from whichcam.errors import ConfigError, MissingDependencyError

    try:
        from whichcam.web import Settings, serve
    except ImportError as error:
        raise MissingDependencyError(
            error.name or "fastapi", extra="serve", purpose="serving"
        ) from error
    given: dict[str, Any] = {} if workers is None else {"workers": workers}
    settings = Settings(
        host=host,
        port=port,
        gallery=gallery,
        model=model,
        max_pixels=max_pixels,
        max_upload=size,
        token=secrets.token_urlsafe(24) if token == "new" else token,  # noqa: S105
        allowed_hosts=tuple(allow_host or ()),
        log_names=log_names,
        **given,
    )
    say("starting; the first time takes a while ...")
    try:
        serve(settings, on_ready=_ready)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    except KeyboardInterrupt:
        say("stopped")


def _ready(address: str) -> None:
    print(f"whichcam is at {address}", flush=True)
    say("Ctrl-C ends it")


def _bytes(text: str) -> int:
    number, unit = text[:-1], text[-1:].lower()
    factor = _UNITS.get(unit)
    if factor is None:
        number, factor = text, 1
    if not number.isdecimal() or not int(number):
        raise typer.BadParameter(
            f"{text!r} is no size; expected bytes, or such as 64M or 2G",
            param_hint="--max-upload",
        )
    return int(number) * factor
