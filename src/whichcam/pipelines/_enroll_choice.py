"""Which of the pictures given can enrol a camera, judged by their files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeVar

from whichcam.datasets import Screening, screen
from whichcam.errors import InputError, WhichcamError
from whichcam.media import Photo, PhotoHeader, read_header
from whichcam.pipelines._devices import Source, claimed_camera, display_name, failed
from whichcam.prnu import Caution, file_cautions
from whichcam.prnu._cautions import focal_length_mm

Key = TypeVar("Key", bound=Hashable)
Progress = Callable[[str, int, int], None]

# Signs of screening that speak of the file and not of its pixels, or that are judged
# here by themselves: a picture whose metadata were removed is as good as before.
_HARMLESS: Final = frozenset(
    (
        *("no_camera_named", "no_maker_note", "no_thumbnail", "changed_later"),
        *("size_swapped", "size_differs", "truncated", "trailing_bytes", "format"),
        *("optimized_huffman", "library_layout", "late_segment"),
    )
)
_DECIDES: Final = 1.0  # the scale of `ScreeningReason.weight`
_NAMED: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutPhoto:
    """A picture that did not enrol its camera, and why.

    Attributes
    ----------
    name : str
        As it was given.
    sha256 : str
        Of its bytes; empty if they could not be read.
    code : str
        ``"unreadable"``, ``"duplicate"``, ``"other_camera"``, ``"resized"``,
        ``"edited"``, ``"turned"``, ``"size_differs"``, ``"dark"`` or ``"saturated"``.
    reason : str
        What was found, and what would mend it.
    """

    name: str
    sha256: str
    code: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A picture that may enrol its camera: what its file says, no pixels."""

    source: Source
    name: str
    sha256: str
    shape: tuple[int, int]
    camera_model: str | None
    serial_number: str
    focal_length_mm: float | None
    cautions: tuple[Caution, ...]

    def left_out(self, code: str, reason: str) -> LeftOutPhoto:
        """Return the record of this picture as one not used."""
        return LeftOutPhoto(
            name=self.name, sha256=self.sha256, code=code, reason=reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The pictures that may enrol a camera, and those that may not."""

    shape: tuple[int, int]
    camera_model: str | None
    chosen: tuple[Chosen, ...]
    left_out: tuple[LeftOutPhoto, ...]


def choose(
    sources: Sequence[Source],
    *,
    unreadable: Sequence[tuple[str, str]] = (),
    known_sha256s: Collection[str] = (),
    shape: tuple[int, int] | None = None,
    keep_edited: bool = False,
    align: bool = False,
    progress: Progress | None = None,
) -> Choice:
    """Judge pictures by their files, without decoding any.

    The camera and the size that most of them have count; others are left out.

    Raises
    ------
    InputError
        If two cameras, or two sizes, are equally frequent.
    """
    left_out = [
        LeftOutPhoto(name=name, sha256="", code="unreadable", reason=reason)
        for name, reason in unreadable
    ]
    found: list[Chosen] = []
    seen = dict.fromkeys(known_sha256s, "the fingerprint already")
    for done, source in enumerate(sources, start=1):
        judged = _judged(source, seen, keep_edited=keep_edited)
        if isinstance(judged, Chosen):
            found.append(judged)
            seen[judged.sha256] = judged.name
        else:
            left_out.append(judged)
        if progress is not None:
            progress("reading files", done, len(sources))
    wanted = shape or _usual_shape(found)
    if wanted is not None:
        found = _of_one_size(found, left_out, wanted, align=align)
    camera_model, found = _of_one_camera(found, left_out)
    return Choice(
        shape=wanted or (0, 0),
        camera_model=camera_model,
        chosen=tuple(found),
        left_out=tuple(left_out),
    )


def _judged(
    source: Source, seen: dict[str, str], *, keep_edited: bool
) -> Chosen | LeftOutPhoto:
    name = display_name(source)
    try:
        header = source.header if isinstance(source, Photo) else read_header(source)
    except WhichcamError as error:
        return LeftOutPhoto(
            name=name, sha256="", code="unreadable", reason=failed(error, name)
        )
    chosen = _described(source, name, header)
    if header.sha256 in seen:
        return chosen.left_out("duplicate", f"the same file as {seen[header.sha256]}")
    if keep_edited:
        return chosen
    sign = _sign_of_editing(screen(header))
    return chosen if sign is None else chosen.left_out(*sign)


def _described(source: Source, name: str, header: PhotoHeader) -> Chosen:
    exif = header.exif
    return Chosen(
        source=source,
        name=name,
        sha256=header.sha256,
        shape=(header.height, header.width),
        camera_model=claimed_camera(exif),
        serial_number=exif.body_serial_number,
        focal_length_mm=focal_length_mm(exif),
        cautions=file_cautions(header),
    )


def _sign_of_editing(screening: Screening) -> tuple[str, str] | None:
    """Return code and reason if a file's pixels are not the camera's own."""
    for reason in screening.reasons:
        if reason.code == "size_differs":
            return "resized", f"{reason.text}; give the original"
    telling = [one for one in screening.reasons if one.code not in _HARMLESS]
    if sum(one.weight for one in telling) < _DECIDES:
        return None
    texts = "; ".join(one.text for one in telling)
    return "edited", f"{texts}; give the original, or keep edited pictures"


def _of_one_camera(
    found: list[Chosen], left_out: list[LeftOutPhoto]
) -> tuple[str | None, list[Chosen]]:
    """Keep the pictures of the camera most of them name; some may name none."""
    model = _most_frequent([one.camera_model for one in found], "camera models")
    kept = _split(found, left_out, "other_camera", lambda one: one.camera_model, model)
    serial = _most_frequent([one.serial_number for one in kept], "serial numbers")
    return model, _split(
        kept, left_out, "other_camera", lambda one: one.serial_number, serial
    )


def _split(
    found: list[Chosen],
    left_out: list[LeftOutPhoto],
    code: str,
    value: Callable[[Chosen], str | None],
    wanted: str | None,
) -> list[Chosen]:
    kept = []
    for one in found:
        if not wanted or not value(one) or value(one) == wanted:
            kept.append(one)
        else:
            reason = f"its EXIF names {value(one)}, most pictures name {wanted}"
            left_out.append(one.left_out(code, reason))
    return kept


def _most_frequent(values: Sequence[str | None], what: str) -> str | None:
    counts = Counter(value for value in values if value)
    ranked = counts.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        raise InputError(
            f"the pictures name two {what} equally often: {ranked[0][0]!r} and "
            f"{ranked[1][0]!r}, {ranked[0][1]} times each; enrol one camera at a time"
        )
    return ranked[0][0] if ranked else None


def _usual_shape(found: Sequence[Chosen]) -> tuple[int, int] | None:
    counts = Counter(one.shape for one in found)
    ranked = counts.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        sizes = " and ".join(f"{shape[1]}x{shape[0]}" for shape, _ in ranked)
        raise InputError(
            f"the pictures are of two sizes equally often: {sizes} px, {ranked[0][1]} "
            "each; name the size to enrol, and enrol the others in a second run"
        )
    return ranked[0][0] if ranked else None


def _of_one_size(
    found: Sequence[Chosen],
    left_out: list[LeftOutPhoto],
    wanted: tuple[int, int],
    *,
    align: bool,
) -> list[Chosen]:
    size = f"{wanted[1]}x{wanted[0]}"
    kept, turned = [], []
    for one in found:
        is_ = f"{one.shape[1]}x{one.shape[0]} px"
        if one.shape == wanted:
            kept.append(one)
        elif one.shape == wanted[::-1] and align:
            turned.append(one)
        elif one.shape == wanted[::-1]:
            reason = (
                f"{is_} where the others are {size}: its pixels were turned after "
                "capture; give the file as the camera wrote it, or align"
            )
            left_out.append(one.left_out("turned", reason))
        else:
            reason = (
                f"{is_} where the others are {size}: a crop, a resized copy or another "
                "mode; enrol such pictures apart, under the same name"
            )
            left_out.append(one.left_out("size_differs", reason))
    return kept + turned  # those to be aligned need a pattern to align them with


def summed_up(left_out: Sequence[LeftOutPhoto]) -> str:
    """Return how many were left out for what, with an example of each."""
    by_code: dict[str, list[LeftOutPhoto]] = {}
    for one in left_out:
        by_code.setdefault(one.code, []).append(one)
    return "; ".join(
        f"{len(ones)} {code.replace('_', ' ')} (such as {Path(ones[0].name).name}: "
        f"{ones[0].reason})"
        for code, ones in list(by_code.items())[:_NAMED]
    )
