"""Set what a file claims against all that can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from whichcam._registry import load
from whichcam._typing import PhotoSource
from whichcam.claims._finding import Finding
from whichcam.claims._questioned import Questioned
from whichcam.claims._read import read_claims
from whichcam.claims._signature_table import SignatureTable
from whichcam.claims._types import Claims
from whichcam.errors import InputError
from whichcam.media import Limits, Photo, open_photo
from whichcam.media._source import read_source
from whichcam.models import CameraModel, Evidence

ANALYSERS: Final[Mapping[str, str]] = {
    "provenance": "whichcam.claims._provenance:check_provenance",
    "metadata_fields": "whichcam.claims._fields:check_fields",
    "signatures": "whichcam.claims._signatures:check_signatures",
    "pixels": "whichcam.claims._pixels:check_pixels",
    "history": "whichcam.claims._history:check_history",
    "time_order": "whichcam.claims._time_order:check_times",
    "thumbnail": "whichcam.claims._thumbnail:check_thumbnail",
    "trailing": "whichcam.claims._trailing:check_trailing",
    "screens": "whichcam.claims._screens:check_screens",
    "compression": "whichcam.claims._compression:check_compression",
    "grid": "whichcam.claims._grid:check_grid",
}
"""Analysers by name, in the order in which their findings stand."""


def check_claims(
    photo: PhotoSource | Photo,
    *,
    evidence: Evidence | None = None,
    model: CameraModel | None = None,
    claims: Claims | None = None,
    signatures: SignatureTable | None = None,
) -> tuple[Finding, ...]:
    """Set what a file claims against its fields, its structure and its pixels.

    Parameters
    ----------
    photo : path, bytes, binary file object or Photo
        The picture; any format that `open_photo` reads.
    evidence : Evidence, optional
        What a network found in the picture, as `CameraModel.analyse` returns it. With
        it, the claimed camera is set against the one the pixels point to.
    model : CameraModel, optional
        The network that found it; given if and only if `evidence` is.
    claims : Claims, optional
        As `read_claims` returned them; read from the photo by default. Of a `Photo`,
        which keeps no file, a C2PA manifest cannot be checked: read the claims from
        the file then.
    signatures : SignatureTable, optional
        The bundled table by default.

    Returns
    -------
    tuple of Finding
        In the order of `ANALYSERS`. A finding that agrees is one as well: an empty
        tuple would mean that nothing was looked at.

    Raises
    ------
    InputError
        If the photo cannot be used, or only one of `evidence` and `model` is given.
    PhotoNotFoundError
        If there is no such file.

    Notes
    -----
    The findings are not independent of each other: a file saved again by an editor has
    many signs of one event. They are not to be added up.

    See Also
    --------
    read_claims : What the file says, without judging it.
    """
    if (evidence is None) != (model is None):
        raise InputError("evidence and model belong together: give both, or neither")
    if not isinstance(photo, Photo):
        _, data = read_source(photo, Limits())
        claims = read_claims(data) if claims is None else claims
        photo = open_photo(data)
    questioned = Questioned(
        photo=photo,
        claims=read_claims(photo) if claims is None else claims,
        signatures=SignatureTable.bundled() if signatures is None else signatures,
        evidence=evidence,
        model=model,
    )
    return tuple(
        finding
        for name in ANALYSERS
        for finding in load(ANALYSERS, name, what="analyser")(questioned)
    )
