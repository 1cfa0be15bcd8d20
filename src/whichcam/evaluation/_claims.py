"""Measure how often true and false claims are contradicted."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from whichcam.claims import SignatureTable, check_claims, read_claims
from whichcam.datasets import CameraName, Manifest, canonical_camera
from whichcam.errors import InputError, WhichcamError
from whichcam.evaluation import _environment
from whichcam.evaluation._claims_result import ClaimsEvaluation, ClaimsRow
from whichcam.evaluation._records import RowFailure
from whichcam.evaluation._tampering import (
    OF_CROPS,
    OF_EDITED,
    OF_ORIGINALS,
    Material,
    Tampered,
    Tampering,
)
from whichcam.media import Limits, open_photo, read_header
from whichcam.media._source import read_source
from whichcam.models import CameraModel

_SPLITS: Final = ("test_device", "test_scene")
_ORIGINAL: Final = "camera_original"


def evaluate_claims(
    manifest: Manifest,
    *,
    model: CameraModel | None = None,
    signatures: SignatureTable | None = None,
    limit_per_split: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> ClaimsEvaluation:
    """Check the claims of files as they are, and after seeded tampering.

    Parameters
    ----------
    manifest : Manifest
        Either whole files with metadata, a column ``label`` saying
        ``camera_original`` or anything else: names are swapped, thumbnails replaced,
        pictures compressed again, the Software tag removed. Or files without metadata
        whose camera is known, in the splits ``test_device`` and ``test_scene``: a small
        EXIF is written into them that tells the truth or not.
    model : CameraModel, optional
        Its evidence of each tampered file is used. Without, pixels are not asked for
        the camera.
    signatures : SignatureTable, optional
        The bundled one by default; its cameras are also those that files claim falsely.
    limit_per_split : int, optional
        Measure a seeded random sample of so many files of each split or label.
    seed : int, default 0
        Of all draws.
    progress : callable, optional
        Called as ``progress(done, total)`` after each file.

    Returns
    -------
    ClaimsEvaluation

    Raises
    ------
    InputError
        If the manifest has no row of either kind, or a number is out of range.
    """
    if seed < 0 or (limit_per_split is not None and limit_per_split < 1):
        raise InputError(
            f"seed is {seed} and limit_per_split is {limit_per_split}; expected 0 or "
            "more, and 1 or more"
        )
    table = SignatureTable.bundled() if signatures is None else signatures
    rows = _sample(list(_wanted(manifest)), limit_per_split, seed)
    if not rows:
        raise InputError(
            "the manifest has neither a column 'label' nor rows of the splits "
            f"{list(_SPLITS)}: there is nothing to check claims on"
        )
    created = datetime.now(UTC).isoformat(timespec="seconds")
    thumbnails = _thumbnails([path for _, _, path in rows])
    found: list[ClaimsRow] = []
    failures: list[RowFailure] = []
    for done, (group, row, path) in enumerate(rows, start=1):
        for name, tamper in _tamperings(group).items():
            try:
                material = _material(row, path, table, thumbnails, f"{seed} {name}")
                tampered = tamper(material)
                if tampered is not None:
                    found.append(
                        _check(
                            row, group, name, material.camera, tampered, model, table
                        )
                    )
            except WhichcamError as error:
                failures.append(
                    RowFailure(
                        path=str(row["path"]),
                        split=group,
                        manipulation=name,
                        reason=str(error),
                    )
                )
        if progress is not None:
            progress(done, len(rows))
    return ClaimsEvaluation(
        rows=tuple(found),
        failures=tuple(failures),
        seed=seed,
        limit=limit_per_split,
        model_id=model.model_id if model else None,
        signatures=table.source,
        manifest_sha256=manifest.sha256,
        git_commit=_environment.git_commit(),
        versions=_environment.versions(),
        machine=_environment.machine(),
        created=created,
    )


_Row = tuple[str, dict[str, Any], Path]


def _wanted(manifest: Manifest) -> Iterator[_Row]:
    """Yield the group, the row and the path of every file that can be measured."""
    for row, path in zip(manifest.rows(), manifest.paths, strict=True):
        label, split = str(row.get("label") or ""), str(row.get("split") or "")
        if label:
            yield label, row, path
        elif split in _SPLITS:
            yield split, row, path


def _sample(rows: list[_Row], limit: int | None, seed: int) -> list[_Row]:
    if limit is None:
        return rows
    kept: list[_Row] = []
    for group in dict.fromkeys(row[0] for row in rows):
        of_group = [row for row in rows if row[0] == group]
        rng = random.Random(f"{seed} {group}")  # noqa: S311 - no secret
        chosen = rng.sample(range(len(of_group)), min(limit, len(of_group)))
        kept += [of_group[place] for place in sorted(chosen)]
    return kept


def _tamperings(group: str) -> Mapping[str, Tampering]:
    if group in _SPLITS:
        return OF_CROPS
    return OF_ORIGINALS if group == _ORIGINAL else OF_EDITED


def _thumbnails(paths: list[Path]) -> dict[str, bytes]:
    """Return the thumbnails of the files, by the digest of each."""
    found = {}
    for path in paths:
        try:
            jpeg = read_header(path).jpeg
        except WhichcamError:
            continue
        if jpeg is not None and jpeg.thumbnail:
            found[hashlib.sha256(jpeg.thumbnail).hexdigest()] = jpeg.thumbnail
    return dict(sorted(found.items()))


def _material(
    row: Mapping[str, Any],
    path: Path,
    table: SignatureTable,
    thumbnails: Mapping[str, bytes],
    draw: str,
) -> Material:
    _, data = read_source(path, Limits())
    header = read_header(data)
    camera = _camera(row, header.exif.make, header.exif.model)
    own = header.jpeg.thumbnail if header.jpeg else None
    # An edited copy of the same picture would have the same thumbnail.
    others = [t for t in thumbnails.values() if own is not None and t != own]
    return Material(
        data=data,
        camera=camera,
        # The file's own size: a crop's true one would look like a picture cut since.
        size=(header.width, header.height),
        cameras=table.cameras,
        thumbnails=others,
        rng=random.Random(f"{draw} {header.sha256}"),  # noqa: S311 - no secret
    )


def _camera(row: Mapping[str, Any], make: str, model: str) -> CameraName:
    named = str(row.get("camera_model") or "")
    return canonical_camera(str(row.get("make") or make), named or model)


def _check(
    row: Mapping[str, Any],
    group: str,
    name: str,
    camera: CameraName,
    tampered: Tampered,
    model: CameraModel | None,
    table: SignatureTable,
) -> ClaimsRow:
    photo = open_photo(tampered.data)
    evidence = None
    if model is not None and min(photo.width, photo.height) >= model.spec.smallest_px:
        evidence = model.analyse(photo)
    findings = check_claims(
        photo,
        evidence=evidence,
        model=model if evidence else None,
        claims=read_claims(tampered.data),
        signatures=table,
    )
    return ClaimsRow(
        path=str(row["path"]),
        split=group,
        device=str(row.get("device_id") or ""),
        camera_model=camera.camera_model,
        claimed=tampered.claimed,
        tampering=name,
        detail=tampered.detail,
        file_statistics_used=evidence.file_statistics_used if evidence else None,
        findings=tuple(
            {
                "code": finding.code,
                "topic": finding.topic,
                "direction": finding.direction,
                "strength": finding.strength,
                "log10_lr": finding.log10_lr,
            }
            for finding in findings
        ),
    )
