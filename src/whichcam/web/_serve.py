"""Run the server until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from whichcam.errors import ConfigError, WhichcamError
from whichcam.web._app import create_app
from whichcam.web._settings import Settings


def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve the page and the API until interrupted.

    Parameters
    ----------
    settings : Settings
        Where and how. Port 0 takes one that is free.
    on_ready : callable, optional
        Called with the address, once it can be opened.

    Raises
    ------
    ConfigError
        If the address cannot be listened at.
    ArtifactError
        If the model cannot be used.
    """
    with _listening(settings) as listener:
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            log_level="critical",  # what matters is logged by us
            access_log=False,  # addresses hold names of files
            server_header=False,
            ws="none",
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )
        address = address_of(settings, listener.getsockname()[1])
        server = _Server(config, address, on_ready)
        with suppress(SystemExit):  # how it says that it could not start
            server.run(sockets=[listener])
        if not server.started:
            raise getattr(app.state, "failure", None) or WhichcamError(
                "the server did not start; run `whichcam -v serve` to see why"
            )


def address_of(settings: Settings, port: int) -> str:
    """Return the address to open, with the token if there is one."""
    host = settings.host
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - everywhere is no address
        host = "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    token = "" if settings.token is None else f"?token={settings.token}"
    return f"http://{host}:{port}/{token}"


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        address: str,
        on_ready: Callable[[str], None] | None,
    ) -> None:
        super().__init__(config)
        self._address = address
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say the address once it can be opened."""
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready(self._address)


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            "serve.port",
            f"cannot listen at {settings.host}:{settings.port} ({error.strerror}); is "
            "another server running there? Choose another --port, or 0 for any",
        ) from error
    return listener
