"""The page in a real browser: what a person does, from end to end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from web_server import Served

BROWSER, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
if not (BROWSER.is_file() and DRIVER.is_file()):
    pytest.skip("Chromium and its driver are not installed", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver")


class Page:
    """A tab, and what a person does in it."""

    def __init__(self, driver: Any, served: Served) -> None:
        self.driver = driver
        self.served = served

    def open(self, fragment: str = "#/") -> Page:
        """Load the page anew, at a view."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.served.address}/{fragment}")
        self.until(lambda: "knows" in self.text("#server"))
        return self

    def until(self, condition: Callable[[], Any], seconds: float = 60) -> Any:
        """Wait for something to be true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if found := condition():
                    return found
            except Exception as error:
                if "stale" not in str(error).lower():
                    raise
            time.sleep(0.05)
        raise AssertionError(f"not seen in time; the page says: {self.text('body')}")

    def all(self, css: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", css)
        return found

    def see(self, css: str, n: int = 1) -> Any:
        """Wait until there are so many of something, and return the first."""
        return self.until(lambda: len(self.all(css)) >= n and self.all(css))[0]

    def text(self, css: str) -> str:
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.driver.execute_script(script, css))

    def press(self, label: str, inside: str = "main") -> None:
        """Press a button by what stands on it."""

        def button() -> Any:
            shown = self.all(f"{inside} button, {inside} a.button")
            return [one for one in shown if one.text.strip() == label]

        self.until(button)[0].click()

    def choose(self, *paths: Path, inside: str = "main") -> None:
        """Choose files, as the system's dialog would."""
        field = self.see(f"{inside} input[type=file]:not([webkitdirectory])")
        field.send_keys("\n".join(map(str, paths)))

    def drop(self, path: Path, css: str = "body") -> None:
        """Drop a file, as the browser reports that."""
        script = """
        const [css, name, base64] = arguments;
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
        for (const kind of ["dragenter", "dragover", "drop"]) {
          const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
          document.querySelector(css).dispatchEvent(new DragEvent(kind, options));
        }
        """
        import base64

        data = base64.b64encode(path.read_bytes()).decode()
        self.driver.execute_script(script, css, path.name, data)

    def violations(self) -> list[str]:
        """Return what an accessibility checker finds wrong with the page as it is."""
        axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
        self.driver.execute_script(axe)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then((r) => done(r.violations));"
        )
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found
            for node in one["nodes"]
        ]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a browser with an empty profile, that notes all it asks for."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    profile = tmp_path_factory.mktemp("profile")
    downloads = tmp_path_factory.mktemp("downloads")
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(downloads)}
    )
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1200,900"):
        options.add_argument(flag)
    options.set_capability(
        "goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"}
    )
    started = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    started.downloads = downloads
    yield started
    started.quit()


@pytest.fixture
def page(driver: Any, served: Served) -> Iterator[Page]:
    """Return the page; afterwards look that it asked nobody else and had no error."""
    yield Page(driver, served)
    addresses = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.add(message["params"]["request"]["url"])
    own = (f"{served.address}/", "about:", "blob:", "data:", "chrome:")
    assert [one for one in addresses if not one.startswith(own)] == []
    said = [entry["message"] for entry in driver.get_log("browser")]
    # The browser itself notes each answer that is an error; those are expected.
    answers = re.compile(r"Failed to load resource: the server responded with a status")
    assert [one for one in said if not answers.search(one)] == []


