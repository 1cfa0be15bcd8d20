"""Asking who filmed a video, of clips by cameras whose patterns are known."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import (
    ImageDecodeError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.gallery import Gallery
from whichcam.pipelines import (
    compare_footage,
    enroll,
    enroll_footage,
    verify,
    verify_footage,
)
from whichcam.prnu import threshold_for

av: Any = pytest.importorskip("av")

turns = pytest.mark.skipif(
    not hasattr(av.video.stream.VideoStream, "set_display_rotation"),
    reason="this version of the library writes no display matrix",
)

SIZE = (180, 240)
SENSOR = (288, 384)
WANDER = 24  # px that a stabilized clip may move in all


def _shots(
    body: int, seeds: Sequence[int], size: tuple[int, int] = SIZE, *, flat: bool = False
) -> list[PixelArray]:
    """Return scenes, or walls, by one of several bodies of a model."""
    camera = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3, device_index=body)
    if not flat:
        return [camera.shoot(seed=seed, size=size) for seed in seeds]
    x = np.linspace(0, 1, size[1], dtype=np.float32)
    walls = [0.3 + 0.2 * np.abs(x - seed % 7 / 7) for seed in seeds]
    return [
        camera.shoot(
            seed=seed, radiance=np.broadcast_to(wall[:, None], (*size, 3)).copy()
        )
        for seed, wall in zip(seeds, walls, strict=True)
    ]


def _clip(frames: Sequence[PixelArray], *, every: int = 1, rotation: int = 0) -> bytes:
    file = io.BytesIO()
    options = {"crf": "12", "preset": "ultrafast", "sc_threshold": "0"}
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.gop_size = "yuv420p", every
        if rotation:
            stream.set_display_rotation(rotation)
        for frame in frames:
            whole = np.ascontiguousarray(frame)
            picture = av.VideoFrame.from_ndarray(whole, format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return file.getvalue()


def _stabilized(body: int, seeds: Sequence[int]) -> bytes:
    """Return a clip whose frames show parts of the sensor that wander."""
    rng = np.random.default_rng(2)
    frames = []
    for frame in _shots(body, seeds, (SIZE[0] + WANDER, SIZE[1] + WANDER)):
        y, x = rng.integers(0, WANDER + 1, 2)
        frames.append(frame[y : y + SIZE[0], x : x + SIZE[1]])
    return _clip(frames)


def _ratio(z: float) -> float:
    """Return the ratio of a correlation to its spread, for frames of this size."""
    freedom = SIZE[0] * SIZE[1] / 64 / 2  # see `whichcam.prnu._null.Spread.z_of`
    return float(np.sqrt(freedom * np.expm1(z * z / freedom)))


@pytest.fixture(scope="module")
def walls() -> bytes:
    """Return a clip of walls by body 0."""
    return _clip(_shots(0, range(8), flat=True))


@pytest.fixture(scope="module")
def own() -> bytes:
    """Return a clip of scenes by body 0."""
    return _clip(_shots(0, range(50, 56)))


@pytest.fixture(scope="module")
def other() -> bytes:
    """Return a clip of scenes by body 1, of the same model."""
    return _clip(_shots(1, range(60, 66)))


@pytest.fixture(scope="module")
def stabilized() -> bytes:
    """Return a clip by body 0 whose frames wander."""
    return _stabilized(0, range(70, 80))


@pytest.fixture(scope="module")
def gallery(walls: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a gallery: body 0 of video, bodies 0 and 1 of larger photographs."""
    folder = tmp_path_factory.mktemp("footage") / "gallery"
    with Gallery.open(folder, create=True) as opened:
        enroll_footage("body 0", walls, gallery=opened)
        for body in (0, 1):
            camera = SyntheticCamera(
                prnu_strength=0.02, luma_denoise=0.3, device_index=body
            )
            photos = [camera.shoot_jpeg(seed=seed, size=SENSOR) for seed in (1, 2)]
            photos += [camera.shoot_jpeg(seed=seed, size=SENSOR) for seed in (3, 4)]
            enroll(f"photos {body}", photos, gallery=opened)
    return folder


