"""Examine pictures whose cameras are known, and files of every kind."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dng_file import dng
from heic_file import heic
from PIL import Image

from whichcam.errors import (
    ArtifactNotFoundError,
    ImageDecodeError,
    InputError,
    PhotoNotFoundError,
    UnknownNameError,
)
from whichcam.media import open_photo
from whichcam.pipelines import METHODS, examine, report

FAST = ("noise_level", "jpeg_grid")


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from whichcam.datasets.synthetic import SyntheticCamera

    path = tmp_path_factory.mktemp("examine") / "shot.jpg"
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=3, size=(320, 384)))
    return path


@pytest.fixture(autouse=True)
def _no_gallery_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nobody"))


def test_everything_is_looked_at_or_said_not_to_be(shot: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = examine(shot, progress=lambda *step: told.append(step))
    looked_at = {one.method for one in found.localizations}
    left_out = {one.what for one in found.not_examined}
    assert set(METHODS) <= looked_at | left_out
    assert "enrolled cameras" in left_out
    assert found.identification is not None
    assert found.findings
    assert {verdict.question for verdict in found.verdicts} >= {"camera", "file"}
    steps = [done for _, done, _ in told]
    assert steps == list(range(len(told)))
    assert told[-1] == ("done", len(told) - 1, len(told) - 1)


def test_the_same_file_gives_the_same_examination(shot: Path) -> None:
    first = examine(shot, methods=FAST).to_dict(with_heatmaps=True)
    again = examine(shot.read_bytes(), methods=FAST).to_dict(with_heatmaps=True)
    for one in (first, again):  # bytes have no name
        one.pop("photo_name")
        one["identification"].pop("photo_name")
    assert json.dumps(first) == json.dumps(again)


def test_an_enrolled_camera_is_compared_with(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    photo = shots.scene(0)
    found = examine(photo, gallery=enrolled, cameras=["body 0"], methods=())
    (device,) = found.devices
    (verdict,) = [one for one in found.verdicts if one.question == "device"]
    assert device.reaches_threshold
    assert verdict.direction == "supports"
    assert "body 0" in verdict.about
    page = report(found, open_photo(photo), gallery=enrolled).decode()
    assert "Correlation around its highest place" in page


def test_the_likeliest_cameras_are_compared_with_where_none_is_named(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    found = examine(shots.scene(1), gallery=enrolled, methods=())
    assert found.devices[0].camera == "body 1"
    assert len(found.devices) == 2


def test_no_camera_is_compared_with_where_none_is_wanted(
    shot: Path, enrolled: Path
) -> None:
    found = examine(shot, gallery=enrolled, cameras=[], methods=())
    assert found.devices == ()
    assert [one.why for one in found.not_examined] == ["none was asked for"]


def test_names_that_do_not_exist_are_refused(shot: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="noise_level"):
        examine(shot, methods=["nonsense"])
    with pytest.raises(ArtifactNotFoundError):
        examine(shot, gallery=tmp_path / "no-gallery", methods=())
    with pytest.raises(PhotoNotFoundError):
        examine(tmp_path / "no-picture.jpg")


def _saved(mode: str, form: str, size: tuple[int, int] = (200, 160)) -> bytes:
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    picture = Image.fromarray(levels)
    if mode == "I;16":
        deep = (levels[..., 0].astype(np.uint16) << 8) | levels[..., 1]
        picture = Image.fromarray(deep)
    elif mode != "RGB":
        picture = picture.convert(mode)
    picture.save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        *(("RGB", form) for form in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF")),
        *(("L", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("CMYK", "JPEG")),
        ("I;16", "PNG"),
    ],
)
def test_pictures_of_every_kind_are_examined(mode: str, form: str) -> None:
    found = examine(_saved(mode, form), methods=FAST)
    assert found.format == form
    assert {verdict.question for verdict in found.verdicts} <= {
        *("camera", "file", "claims", "one_camera")
    }
    json.dumps(found.to_dict(with_heatmaps=True))


def test_heic_is_examined() -> None:
    pytest.importorskip("pi_heif")
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 11"
    rng = np.random.default_rng(2)
    planes = rng.integers(16, 236, (3, 128, 128), dtype=np.uint8)
    found = examine(heic(planes, exif=exif.tobytes()[6:], side=32), methods=FAST)
    assert (found.format, found.claims.model) == ("HEIC", "iPhone 11")
    assert found.identification is not None
    assert "noise_level" in {one.method for one in found.localizations}
    json.dumps(found.to_dict(with_heatmaps=True))


def test_raw_is_examined_and_its_pixels_are_said_to_be_developed() -> None:
    pytest.importorskip("rawpy")
    pytest.importorskip("tifffile")
    rng = np.random.default_rng(3)
    mosaic = rng.integers(500, 3500, (160, 192), dtype=np.uint16)
    found = examine(dng(mosaic), methods=FAST)
    assert (found.format, found.claims.make) == ("RAW", "Maker")
    assert any("LibRaw" in text for text in found.warnings)
    json.dumps(found.to_dict(with_heatmaps=True))


def test_a_tiny_picture_is_examined_as_far_as_it_goes() -> None:
    found = examine(_saved("RGB", "JPEG", size=(40, 24)))
    assert found.identification is None
    assert found.localizations == ()
    assert {one.what for one in found.not_examined} >= {
        "camera model by pixels",
        *METHODS,
    }


def test_a_torn_file_is_examined_only_when_asked(shot: Path) -> None:
    torn = shot.read_bytes()[:-4000]
    with pytest.raises(ImageDecodeError):
        examine(torn, methods=FAST)
    found = examine(torn, methods=FAST, allow_truncated=True)
    assert any("truncated" in text or "damaged" in text for text in found.warnings)


@pytest.mark.data
def test_real_originals_are_not_contradicted(photos_dir: Path) -> None:
    for path in sorted((photos_dir / "full").glob("*.jpg")):
        found = examine(path, methods=())
        assert all(verdict.direction != "against" for verdict in found.verdicts)


def test_a_picture_that_made_the_fingerprint_is_no_evidence(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    photo = next(iter(sorted(shots.flat(0).iterdir())))
    found = examine(photo, gallery=enrolled, cameras=["body 0"], methods=())
    (verdict,) = [one for one in found.verdicts if one.question == "device"]
    assert found.devices[0].reaches_threshold
    assert verdict.words == "cannot tell"


def test_noise_is_taken_out_once_for_all_cameras(
    shots: SimpleNamespace, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whichcam.pipelines import _devices
    from whichcam.prnu import photo_noise as real

    calls = []

    def counted(*args: object, **options: object) -> object:
        calls.append(1)
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(_devices, "photo_noise", counted)
    found = examine(shots.scene(0), gallery=enrolled, methods=())
    assert len(found.devices) == 2
    assert len(calls) == 1


def test_areas_without_the_pattern_are_looked_for_where_a_camera_matches(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    absence = ("prnu_absence",)
    found = examine(shots.scene(0), gallery=enrolled, methods=absence)
    assert [one.method for one in found.localizations] == list(absence)
    other = examine(shots.scene(2), gallery=enrolled, methods=absence)
    assert other.localizations == ()
    assert "no enrolled camera" in other.not_examined[-1].why


def test_reasons_name_no_folder_of_the_machine(
    shot: Path, enrolled: Path, tmp_path: Path
) -> None:
    from whichcam.gallery import Gallery

    with Gallery.open(tmp_path / "empty", create=True):
        pass
    for gallery in (enrolled, tmp_path / "empty"):
        found = examine(shot, gallery=gallery, methods=("prnu_absence",))
        said = json.dumps([one.to_dict() for one in found.not_examined])
        assert {one.what for one in found.not_examined} >= {"enrolled cameras"}
        assert str(gallery) not in said
        assert str(tmp_path) not in said


def test_it_is_saved_as_json(shot: Path, tmp_path: Path) -> None:
    found = examine(shot, methods=FAST, cameras=[])
    found.save(tmp_path / "found.json", with_heatmaps=True)
    stored = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert stored == json.loads(json.dumps(found.to_dict(with_heatmaps=True)))
    assert stored["versions"]["numpy"] == np.__version__
    with pytest.raises(InputError, match="cannot write"):
        found.save(tmp_path / "no-folder" / "found.json")


def test_an_animation_is_examined_by_its_first_frame() -> None:
    frames = [Image.new("RGB", (160, 144), (level, 90, 60)) for level in (0, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])
    found = examine(buffer.getvalue(), methods=FAST, cameras=[])
    assert any("frame" in text for text in found.warnings)
