"""The clients that the docs show work as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from web_server import Served

PAGE = Path(__file__).resolve().parents[3] / "docs" / "howto" / "serve.md"


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    """Return the functions of the page's Python blocks."""
    found: dict[str, Any] = {}
    text = PAGE.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, PAGE.name, "exec"), found)
    return found


def test_the_page_identifies_a_picture(
    shown: dict[str, Any], served: Served, photo: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    found = shown["identify"](served.address, str(path))
    assert (found["photo_name"], found["answer"]) == ("photo.jpg", "Acme One")
    path.write_bytes(b"text")
    with pytest.raises(RuntimeError, match="unsupported_format"):
        shown["identify"](served.address, str(path))


def test_the_page_enrols_a_camera(
    shown: dict[str, Any],
    served: Served,
    walls: list[bytes],
    tmp_path: Path,
) -> None:
    paths = []
    for k, data in enumerate(walls):
        path = tmp_path / f"{k}.jpg"
        path.write_bytes(data)
        paths.append(str(path))
    told: list[tuple[Any, ...]] = []
    note = lambda *said: told.append(said)  # noqa: E731
    found = shown["enroll"](served.address, "by the docs", paths, note)
    assert found["n_used"] == len(walls)
    assert told[-1][0] == "done"
    with served.client() as api:
        assert api.delete("/cameras/by%20the%20docs").status_code == 204
