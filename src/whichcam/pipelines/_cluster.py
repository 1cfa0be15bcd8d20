"""Sort pictures of unknown cameras into cameras."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import ArtifactError, InsufficientEvidenceError, WhichcamError
from whichcam.media import Photo, read_header
from whichcam.pipelines._devices import (
    Asked,
    Source,
    ask,
    claimed_camera,
    display_name,
    expanded,
    failed,
)
from whichcam.prnu import NOISE_VERSION, Clustering, PhotoNoise
from whichcam.prnu import cluster as cluster_noises

Progress = Callable[[str, int, int], None]

_FALSE_ALARM_RATE: Final = 1e-3
_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredPhoto:
    """A picture and the cluster it fell into.

    Attributes
    ----------
    name : str
        As it was given.
    sha256 : str
        Of its bytes; empty if they could not be read.
    cluster : int
        Number of its cluster, from 0, the largest first; -1 where nothing ties it to
        another picture surely enough, or it could not be used.
    rotation : int
        Degrees, 0 or 180, by which it lies turned against the first of its cluster.
    width, height : int
        Of the picture; pictures of different sizes are never in one cluster.
    exif_camera_model : str or None
        What its metadata claim; not used.
    duplicate_of : str or None
        The picture before it that is the same file.
    error : str or None
        Why it could not be used.
    """

    name: str
    sha256: str
    cluster: int
    rotation: int
    width: int
    height: int
    exif_camera_model: str | None
    duplicate_of: str | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoClusters:
    """Pictures sorted into cameras.

    Attributes
    ----------
    photos : tuple of ClusteredPhoto
        In the order given.
    n_clusters : int
        Clusters of two pictures or more.
    unassigned_share : float
        Share of the usable pictures, 0 to 1, that are in none.
    n_unusable : int
        Pictures that could not be used.
    false_alarm_rate : float
        Chance, over the whole set, that pictures of different cameras are joined, as
        far as their noise has nothing else in common.
    thresholds : dict of str to float
        The z that pictures had to reach, by size.
    noise_version : int
        Version of the noise extraction.
    whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the clusters less sure than they look.
    """

    photos: tuple[ClusteredPhoto, ...]
    n_clusters: int
    unassigned_share: float
    n_unusable: int
    false_alarm_rate: float
    thresholds: dict[str, float]
    noise_version: int
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "photos": [one.to_dict() for one in self.photos],
            "warnings": list(self.warnings),
        }


@dataclass(slots=True)
class _Row:
    """A picture on its way: what is known of it so far."""

    source: Source | None
    name: str
    sha256: str = ""
    shape: tuple[int, int] = (0, 0)
    camera_model: str | None = None
    duplicate_of: str | None = None
    error: str | None = None
    cluster: int = -1
    rotation: int = 0


def cluster(
    photos: Source | Iterable[Source],
    *,
    false_alarm_rate: float = _FALSE_ALARM_RATE,
    scratch: PathLike | None = None,
    progress: Progress | None = None,
) -> PhotoClusters:
    """Sort pictures of unknown cameras into cameras by their sensors' patterns.

    Parameters
    ----------
    photos : path, bytes or Photo, or an iterable of them
        The pictures; folders are looked through. Each is decoded once.
    false_alarm_rate : float, default 1e-3
        Chance, over the whole set, that pictures of different cameras are joined.
    scratch : path-like, optional
        A folder with room for one byte a pixel and picture; by default the system's
        folder for temporary files. Nothing is left there.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    PhotoClusters
        Pictures that could not be used are in it, with the reason.

    Raises
    ------
    InsufficientEvidenceError
        If fewer than two pictures can be used.
    InputError
        If the rate is not between 0 and 1, or there are too many pictures.
    DatasetNotFoundError
        If a folder holds no picture.
    ArtifactError
        If there is no room in ``scratch``.

    See Also
    --------
    whichcam.prnu.cluster : How it is done; it prefers pure clusters to whole ones.

    Notes
    -----
    Only pictures of one size are compared, as they lie or upside down. Memory does
    not grow with the size of pictures; it grows with the square of their number.
    """
    sources, unreadable = expanded(photos)
    rows = _read(sources, progress)
    rows += [_Row(source=None, name=name, error=why) for name, why in unreadable]
    by_shape: dict[tuple[int, int], list[_Row]] = {}
    for row in rows:
        if row.error is None and row.duplicate_of is None:
            by_shape.setdefault(row.shape, []).append(row)
    if sum(map(len, by_shape.values())) < 2:
        raise InsufficientEvidenceError(
            f"{sum(map(len, by_shape.values()))} of {len(rows)} pictures can be used; "
            "two or more are needed"
            + "".join(f"; {row.name}: {row.error}" for row in rows[:3] if row.error)
        )
    meter = _Meter(progress, sum(map(len, by_shape.values())))
    thresholds: dict[str, float] = {}
    groups: list[list[_Row]] = []
    several = {shape: group for shape, group in by_shape.items() if len(group) > 1}
    folder = tempfile.gettempdir() if scratch is None else scratch
    for shape, group in several.items():
        found = _sorted_out(group, false_alarm_rate / len(several), folder, meter)
        if found is None:
            continue
        clusters, threshold = found
        groups += clusters
        thresholds[f"{shape[1]}x{shape[0]}"] = threshold
    groups.sort(key=lambda rows: -len(rows))
    for number, members in enumerate(groups):
        for row in members:
            row.cluster = number
    _copy_to_duplicates(rows)
    return _result(rows, groups, thresholds, false_alarm_rate)


def _read(sources: Sequence[Source], progress: Progress | None) -> list[_Row]:
    """Read what the files say; pixels are left for later."""
    rows = []
    seen: dict[str, str] = {}
    for done, source in enumerate(sources, start=1):
        row = _Row(source=source, name=display_name(source))
        try:
            header = source.header if isinstance(source, Photo) else read_header(source)
        except WhichcamError as error:
            row.error = failed(error, row.name)
        else:
            row.sha256, row.shape = header.sha256, (header.height, header.width)
            row.camera_model = claimed_camera(header.exif)
            row.duplicate_of = seen.get(header.sha256)
            seen.setdefault(header.sha256, row.name)
        rows.append(row)
        if progress is not None:
            progress("reading files", done, len(sources))
    return rows


class _Meter:
    """Counts pictures over all sizes."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> None:
        """Count one and say so."""
        self._done += 1
        if self._progress is not None:
            self._progress("taking the noise", self._done, self._total)