@pytest.fixture(scope="module")
def wide() -> bytes:
    """Return a clip by body 0: the middle 16:9 of its 4:3 sensor, at half the size."""
    frames = [
        np.asarray(Image.fromarray(frame[36:252]).resize((192, 108)))
        for frame in _shots(0, range(90, 96), SENSOR)
    ]
    return _clip(frames)


def test_the_camera_matches_and_a_sibling_does_not(
    own: bytes, other: bytes, gallery: Path
) -> None:
    right = verify_footage(own, "body 0", gallery=gallery)
    wrong = verify_footage(other, "body 0", gallery=gallery)
    assert right.score > 2 * right.threshold
    assert right.best_frame_score is not None
    assert right.best_frame_threshold is not None
    assert right.best_frame_score > right.best_frame_threshold
    assert not wrong.reaches_threshold
    assert right.log10_p < -20 < -3 < wrong.log10_p


def test_all_frames_together_say_more_than_the_best(own: bytes, gallery: Path) -> None:
    found = verify_footage(own, "body 0", gallery=gallery)
    assert found.best_frame_score is not None
    assert found.score > found.best_frame_score
    assert found.best_frame_score == max(frame.score for frame in found.frames)
    assert len(found.frames) == found.video.n_used == 6


def test_the_thresholds_allow_for_both_tests_and_all_positions(
    own: bytes, gallery: Path
) -> None:
    found = verify_footage(own, "body 0", gallery=gallery, false_alarm_rate=0.01)
    of_frames = sum(frame.n_positions for frame in found.frames)
    assert found.threshold == threshold_for(0.005, found.n_positions).z
    assert found.best_frame_threshold == threshold_for(0.005, of_frames).z
    assert found.n_frame_positions == of_frames == 6 * 33 * 33


def test_the_chance_of_no_match_is_corrected_for_the_frames(
    other: bytes, gallery: Path
) -> None:
    found = verify_footage(other, "body 0", gallery=gallery)
    least = min(frame.log10_p for frame in found.frames)
    assert found.log10_p > min(0.0, least)
    assert found.p_value == pytest.approx(10**found.log10_p)


@pytest.mark.slow
def test_other_cameras_reach_a_threshold_no_more_often_than_stated(
    tmp_path: Path,
) -> None:
    """Count impostors among bodies of one model, all with all."""
    bodies = range(20, 32)
    with Gallery.open(tmp_path / "g", create=True) as opened:
        for body in bodies:
            seeds = range(1000 * body, 1000 * body + 6)
            enroll_footage(
                str(body), _clip(_shots(body, seeds, flat=True)), gallery=opened
            )
        chances = []
        for body in bodies:
            clip = _clip(_shots(body, range(1000 * body + 50, 1000 * body + 54)))
            for other in bodies:
                found = verify_footage(clip, str(other), gallery=opened)
                assert found.reaches_threshold == (other == body)
                if other != body:
                    chances.append(found.p_value)
    for rate in (0.3, 0.2, 0.1):
        n_reached = sum(chance <= rate for chance in chances)
        # A right rate fails here once in a thousand.
        assert n_reached <= scipy.stats.binom.isf(1e-3, len(chances), rate)


def test_a_video_is_compared_with_a_video(
    own: bytes, other: bytes, walls: bytes
) -> None:
    right, wrong = (compare_footage(clip, walls) for clip in (own, other))
    assert (right.reaches_threshold, wrong.reaches_threshold) == (True, False)
    assert (right.reference.kind, right.reference.n_frames) == ("video", 8)


def test_a_video_is_found_on_photographs_of_another_size_and_shape(
    wide: bytes, gallery: Path
) -> None:
    right = verify_footage(wide, "photos 0", gallery=gallery)
    wrong = verify_footage(wide, "photos 1", gallery=gallery)
    assert (right.reaches_threshold, wrong.reaches_threshold) == (True, False)
    assert (right.scale, right.shift) == (0.5, (36, 0))
    # All places at half size, turned or not, and at one to one.
    assert right.n_positions == 2 * (288 - 216 + 1) + 2 * (288 - 107) * (384 - 191)
    assert right.threshold == threshold_for(5e-5, right.n_positions).z


