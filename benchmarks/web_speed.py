"""From a picture to the answer on the page, and to the heat map, in a real browser.

``python benchmarks/web_speed.py [PHOTO] [--repeat 7]`` writes one result to
``results/``. Without a PHOTO a synthetic camera takes one of 12 megapixels. Times run
from the choice of the file to the moment the page shows what was found.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _record import provenance, write_new

from whichcam.datasets.synthetic import SyntheticCamera

SIZE = (3000, 4000)
BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
_LOOK_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server in a process of its own."""

    address: str


@contextmanager
def served(work: Path, *, workers: int) -> Iterator[Served]:
    """Serve in another process, with everything in a folder."""
    command = [sys.executable, "-m", "whichcam", "serve", "--port", "0"]
    command += ["--workers", str(workers), "--gallery", str(work / "gallery")]
    place = work / "temporary"
    place.mkdir()
    environment = os.environ | {"TMPDIR": str(place)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield Served(address=line.split()[-1].rstrip("/"))
        finally:
            process.terminate()
            process.wait(60)


def main() -> None:
    """Measure, write, and say the main figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        photo = given.photo or _synthetic(work / "synthetic.jpg")
        with served(work, workers=given.workers) as server, _browser(work) as driver:
            answers, maps = _measured(driver, server.address, photo, given.repeat)
    measurements = [
        _measurement("photo_to_answer_on_page", answers),
        _measurement("examine_to_heat_map_on_page", maps),
    ]
    result = {
        "schema": "whichcam.web_speed/1",
        **provenance(),
        "protocol": {
            "workers": given.workers,
            "photo": {"name": photo.name if given.photo else "synthetic"},
            "warmed_up": True,
        },
        "measurements": measurements,
    }
    path = write_new("web_speed", result)
    for one in measurements:
        print(f"{one['name']}: median {one['median']:.2f} s ({one['raw']})")
    print(f"wrote {path}")


def _measured(
    driver: Any, address: str, photo: Path, repeat: int
) -> tuple[list[float], list[float]]:
    """Return seconds to the answer and seconds to the map, warmed up once."""
    answers, maps = [], []
    for number in range(repeat + 1):
        driver.get("about:blank")
        driver.get(f"{address}/")
        css = "main input[type=file]:not([webkitdirectory])"
        _until(lambda css=css: driver.find_elements("css selector", css))
        begun = time.perf_counter()
        driver.find_element("css selector", css).send_keys(str(photo.resolve()))
        _until(lambda: _there(driver, ".card[data-state=done]"))
        answer_s = time.perf_counter() - begun
        begun = time.perf_counter()
        driver.find_element("css selector", ".card .actions a").click()
        _until(lambda: _there(driver, ".stage-controls input:not(:disabled)"))
        map_s = time.perf_counter() - begun
        _until(lambda: _there(driver, ".finding"))  # the workers are free again
        if number:
            answers.append(answer_s)
            maps.append(map_s)
    return answers, maps


def _there(driver: Any, css: str) -> bool:
    script = "return document.querySelector(arguments[0]) !== null"
    return bool(driver.execute_script(script, css))


def _until(condition: Callable[[], Any], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the page did not show it in time")
        time.sleep(_LOOK_S)


def _synthetic(path: Path) -> Path:
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=SIZE))
    return path


@contextmanager
def _browser(work: Path) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={work / 'profile'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def _measurement(name: str, raw: list[float]) -> dict[str, Any]:
    q1, median, q3 = statistics.quantiles(raw, n=4) if len(raw) > 1 else raw * 3
    return {
        "name": name,
        "unit": "s",
        "raw": [round(value, 4) for value in raw],
        "median": median,
        "q1": q1,
        "q3": q3,
    }


if __name__ == "__main__":
    main()
