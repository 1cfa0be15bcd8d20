"""Whether a file is as the camera wrote it, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from whichcam._typing import PhotoSource
from whichcam.datasets._describe import Progress
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._screen_rules import (
    ScreeningReason,
    claims_dcf,
    reasons_against,
)
from whichcam.errors import InputError, WhichcamError
from whichcam.media import Photo, PhotoHeader, read_header

_DECIDES: Final = 1.0
_DOUBT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """Whether a file is a camera original, and the reasons.

    Parameters
    ----------
    name : str
        File name, for display only.
    sha256 : str
        Of the file's bytes; empty if it could not be read.
    is_original : bool or None
        None: cannot tell.
    weight : float
        Sum of the reasons' weights. 1 or more: not an original. Less than 0.5, with
        a camera named and a maker note, a thumbnail or DCF's mark: an original.
        Anything else: cannot tell.
    reasons : tuple of ScreeningReason
        All signs against the file, the strongest first.
    make, model : str
        As the EXIF spells them.
    """

    name: str
    sha256: str
    is_original: bool | None
    weight: float
    reasons: tuple[ScreeningReason, ...]
    make: str = ""
    model: str = ""

    @property
    def verdict(self) -> Literal["original", "not original", "cannot tell"]:
        """The answer in words."""
        if self.is_original is None:
            return "cannot tell"
        return "original" if self.is_original else "not original"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "verdict": self.verdict,
            "is_original": self.is_original,
            "weight": self.weight,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "make": self.make,
            "model": self.model,
        }


def screen(source: PhotoSource | Photo | PhotoHeader) -> Screening:
    """Say whether a file is as a camera wrote it, from its structure and metadata.

    Parameters
    ----------
    source : path, bytes, binary file object, Photo or PhotoHeader
        The file. Its pixels are not decoded.

    Returns
    -------
    Screening
        The verdict and every sign against the file.

    Raises
    ------
    InputError
        If the file is no picture or damaged beyond reading; see `read_header`.
    PhotoNotFoundError
        If there is no such file.

    Notes
    -----
    A careful forger leaves none of these signs: "original" means that nothing speaks
    against it. "Not original" does not mean "forged": a file that was rotated or sent
    by a messenger is no original either.

    References
    ----------
    .. [1] E. Kee, M. K. Johnson, H. Farid, "Digital image authentication from JPEG
       headers", IEEE Trans. Information Forensics and Security 6(3), 2011,
       doi:10.1109/TIFS.2011.2128309.
    """
    if isinstance(source, Photo):
        header = source.header
    elif isinstance(source, PhotoHeader):
        header = source
    else:
        header = read_header(source)
    reasons = sorted(reasons_against(header), key=lambda reason: -reason.weight)
    weight = round(sum((reason.weight for reason in reasons), 0.0), 6)
    return Screening(
        name=header.name,
        sha256=header.sha256,
        is_original=_verdict(header, weight),
        weight=weight,
        reasons=tuple(reasons),
        make=header.exif.make,
        model=header.exif.model,
    )


def screen_manifest(
    manifest: Manifest, progress: Progress | None = None
) -> tuple[Screening, ...]:
    """Screen every file of a manifest.

    Parameters
    ----------
    manifest : Manifest
        Its files are read where they lie.
    progress : callable, optional
        Called as ``progress(done, total)`` after each file.

    Returns
    -------
    tuple of Screening
        One a row, in order. A file that cannot be read is one we cannot tell of; its
        only reason has the code ``unreadable`` and weight 0.
    """
    found = []
    paths = manifest.paths
    for done, path in enumerate(paths, start=1):
        try:
            found.append(screen(path))
        except WhichcamError as error:
            found.append(_unreadable(path.name, error))
        if progress is not None:
            progress(done, len(paths))
    return tuple(found)


def _verdict(header: PhotoHeader, weight: float) -> bool | None:
    if weight >= _DECIDES:
        return False
    exif = header.exif
    named = bool(exif.make.strip() or exif.model.strip())
    signed = exif.has_maker_note or exif.has_thumbnail or claims_dcf(exif)
    if weight < _DOUBT and named and (signed or header.format == "RAW"):
        return True
    return None


def _unreadable(name: str, error: WhichcamError) -> Screening:
    what = "damaged or no picture" if isinstance(error, InputError) else "not there"
    reason = ScreeningReason(code="unreadable", text=f"{what}: {error}", weight=0.0)
    return Screening(
        name=name, sha256="", is_original=None, weight=0.0, reasons=(reason,)
    )
