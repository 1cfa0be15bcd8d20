"""Frames of a video file by FFmpeg (extra ``video``), kept as the sensor lay."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Literal, NoReturn

import numpy as np

from whichcam._typing import PathLike, PixelArray
from whichcam.errors import (
    ImageDecodeError,
    ImageTooLargeError,
    InputError,
    MissingDependencyError,
    UnsupportedFormatError,
)
from whichcam.media._text import clean_text
from whichcam.media._video_container import container_of, missing_bytes, open_binary
from whichcam.media._video_limits import VideoLimits
from whichcam.media._video_quality import QualityMeter, best_of, spread_out
from whichcam.media._video_types import VideoFrame, VideoHeader

Choice = Literal["key", "best"]
Progress = Callable[[str, int, int], None]

CHOICES: Final = ("key", "best")
_CHUNK_BYTES: Final = 1 << 20
_MOST_BROKEN: Final = 100  # packets in a row, after which a file is given up
# Decoders pad frames, and count the padding.
_PADDING: Final = 1 << 20


class Video:
    """An open video file: its header, and its frames one at a time.

    Made by `open_video`, which closes it.

    Attributes
    ----------
    header : VideoHeader
        What the file says of itself.
    """

    def __init__(
        self, name: str, file: BinaryIO, limits: VideoLimits, allow_truncated: bool
    ) -> None:
        self._name = name
        self._file = file
        self._limits = limits
        self._format = container_of(name, file)
        n_bytes = file.seek(0, io.SEEK_END)
        limits.check_bytes(name, n_bytes)
        missing = missing_bytes(name, file, self._format, n_bytes)
        if missing and not allow_truncated:
            raise ImageDecodeError(
                f"{name}: the video is truncated, {missing} bytes are missing; allow "
                "truncated files to use what is there"
            )
        self.header = self._read_header(n_bytes, missing)

    def frames(
        self,
        choice: Choice = "key",
        *,
        max_frames: int = 64,
        progress: Progress | None = None,
    ) -> Iterator[VideoFrame]:
        """Yield frames in the order in which they are shown, one in memory at a time.

        Parameters
        ----------
        choice : {"key", "best"}, default "key"
            Key frames, evenly spread over the video: they are compressed least, and
            nothing between them is decoded. Or of all frames the best of each of
            ``max_frames`` stretches of time, by `FrameQuality`: everything is decoded
            twice.
        max_frames : int, default 64
            Frames yielded at most.
        progress : callable, optional
            Called as ``progress(stage, done, total)`` while frames are ranked.

        Yields
        ------
        VideoFrame

        Raises
        ------
        InputError
            If the choice is none, or ``max_frames`` is less than 1.
        ImageTooLargeError
            If there are more frames to look at than the limit.
        ImageDecodeError
            If no frame can be decoded.

        Notes
        -----
        That key frames keep most of the pattern, and that other frames are worth
        using where they are compressed little, is found in [1]_.

        References
        ----------
        .. [1] E. K. Kouokam and A. E. Dirik, "PRNU-based source device attribution
           for YouTube videos", Digital Investigation 29, 2019. arXiv:1903.09141
        """
        if choice not in CHOICES:
            known = ", ".join(CHOICES)
            raise InputError(f"choice is {choice!r}, expected one of {known}")
        if max_frames < 1:
            raise InputError(f"max_frames is {max_frames}, expected 1 or more")
        wanted = (
            spread_out(self._count_key_frames(), max_frames)
            if choice == "key"
            else self._rank(max_frames, progress)
        )
        last = max(wanted, default=-1)
        for index, frame in self._decoded(only_key=choice == "key"):
            if index > last:
                break
            if index in wanted:
                yield VideoFrame(
                    pixels=self._pixels(frame),
                    index=index,
                    time_s=None if frame.time is None else float(frame.time),
                    is_key=bool(frame.key_frame),
                )

    def _read_header(self, n_bytes: int, missing: int) -> VideoHeader:
        with self._opened() as (container, stream):
            context = stream.codec_context
            said = []
            if missing:
                said.append(f"truncated: {missing} bytes are missing at the end")
            # Before decoding: a few bytes can declare a frame of gigabytes.
            self._limits.check_size(self._name, context.width, context.height)
            tags = {**container.metadata, **stream.metadata}
            rate, duration = stream.average_rate, container.duration
            codec, n_frames = str(context.name), int(stream.frames)
            aspect = stream.sample_aspect_ratio
        frame = next((frame for _, frame in self._decoded(only_key=False)), None)
        if frame is None:
            raise ImageDecodeError(f"{self._name}: no frame of it can be decoded")
        said += _notes(frame, aspect)
        software = _tag(tags, "encoder", "software")
        if software.startswith(("Lavf", "Lavc", "HandBrake")):
            said.append(
                f"written by {software}: a program encoded it again, so that frames "
                "may have been resized, cropped or compressed more than the camera did"
            )
        return VideoHeader(
            name=self._name,
            sha256=self._sha256(),
            n_bytes=n_bytes,
            container=self._format,
            codec=codec,
            pixel_format=frame.format.name,
            width=frame.width,
            height=frame.height,
            rotation=int(frame.rotation),
            frame_rate=None if not rate else float(rate),
            duration_s=None if not duration else duration / 1e6,
            n_frames=n_frames or None,
            make=_tag(tags, "com.apple.quicktime.make", "com.android.manufacturer"),
            model=_tag(tags, "com.apple.quicktime.model", "com.android.model"),
            software=software,
            warnings=tuple(said),
        )

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """Yield FFmpeg's container and the stream of the pictures."""
        av = _import_av(self._name)
        self._file.seek(0)
        try:
            container = av.open(
                self._file,
                mode="r",
                format=self._format,
                metadata_errors="replace",
                io_open=_refuse_other_files,
            )
        except av.error.FFmpegError as error:
            raise self._broken(error) from error
        with container:
            shown = [
                stream
                for stream in container.streams.video
                if not stream.disposition & av.stream.Disposition.attached_pic
            ]
            if not shown:
                kinds = sorted({stream.type for stream in container.streams})
                raise UnsupportedFormatError(
                    f"{self._name}: there is no video stream in it"
                    + (f", only {', '.join(kinds)}" if kinds else "")
                )
            known = [stream for stream in shown if stream.codec_context is not None]
            if not known:
                raise UnsupportedFormatError(
                    f"{self._name}: its pictures are in a codec that is not known here"
                )
            stream = max(
                known, key=lambda s: s.codec_context.width * s.codec_context.height
            )
            most = 2 * self._limits.max_pixels + _PADDING
            stream.codec_context.options = {"max_pixels": str(most)}
            yield container, stream

    def _decoded(self, *, only_key: bool) -> Iterator[tuple[int, Any]]:
        """Yield usable frames with their numbers; damaged ones keep theirs."""
        av = _import_av(self._name)
        with self._opened() as (container, stream):
            if only_key:
                stream.codec_context.skip_frame = "NONKEY"
            packets = container.demux(stream)
            index, broken = 0, 0
            while broken < _MOST_BROKEN:
                try:
                    packet = next(packets)
                except StopIteration:
                    return
                except av.error.FFmpegError:
                    return  # the file ends in the middle of a packet
                try:
                    frames = packet.decode()
                except av.error.MemoryError as error:
                    raise ImageTooLargeError(
                        f"{self._name}: a frame is too large to decode; the limit is "
                        f"{self._limits.max_pixels} pixels"
                    ) from error
                except av.error.FFmpegError:
                    broken += 1
                    index += 1
                    continue
                for frame in frames:
                    broken = 0
                    if not frame.is_corrupt and self._is_of_size(frame):
                        yield index, frame
                    index += 1

    def _is_of_size(self, frame: Any) -> bool:
        header = getattr(self, "header", None)
        if header is None:
            self._limits.check_size(self._name, frame.width, frame.height)
            return True
        return bool((frame.width, frame.height) == (header.width, header.height))

    def _count_key_frames(self) -> int:
        """Count by reading packets, which costs no decoding."""
        av = _import_av(self._name)
        count = 0
        with self._opened() as (container, stream):
            try:
                for packet in container.demux(stream):
                    count += bool(packet.is_keyframe and packet.size)
                    self._limits.check_frames(self._name, count)
            except av.error.FFmpegError:
                return count  # what is before the damage
        return count

    def _rank(self, max_frames: int, progress: Progress | None) -> frozenset[int]:
        meter = QualityMeter()
        scores: dict[int, float] = {}
        total = self.header.n_frames or 0
        for index, frame in self._decoded(only_key=False):
            self._limits.check_frames(self._name, index + 1)
            grey = frame.to_ndarray(format="gray")
            scores[index] = meter.measure(grey).score
            if progress is not None:
                progress("ranking frames", index + 1, max(total, index + 1))
        return best_of(scores, max_frames)

    def _pixels(self, frame: Any) -> PixelArray:
        pixels: PixelArray = np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
        pixels.flags.writeable = False
        return pixels

    def _broken(self, error: Exception) -> ImageDecodeError:
        reason = clean_text(str(getattr(error, "strerror", "")) or str(error))
        return ImageDecodeError(
            f"{self._name}: the video is damaged or truncated and cannot be opened: "
            f"{reason}"
        )


