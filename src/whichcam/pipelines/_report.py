"""From an examination to the file that is handed on."""

from __future__ import annotations

import json
from typing import Final, Literal

from whichcam._typing import FloatArray, PathLike
from whichcam.errors import (
    ArtifactError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.gallery import Gallery
from whichcam.media import Photo
from whichcam.pipelines._devices import opened_gallery
from whichcam.pipelines._examine_result import Examination
from whichcam.pipelines._peak import peak_of

ReportForm = Literal["html", "pdf", "json"]
REPORT_FORMS: Final[tuple[ReportForm, ...]] = ("html", "pdf", "json")


def report(
    examination: Examination,
    photo: Photo,
    *,
    form: ReportForm = "html",
    gallery: Gallery | PathLike | None = None,
    path: str | None = None,
    made_at: str | None = None,
) -> bytes:
    """Return an examination as a report to hand on.

    Parameters
    ----------
    examination : Examination
        What `examine` returned.
    photo : Photo
        The picture that was examined.
    form : {"html", "pdf", "json"}, default "html"
        One page without scripts or other files, the same for paper, or all values
        with the heat maps.
    gallery : Gallery or path-like, optional
        The gallery that was compared with: the peaks of its correlations are drawn.
    path, made_at : str, optional
        The picture's path and the time of the examination, where the report is to
        name them.

    Returns
    -------
    bytes
        UTF-8 text, or PDF.

    Raises
    ------
    InputError
        If the photo is not the one that was examined.
    MissingDependencyError
        If the extra ``report``, or for PDF the system's Pango, is not installed.
    """
    if form == "json":
        whole = examination.to_dict(with_heatmaps=True)
        asked = {"path": path, "made_at": made_at}
        whole |= {name: value for name, value in asked.items() if value is not None}
        return (json.dumps(whole, indent=2) + "\n").encode()
    from whichcam.reporting import html_report, pdf_report

    page = html_report(
        examination.to_dict(),
        photo=photo,
        heatmaps={found.method: found.heatmap for found in examination.localizations},
        peaks=_peaks(examination, photo, gallery),
        path=path,
        made_at=made_at,
    )
    return pdf_report(page) if form == "pdf" else page.encode()


def _peaks(
    examination: Examination, photo: Photo, gallery: Gallery | PathLike | None
) -> dict[str, FloatArray]:
    """Return the correlation of each camera compared with, where it can be drawn."""
    found: dict[str, FloatArray] = {}
    if not examination.devices:
        return found
    with opened_gallery(gallery) as opened:
        for device in examination.devices:
            try:
                peak = peak_of(opened.get(device.camera), photo)
            except (
                ArtifactError,
                InsufficientEvidenceError,
                ShapeMismatchError,
                UnknownNameError,
            ):
                continue  # its numbers stand in the report all the same
            found[device.camera] = peak.surface
    return found
