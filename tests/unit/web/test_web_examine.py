"""Examining and localizing over the API."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageOps
from web_server import ended, form_of

from whichcam import pipelines
from whichcam.media import open_photo
from whichcam.web import _schemas
from whichcam.web._examination import upright


def _picture(content: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_an_examination_holds_what_the_functions_say(
    api: httpx.Client, photo: bytes
) -> None:
    answer = api.post("/examine", params={"name": "a.jpg"}, content=photo)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert _schemas.ExaminationAnswer.model_validate(found)
    alone = api.post("/identify", params={"name": "a.jpg"}, content=photo).json()
    assert found["identification"] == alone
    assert found["claims"]["camera_model"] == alone["exif_camera_model"]
    assert {one["code"] for one in found["findings"]}
    assert found["structure"]["quantization_tables"]
    assert {one["question"] for one in found["verdicts"]} >= {"camera"}
    assert found["pictures"]["maps"].keys() >= {"noise_level", "jpeg_grid"}
    assert "/tmp" not in json.dumps(found)
    assert "upload-" not in json.dumps(found)


def test_without_cameras_devices_are_said_not_to_be_examined(
    api: httpx.Client, photo: bytes
) -> None:
    found = api.post("/examine", content=photo).json()
    assert found["devices"] == []
    left_out = {one["what"]: one["why"] for one in found["not_examined"]}
    assert left_out["enrolled cameras"] == "no camera is enrolled yet"


def test_the_best_device_comes_with_its_peak(
    api: httpx.Client, walls: list[bytes], scene: bytes
) -> None:
    params: dict[str, Any] = {"camera": "mine"}
    ended(api, api.post("/enroll", params=params, files=form_of(walls)).json())
    begun = api.post("/examine", params={"background": True}, content=scene).json()
    job = ended(api, begun)
    found = job["result"]
    assert _schemas.ExaminationAnswer.model_validate(found)
    best = found["devices"][0]
    assert (best["camera"], best["reaches_threshold"]) == ("mine", True)
    file = found["pictures"]["peaks"]["mine"]
    drawn = api.get(f"/jobs/{job['id']}/files/{file}")
    assert drawn.headers["content-type"] == "image/png"
    peak = _picture(drawn.content)
    assert np.unravel_index(peak.argmax(), peak.shape) == (24, 24)
    assert np.median(peak) < 60
    api.delete("/cameras/mine")


def test_a_heat_map_has_the_size_and_the_values_of_the_picture(
    api: httpx.Client, photo: bytes
) -> None:
    params: dict[str, Any] = {"method": "noise_level", "style": "values"}
    answer = api.post("/localize", params=params, content=photo)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    direct = pipelines.localize(photo, method="noise_level").heatmap
    drawn = _picture(answer.content)
    assert drawn.shape == direct.shape
    assert np.abs(drawn / 255 - direct).max() <= 0.5 / 255 + 1e-6


def test_a_heat_map_in_colours_and_small(api: httpx.Client, photo: bytes) -> None:
    params: dict[str, Any] = {"method": "noise_level", "max_side": 100}
    drawn = _picture(api.post("/localize", params=params, content=photo).content)
    assert drawn.shape == (75, 100, 3)


def test_a_job_has_the_map_as_its_file_and_the_numbers_beside(
    api: httpx.Client, photo: bytes
) -> None:
    params: dict[str, Any] = {"method": "jpeg_grid", "background": True}
    job = ended(api, api.post("/localize", params=params, content=photo).json())
    assert job["result"]["method"] == "jpeg_grid"
    assert job["result"]["files"] == ["heatmap.png"]
    drawn = api.get(f"/jobs/{job['id']}/files/heatmap.png")
    assert _picture(drawn.content).shape[:2] == (240, 320)


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"method": "guessing"}, 422, "bad_option"),
        ({"method": "prnu_absence"}, 422, "input"),
        ({"method": "prnu_absence", "camera": "nobody"}, 404, None),
        ({"method": "noise_level", "max_side": 1}, 422, "bad_option"),
        ({"method": "noise_level", "camera": "mine"}, 422, "input"),
    ],
)
def test_a_method_that_cannot_be_used_is_said(
    api: httpx.Client,
    photo: bytes,
    params: dict[str, Any],
    status: int,
    code: str | None,
) -> None:
    answer = api.post("/localize", params=params, content=photo)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["error"]["code"] == code


def test_a_report_is_one_page_that_holds_everything(
    api: httpx.Client, photo: bytes
) -> None:
    params: dict[str, Any] = {"name": "<script>alert(1).jpg", "maps": False}
    answer = api.post("/report", params=params, content=photo)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    page = answer.text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "upload-" not in page
    assert re.findall(r'(?:src|href)="http', page) == []


def test_a_report_can_be_had_for_paper(api: httpx.Client, photo: bytes) -> None:
    params: dict[str, Any] = {"format": "pdf", "maps": False, "background": True}
    job = ended(api, api.post("/report", params=params, content=photo).json())
    if job["state"] == "failed" and job["error"]["code"] == "missing_dependency":
        pytest.skip("Pango is not installed")
    assert job["state"] == "done", job
    paper = api.get(f"/jobs/{job['id']}/files/report.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_other_programs_show(
    rng: np.random.Generator, orientation: int
) -> None:
    pixels = rng.integers(0, 255, (5, 7), np.uint8)
    image = Image.fromarray(pixels)
    image.getexif()[0x0112] = orientation
    shown = ImageOps.exif_transpose(image)
    assert np.array_equal(upright(pixels, orientation), np.asarray(shown))


def test_a_format_that_browsers_do_not_show_gets_a_preview(
    api: httpx.Client, photo: bytes
) -> None:
    file = io.BytesIO()
    Image.fromarray(open_photo(photo).pixels).save(file, "TIFF")
    params: dict[str, Any] = {"background": True}
    begun = api.post("/examine", params=params, content=file.getvalue()).json()
    job = ended(api, begun)
    assert job["result"]["pictures"]["preview"] == "preview.jpg"
    assert job["result"]["structure"] is None
    shown = api.get(f"/jobs/{job['id']}/files/preview.jpg")
    assert _picture(shown.content).shape == (240, 320, 3)
