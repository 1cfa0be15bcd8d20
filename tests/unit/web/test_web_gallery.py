"""Cameras over the API: enrolled, asked about, renamed, moved, removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from web_server import Served, ended, form_of, left_over

from whichcam.web import _schemas


def _enrol(
    api: httpx.Client, name: str, pictures: list[bytes], **options: Any
) -> dict[str, Any]:
    begun = api.post(
        "/enroll", params={"camera": name, **options}, files=form_of(pictures)
    )
    assert begun.status_code == 202, begun.text
    return ended(api, begun.json())


@pytest.fixture
def camera(api: httpx.Client, walls: list[bytes]) -> Iterator[str]:
    """Enrol a camera for one test; its name needs every care an address can need."""
    name = "Anna's / 100% <b>phone</b>?"
    done = _enrol(api, name, walls)
    assert done["state"] == "done", done
    yield name
    for one in api.get("/cameras").json()["cameras"]:
        api.delete(f"/cameras/{_quoted(one['name'])}")


def _quoted(name: str) -> str:
    return "".join(
        c if c.isalnum() else "".join(f"%{byte:02X}" for byte in c.encode())
        for c in name
    )


def test_no_gallery_is_an_empty_one(api: httpx.Client) -> None:
    assert api.get("/cameras").json() == {"cameras": [], "unfinished": []}


def test_an_enrolment_tells_how_far_it_is_and_what_came_of_it(
    api: httpx.Client, walls: list[bytes], camera: str
) -> None:
    done = _enrol(api, camera, [*walls, b"no picture"], replace=True)
    assert done["state"] == "done", done
    assert done["progress"]["total"] > 0
    result = done["result"]
    assert (result["camera"], result["n_used"]) == (camera, len(walls))
    assert [one["name"] for one in result["left_out"]] == [f"{len(walls)}.jpg"]
    assert "upload-" not in str(done)
    assert _schemas.EnrollmentAnswer.model_validate(result)


def test_the_cameras_are_listed_and_described(api: httpx.Client, camera: str) -> None:
    listed = api.get("/cameras").json()
    assert _schemas.CameraList.model_validate(listed)
    assert [one["name"] for one in listed["cameras"]] == [camera]
    assert api.get(f"/cameras/{_quoted(camera)}").json() == listed["cameras"][0]


def test_areas_without_its_pattern_are_drawn(
    api: httpx.Client, camera: str, scene: bytes
) -> None:
    params = {"method": "prnu_absence", "camera": camera}
    answer = api.post("/localize", params=params, content=scene)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"


def test_its_own_picture_is_told_from_another(
    api: httpx.Client, camera: str, scene: bytes, tiny_model: Any
) -> None:
    other = tiny_model.cameras[0].shoot_jpeg(seed=3, size=(192, 256))
    mine = api.post("/verify", params={"camera": camera}, content=scene).json()
    assert _schemas.VerificationAnswer.model_validate(mine)
    assert mine["reaches_threshold"]
    found = api.post("/verify", params={"camera": camera}, content=other).json()
    assert not found["reaches_threshold"]
    hits = api.post("/search", content=scene).json()
    assert _schemas.SearchAnswer.model_validate(hits)
    assert hits["hits"][0]["camera"] == camera
    assert hits["hits"][0]["reaches_threshold"]


def test_a_picture_of_another_size_is_refused_with_the_remedy(
    api: httpx.Client, camera: str, photo: bytes
) -> None:
    answer = api.post("/verify", params={"camera": camera}, content=photo)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "shape_mismatch")
    assert "enrol" in error["message"]


def test_what_is_enrolled_is_not_replaced_unasked(
    api: httpx.Client, camera: str, walls: list[bytes]
) -> None:
    done = _enrol(api, camera, walls)
    assert (done["state"], done["error"]["code"]) == ("failed", "input")
    assert "replace" in done["error"]["message"]


def test_a_camera_is_renamed(api: httpx.Client, camera: str) -> None:
    new = {"name": "another name"}
    answer = api.patch(f"/cameras/{_quoted(camera)}", json=new)
    assert answer.json()["name"] == "another name"
    assert api.get(f"/cameras/{_quoted(camera)}").status_code == 404


def test_a_camera_goes_out_and_comes_back(
    served: Served, api: httpx.Client, camera: str
) -> None:
    before = api.get(f"/cameras/{_quoted(camera)}").json()
    archive = api.get("/export", params={"camera": camera})
    assert archive.headers["content-type"] == "application/zip"
    assert archive.headers["content-disposition"].startswith("attachment")
    assert api.delete(f"/cameras/{_quoted(camera)}").status_code == 204
    brought = api.post("/import", content=archive.content)
    assert brought.status_code == 201, brought.text
    assert _schemas.CameraAnswer.model_validate(brought.json())
    after = brought.json()
    assert after["name"] == before["name"]
    assert (
        after["fingerprints"][0]["pattern_sha256"]
        == before["fingerprints"][0]["pattern_sha256"]
    )
    assert served.is_idle()


def test_an_import_of_something_else_is_refused(api: httpx.Client) -> None:
    answer = api.post("/import", content=b"PK\x03\x04" + bytes(100))
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "incompatible_artifact"


def test_removing_twice_is_404(api: httpx.Client, camera: str) -> None:
    assert api.delete(f"/cameras/{_quoted(camera)}").status_code == 204
    answer = api.delete(f"/cameras/{_quoted(camera)}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_name")


@pytest.mark.parametrize("name", ["", "   ", "x" * 200])
def test_what_is_no_name_is_refused(
    api: httpx.Client, walls: list[bytes], name: str
) -> None:
    done = _enrol(api, name, walls[:2])
    assert (done["state"], done["error"]["code"]) == ("failed", "input")


def test_more_pictures_than_allowed_are_refused_before_they_are_read(
    served: Served, api: httpx.Client
) -> None:
    many = form_of([b"x"] * (served.settings.max_photos + 1))
    answer = api.post("/enroll", params={"camera": "many"}, files=many)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "too_many_photos")


def test_a_cancelled_enrolment_leaves_the_gallery_as_it_was(
    served: Served, api: httpx.Client, walls: list[bytes]
) -> None:
    begun = api.post(
        "/enroll", params={"camera": "given up"}, files=form_of(walls)
    ).json()
    first = api.delete(f"/jobs/{begun['id']}")
    assert first.status_code == 200
    done = ended(api, begun)
    assert (done["state"], done["error"]["code"]) == ("cancelled", "cancelled")
    assert api.delete(f"/jobs/{begun['id']}").json()["state"] == "cancelled"
    assert api.get("/cameras").json() == {"cameras": [], "unfinished": []}
    assert served.is_idle()
    assert left_over(served) == []
