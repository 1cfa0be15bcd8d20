"""What a gallery tells of a camera."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from whichcam._typing import FloatArray
from whichcam.errors import ArtifactError, UnknownNameError
from whichcam.gallery._metadata import decode_json
from whichcam.gallery._pattern import StoredArray, map_pattern, read_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFingerprint:
    """One fingerprint of an enrolled camera: its pattern on disk, and where from.

    Parameters
    ----------
    camera : str
        The name the camera is enrolled under.
    shape : tuple of int
        (height, width) of the pattern, px.
    n_photos : int
        Pictures it was estimated from.
    quality : float
        The estimator's measure, in [0, 1].
    noise_version : int
        Version of the noise extraction; patterns of two versions are not compared.
    photo_sha256s : tuple of str
        SHA-256 of those pictures, so that none of them is taken for a probe.
    warnings : tuple of str
        What makes the fingerprint less good than it looks.
    created, whichcam_version : str
        When it was stored (UTC, ISO 8601) and by which version.
    pattern_sha256 : str
        SHA-256 of the file `path`.
    sign_sha256 : str
        SHA-256 of its row of sign bits.
    exponent : int
        The file holds ``float16(pattern * 2**exponent)``.
    metadata_json : str
        Further facts, as JSON; see `metadata`.
    path : Path
        The .npy file; its name says nothing and may change.
    """

    camera: str
    shape: tuple[int, int]
    n_photos: int
    quality: float
    noise_version: int
    photo_sha256s: tuple[str, ...] = field(repr=False)
    warnings: tuple[str, ...]
    created: str
    whichcam_version: str
    pattern_sha256: str
    sign_sha256: str = field(repr=False)
    exponent: int = field(repr=False)
    metadata_json: str = field(repr=False)
    path: Path = field(repr=False)

    @property
    def metadata(self) -> dict[str, Any]:
        """Further facts: a new dict of JSON values each time."""
        try:
            return decode_json(self.metadata_json)
        except ValueError as error:
            raise ArtifactError(
                f"the metadata of {self._owner} are damaged ({error}); restore a copy "
                "of the gallery"
            ) from error

    def pattern(self) -> FloatArray:
        """Load the pattern and compare its checksum.

        Returns
        -------
        ndarray of shape (H, W), float32
            Correlates with what was enrolled at 0.9999 or better. A copy.

        Raises
        ------
        ArtifactNotFoundError
            If the camera was removed meanwhile, or its file is gone.
        ChecksumMismatchError
            If the file is not what was stored.
        """
        return read_pattern(
            self.path, self.shape, self.exponent, self.pattern_sha256, owner=self._owner
        )

    def mapped(self) -> StoredArray:
        """Map the stored float16 numbers into memory, read-only.

        Returns
        -------
        ndarray of shape (H, W), float16
            ``pattern() * 2**exponent``, rounded: correlations do not see the factor.
            The checksum is not compared.

        Raises
        ------
        ArtifactNotFoundError
            If the file is gone.
        ChecksumMismatchError
            If its size is not the one it was stored with.
        """
        return map_pattern(self.path, self.shape, owner=self._owner)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; where the file lies is left out."""
        plain = asdict(self)
        for name in ("path", "metadata_json", "camera"):
            del plain[name]
        plain["metadata"] = self.metadata
        for name in ("shape", "photo_sha256s", "warnings"):
            plain[name] = list(plain[name])
        return plain

    @property
    def _owner(self) -> str:
        return f"{self.camera!r} ({self.shape[0]} x {self.shape[1]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledCamera:
    """A camera of a gallery, with one fingerprint for each shape it was enrolled in.

    A camera may have several: photographs and footage, or a crop of either. What is
    asked of the camera itself (`shape`, `quality`, `pattern`, ...) is answered for
    the fingerprint of most pixels.

    Parameters
    ----------
    name : str
        The name it is found by.
    camera_model : str or None
        Make and model, where known.
    created : str
        When the camera was first enrolled (UTC, ISO 8601).
    note : str
        What somebody wanted to remember of it; empty where nobody did.
    fingerprints : tuple of StoredFingerprint
        At least one; that of most pixels first.
    """

    name: str
    camera_model: str | None
    created: str
    fingerprints: tuple[StoredFingerprint, ...]
    note: str = ""

    def fingerprint(self, shape: tuple[int, int] | None = None) -> StoredFingerprint:
        """Return the fingerprint of a shape, or that of most pixels.

        Raises
        ------
        UnknownNameError
            If the camera is not enrolled in that shape.
        """
        for candidate in self.fingerprints:
            if shape is None or candidate.shape == tuple(shape):
                return candidate
        raise UnknownNameError(
            f"{self.name!r} has no fingerprint of shape {shape}; it has "
            f"{', '.join(map(str, self.shapes))}: enrol pictures of that size"
        )

    def pattern(self, shape: tuple[int, int] | None = None) -> FloatArray:
        """Load the pattern of a shape, or that of most pixels.

        Raises
        ------
        UnknownNameError, ArtifactNotFoundError, ChecksumMismatchError
            As `fingerprint` and `StoredFingerprint.pattern` do.
        """
        return self.fingerprint(shape).pattern()

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shapes it is enrolled in, largest first."""
        return tuple(one.shape for one in self.fingerprints)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of its largest fingerprint, px."""
        return self.fingerprints[0].shape

    @property
    def n_photos(self) -> int:
        """Pictures its largest fingerprint was estimated from."""
        return self.fingerprints[0].n_photos

    @property
    def quality(self) -> float:
        """Quality of its largest fingerprint, in [0, 1]."""
        return self.fingerprints[0].quality

    @property
    def noise_version(self) -> int:
        """Version of the noise extraction of its largest fingerprint."""
        return self.fingerprints[0].noise_version

    @property
    def photo_sha256s(self) -> tuple[str, ...]:
        """SHA-256 of all pictures it was enrolled from, each once."""
        every = (h for one in self.fingerprints for h in one.photo_sha256s)
        return tuple(dict.fromkeys(every))

    @property
    def pattern_sha256(self) -> str:
        """SHA-256 of the file of its largest pattern."""
        return self.fingerprints[0].pattern_sha256

    @property
    def metadata(self) -> dict[str, Any]:
        """Further facts about its largest fingerprint: a new dict each time."""
        return self.fingerprints[0].metadata

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings of all its fingerprints, each once."""
        every = (w for one in self.fingerprints for w in one.warnings)
        return tuple(dict.fromkeys(every))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "name": self.name,
            "camera_model": self.camera_model,
            "created": self.created,
            "note": self.note,
            "fingerprints": [one.to_dict() for one in self.fingerprints],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryProblem:
    """Something found wrong with a gallery.

    Parameters
    ----------
    camera : str or None
        Whose; None if it is no single camera's.
    shape : tuple of int or None
        Of which fingerprint of it.
    reason : str
        What is wrong and how to mend it.
    """

    camera: str | None
    shape: tuple[int, int] | None
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        shape = None if self.shape is None else list(self.shape)
        return {"camera": self.camera, "shape": shape, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryCheck:
    """What a look at every byte of a gallery found.

    Parameters
    ----------
    n_cameras, n_fingerprints : int
        How many were looked at.
    n_bytes : int
        Bytes whose checksums were compared.
    problems : tuple of GalleryProblem
        Empty if all is well.
    """

    n_cameras: int
    n_fingerprints: int
    n_bytes: int
    problems: tuple[GalleryProblem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "n_cameras": self.n_cameras,
            "n_fingerprints": self.n_fingerprints,
            "n_bytes": self.n_bytes,
            "is_sound": self.is_sound,
            "problems": [problem.to_dict() for problem in self.problems],
        }
