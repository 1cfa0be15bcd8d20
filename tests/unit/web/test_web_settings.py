"""Settings refuse what would be unsafe or senseless, by name."""

from __future__ import annotations

import pytest

from whichcam.errors import ConfigError
from whichcam.web import Settings
from whichcam.web._serve import address_of
from whichcam.web._settings import is_loopback

TOKEN = "a-token-of-some-length"


def test_without_settings_only_this_machine_can_reach_it() -> None:
    assert Settings().is_loopback
    assert Settings().token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org"])
def test_other_addresses_need_a_token(host: str) -> None:
    with pytest.raises(ConfigError, match=r"serve\.token.*token is needed"):
        Settings(host=host)
    assert not Settings(host=host, token=TOKEN).is_loopback


@pytest.mark.parametrize("token", ["", "short", "x" * 15])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="16"):
        Settings(token=token)


@pytest.mark.parametrize(
    "token", ["a token with some blanks", "x" * 20 + ";", "é" * 20]
)
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="printable ASCII"):
        Settings(token=token)


@pytest.mark.parametrize("name", ["workers", "max_pixels", "max_queue", "time_limit_s"])
def test_bounds_below_one_are_refused_with_their_path(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"serve\.{name}: got 0"):
        Settings(**{name: 0})  # type: ignore[arg-type]


def test_a_port_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"serve\.port"):
        Settings(port=70000)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"]
)
def test_loopback_has_several_names(host: str) -> None:
    assert is_loopback(host)


def test_the_printed_address_can_be_opened() -> None:
    everywhere = Settings(host="0.0.0.0", token=TOKEN)
    assert address_of(everywhere, 80) == f"http://127.0.0.1:80/?token={TOKEN}"
    assert address_of(Settings(host="::1"), 9) == "http://[::1]:9/"