def test_a_mode_that_crops_is_found_by_its_zoom(gallery: Path) -> None:
    frames = [
        np.asarray(Image.fromarray(frame[18:270, 24:360]).resize((192, 144)))
        for frame in _shots(0, range(30, 36), SENSOR)
    ]
    clip = _clip(frames)
    missed = verify_footage(clip, "photos 0", gallery=gallery)
    found = verify_footage(clip, "photos 0", gallery=gallery, zoom=1.15)
    assert (missed.reaches_threshold, found.reaches_threshold) == (False, True)
    assert found.scale == pytest.approx(192 / 336)
    assert found.n_positions > missed.n_positions


def test_a_stabilized_clip_is_suspected_and_said(
    stabilized: bytes, gallery: Path
) -> None:
    found = verify_footage(stabilized, "body 0", gallery=gallery)
    assert found.stabilization.verdict == "suspected"
    assert any("10.3390/s19030649" in text for text in found.warnings)
    assert found.combined == "aligned"
    assert found.best_frame_score is not None
    # More than any one frame shows: they were put in their places.
    assert _ratio(found.score) > 1.2 * _ratio(found.best_frame_score)


def test_a_clip_that_is_not_stabilized_is_not_suspected(
    own: bytes, other: bytes, gallery: Path
) -> None:
    for clip in (own, other):
        found = verify_footage(clip, "body 0", gallery=gallery)
        assert found.stabilization.verdict == "not seen"
        assert found.combined == "as filmed"


def test_a_stabilized_clip_of_another_camera_does_not_match(gallery: Path) -> None:
    clip = _stabilized(1, range(80, 86))
    found = verify_footage(clip, "body 0", gallery=gallery)
    assert not found.reaches_threshold
    assert found.stabilization.to_dict()["reference"] == "frames"


def test_a_stabilized_reference_is_aligned(own: bytes, stabilized: bytes) -> None:
    found = compare_footage(own, stabilized)
    assert found.reaches_threshold
    assert any("more often than stated" in text for text in found.warnings)
    assert any("stabilization suspected" in text for text in found.warnings)


def test_enrolling_a_stabilized_clip_is_warned_of(
    stabilized: bytes, tmp_path: Path
) -> None:
    found = enroll_footage("x", stabilized, gallery=tmp_path / "g")
    assert found.stabilization[0].verdict == "suspected"
    assert any("stabilization suspected" in text for text in found.warnings)


def test_a_video_upside_down_is_found_so(gallery: Path) -> None:
    frames = [frame[::-1, ::-1] for frame in _shots(0, range(50, 54))]
    found = verify_footage(_clip(frames), "body 0", gallery=gallery)
    assert (found.reaches_threshold, found.rotation) == (True, 180)


@turns
def test_a_rotation_for_display_does_not_matter(gallery: Path) -> None:
    clip = _clip(_shots(0, range(50, 54)), rotation=90)
    found = verify_footage(clip, "body 0", gallery=gallery)
    assert (found.reaches_threshold, found.rotation) == (True, 0)
    assert found.video.rotation == 90


def test_the_best_frames_of_a_long_group_are_used(gallery: Path) -> None:
    clip = _clip(_shots(0, range(50, 62)), every=12)
    key = verify_footage(clip, "body 0", gallery=gallery)
    best = verify_footage(clip, "body 0", gallery=gallery, choice="best", max_frames=6)
    assert (key.video.n_used, best.video.n_used) == (1, 6)
    assert best.score > key.score


def test_the_result_is_json_and_no_yes_or_no(own: bytes, gallery: Path) -> None:
    found = verify_footage(own, "body 0", gallery=gallery)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["reaches_threshold"] is True
    assert {"sha256", "n_used", "width", "choice"} <= set(plain["video"])
    assert {"whichcam_version", "noise_version", "false_alarm_rate"} <= set(plain)
    with pytest.raises(TypeError, match="not a yes or no"):
        bool(found)


def test_the_enrolled_video_is_no_evidence(walls: bytes, gallery: Path) -> None:
    for found in (
        verify_footage(walls, "body 0", gallery=gallery),
        compare_footage(walls, walls),
    ):
        assert any("this very video" in text for text in found.warnings)