@pytest.fixture(scope="session")
def shots(
    tmp_path_factory: pytest.TempPathFactory,
    photo: bytes,
    walls: list[bytes],
    scene: bytes,
    tiny_model: Any,
) -> dict[str, Path]:
    """Return pictures as files."""
    folder = tmp_path_factory.mktemp("pictures")
    bolt = tiny_model.cameras[2].shoot_jpeg(seed=3, size=(240, 320))
    named = {
        "photo": photo,
        "bolt": bolt,
        "scene": scene,
        "cut": photo[: len(photo) // 2],
        "text": b"this is no picture",
        "<img src=x onerror=document.title='bad'>": photo,
        "large": bytes(3 << 20),
    }
    named |= {f"wall-{k}": data for k, data in enumerate(walls)}
    found = {}
    for name, data in named.items():
        found[name] = folder / f"{name}.jpg"
        found[name].write_bytes(data)
    return found


def _walls(shots: dict[str, Path]) -> list[Path]:
    return [path for name, path in shots.items() if name.startswith("wall")]


def test_a_dropped_picture_gets_an_answer(page: Page, shots: dict[str, Path]) -> None:
    page.open()
    assert page.all(".teachings div")
    page.drop(shots["photo"])
    page.see(".card[data-state=done]")
    assert "Acme One" in page.text(".card .answer-title")
    assert "% sure" in page.text(".card .answer-sure")
    assert len(page.all(".card .bar")) == 4
    assert "none of the cameras known" in page.text(".card .bar.unknown")
    assert "photo.jpg: Acme One" in page.text("#announcer")
    assert page.violations() == []


def test_a_pasted_picture_gets_an_answer(page: Page, shots: dict[str, Path]) -> None:
    page.open()
    page.driver.execute_script(
        """
        const transfer = new DataTransfer();
        const bytes = Uint8Array.from(arguments[0]);
        transfer.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
        window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer }));
        """,
        list(shots["photo"].read_bytes()),
    )
    page.see(".card[data-state=done]")
    assert "pasted.jpg" in page.text(".card h2")


@pytest.mark.parametrize(
    ("name", "title", "says"),
    [
        ("text", "Not a picture this can read", "text file"),
        ("cut", "This picture cannot be used", "cut.jpg"),
        ("large", "Too large", "2 MiB"),
    ],
)
def test_what_cannot_be_used_is_explained(
    page: Page, shots: dict[str, Path], name: str, title: str, says: str
) -> None:
    page.open()
    page.choose(shots[name])
    page.see(".card[data-state=failed]")
    assert title in page.text(".problem strong")
    assert says in page.text(".problem")
    assert page.violations() == []


def test_the_readable_part_is_used_on_request(
    page: Page, shots: dict[str, Path]
) -> None:
    page.open()
    page.choose(shots["cut"])
    page.press("Use the readable part")
    page.see(".card[data-state=done]")
    assert "Keep in mind" in page.text(".card .notes")


def test_a_server_that_is_gone_is_said(
    page: Page, shots: dict[str, Path], driver: Any
) -> None:
    page.open()
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0}
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions", offline | {"uploadThroughput": 0}
    )
    page.choose(shots["photo"])
    page.see(".card[data-state=failed]")
    assert "whichcam serve" in page.text(".problem")
    back = {"offline": False, "latency": 0, "downloadThroughput": -1}
    driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions", back | {"uploadThroughput": -1}
    )
    page.press("Try again")
    page.see(".card[data-state=done]")
    lost = [one["message"] for one in driver.get_log("browser")]
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in lost)


def test_a_busy_server_is_waited_for(page: Page, shots: dict[str, Path]) -> None:
    page.open()
    server = page.served.server
    full = server.settings.workers + server.settings.max_queue
    server.n_open += full
    page.choose(shots["photo"])
    page.see(".card[data-state=busy]")
    assert "busy" in page.text(".card .pending")
    server.n_open -= full
    page.see(".card[data-state=done]")


def test_names_are_text_and_never_markup(page: Page, shots: dict[str, Path]) -> None:
    page.open()
    page.choose(shots["<img src=x onerror=document.title='bad'>"])
    page.see(".card[data-state=done]")
    assert page.text(".card h2").startswith("<img src=x")
    assert page.all(".card img") == []
    assert page.driver.title != "bad"


