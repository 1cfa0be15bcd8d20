"""A report: all that was found, nothing that could act, and readable by everyone."""

from __future__ import annotations

import html
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import InputError, MissingDependencyError
from whichcam.localize import Localization, Region
from whichcam.media import Photo, open_photo
from whichcam.pipelines import Examination, examine, report
from whichcam.reporting import html_report, pdf_report, upright

pytest.importorskip("jinja2", reason="the extra report is not installed")

HOSTILE = (
    "<script>alert(1)</script></style><img src=http://203.0.113.9/x onerror=y>"
    "\u202egnp.exe\x1b[31m\x00\u200b" + "A" * 100_000
)
BROWSER, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")


@pytest.fixture(scope="module")
def photo() -> Photo:
    return open_photo(SyntheticCamera().shoot_jpeg(seed=3, size=(320, 384)))


@pytest.fixture(scope="module")
def found(photo: Photo) -> Examination:
    """Return an examination with something of everything in it."""
    whole = examine(photo, methods=("noise_level", "jpeg_grid"), cameras=[])
    heat = np.zeros((320, 384), dtype=np.float32)
    heat[100:200, 50:150] = 0.9
    fusion = Localization(
        method="fusion",
        heatmap=heat,
        mask=heat > 0.5,
        score=0.8,
        threshold=0.5,
        score_threshold=0.7,
        false_alarm_rate=0.05,
        log10_lr=1.1,
        labels=(
            Region(
                box=(100, 50, 100, 100),
                area=0.08,
                suspicious=True,
                camera_model="Acme One",
                probability=0.7,
            ),
        ),
    )
    return replace(whole, localizations=(*whole.localizations, fusion))


def _page(found: Examination, photo: Photo | None = None) -> str:
    heatmaps = {one.method: one.heatmap for one in found.localizations}
    return html_report(found.to_dict(), photo=photo, heatmaps=heatmaps)


def test_the_page_says_all_that_was_found(found: Examination, photo: Photo) -> None:
    page = _page(found, photo)
    assert found.sha256 in page
    for verdict in found.verdicts:
        assert verdict.about in page
    for finding in found.findings:
        assert finding.code in page
    assert found.identification is not None
    for row in found.identification.ranking:
        assert row.camera_model in page
    assert "most like Acme One (70 % among known models)" in page
    for item in found.not_examined:
        assert item.why in page
    assert "whichcam examine" in page


def test_the_page_acts_on_nothing_and_fetches_nothing(
    found: Examination, photo: Photo
) -> None:
    page = _page(found, photo)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"\son\w+=", page)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith("data:image/") for address in addresses)
    assert "url(" not in page


def test_words_of_the_file_are_inert_and_bounded(found: Examination) -> None:
    claims = replace(found.claims, comments=(HOSTILE,), software=HOSTILE, lens=HOSTILE)
    page = _page(replace(found, claims=claims, photo_name=HOSTILE, warnings=(HOSTILE,)))
    assert "<script" not in page
    assert "<img src=http" not in page
    assert page.count("</style>") == 1
    for steering in ("\u202e", "\x1b", "\x00", "\u200b"):
        assert steering not in page
    assert "A" * 2001 not in page
    assert len(page) < 200_000


def test_an_examination_read_back_from_json_gives_the_same_page(
    found: Examination, photo: Photo
) -> None:
    stored = json.loads(json.dumps(found.to_dict()))
    heatmaps = {one.method: one.heatmap for one in found.localizations}
    assert html_report(stored, photo=photo, heatmaps=heatmaps) == _page(found, photo)


def test_path_and_time_stand_there_only_when_asked(
    found: Examination, photo: Photo
) -> None:
    bare = report(found, photo).decode()
    told = report(found, photo, path="/case/7/a.jpg", made_at="2026-01-02").decode()
    assert "/case/7" not in bare
    assert "2026-01-02" not in bare
    assert "/case/7/a.jpg" in told
    assert "2026-01-02" in told


def test_json_holds_the_heat_maps(found: Examination, photo: Photo) -> None:
    whole = json.loads(report(found, photo, form="json"))
    assert whole["sha256"] == found.sha256
    assert all(one["heatmap_png_base64"] for one in whole["localizations"])
    assert "path" not in whole


def test_another_picture_is_refused(found: Examination) -> None:
    other = open_photo(SyntheticCamera().shoot_jpeg(seed=4, size=(320, 384)))
    with pytest.raises(InputError, match="not the picture that was examined"):
        _page(found, other)


def test_half_an_examination_is_refused(found: Examination) -> None:
    half = found.to_dict()
    del half["findings"]
    with pytest.raises(InputError, match="'findings'"):
        html_report(half)


