"""Frames of video files, of clips that are encoded here."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import (
    ConfigError,
    ImageDecodeError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
    MissingDependencyError,
    PhotoNotFoundError,
    UnsupportedFormatError,
    WhichcamError,
)
from whichcam.media import VideoLimits, open_video

av: Any = pytest.importorskip("av")

turns = pytest.mark.skipif(
    not hasattr(av.video.stream.VideoStream, "set_display_rotation"),
    reason="this version of the library writes no display matrix",
)

N_FRAMES = 10


def _frames(
    count: int = N_FRAMES, size: tuple[int, int] = (72, 96)
) -> list[PixelArray]:
    """Return frames of smooth noise, each with its number as its brightness."""
    rng = np.random.default_rng(5)
    grain = rng.integers(0, 12, (*size, 1))
    return [
        np.repeat(grain + 60 + 10 * number, 3, axis=2).astype(np.uint8)
        for number in range(count)
    ]


def _clip(
    frames: Sequence[PixelArray],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    every: int = 1,
    rotation: int = 0,
    tags: dict[str, str] | None = None,
) -> bytes:
    """Encode frames, every so many of them as a key frame."""
    file = io.BytesIO()
    quality = {"crf": "8", "preset": "ultrafast", "sc_threshold": "0"}
    options = quality if codec == "libx264" else {"qscale": "2"}
    with av.open(file, "w", format=container) as output:
        output.metadata.update(tags or {})
        stream = output.add_stream(codec, rate=10, options=options)
        stream.height, stream.width = frames[0].shape[:2] if len(frames) else (72, 96)
        stream.pix_fmt, stream.gop_size = "yuv420p", every
        if rotation:
            stream.set_display_rotation(rotation)
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return file.getvalue()


def _sound(container: str = "mp4") -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("aac", rate=44100)
        silence = np.zeros((1, 4096), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def _indices(data: bytes, **options: Any) -> list[int]:
    with open_video(data) as video:
        return [frame.index for frame in video.frames(**options)]


def _levels(data: bytes, **options: Any) -> list[int]:
    """Return the numbers of the frames yielded, told by their brightness."""
    with open_video(data) as video:
        frames = list(video.frames(**options))
    return [round((float(frame.pixels.mean()) - 65.5) / 10) for frame in frames]


@pytest.fixture(scope="module")
def clip() -> bytes:
    """Return a clip in which every frame is a key frame."""
    return _clip(_frames())


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp4", "libx264"),
        ("mov", "mpeg4"),
        ("matroska", "libx264"),
        ("avi", "mpeg4"),
        ("mpegts", "libx264"),
        ("mpeg", "mpeg2video"),
    ],
)
def test_frames_come_out_as_they_went_in(container: str, codec: str) -> None:
    frames = _frames(3)
    with open_video(_clip(frames, container=container, codec=codec)) as video:
        found = [frame.pixels for frame in video.frames()]
    assert len(found) == len(frames)
    for given, got in zip(frames, found, strict=True):
        assert got.shape == given.shape
        assert got.dtype == np.uint8
        assert np.abs(got.astype(int) - given).mean() < 6


def test_the_header_says_what_the_file_is(clip: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip)
    with open_video(path) as video:
        header = video.header
    assert (header.name, header.container, header.codec) == ("clip.mp4", "mov", "h264")
    assert (header.width, header.height, header.n_frames) == (96, 72, N_FRAMES)
    assert (header.n_bytes, header.frame_rate) == (len(clip), 10.0)
    assert header.sha256 == hashlib.sha256(clip).hexdigest()
    assert header.to_dict()["warnings"] == list(header.warnings)


@turns
def test_a_rotation_for_display_is_recorded_and_not_applied() -> None:
    with open_video(_clip(_frames(2), rotation=90)) as video:
        frame = next(video.frames())
        assert video.header.rotation == 90
    assert frame.pixels.shape == (72, 96, 3)


def test_a_file_that_a_program_encoded_is_said_to_be(clip: bytes) -> None:
    with open_video(clip) as video:
        assert any("encoded it again" in text for text in video.header.warnings)


def test_only_key_frames_are_taken_by_default() -> None:
    clip = _clip(_frames(), every=4)
    assert _levels(clip) == [0, 4, 8]
    with open_video(clip) as video:
        assert all(frame.is_key for frame in video.frames())


def test_few_of_many_key_frames_are_spread_evenly(clip: bytes) -> None:
    assert _levels(clip, max_frames=4) == [0, 2, 5, 7]


def test_frames_have_their_times(clip: bytes) -> None:
    with open_video(clip) as video:
        times = [frame.time_s for frame in video.frames()]
    assert times == pytest.approx([number / 10 for number in range(N_FRAMES)])


def test_the_best_frames_are_neither_dark_nor_burnt_nor_smooth() -> None:
    frames = _frames(1) * 9
    frames[0] = np.full_like(frames[0], 5)
    frames[4] = np.full_like(frames[4], 250)
    frames[8] = np.full_like(frames[8], 100)
    found = _indices(_clip(frames), choice="best", max_frames=3)
    assert len(found) == 3
    assert not {0, 4, 8} & set(found)


def test_the_best_frames_are_taken_between_key_frames_too() -> None:
    frames = _frames(1) * 8
    for bad in (0, 4):
        frames[bad] = np.zeros_like(frames[bad])
    clip = _clip(frames, every=4)
    assert all(index % 4 for index in _indices(clip, choice="best", max_frames=2))


def test_ranking_reports_progress(clip: bytes) -> None:
    seen: list[tuple[str, int, int]] = []
    with open_video(clip) as video:
        list(video.frames("best", progress=lambda *step: seen.append(step)))
    assert seen[-1] == ("ranking frames", N_FRAMES, N_FRAMES)


def test_frames_can_be_read_twice(clip: bytes) -> None:
    with open_video(clip) as video:
        first, second = (
            [frame.pixels.tobytes() for frame in video.frames()] for _ in range(2)
        )
    assert first == second


def test_pixels_cannot_be_written(clip: bytes) -> None:
    with open_video(clip) as video, pytest.raises(ValueError, match="read-only"):
        next(video.frames()).pixels[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no video at all " * 100, "no video, or of a container"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "a picture, not a video"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, "a picture, not a video"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\nhttp://example.org/a.ts\n", "no video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "no video"),
    ],
)
def test_what_is_no_video_is_refused(data: bytes, reason: str) -> None:
    with (
        pytest.raises(UnsupportedFormatError, match=reason),
        open_video(data) as video,
    ):
        list(video.frames())


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_sound_alone_is_refused(container: str) -> None:
    with (
        pytest.raises(UnsupportedFormatError, match="no video stream in it, only aud"),
        open_video(_sound(container)) as video,
    ):
        list(video.frames())


@pytest.mark.parametrize("container", ["mp4", "avi"])
def test_a_truncated_file_is_refused(container: str) -> None:
    whole = _clip(_frames(), container=container, codec="mpeg4")
    with (
        pytest.raises(ImageDecodeError, match=r"truncated, \d+ bytes are missing"),
        open_video(whole[: len(whole) // 2]) as video,
    ):
        list(video.frames())


def test_a_truncated_file_is_used_as_far_as_it_goes_when_asked() -> None:
    whole = _clip(_frames(), container="avi", codec="mpeg4")
    part = whole[: len(whole) * 9 // 10]
    with open_video(part, allow_truncated=True) as video:
        assert 1 < len(list(video.frames("best"))) < N_FRAMES
        assert any("truncated" in text for text in video.header.warnings)


def test_a_file_without_its_index_cannot_be_used_at_all(clip: bytes) -> None:
    with (
        pytest.raises(ImageDecodeError, match="cannot be opened"),
        open_video(clip[: len(clip) // 2], allow_truncated=True) as video,
    ):
        list(video.frames())


def test_a_video_without_frames_is_refused() -> None:
    whole = _clip(_frames(1), container="avi", codec="mpeg4")
    start = whole.index(b"movi")
    empty = whole[: start + 4] + b"\0" * (len(whole) - start - 4)
    with (
        pytest.raises(ImageDecodeError, match=r"no frame|cannot be opened"),
        open_video(empty) as video,
    ):
        list(video.frames())


def test_frames_too_small_or_too_large_are_refused(clip: bytes) -> None:
    small = _clip(_frames(1, (48, 96)))
    with pytest.raises(ImageTooSmallError, match="96x48"), open_video(small):
        pass
    few = VideoLimits(max_pixels=96 * 72 - 1)
    with (
        pytest.raises(ImageTooLargeError, match=f"limit of {96 * 72 - 1}"),
        open_video(clip, limits=few),
    ):
        pass


def test_a_file_too_large_is_refused(clip: bytes) -> None:
    limits = VideoLimits(max_bytes=len(clip) - 1)
    with (
        pytest.raises(ImageTooLargeError, match=f"limit of {len(clip) - 1}"),
        open_video(clip, limits=limits),
    ):
        pass


@pytest.mark.parametrize("choice", ["key", "best"])
def test_too_many_frames_are_refused(clip: bytes, choice: Any) -> None:
    limits = VideoLimits(max_frames=N_FRAMES - 1)
    with (
        open_video(clip, limits=limits) as video,
        pytest.raises(ImageTooLargeError, match="more than 9 frames"),
    ):
        list(video.frames(choice))


def test_limits_below_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="max_frames"):
        VideoLimits(max_frames=0)


def test_unknown_choices_and_counts_are_refused(clip: bytes) -> None:
    with open_video(clip) as video:
        with pytest.raises(InputError, match="key, best"):
            next(video.frames("all"))  # type: ignore[arg-type]
        with pytest.raises(InputError, match="max_frames is 0"):
            next(video.frames(max_frames=0))


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.mp4", "no such file"), (tmp_path, "folder")):
        with pytest.raises(PhotoNotFoundError, match=reason), open_video(path):
            pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with (
        pytest.raises(PhotoNotFoundError, match="pipe"),
        open_video(tmp_path / "pipe.mp4"),
    ):
        pass


def test_without_the_library_the_extra_is_named(
    clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with (
        pytest.raises(MissingDependencyError, match=r"whichcam\[video\]") as caught,
        open_video(clip),
    ):
        pass
    assert caught.value.extra == "video"


@pytest.mark.parametrize("container", ["mp4", "avi", "matroska", "mpegts"])
def test_damaged_files_raise_errors_of_ours_only(container: str) -> None:
    whole = _clip(_frames(4), container=container, codec="mpeg4")
    rng = np.random.default_rng(11)
    outcomes = set()
    for _ in range(15):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 20).tolist():
            data[place] = int(rng.integers(256))
        try:
            with open_video(bytes(data), allow_truncated=True) as video:
                outcomes.add(len(list(video.frames("best"))) <= 40)
        except WhichcamError:
            outcomes.add(True)
    assert outcomes == {True}