def _sorted_out(
    group: Sequence[_Row], rate: float, scratch: PathLike, meter: _Meter
) -> tuple[list[list[_Row]], float] | None:
    """Return the clusters of pictures of one size, and the threshold."""
    used: list[_Row] = []

    def noises() -> Iterator[PhotoNoise]:
        for row in group:
            asked = _asked(row)
            meter.step()
            if asked is not None:
                used.append(row)
                yield asked.noise

    coming = noises()
    first = next(coming, None)
    if first is None:
        return None
    try:
        found = cluster_noises(
            _chained(first, coming), false_alarm_rate=rate, scratch=scratch
        )
    except OSError as error:
        if isinstance(error, WhichcamError) or error.errno not in _FULL:
            raise
        raise ArtifactError(
            f"no room is left in {scratch} ({error.strerror}); name a scratch folder "
            "on another disk: it takes one byte a pixel and picture"
        ) from error
    return _members(used, found), found.z_threshold


def _chained(first: PhotoNoise, rest: Iterator[PhotoNoise]) -> Iterator[PhotoNoise]:
    yield first
    yield from rest


def _asked(row: _Row) -> Asked | None:
    """Return a picture's noise, or leave the reason in its row."""
    if row.source is None:
        return None
    try:
        asked = ask(row.source)
    except WhichcamError as error:
        row.error = failed(error, row.name)
        return None
    if asked.noise.shape != row.shape or asked.header.sha256 != row.sha256:
        row.error = "the file was changed meanwhile, or decodes to another size"
        return None
    if asked.noise.usable_share == 0:
        row.error = "all its pixels are burnt or black: nothing of the sensor shows"
        return None
    return asked


def _members(used: Sequence[_Row], found: Clustering) -> list[list[_Row]]:
    clusters: list[list[_Row]] = [[] for _ in range(found.n_clusters)]
    for row, label, rotation in zip(used, found.labels, found.rotations, strict=True):
        if label >= 0:
            clusters[label].append(row)
            row.rotation = rotation
    return clusters


def _copy_to_duplicates(rows: Sequence[_Row]) -> None:
    by_name = {row.name: row for row in rows if row.duplicate_of is None}
    for row in rows:
        original = by_name.get(row.duplicate_of or "")
        if original is not None:
            row.cluster, row.rotation = original.cluster, original.rotation
            row.error = original.error


def _result(
    rows: Sequence[_Row],
    groups: Sequence[Sequence[_Row]],
    thresholds: dict[str, float],
    false_alarm_rate: float,
) -> PhotoClusters:
    usable = [row for row in rows if row.error is None]
    if len(usable) < 2:
        raise InsufficientEvidenceError(
            f"{len(usable)} of {len(rows)} pictures can be used; two or more are "
            "needed"
            + "".join(f"; {row.name}: {row.error}" for row in rows[:3] if row.error)
        )
    n_unassigned = sum(row.cluster < 0 for row in usable)
    return PhotoClusters(
        photos=tuple(
            ClusteredPhoto(
                name=row.name,
                sha256=row.sha256,
                cluster=row.cluster,
                rotation=row.rotation,
                width=row.shape[1],
                height=row.shape[0],
                exif_camera_model=row.camera_model,
                duplicate_of=row.duplicate_of,
                error=row.error,
            )
            for row in rows
        ),
        n_clusters=len(groups),
        unassigned_share=n_unassigned / len(usable),
        n_unusable=len(rows) - len(usable),
        false_alarm_rate=false_alarm_rate,
        thresholds=thresholds,
        noise_version=NOISE_VERSION,
        whichcam_version=whichcam.__version__,
        warnings=_warnings(usable, groups),
    )


def _warnings(
    usable: Sequence[_Row], groups: Sequence[Sequence[_Row]]
) -> tuple[str, ...]:
    said = []
    for number, members in enumerate(groups):
        models = sorted({row.camera_model for row in members if row.camera_model})
        if len(models) > 1:
            said.append(
                f"cluster {number} holds pictures whose EXIF names "
                f"{', '.join(models)}: an artefact that cameras share, or wrong EXIF"
            )
    shapes = {row.shape for row in usable}
    if len(shapes) > 1:
        sizes = ", ".join(f"{w}x{h}" for h, w in sorted(shapes, reverse=True)[:6])
        said.append(
            f"pictures of {len(shapes)} sizes ({sizes}) were clustered apart: clusters "
            "of different sizes may be of one camera"
        )
    return tuple(said)