@pytest.mark.parametrize("orientation", [None, 0, 1, 2, 3, 4, 5, 6, 7, 8, 99])
def test_pictures_are_shown_as_exif_wants_them(orientation: int | None) -> None:
    from PIL import Image, ImageOps

    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    picture = Image.fromarray(pixels)
    if orientation is not None:
        picture.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(upright(pixels, orientation), expected)


def test_pdf_has_the_hash_on_every_page(
    found: Examination, photo: Photo, tmp_path: Path
) -> None:
    pytest.importorskip("weasyprint", reason="the extra report is not installed")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler) is not installed")
    hostile = replace(found.claims, software=HOSTILE)
    page = _page(replace(found, claims=hostile), photo)
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf_report(page))
    done = subprocess.run(
        ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
    )
    pages = done.stdout.split("\f")[:-1]
    assert len(pages) >= 2
    assert all(found.sha256 in re.sub(r"\s", "", text) for text in pages)
    assert path.read_bytes() == pdf_report(page)


def test_after_a_pdf_cut_off_pictures_are_still_refused() -> None:
    pytest.importorskip("weasyprint", reason="the extra report is not installed")
    program = (
        "from PIL import ImageFile; from whichcam.reporting import pdf_report; "
        "pdf_report('<p>one</p>'); print(ImageFile.LOAD_TRUNCATED_IMAGES)"
    )
    # In a process of its own: WeasyPrint changes Pillow once, when it is imported.
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_weasyprint_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[report\]"):
        pdf_report("<p>")


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return Chromium, driven over loopback and nothing else."""
    selenium = pytest.importorskip("selenium", reason="selenium is not installed")
    if not (BROWSER.exists() and DRIVER.exists()):
        pytest.skip("no Chromium with its driver is installed")
    from selenium.webdriver.chrome.service import Service

    connect = _CONNECT

    def loopback_only(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "::1", "localhost"), address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)
    options = selenium.webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"),
        *("disable-background-networking", "disable-component-update"),
        *("disable-sync", f"user-data-dir={tmp_path / 'profile'}"),
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = selenium.webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(180)  # the checker takes its time on a busy machine
    try:
        yield driver
    finally:
        driver.quit()


_CONNECT = socket.socket.connect


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_read_the_page(
    scheme: str, browser: Any, found: Examination, photo: Photo, tmp_path: Path
) -> None:
    axe_core = pytest.importorskip("axe_core_python", reason="axe is not installed")
    (axe,) = Path(axe_core.__file__).parent.rglob("axe.min.js")
    place = tmp_path / "report.html"
    place.write_text(_page(found, photo), encoding="utf-8")
    wanted = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", wanted)
    browser.get(place.as_uri())
    assert browser.get_log("browser") == []
    browser.execute_script(axe.read_text(encoding="utf-8"))
    ran = browser.execute_async_script("axe.run().then(arguments[0])")
    assert ran["passes"], "the checker looked at nothing"
    assert [rule["id"] for rule in ran["violations"]] == []


def test_the_map_answers_to_its_strength_without_script(
    browser: Any, found: Examination, photo: Photo, tmp_path: Path
) -> None:
    place = tmp_path / "report.html"
    place.write_text(_page(found, photo), encoding="utf-8")
    browser.get(place.as_uri())
    shown = browser.find_element("css selector", ".map1")
    assert shown.is_displayed()
    assert shown.value_of_css_property("opacity") == "0.5"
    browser.find_element("css selector", ".o100").click()
    assert shown.value_of_css_property("opacity") == "1"
    browser.find_element("css selector", ".m2").click()
    assert not shown.is_displayed()
    assert browser.find_element("css selector", ".map2").is_displayed()


def test_claims_stand_beside_what_was_measured(
    found: Examination, photo: Photo
) -> None:
    page = _page(found, photo)
    beside = page[page.index("Claims against evidence") : page.index(">Findings<")]
    assert found.identification is not None
    assert str(found.claims.camera_model) in beside
    assert found.identification.answer in beside
    assert f"{found.width} x {found.height} px as stored" in beside


def test_scale_versions_and_crops_are_shown(found: Examination, photo: Photo) -> None:
    page = _page(found, photo)
    assert "supports extremely strongly" in page
    assert f"numpy {np.__version__}" in page
    assert 'class="crops"' in page
    assert 'class="crops"' not in _page(found)


def test_no_chance_is_said_to_be_nought() -> None:
    from whichcam.reporting._report_text import probability

    assert probability(-0.3) == "0.5"
    assert probability(-5012.3) == "10^-5,012.3"


def test_the_command_to_copy_runs_nothing_but_itself(found: Examination) -> None:
    page = _page(replace(found, photo_name="a.jpg; rm -rf ~ $(id)"))
    command = html.unescape(page[page.index("<pre>") : page.index("</pre>")])
    assert "sha256sum 'a.jpg; rm -rf ~ $(id)'" in command
    assert "whichcam examine 'a.jpg; rm -rf ~ $(id)'" in command
