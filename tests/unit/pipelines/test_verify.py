"""Asking whether one enrolled camera took a picture."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.gallery import Gallery
from whichcam.media import Photo, open_photo
from whichcam.pipelines import attach_calibration, verify, verify_many
from whichcam.prnu import SearchRange, threshold_for
from whichcam.scoring import LikelihoodRatioMap

MAP = LikelihoodRatioMap(
    statistic="z",
    transform="identity",
    slope=0.7,
    intercept=-3.0,
    lower_log10_lr=-1.2,
    upper_log10_lr=2.0,
    n_same=40,
    n_different=300,
    n_devices=12,
    score_range=(-4.0, 90.0),
    conditions="no shift",
    source="an example",
    data_sha256="0" * 64,
    software={"lir": "1"},
    fitted="2026-01-01T00:00:00+00:00",
)


def test_the_right_camera_reaches_the_threshold_and_a_sibling_does_not(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    right = verify(shots.scene(0), "body 0", gallery=enrolled)
    wrong = verify(shots.scene(0), "body 1", gallery=enrolled)
    assert right.reaches_threshold
    assert not wrong.reaches_threshold
    assert right.log10_p < -20 < -3 < wrong.log10_p
    assert right.shift == (0, 0)


def test_the_threshold_allows_for_all_positions_searched(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    few = verify(shots.scene(0), "body 0", gallery=enrolled, false_alarm_rate=1e-3)
    search = SearchRange(shifts="window", window=4)
    many = verify(
        shots.scene(0),
        "body 0",
        gallery=enrolled,
        false_alarm_rate=1e-3,
        search=search,
    )
    assert (few.n_positions, many.n_positions) == (2, 2 * 81)
    assert many.threshold == threshold_for(1e-3, 162).z > few.threshold


def test_the_result_is_json_and_no_yes_or_no(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    found = verify(shots.scene(0), "body 0", gallery=enrolled)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["reaches_threshold"] is True
    assert {"sha256", "fingerprint_sha256", "whichcam_version"} <= set(plain)
    with pytest.raises(TypeError, match="not a yes or no"):
        bool(found)


def test_a_picture_upside_down_is_found_so(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    pixels = open_photo(shots.scene(0)).pixels[::-1, ::-1]
    photo = Photo.from_pixels(pixels, name="turned")
    found = verify(photo, "body 0", gallery=enrolled)
    assert (found.reaches_threshold, found.rotation) == (True, 180)


def test_a_portrait_picture_is_tried_both_ways(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    pixels = np.rot90(open_photo(shots.scene(0)).pixels)
    photo = Photo.from_pixels(pixels, name="portrait")
    found = verify(photo, "body 0", gallery=enrolled)
    assert (found.reaches_threshold, found.rotation) == (True, 270)


def test_a_crop_is_refused_until_it_is_searched_for(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    pixels = open_photo(shots.scene(0)).pixels[24:184, 40:248]
    photo = Photo.from_pixels(pixels, name="crop")
    with pytest.raises(ShapeMismatchError, match="search over crops"):
        verify(photo, "body 0", gallery=enrolled)
    found = verify(photo, "body 0", gallery=enrolled, search=SearchRange(crop=True))
    assert (found.reaches_threshold, found.shift) == (True, (24, 40))


def test_a_resized_picture_is_told_its_scale_and_warned_of(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    with Image.open(shots.scene(0)) as image:
        file = io.BytesIO()
        half = image.resize((192, 144))
        half.save(file, "JPEG", quality=95, exif=image.getexif().tobytes())
    with pytest.raises(ShapeMismatchError, match=r"at the scale 0\.75"):
        verify(file.getvalue(), "body 0", gallery=enrolled)
    search = SearchRange(scales=(0.75,))
    found = verify(file.getvalue(), "body 0", gallery=enrolled, search=search)
    assert any("resized or cropped" in text for text in found.warnings)


def test_an_enrolled_picture_is_no_evidence(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    own = sorted(shots.flat(0).iterdir())[0]
    found = verify(own, "body 0", gallery=enrolled)
    assert any("this very picture" in text for text in found.warnings)


def test_a_burnt_picture_says_too_little(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    photo = Photo.from_pixels(np.full((*shots.size, 3), 255, np.uint8), name="burnt")
    with pytest.raises(InsufficientEvidenceError, match="saturated or too dark"):
        verify(photo, "body 0", gallery=enrolled)


def test_a_dark_picture_is_warned_of_with_the_source(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    pixels = open_photo(shots.scene(0)).pixels // 6
    found = verify(Photo.from_pixels(pixels, name="dark"), "body 0", gallery=enrolled)
    assert any("is dark" in text and "2407.00543" in text for text in found.warnings)


def test_there_is_no_likelihood_ratio_without_a_calibration(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    found = verify(shots.scene(0), "body 0", gallery=enrolled)
    assert (found.log10_lr, found.calibration_id) == (None, None)


def test_a_calibration_kept_with_the_camera_is_applied(
    shots: SimpleNamespace, enrolled: Path, tmp_path: Path
) -> None:
    gallery = shutil.copytree(enrolled, tmp_path / "g")
    file = tmp_path / "map.json"
    file.write_text(json.dumps(MAP.to_dict()), encoding="utf-8")
    assert attach_calibration(file, gallery=gallery) == ("body 0", "body 1")
    right = verify(shots.scene(0), "body 0", gallery=gallery)
    wrong = verify(shots.scene(0), "body 1", gallery=gallery)
    assert (right.log10_lr, right.calibration_id) == (2.0, MAP.map_id)
    assert wrong.log10_lr == pytest.approx(float(MAP.apply([wrong.score])[0]))


def test_a_calibration_is_not_applied_to_a_wider_search(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    search = SearchRange(shifts="window", window=2)
    found = verify(
        shots.scene(0), "body 0", gallery=enrolled, calibration=MAP, search=search
    )
    assert found.log10_lr is None
    assert any("without shifts" in text for text in found.warnings)


def test_a_calibration_that_was_changed_is_refused(
    shots: SimpleNamespace, enrolled: Path, tmp_path: Path
) -> None:
    file = tmp_path / "map.json"
    file.write_text(json.dumps({**MAP.to_dict(), "slope": 7.0}), encoding="utf-8")
    with pytest.raises(ChecksumMismatchError):
        verify(shots.scene(0), "body 0", gallery=enrolled, calibration=file)
    file.write_text("no JSON", encoding="utf-8")
    with pytest.raises(IncompatibleArtifactError, match="no JSON"):
        verify(shots.scene(0), "body 0", gallery=enrolled, calibration=file)
    with pytest.raises(ArtifactNotFoundError):
        verify(shots.scene(0), "body 0", gallery=enrolled, calibration=tmp_path / "-")


def test_a_fingerprint_of_another_noise_version_is_refused(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    pattern = np.random.default_rng(0).normal(0, 0.01, shots.size)
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        gallery.enroll("old", pattern, n_photos=9, quality=0.5, noise_version=999)
        with pytest.raises(IncompatibleArtifactError, match="enrol its pictures again"):
            verify(shots.scene(0), "old", gallery=gallery)


def test_unknown_names_rates_and_galleries_are_refused(
    shots: SimpleNamespace, enrolled: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError, match="body 0"):
        verify(shots.scene(0), "body O", gallery=enrolled)
    with pytest.raises(InputError, match="false_alarm_rate"):
        verify(shots.scene(0), "body 0", gallery=enrolled, false_alarm_rate=0.0)
    with pytest.raises(ArtifactNotFoundError):
        verify(shots.scene(0), "body 0", gallery=tmp_path / "none")


def test_of_many_a_bad_one_stops_nothing(
    shots: SimpleNamespace, enrolled: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    photos = [shots.scene(0), bad, shots.scene(1)]
    found = list(verify_many(photos, "body 0", gallery=enrolled))
    assert [source for source, _ in found] == photos
    assert [getattr(one, "reaches_threshold", None) for _, one in found] == [
        True,
        None,
        False,
    ]


def test_a_focal_length_not_enrolled_is_warned_of() -> None:
    from whichcam.prnu._cautions import lens_cautions

    assert lens_cautions(50.0, [50.1]) == ()
    assert lens_cautions(None, [50.0]) == ()
    (caution,) = lens_cautions(85.0, [50.0, 35.0])
    assert (caution.code, "10.1117" in caution.source) == ("lens_correction", True)
