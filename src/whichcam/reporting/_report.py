"""The report of an examination: one page to hand on, and the same as PDF."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from whichcam._typing import FloatArray
from whichcam.errors import InputError, MissingDependencyError
from whichcam.media import Photo
from whichcam.reporting._report_pictures import (
    crops_shown,
    data_uri,
    heat_shown,
    peak_shown,
    photo_shown,
)
from whichcam.reporting._report_text import (
    QUESTIONS,
    as_text,
    claim_rows,
    evidence_rows,
    percent,
    probability,
)

_TEMPLATE: Final = "report.html"
_STYLE: Final = "report.css"
_NEEDED: Final = (
    *("photo_name", "sha256", "n_bytes", "width", "height", "format", "verdicts"),
    *("claims", "identification", "crops", "devices", "localizations", "findings"),
    *("not_examined", "structure", "settings", "model_id", "whichcam_version"),
    "warnings",
)
_STRENGTHS: Final = ("strong", "moderate", "weak", "note")
_DIRECTIONS: Final = ("contradicts", "neutral", "agrees")


def html_report(
    examination: Mapping[str, Any],
    *,
    photo: Photo | None = None,
    heatmaps: Mapping[str, FloatArray] | None = None,
    peaks: Mapping[str, FloatArray] | None = None,
    path: str | None = None,
    made_at: str | None = None,
) -> str:
    """Return a report as one self-contained HTML page.

    Parameters
    ----------
    examination : mapping
        What `whichcam.pipelines.Examination.to_dict` returns, or the same read back
        from JSON.
    photo : Photo, optional
        The picture, to be shown reduced and turned as EXIF wants it.
    heatmaps : mapping of str to ndarray of shape (H, W), float32, optional
        Heat maps in [0, 1] by method, to be laid over the picture.
    peaks : mapping of str to ndarray of shape (H, W), floating, optional
        Correlations over all shifts by enrolled camera, no shift in the middle.
    path : str, optional
        The picture's path, where the report is to name it.
    made_at : str, optional
        When the examination was made, where the report is to say so.

    Returns
    -------
    str
        The page needs no script, no network and no other file, and a policy in it
        forbids all three. All that the picture's file says is escaped text.

    Raises
    ------
    InputError
        If the examination lacks a field, or the photo is another one.
    MissingDependencyError
        If Jinja2 (extra ``report``) is not installed.

    See Also
    --------
    pdf_report : The same for paper.
    """
    missing = [name for name in _NEEDED if name not in examination]
    if missing:
        raise InputError(
            f"the examination has no {missing[0]!r}; give what Examination.to_dict "
            "returns"
        )
    if photo is not None and photo.sha256 != examination["sha256"]:
        raise InputError(
            f"{photo.name} is not the picture that was examined: its SHA-256 is "
            f"{photo.sha256}, the examination's {examination['sha256']}"
        )
    template = _environment().get_template(_TEMPLATE)
    page: str = template.render(
        found=examination,
        style=_resource(_STYLE),
        questions=QUESTIONS,
        claim_rows=claim_rows(examination["claims"]),
        evidence_rows=evidence_rows(examination),
        scale=examination["settings"].get("verbal_scale", ()),
        findings=_sorted(examination["findings"]),
        crops=_crops(examination, photo),
        shown=None if photo is None else data_uri(photo_shown(photo)),
        maps=_maps(examination, photo, heatmaps or {}),
        peaks={name: data_uri(peak_shown(p)) for name, p in (peaks or {}).items()},
        path=path,
        made_at=made_at,
    )
    return page


def pdf_report(html: str) -> bytes:
    """Return a report as PDF.

    Parameters
    ----------
    html : str
        What `html_report` returned. Nothing outside of it is ever fetched.

    Raises
    ------
    MissingDependencyError
        If WeasyPrint (extra ``report``), or the system's Pango, is not installed.
    """
    from PIL import ImageFile

    tolerant = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:  # OSError: Pango is not there
        raise MissingDependencyError(
            "WeasyPrint with Pango", extra="report", purpose="writing PDF"
        ) from error
    finally:
        # Its import has Pillow take files that are cut off, in the whole process.
        ImageFile.LOAD_TRUNCATED_IMAGES = tolerant

    within = URLFetcher(allowed_protocols=("data",))  # what the page itself holds
    made: bytes = HTML(string=html, url_fetcher=within).write_pdf(
        # the same report gives the same bytes
        identifier=hashlib.sha256(html.encode()).digest()[:16]
    )
    return made


def _environment() -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise MissingDependencyError(
            "Jinja2", extra="report", purpose="writing a report"
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=as_text,
    )
    environment.filters["percent"] = percent
    environment.filters["probability"] = probability
    environment.filters["quoted"] = shlex.quote  # the command is there to be copied
    return environment


def _resource(name: str) -> str:
    return (files("whichcam.reporting") / name).read_text(encoding="utf-8")


def _sorted(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put what contradicts first, the strongest of it before the rest."""
    return sorted(
        findings,
        key=lambda one: (
            one["strength"] == "note",
            _DIRECTIONS.index(one["direction"]),
            _STRENGTHS.index(one["strength"]),
        ),
    )


def _crops(examination: Mapping[str, Any], photo: Photo | None) -> str | None:
    if photo is None or not examination["crops"]:
        return None
    return data_uri(crops_shown(photo, examination["crops"]))


def _maps(
    examination: Mapping[str, Any],
    photo: Photo | None,
    heatmaps: Mapping[str, FloatArray],
) -> list[dict[str, Any]]:
    """Return each heat map with its picture; that of the fusion comes first."""
    orientation = None if photo is None else photo.exif.orientation
    found = [
        {**one, "picture": data_uri(heat_shown(heatmaps[one["method"]], orientation))}
        for one in examination["localizations"]
        if one["method"] in heatmaps
    ]
    return sorted(found, key=lambda one: one["method"] != "fusion")
