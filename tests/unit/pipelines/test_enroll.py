"""Enrolling a camera: what is used, what is left out and why, and going on."""

from __future__ import annotations

import errno
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import (
    ArtifactError,
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
)
from whichcam.gallery import Gallery
from whichcam.media import open_photo
from whichcam.pipelines import Enrollment, enroll, verify
from whichcam.pipelines import _enroll_work as work_module


def _png(pixels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def _copies(source: Path, target: Path, count: int) -> Path:
    target.mkdir(parents=True)
    for path in sorted(source.iterdir())[:count]:
        shutil.copy(path, target / path.name)
    return target


def _codes(found: Enrollment) -> list[str]:
    return [one.code for one in found.left_out]


def test_a_folder_of_one_camera_is_enrolled_and_stored(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    found = enroll("mine", shots.flat(0), gallery=tmp_path / "g")
    with Gallery.open(tmp_path / "g") as gallery:
        camera = gallery.get("mine")
    assert (found.n_used, found.n_given, found.left_out) == (8, 8, ())
    assert camera.pattern_sha256 == found.pattern_sha256
    assert camera.camera_model == found.camera_model == "Synthetic SYN-0"
    assert camera.shape == shots.size
    assert json.dumps(found.to_dict())


def test_the_pattern_is_the_sensors_own(shots: SimpleNamespace, tmp_path: Path) -> None:
    enroll("mine", shots.flat(1), gallery=tmp_path / "g")
    with Gallery.open(tmp_path / "g") as gallery:
        pattern = gallery.get("mine").pattern()
    from whichcam.datasets.synthetic import SyntheticCamera

    truths = [
        SyntheticCamera(prnu_strength=0.02, device_index=i).prnu(shots.size)
        for i in (1, 2)
    ]
    right, wrong = (np.corrcoef(pattern.ravel(), k.ravel())[0, 1] for k in truths)
    assert right > 0.3
    assert abs(wrong) < 0.05


def test_one_picture_only_is_enrolled_with_a_warning_and_a_wish(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    one = next(shots.flat(0).iterdir())
    found = enroll("mine", one, gallery=tmp_path / "g")
    assert found.n_used == 1
    assert found.quality == 0.0
    assert any("1 picture" in text for text in found.warnings)
    assert "more pictures" in found.needs[0]


def test_pictures_of_another_size_are_left_out(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    folder = _copies(shots.flat(0), tmp_path / "mixed", 4)
    (folder / "big.jpg").write_bytes(shots.take(0, 7, flat=True, size=(224, 256)))
    found = enroll("mine", folder, gallery=tmp_path / "g")
    assert (found.n_used, _codes(found)) == (4, ["size_differs"])
    assert "256x224" in found.left_out[0].reason
    assert "256x192" in found.left_out[0].reason


def test_two_sizes_equally_often_are_refused_until_one_is_named(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    folder = _copies(shots.flat(0), tmp_path / "mixed", 1)
    (folder / "big.jpg").write_bytes(shots.take(0, 7, flat=True, size=(224, 256)))
    with pytest.raises(InputError, match=r"two sizes equally often.*name the size"):
        enroll("mine", folder, gallery=tmp_path / "g")
    found = enroll("mine", folder, gallery=tmp_path / "g", size=(256, 224))
    assert found.shape == (224, 256)


def test_all_saturated_pictures_are_refused_with_the_remedy(tmp_path: Path) -> None:
    burnt = _png(np.full((128, 128, 3), 255, np.uint8))
    with pytest.raises(InsufficientEvidenceError, match=r"saturated.*unsaturated"):
        enroll("mine", burnt, gallery=tmp_path / "g", keep_edited=True)
    with Gallery.open(tmp_path / "g") as gallery:
        assert len(gallery) == 0


def test_a_dark_picture_is_left_out_as_dark(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    black = _png(np.zeros((*shots.size, 3), np.uint8))
    photos = [*sorted(shots.flat(0).iterdir()), black]
    found = enroll("mine", photos, gallery=tmp_path / "g", keep_edited=True)
    assert (found.n_used, _codes(found)) == (8, ["dark"])


def test_a_picture_turned_to_portrait_is_left_out_unless_aligned(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    upright = open_photo(shots.take(0, 7, flat=True)).pixels
    photos = [*sorted(shots.flat(0).iterdir()), _png(np.rot90(upright))]
    left = enroll("a", photos, gallery=tmp_path / "g", keep_edited=True)
    assert _codes(left) == ["turned"]
    assert "align" in left.left_out[0].reason
    used = enroll("b", photos, gallery=tmp_path / "g", keep_edited=True, align=True)
    assert (used.n_used, used.left_out) == (9, ())
    assert used.quality > left.quality


def test_a_portrait_of_another_camera_is_not_aligned(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    other = open_photo(shots.take(2, 7, flat=True)).pixels
    photos = [*sorted(shots.flat(0).iterdir()), _png(np.rot90(other))]
    found = enroll("a", photos, gallery=tmp_path / "g", keep_edited=True, align=True)
    assert _codes(found) == ["turned"]


def test_pictures_upside_down_are_aligned_when_asked(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    pixels = [open_photo(path).pixels for path in sorted(shots.flat(0).iterdir())]
    photos = [_png(p if i % 2 else p[::-1, ::-1]) for i, p in enumerate(pixels)]
    options: dict[str, Any] = {"gallery": tmp_path / "g", "keep_edited": True}
    as_they_are = enroll("a", photos, **options)
    aligned = enroll("b", photos, align=True, **options)
    assert as_they_are.quality < 0.2 < 0.8 < aligned.quality


def test_a_resized_picture_is_left_out_by_its_exif(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    path = sorted(shots.flat(0).iterdir())[0]
    with Image.open(path) as image:
        small = image.resize((128, 96))
        file = io.BytesIO()
        small.save(file, "JPEG", quality=95, exif=image.getexif().tobytes())
    with pytest.raises(InsufficientEvidenceError, match="resized or cropped"):
        enroll("mine", file.getvalue(), gallery=tmp_path / "g")


def test_the_same_file_twice_counts_once(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    paths = sorted(shots.flat(0).iterdir())
    found = enroll("mine", [*paths, paths[2]], gallery=tmp_path / "g")
    assert (found.n_used, _codes(found)) == (8, ["duplicate"])


def test_another_bodys_pictures_are_left_out_by_their_serial_number(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    photos = [*sorted(shots.flat(0).iterdir()), sorted(shots.flat(1).iterdir())[0]]
    found = enroll("mine", photos, gallery=tmp_path / "g")
    assert (found.n_used, _codes(found)) == (8, ["other_camera"])
    assert "#1" in found.left_out[0].reason


def test_a_file_that_is_left_out_does_not_name_the_camera(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    nameless = [_png(open_photo(path).pixels) for path in shots.flat(0).iterdir()]
    photos = [*nameless, shots.take(1, 7, flat=True, size=(224, 256))]
    found = enroll(
        "mine",
        photos,
        gallery=tmp_path / "g",
        keep_edited=True,
        camera_model="Nikon D200",
    )
    assert (_codes(found), found.camera_model) == (["size_differs"], "Nikon D200")


def test_a_stated_camera_that_exif_contradicts_is_refused(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="Synthetic SYN-0"):
        enroll("x", shots.flat(0), gallery=tmp_path / "g", camera_model="Nikon D200")


def test_damaged_files_are_left_out_and_the_rest_enrolled(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    folder = _copies(shots.flat(0), tmp_path / "photos", 4)
    (folder / "no.jpg").write_bytes(b"no picture")
    found = enroll("mine", folder, gallery=tmp_path / "g")
    assert (found.n_used, _codes(found)) == (4, ["unreadable"])


def test_a_name_that_is_taken_is_refused_unless_replaced(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    first = enroll("mine", shots.flat(0), gallery=tmp_path / "g")
    with pytest.raises(InputError, match=r"enrolled.*already"):
        enroll("mine", shots.flat(0), gallery=tmp_path / "g")
    some = sorted(shots.flat(0).iterdir())[:5]
    again = enroll("mine", some, gallery=tmp_path / "g", replace=True)
    assert (first.n_used, again.n_used) == (8, 5)


def test_a_second_body_of_the_model_is_no_lookalike(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    enroll("one", shots.flat(0), gallery=tmp_path / "g")
    assert enroll("two", shots.flat(1), gallery=tmp_path / "g").lookalikes == ()


def test_one_camera_under_two_names_is_found_out_both_ways(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    paths = sorted(shots.flat(0).iterdir())
    enroll("one", paths[:4], gallery=tmp_path / "g")
    found = enroll("two", paths[4:], gallery=tmp_path / "g")
    assert [one.camera for one in found.lookalikes] == ["one"]
    assert any("also matches" in text for text in found.warnings)
    asked = verify(shots.scene(0), "one", gallery=tmp_path / "g")
    assert any("'two'" in text for text in asked.warnings)


class Killed(BaseException):
    """What ends a process without anything being done about it."""


def test_pictures_that_enrolled_another_camera_are_told_of(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    photos = sorted(shots.flat(0).iterdir())
    enroll("first", photos[:4], gallery=tmp_path / "g")
    found = enroll("second", photos[3:6], gallery=tmp_path / "g")
    (said,) = [text for text in found.warnings if "also made" in text]
    assert said.startswith("1 of 3 files also made the fingerprint of 'first'")
    again = enroll(" second", photos[4:6], gallery=tmp_path / "g", replace=True)
    assert not any("also made" in text for text in again.warnings)
    assert [one.camera for one in again.lookalikes] == ["first"]


def test_a_killed_enrolment_leaves_the_gallery_and_goes_on(
    shots: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = enroll("whole", shots.flat(0), gallery=tmp_path / "other")
    opened: list[str] = []

    def dying(source: Path) -> Any:
        if len(opened) == 5:
            raise Killed
        opened.append(str(source))
        return open_photo(source)

    with monkeypatch.context() as patched:
        patched.setattr(work_module, "open_photo", dying)
        with pytest.raises(Killed):
            enroll("mine", shots.flat(0), gallery=tmp_path / "g", checkpoint_s=0)
    with Gallery.open(tmp_path / "g") as gallery:
        assert (len(gallery), gallery.unfinished()) == (0, ("mine",))
    found = enroll("mine", shots.flat(0), gallery=tmp_path / "g")
    assert (found.n_resumed, found.n_used) == (5, 8)
    assert found.pattern_sha256 == whole.pattern_sha256
    with Gallery.open(tmp_path / "g") as gallery:
        assert (gallery.names(), gallery.unfinished()) == (("mine",), ())


def test_an_unfinished_enrolment_of_other_pictures_is_not_taken_up(
    shots: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> NoReturn:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(work_module, "noise_cautions", lambda _: ())
        patched.setattr("whichcam.pipelines._enroll.lookalikes_of", full)
        with pytest.raises(Killed):
            enroll("mine", shots.flat(0), gallery=tmp_path / "g", checkpoint_s=0)
    found = enroll("mine", shots.flat(1), gallery=tmp_path / "g")
    assert (found.n_resumed, found.n_used) == (0, 8)
    assert any("broken off" in text for text in found.warnings)


def test_a_full_disk_is_said_and_leaves_the_gallery_as_it_was(
    shots: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll("before", shots.flat(1), gallery=tmp_path / "g")

    def full(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("whichcam.pipelines._enroll_state.json.dump", full)
        with pytest.raises(ArtifactError, match=r"No space left.*free space"):
            enroll("mine", shots.flat(0), gallery=tmp_path / "g", checkpoint_s=0)
    with Gallery.open(tmp_path / "g") as gallery:
        assert gallery.names() == ("before",)
        assert gallery.check().is_sound
    assert enroll("mine", shots.flat(0), gallery=tmp_path / "g").n_used == 8


def test_a_gallery_of_a_newer_version_is_refused(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    import sqlite3

    Gallery.open(tmp_path / "g", create=True).close()
    connection = sqlite3.connect(tmp_path / "g" / "gallery.sqlite3")
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    with pytest.raises(IncompatibleArtifactError):
        enroll("mine", shots.flat(0), gallery=tmp_path / "g")


def test_progress_is_reported_for_each_picture(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    enroll(
        "mine",
        shots.flat(0),
        gallery=tmp_path / "g",
        progress=lambda *what: told.append(what),
    )
    assert told[0] == ("reading files", 1, 8)
    assert told[-1] == ("adding pictures", 8, 8)


@pytest.mark.data
def test_real_flat_fields_make_a_fingerprint_that_tells_two_bodies_apart(
    photos_dir: Path, tmp_path: Path
) -> None:
    bodies = ("nikon-d200-a", "nikon-d200-b")
    for body in bodies:
        flat = sorted((photos_dir / "prnu" / body).glob("flat-*"))
        found = enroll(body, flat, gallery=tmp_path / "g", camera_model="Nikon D200")
        assert found.n_used == len(flat)
        assert any("Iuliani" in text for text in found.warnings)
        assert found.lookalikes == ()
    (probe,) = (photos_dir / "prnu" / bodies[1]).glob("natural-*")
    said = [verify(probe, body, gallery=tmp_path / "g") for body in bodies]
    assert [one.reaches_threshold for one in said] == [False, True]
