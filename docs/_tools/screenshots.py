"""Take the pictures of the page: ``python docs/_tools/screenshots.py``.

A server is started with a small model that knows three synthetic cameras, a gallery of
two others is filled, and Chromium shows each main state. Nothing real is in them.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.web import Settings, serve

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "images" / "serve"
BROWSER, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars"),
)
SIZE = (640, 960)


def main() -> None:
    """Take them all, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=PICTURES)
    parser.add_argument("names", nargs="*", help="states; all where none is named")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, running(Path(work)) as (address, shots):
        for name, state in STATES.items():
            if given.names and name not in given.names:
                continue
            with browser(Path(work) / f"profile-{name}", state) as page:
                page.get(address)
                state["show"](Page(page, address, shots))
                page.save_screenshot(str(given.output / f"{name}.png"))
                shrink(given.output / f"{name}.png")
            print(f"took {name}")


@contextmanager
def running(work: Path) -> Iterator[tuple[str, dict[str, list[Path]]]]:
    """Serve for a while; yield the address and pictures to show."""
    tiny = _tests().make_tiny_model(_made(work / "model"))
    shots = photographs(_made(work / "shots"), tiny.cameras)
    ready: list[str] = []
    settings = Settings(
        port=0,
        model=work / "model",
        gallery=work / "gallery",
        temporary=work,
        workers=2,
    )
    thread = threading.Thread(
        target=serve, args=(settings,), kwargs={"on_ready": ready.append}, daemon=True
    )
    thread.start()
    while not ready:
        time.sleep(0.05)
    yield ready[0], shots


def photographs(
    folder: Path, cameras: tuple[SyntheticCamera, ...]
) -> dict[str, list[Path]]:
    """Take pictures with cameras that never existed."""
    odd = SyntheticCamera(seed=99)
    mine = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3)
    found: dict[str, list[Path]] = {}

    def keep(kind: str, name: str, data: bytes) -> None:
        path = folder / name
        path.write_bytes(data)
        found.setdefault(kind, []).append(path)

    for k, camera in enumerate(cameras):
        keep("known", f"IMG_{1001 + k}.JPG", camera.shoot_jpeg(seed=40 + k, size=SIZE))
    keep("odd", "from-a-stranger.jpg", odd.shoot_jpeg(seed=7, size=SIZE))
    for k in range(10):
        keep("mine", f"sky-{k:02d}.jpg", mine.shoot_jpeg(seed=k, radiance=_wall(k)))
    keep("mine-scene", "holiday.jpg", mine.shoot_jpeg(seed=77, size=(384, 512)))
    keep("splice", "two-in-one.jpg", spliced(cameras[0], cameras[2]))
    text = folder / "notes.jpg"
    text.write_text("these are notes, whatever the file is called\n", encoding="utf-8")
    found["text"] = [text]
    return found


def spliced(camera: SyntheticCamera, other: SyntheticCamera) -> bytes:
    """Return a picture with an area that another camera took, saved again."""
    whole = camera.shoot(seed=46, size=SIZE).copy()
    whole[200:440, 380:700] = other.shoot(seed=47, size=SIZE)[200:440, 380:700]
    file = io.BytesIO()
    Image.fromarray(whole).save(file, "JPEG", quality=92)
    return file.getvalue()