def test_a_video_fingerprint_lies_beside_that_of_photographs(
    walls: bytes, gallery: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(gallery, tmp_path / "g")
    found = enroll_footage("photos 0", walls, gallery=copy, camera_model=None)
    with Gallery.open(copy) as opened:
        assert set(opened.get("photos 0").shapes) == {SENSOR, SIZE}
    assert (found.shape, found.n_frames) == (SIZE, 8)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["camera"]


def test_a_frame_is_verified_as_a_photograph_too(gallery: Path) -> None:
    from whichcam.media import Photo

    (frame,) = _shots(0, [40])
    photo = Photo.from_pixels(frame, name="frame")
    assert verify(photo, "body 0", gallery=gallery).reaches_threshold


def test_several_videos_are_enrolled_and_bad_ones_left_out(
    walls: bytes, own: bytes, wide: bytes, tmp_path: Path
) -> None:
    given = [walls, b"none", own, wide, walls]
    found = enroll_footage("x", given, gallery=tmp_path / "g")
    assert found.n_frames == 8 + 6
    reasons = [reason for _, reason in found.left_out]
    assert [
        next(word for word in ("no video", "each mode", "copy") if word in reason)
        for reason in reasons
    ] == ["no video", "each mode", "copy"]


def test_a_size_that_is_enrolled_is_refused_until_replaced(
    own: bytes, gallery: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(gallery, tmp_path / "g")
    with pytest.raises(InputError, match="enrolled in 240x180 px already"):
        enroll_footage("body 0", own, gallery=copy)
    found = enroll_footage("body 0", own, gallery=copy, replace=True)
    assert found.n_frames == 6


def test_an_only_video_that_is_damaged_raises_its_own_error(
    own: bytes, tmp_path: Path
) -> None:
    with pytest.raises(ImageDecodeError, match="truncated"):
        enroll_footage("x", own[:-500], gallery=tmp_path / "g")
    with pytest.raises(InsufficientEvidenceError, match="none of 2 videos"):
        enroll_footage("x", [own[:-500], b"none"], gallery=tmp_path / "g")
    with pytest.raises(InsufficientEvidenceError, match="none was given"):
        enroll_footage("x", [], gallery=tmp_path / "g")
    with Gallery.open(tmp_path / "g") as opened:
        assert opened.names() == ()


def test_a_burnt_video_says_too_little(gallery: Path) -> None:
    clip = _clip([np.full((*SIZE, 3), 255, np.uint8)] * 3)
    with pytest.raises(InsufficientEvidenceError, match="none of 3 frames"):
        verify_footage(clip, "body 0", gallery=gallery)


def test_burnt_frames_are_left_out_and_counted(gallery: Path) -> None:
    frames = _shots(0, range(50, 54))
    frames[2] = np.full((*SIZE, 3), 255, np.uint8)
    found = verify_footage(_clip(frames), "body 0", gallery=gallery)
    assert (found.video.n_used, found.video.n_left_out) == (3, 1)
    assert any("1 frames were left out" in text for text in found.warnings)


def test_names_rates_and_zooms_out_of_range_are_refused(
    own: bytes, gallery: Path
) -> None:
    with pytest.raises(UnknownNameError):
        verify_footage(own, "nobody", gallery=gallery)
    with pytest.raises(InputError, match="false_alarm_rate"):
        verify_footage(own, "body 0", gallery=gallery, false_alarm_rate=2)
    with pytest.raises(InputError, match="zoom is 3"):
        compare_footage(own, own, zoom=3)


def test_frames_that_fit_no_fingerprint_are_refused() -> None:
    from whichcam.pipelines._footage_work import default_search

    with pytest.raises(ShapeMismatchError, match="do not fit"):
        default_search((9000, 12000), (64, 64), 1.0, 0)


def test_portrait_frames_are_turned_onto_the_sensor() -> None:
    from whichcam.pipelines._footage_work import default_search

    search = default_search((192, 108), SENSOR, 1.0, 0)
    assert search.rotations == (90, 270)
    assert search.scales == (0.5, 1.0)
    assert default_search((240, 180), SIZE, 1.0, 0).rotations == (90, 270)


def test_progress_is_reported(own: bytes, gallery: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    verify_footage(
        own, "body 0", gallery=gallery, progress=lambda *step: seen.append(step)
    )
    assert ("reading <bytes>", 6, 64) in seen
    assert ("comparing <bytes>", 6, 64) in seen
