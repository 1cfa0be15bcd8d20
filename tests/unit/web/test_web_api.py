"""The API against a real server with real workers."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel
from web_server import Served, ended, form_of, left_over

from whichcam import pipelines
from whichcam.models import CameraModel
from whichcam.web import _schemas


def _fits(model: type[BaseModel], answer: Any) -> bool:
    """Say whether an answer is what the API's description says of it."""
    return model.model_validate(answer) is not None


def test_the_answer_is_that_of_the_function(
    api: httpx.Client, photo: bytes, tiny_model: Any
) -> None:
    answer = api.post("/identify", params={"name": "a.jpg", "top_k": 2}, content=photo)
    assert answer.status_code == 200
    found = answer.json()
    direct = pipelines.identify(
        photo, model=CameraModel.load(tiny_model.folder), top_k=2
    ).to_dict()
    assert found["photo_name"] == "a.jpg"
    for name in ("answer", "level", "sha256", "n_crops", "model_id", "warnings"):
        assert found[name] == direct[name]
    assert found["confidence"] == pytest.approx(direct["confidence"], abs=1e-5)
    assert len(found["ranking"]) == 2
    assert _fits(_schemas.IdentificationAnswer, found)


def test_a_form_and_the_bare_file_give_the_same_answer(
    api: httpx.Client, photo: bytes
) -> None:
    bare = api.post("/identify", params={"name": "0.jpg"}, content=photo).json()
    assert api.post("/identify", files=form_of([photo])).json() == bare


def test_a_name_is_text_and_never_a_path(api: httpx.Client, photo: bytes) -> None:
    hostile = "../../etc/<img src=x onerror=alert(1)>\u202egpj.exe"
    answer = api.post("/identify", params={"name": hostile}, content=photo)
    assert answer.json()["photo_name"] == "<img src=x onerror=alert(1)>\\u202egpj.exe"
    assert answer.headers["content-type"] == "application/json"
    form = {"photo": ("..\\..\\windows\\a.jpg", photo, "image/jpeg")}
    assert api.post("/identify", files=form).json()["photo_name"] == "a.jpg"


HOSTILE = {
    "nothing": (b"", 422, "no_photo"),
    "text": (b"hello, this is text", 415, "unsupported_format"),
    "zip": (b"PK\x03\x04" + bytes(60), 415, "unsupported_format"),
    "gif": (b"GIF89a" + bytes(60), 415, "unsupported_format"),
    "pdf": (b"%PDF-1.7" + bytes(60), 415, "unsupported_format"),
    "video": (b"\0\0\0\x18ftypisom" + bytes(60), 415, "unsupported_format"),
    "svg": (b"<svg onload='alert(1)'/>", 415, "unsupported_format"),
    "segments only": (
        b"\xff\xd8" + b"\xff\xe1\x00\x04ab" * 50_000 + b"\xff\xd9",
        422,
        "image_decode",
    ),
    "empty png": (b"\x89PNG\r\n\x1a\n", 422, "image_decode"),
    "endless tiff": (b"II*\0\x08\0\0\0" + b"\xff" * 4000, 422, "image_decode"),
    "noise": (bytes(range(256)) * 20, 415, "unsupported_format"),
    "jpeg start only": (b"\xff\xd8\xff\xe0", 422, "image_decode"),
    "page called a picture": (b"<html><script>1</script>", 415, "unsupported_format"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused_by_content(api: httpx.Client, name: str) -> None:
    data, status, code = HOSTILE[name]
    answer = api.post(
        "/identify",
        params={"name": "a.jpg"},
        content=data,
        headers={"Content-Type": "image/jpeg"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "details"}
    assert "upload-" not in answer.text
    assert "/tmp" not in answer.text


def test_damaged_pictures_are_answered_and_cost_no_worker(
    served: Served, api: httpx.Client, photo: bytes, rng: np.random.Generator
) -> None:
    restarts = served.server.pool.n_restarts
    statuses = set()
    for _ in range(25):
        damaged = np.frombuffer(photo, np.uint8).copy()
        places = rng.integers(0, len(damaged), 12)
        places[:3] %= 1500  # the headers
        damaged[places] = rng.integers(0, 256, 12, np.uint8)
        answer = api.post("/identify", content=damaged.tobytes())
        statuses.add(answer.status_code)
    assert statuses <= {200, 413, 415, 422}
    assert served.server.pool.n_restarts == restarts


def _bomb() -> bytes:
    file = io.BytesIO()
    Image.new("1", (3_000, 3_000)).save(file, "PNG")
    return file.getvalue()


def test_a_bomb_is_refused_by_its_header(api: httpx.Client) -> None:
    answer = api.post("/identify", content=_bomb())
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        413,
        "image_too_large",
    )


def test_a_picture_that_is_too_small_is_refused(api: httpx.Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PNG")
    answer = api.post("/identify", content=file.getvalue())
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        422,
        "image_too_small",
    )


def test_a_cut_picture_is_used_on_request_only(api: httpx.Client, photo: bytes) -> None:
    cut = photo[: len(photo) * 2 // 3]
    answer = api.post("/identify", content=cut)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "image_decode")
    used = api.post("/identify", params={"allow_truncated": True}, content=cut)
    assert used.status_code == 200
    assert used.json()["warnings"]


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"top_k": 0}, "top_k"),
        ({"top_k": "many"}, "top_k"),
        ({"allow_truncated": "perhaps"}, "allow_truncated"),
        ({"name": "x" * 513}, "name"),
    ],
)
def test_an_option_out_of_range_is_named(
    api: httpx.Client, photo: bytes, params: dict[str, Any], where: str
) -> None:
    answer = api.post("/identify", params=params, content=photo)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "bad_option")
    assert where in error["message"]
    assert error["details"]["errors"][0]["where"] == f"query.{where}"