def _wall(seed: int) -> np.ndarray:
    y, x = np.mgrid[0:384, 0:512] / 512
    grey = 0.35 + 0.15 * np.sin(2 * y + seed) * np.cos(x + seed)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _tests() -> ModuleType:
    """Return the module of the tests that makes a small model by hand."""
    path = ROOT / "tests" / "unit" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tiny_models", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def browser(profile: Path, state: dict[str, Any]) -> Iterator[webdriver.Chrome]:
    """Start Chromium with an empty profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    width, height = state.get("window", (1180, 820))
    for flag in (
        *FLAGS,
        f"--user-data-dir={profile}",
        f"--window-size={width},{height}",
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    features = [{"name": "prefers-color-scheme", "value": state.get("scheme", "light")}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 600,
        },
    )
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """What a person does with the page."""

    def __init__(
        self, driver: webdriver.Chrome, address: str, shots: dict[str, list[Path]]
    ) -> None:
        self.driver = driver
        self.address = address
        self.shots = shots

    def see(self, css: str, n: int = 1, seconds: float = 60) -> Any:
        """Wait until something is there."""
        WebDriverWait(self.driver, seconds).until(
            lambda d: len(d.find_elements(By.CSS_SELECTOR, css)) >= n
        )
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def give(self, *kinds: str, inside: str = "main") -> int:
        """Choose pictures as files."""
        files = [str(path) for kind in kinds for path in self.shots[kind]]
        css = f"{inside} input[type=file]:not([webkitdirectory])"
        self.see(css).send_keys("\n".join(files))
        return len(files)

    def press(self, label: str, inside: str = "body") -> None:
        """Press a button or a link by what stands on it."""

        def wanted(driver: webdriver.Chrome) -> Any:
            css = f"{inside} button, {inside} a.button"
            shown = driver.find_elements(By.CSS_SELECTOR, css)
            return next((one for one in shown if one.text.strip() == label), None)

        WebDriverWait(self.driver, 60).until(wanted).click()

    def go(self, fragment: str) -> None:
        """Go to a view."""
        self.driver.get(f"{self.address}{fragment}")

    def settle(self, seconds: float = 0.6) -> None:
        """Give thumbnails the time to be drawn."""
        time.sleep(seconds)


def _empty(page: Page) -> None:
    page.see(".teachings")
    page.settle()


def _answers(page: Page) -> None:
    n = page.give("known", "odd")
    page.see(".card[data-state=done]", n)
    page.settle()


def _errors(page: Page) -> None:
    page.give("text", "odd")
    page.see(".card[data-state=failed]")
    page.see(".card[data-state=done]")
    page.settle()


def _table(page: Page) -> None:
    n = page.give("known", "odd", "mine", "mine-scene")
    page.see("tbody tr", n)
    page.see(f"tbody tr:nth-child({n}) td.number")
    page.settle(2)


def _no_cameras(page: Page) -> None:
    page.go("#/cameras")
    page.see(".steps, .camera")
    page.settle()


def _enroll(page: Page) -> None:
    page.go("#/cameras")
    page.see(".steps, .camera")
    page.press("Enrol a camera")
    page.see("dialog input:not([type])").send_keys("Anna's phone")
    page.give("mine", inside="dialog")
    page.settle()


def _enrolled(page: Page) -> None:
    _enroll(page)
    page.press("Enrol", inside="dialog")
    page.see("dialog .answer-title, dialog .problem")
    page.settle()


def _cameras(page: Page) -> None:
    page.go("#/cameras")
    page.see(".camera")
    page.settle()


def _verify(page: Page) -> None:
    _cameras(page)
    page.press("Did it take a picture?")
    page.give("mine-scene", inside="dialog")
    page.see("dialog .verification")
    page.settle()


def _examination(page: Page) -> None:
    page.give("splice")
    page.press("Examine", inside=".card")
    page.see(".finding")
    page.see(".stage-controls input:not(:disabled)")
    page.settle(1)


def _devices(page: Page) -> None:
    page.give("mine-scene")
    page.press("Examine", inside=".card")
    page.see(".peak-figure canvas")
    page.settle(1)
    page.driver.execute_script("document.querySelector('.peak').scrollIntoView()")
    page.settle()


STATES: dict[str, dict[str, Any]] = {
    "empty": {"show": _empty},
    "empty-dark": {"show": _empty, "scheme": "dark"},
    "answers": {"show": _answers, "window": (1180, 1180)},
    "answers-dark": {"show": _answers, "scheme": "dark", "window": (1180, 1180)},
    "answers-phone": {"show": _answers, "window": (390, 1400)},
    "errors": {"show": _errors},
    "table": {"show": _table},
    "no-cameras": {"show": _no_cameras},
    "enroll": {"show": _enroll},
    "enrolled": {"show": _enrolled},
    "cameras": {"show": _cameras},
    "examination": {"show": _examination, "window": (1280, 1280)},
    "examination-dark": {
        "show": _examination,
        "scheme": "dark",
        "window": (1280, 1280),
    },
    "examination-phone": {"show": _examination, "window": (390, 1800)},
    "devices": {"show": _devices, "window": (1280, 1100)},
    "verify": {"show": _verify, "window": (1180, 900)},
}


def shrink(path: Path) -> None:
    """Save a screenshot again with as few bytes as its colours need."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main()
