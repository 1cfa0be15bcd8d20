"""The tasks answer as the verbs do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import ConfigError, ImageTooSmallError, UnknownNameError
from whichcam.gallery import Gallery
from whichcam.media import Photo, open_photo
from whichcam.pipelines import enroll, examine, search, verify
from whichcam.prnu import photo_noise, sign_bits
from whichcam.scan._rows import found_row, table_of
from whichcam.scan._sources import read_entry
from whichcam.scan._tasks import TASKS, build_task, settings_of

CAMERA = SyntheticCamera(prnu_strength=0.03)


def shot(seed: int) -> Photo:
    return open_photo(CAMERA.shoot_jpeg(seed=seed, size=(192, 192)))


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery") / "g"
    photos = [CAMERA.shoot_jpeg(seed=k, size=(192, 192)) for k in range(12)]
    enroll("mine", photos, gallery=folder)
    return folder


def test_verify_answers_as_the_verb_does(gallery: Path) -> None:
    task = build_task(TASKS["verify"], {"camera": "mine", "gallery": str(gallery)})
    look = task.start()
    for seed in (20, 21):
        answer = look(shot(seed))
        expected = verify(shot(seed), "mine", gallery=gallery)
        assert answer["result"] == expected.to_dict()
        assert (answer["answer"], answer["score"]) == ("mine", expected.score)
    with pytest.raises(Exception, match="64x48"):
        look(Photo.from_pixels(np.zeros((48, 64, 3), np.uint8), name="small"))
    assert look(shot(20))["answer"] == "mine"  # an error does not end it


def test_search_answers_as_the_verb_does(gallery: Path) -> None:
    task = build_task(TASKS["search"], {"gallery": str(gallery)})
    answer = task.start()(shot(20))
    expected = search(shot(20), gallery=gallery, k=3)
    assert answer["result"] == expected.to_dict()
    assert (answer["answer"], answer["is_unknown"]) == ("mine", False)


def test_the_identity_changes_with_the_gallery(gallery: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    enroll(
        "yours",
        [CAMERA.shoot_jpeg(seed=k, size=(192, 192)) for k in range(30, 38)],
        gallery=other,
    )
    first, second = (
        build_task(TASKS["search"], {"gallery": str(g)}).identity()
        for g in (gallery, other)
    )
    assert first != second
    with Gallery.open(gallery) as opened:
        assert opened.names() == ("mine",)
    task = build_task(TASKS["verify"], {"camera": "yours", "gallery": str(gallery)})
    with pytest.raises(UnknownNameError, match="yours"):
        task.identity()


def test_a_fingerprint_is_the_signs_of_the_middle() -> None:
    look = build_task(TASKS["fingerprint"], {"side_px": 128}).start()
    photo = shot(3)
    answer = look(photo)
    middle = np.ascontiguousarray(photo.pixels[32:160, 32:160])
    expected = sign_bits(photo_noise(middle).residual)
    np.testing.assert_array_equal(np.frombuffer(answer["bits"], "<u8"), expected)
    assert (answer["height"], answer["width"]) == (192, 192)
    table = table_of(
        [found_row(0, "a", **answer)],
        build_task(TASKS["fingerprint"], {}).columns,
    )
    assert len(table.column("bits")[0].as_py()) == 128 * 128 // 8
    assert json.loads(table.column("result")[0].as_py())["side_px"] == 128
    small = Photo.from_pixels(np.zeros((120, 300, 3), np.uint8), name="small")
    with pytest.raises(ImageTooSmallError, match="300x120"):
        look(small)


def test_examine_answers_as_the_verb_does(gallery: Path, tmp_path: Path) -> None:
    path = tmp_path / "shot.jpg"
    path.write_bytes(CAMERA.shoot_jpeg(seed=20, size=(192, 192)))
    settings = {"gallery": str(gallery), "methods": ["jpeg_grid"]}
    task = build_task(TASKS["examine"], settings)
    assert settings_of(task)["methods"] == ["jpeg_grid"]
    answer = task.start()(read_entry(str(path)))
    expected = examine(path, gallery=gallery, methods=["jpeg_grid"])
    assert answer["result"] == expected.to_dict()
    assert answer["sha256"] == expected.sha256
    assert expected.identification is not None
    assert answer["answer"] == expected.identification.answer
    table = table_of([found_row(0, "a", **answer)], task.columns)
    assert table.column("n_verdicts_against").to_pylist() == [
        sum(v.direction == "against" for v in expected.verdicts)
    ]
    assert ", " in task.identity()
    with pytest.raises(ConfigError, match="jpeg_grid"):
        build_task(TASKS["examine"], {"methods": ["guess"]})


def test_names_that_are_no_text_are_kept_readable() -> None:
    table = table_of([{"index": 0, "path": "a\udcff.jpg"}])
    assert table.column("path")[0].as_py() == "a\\udcff.jpg"