def test_a_job_in_the_background_says_what_waiting_would_have(
    api: httpx.Client, photo: bytes
) -> None:
    direct = api.post("/identify", params={"name": "a.jpg"}, content=photo).json()
    begun = api.post(
        "/identify", params={"name": "a.jpg", "background": True}, content=photo
    )
    assert begun.status_code == 202
    job = begun.json()
    assert begun.headers["location"] == f"/api/v1/jobs/{job['id']}"
    done = ended(api, job)
    assert (done["state"], done["result"]) == ("done", direct)
    assert _fits(_schemas.JobAnswer, done)
    assert job["id"] in [one["id"] for one in api.get("/jobs").json()["jobs"]]


def test_a_job_that_fails_says_why(api: httpx.Client) -> None:
    job = api.post("/identify", params={"background": True}, content=b"text").json()
    done = ended(api, job)
    assert (done["state"], done["error"]["code"]) == ("failed", "unsupported_format")
    assert _fits(_schemas.JobAnswer, done)


def test_a_job_can_be_watched_to_its_end(api: httpx.Client, photo: bytes) -> None:
    job = api.post("/identify", params={"background": True}, content=photo).json()
    events = []
    with api.stream("GET", f"/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            if line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
    assert events[-1] == "done"
    assert last["result"]["answer"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_job_that_is_not_known_is_404(api: httpx.Client, method: str) -> None:
    answer = api.request(method, "/jobs/nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_job")


def test_a_job_has_no_files_but_those_it_made(api: httpx.Client, photo: bytes) -> None:
    job = api.post("/identify", params={"background": True}, content=photo).json()
    ended(api, job)
    for name in ("upload-00000", "lock", "..%2f..%2flock"):
        assert api.get(f"/jobs/{job['id']}/files/{name}").status_code == 404


def test_nothing_of_a_picture_stays(
    served: Served, api: httpx.Client, photo: bytes
) -> None:
    api.post("/identify", content=photo)
    api.post("/identify", content=b"text")
    assert served.is_idle()
    files = [path for folder in left_over(served) for path in folder.iterdir()]
    assert files == []


def test_health_models_and_counts(api: httpx.Client, photo: bytes) -> None:
    health = api.get("/health").json()
    assert _fits(_schemas.Health, health)
    assert health["status"] == "ok"
    assert health["limits"]["max_pixels"] == 4_000_000
    models = api.get("/models").json()
    assert _fits(_schemas.ModelList, models)
    assert [one["camera_model"] for one in models["models"][0]["cameras"]] == [
        *("Acme One", "Acme Two", "Bolt 5")
    ]
    api.post("/identify", params={"name": "secret-name.jpg"}, content=photo)
    counted = api.get("/metrics").text
    assert 'whichcam_operations_total{operation="identify",state="done"}' in counted
    assert "secret-name" not in counted
    for line in counted.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0


def test_the_log_names_hashes_and_no_files(
    served: Served, api: httpx.Client, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="whichcam"):
        found = api.post(
            "/identify", params={"name": "secret-name.jpg"}, content=photo
        ).json()
        assert served.is_idle()
    assert found["sha256"] in caplog.text
    assert "secret-name" not in caplog.text


def test_the_log_names_files_if_asked_to(
    served: Served,
    api: httpx.Client,
    photo: bytes,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = dataclasses.replace(served.settings, log_names=True)
    monkeypatch.setattr(served.server.jobs, "_settings", asked)
    with caplog.at_level("INFO", logger="whichcam"):
        api.post("/identify", params={"name": "named.jpg"}, content=photo)
        assert served.is_idle()
    assert "named.jpg" in caplog.text