@contextmanager
def open_video(
    source: PathLike | bytes,
    *,
    limits: VideoLimits | None = None,
    allow_truncated: bool = False,
) -> Iterator[Video]:
    """Open a video file, and close it after the block.

    Parameters
    ----------
    source : path or bytes
        MP4, MOV, MKV, WebM, AVI, MPEG, Ogg, FLV or ASF.
    limits : VideoLimits, optional
        Bounds of size.
    allow_truncated : bool, default False
        Use what is there of a file that ends too early.

    Yields
    ------
    Video

    Raises
    ------
    PhotoNotFoundError
        If there is no such file.
    UnsupportedFormatError
        If it is no video, or sound only.
    ImageDecodeError
        If it is damaged or truncated, or holds no frame.
    ImageTooLargeError, ImageTooSmallError
        If file or frames are outside the limits.
    MissingDependencyError
        If PyAV is not installed.
    """
    if isinstance(source, bytes):
        name, file = "<bytes>", io.BytesIO(source)
    else:
        name, file = open_binary(source)  # type: ignore[assignment]
    with file:
        yield Video(name, file, limits or VideoLimits(), allow_truncated)


def _import_av(name: str) -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingDependencyError(
            "PyAV", extra="video", purpose=f"{name}: to read video"
        ) from error
    return av


def _refuse_other_files(*_: object, **__: object) -> NoReturn:
    """Keep a file from having others opened, on this machine or elsewhere."""
    raise PermissionError("a video may not open other files")


def _tag(tags: dict[str, str], *names: str) -> str:
    folded = {key.casefold(): value for key, value in tags.items()}
    return next((clean_text(folded[name]) for name in names if folded.get(name)), "")


def _notes(frame: Any, aspect: Any) -> list[str]:
    said = []
    if frame.interlaced_frame:
        said.append("interlaced: two moments lie in one frame, line by line")
    bits = frame.format.components[0].bits
    if bits > 8:
        said.append(f"{bits} bits a sample: reduced to 8")
    if aspect and aspect != 1:
        said.append(f"its pixels are not square ({aspect}); used as stored")
    return said