def test_many_pictures_become_a_table_to_sort_and_save(
    page: Page, shots: dict[str, Path]
) -> None:
    page.open()
    paths = [*_walls(shots), shots["photo"], shots["bolt"], shots["text"]]
    page.choose(*paths)
    page.press("Table")
    page.until(
        lambda: f"{len(paths)} of {len(paths)} pictures" in page.text(".toolbar")
    )
    assert "1 could not be used" in page.text(".toolbar")
    page.press("Sure", inside="thead")
    assert page.see("th[aria-sort=ascending]").text.startswith("Sure")
    page.press("Sure", inside="thead")
    shown = [row.text for row in page.all("tbody tr")]
    assert shown[0].startswith(("photo.jpg Acme One", "bolt.jpg Bolt 5"))
    assert page.violations() == []
    for button, name in (("Save CSV", "whichcam.csv"), ("Save JSON", "whichcam.json")):
        page.press(button)
        saved = page.driver.downloads / name
        page.until(saved.is_file)
    lines = (page.driver.downloads / "whichcam.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + len(paths)
    whole = json.loads((page.driver.downloads / "whichcam.json").read_text("utf-8"))
    assert len(whole) == len(paths)
    page.press("Remove all")
    page.see(".teachings")


def test_a_camera_is_enrolled_asked_about_and_removed(
    page: Page, shots: dict[str, Path]
) -> None:
    page.open("#/cameras")
    page.see(".steps")
    assert page.violations() == []
    page.press("Enrol a camera")
    page.press("Enrol", inside="dialog")
    assert "Give the camera a name" in page.text("dialog .problem")
    page.see("dialog input:not([type])").send_keys("<b>my camera</b>")
    page.choose(*_walls(shots), inside="dialog")
    assert "8 pictures chosen" in page.text("dialog .intake")
    assert page.violations() == []
    page.press("Enrol", inside="dialog")
    page.until(lambda: "is enrolled from 8 pictures" in page.text("dialog"))
    page.press("Close", inside="dialog")
    page.see(".camera")
    assert page.text(".camera h2") == "<b>my camera</b>"
    assert page.violations() == []

    page.press("Did it take a picture?")
    page.choose(shots["scene"], inside="dialog")
    page.see("dialog .verification.reaches")
    page.drop(shots["wall-0"], "dialog .intake")
    page.until(lambda: "helped to make the fingerprint" in page.text("dialog"))
    assert page.violations() == []
    page.press("Close", inside="dialog")

    page.press("Find a picture's camera")
    page.choose(shots["scene"], inside="dialog")
    page.see("dialog .hit.reaches")
    assert "<b>my camera</b>" in page.text("dialog .answer-title")
    page.choose(shots["photo"], inside="dialog")
    page.see("dialog .problem")
    page.press("Close", inside="dialog")

    page.press("Rename")
    field = page.see("dialog input")
    field.clear()
    field.send_keys("ours")
    page.press("OK", inside="dialog")
    page.until(lambda: page.text(".camera h2") == "ours")
    page.press("Remove")
    page.press("Cancel", inside="dialog")
    assert page.all(".camera")
    page.press("Remove")
    assert page.violations() == []
    page.press("Remove", inside="dialog")
    page.see(".steps")


def test_a_picture_is_examined_with_the_map_over_it(
    page: Page, shots: dict[str, Path]
) -> None:
    page.open()
    page.choose(shots["photo"])
    page.press("Examine")
    page.see(".finding")
    assert "Claims against evidence" in page.text(".panels")
    slider = page.see(".stage-controls input:not(:disabled)")
    size = "const m = document.querySelector('.stage-map'); return [m.width, m.height]"
    assert page.driver.execute_script(size) == [320, 240]
    opacity = "return document.querySelector('.stage-map').style.opacity"
    before = page.driver.execute_script(opacity)
    slider.send_keys("\ue014" * 5)  # the arrow to the right
    assert float(page.driver.execute_script(opacity)) > float(before)
    assert page.text(".stage-controls output") == "65 %"
    choice = page.see(".map-choice select")
    choice.send_keys("The JPEG")
    page.until(lambda: "grid" in (page.see(".stage-map").get_attribute("aria-label")))
    assert page.violations() == []
    assert page.all(".verdict")
    page.press("Save report")
    saved = page.driver.downloads / "photo.jpg.html"
    page.until(saved.is_file)
    assert "photo.jpg" in saved.read_text("utf-8")
    page.press("Save as JSON")
    saved = page.driver.downloads / "photo.jpg.json"
    page.until(saved.is_file)
    assert json.loads(saved.read_text("utf-8"))["format"] == "JPEG"
    page.see(".crumb a").click()
    page.see(".card[data-state=done]")


def test_an_examination_of_a_picture_that_is_gone_says_so(page: Page) -> None:
    page.open("#/picture/12345")
    assert "not here any more" in page.text("main")
    assert page.violations() == []


def test_an_enrolment_can_be_cancelled(page: Page, shots: dict[str, Path]) -> None:
    page.open("#/cameras")
    page.press("Enrol a camera")
    page.see("dialog input:not([type])").send_keys("given up")
    page.choose(*_walls(shots), inside="dialog")
    pool = page.served.server.pool
    pool._n_long += 1  # as if the workers were at other long jobs: it has to wait
    page.press("Enrol", inside="dialog")
    page.until(lambda: "Waiting" in page.text("dialog"))
    page.press("Cancel", inside="dialog")
    page.until(lambda: "as it was" in page.text("dialog"))
    pool._n_long -= 1
    pool.wake()
    page.press("Close", inside="dialog")
    assert page.all(".camera") == []


def test_everything_can_be_reached_by_keyboard(page: Page) -> None:
    page.open()
    reached = []
    for _ in range(7):
        page.driver.switch_to.active_element.send_keys("\ue004")
        reached.append(page.driver.switch_to.active_element.text.strip())
    assert "Skip to the content" in reached[0]
    for label in ("Pictures", "Cameras", "Choose pictures", "Choose a folder"):
        assert label in reached


@pytest.mark.parametrize("width", [360, 768, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read_on_every_screen(
    page: Page, shots: dict[str, Path], width: int, scheme: str
) -> None:
    cdp = page.driver.execute_cdp_cmd
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    cdp("Emulation.setDeviceMetricsOverride", size)
    chosen = [{"name": "prefers-color-scheme", "value": scheme}]
    cdp("Emulation.setEmulatedMedia", {"features": chosen})
    page.open()
    page.choose(shots["photo"], shots["text"])
    page.see(".card[data-state=done]")
    page.see(".card[data-state=failed]")
    wider = "return document.documentElement.scrollWidth > innerWidth"
    assert not page.driver.execute_script(wider)
    assert page.violations() == []
    cdp("Emulation.clearDeviceMetricsOverride", {})
    cdp("Emulation.setEmulatedMedia", {"features": []})
