"""Content credentials (C2PA): whether there are any, and whether they hold."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, Final

from whichcam._typing import PhotoSource
from whichcam.claims._types import ContentCredentials, CredentialState
from whichcam.media import Limits, PhotoHeader
from whichcam.media._source import read_source
from whichcam.media._text import clean_text

# A manifest lies in a JUMBF box that names itself; a file without the mark has none.
_MARK: Final = b"c2pa"
_MIME: Final = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "HEIC": "image/heic",
    "AVIF": "image/avif",
    "RAW": "image/dng",
}
# Nothing is asked of another machine: no manifest that lies elsewhere, no revocation
# list, no list of who is to be trusted.
_OFFLINE: Final = {
    "verify": {
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
        "verify_trust": False,
    }
}
_MAX_LISTED: Final = 16


def read_credentials(
    header: PhotoHeader, source: PhotoSource | None
) -> ContentCredentials:
    """Return what a C2PA manifest inside the file says; absent is a normal state."""
    remote = header.exif.tags.get("XMP provenance", "")
    if source is None:
        there = header.jpeg is not None and "JUMBF" in header.jpeg.identifiers
        return ContentCredentials(
            state="not_checked" if there else "absent", remote_url=remote
        )
    _, data = read_source(source, Limits())
    if _MARK not in data or header.format not in _MIME:
        return ContentCredentials(state="absent", remote_url=remote)
    try:
        import c2pa
    except ImportError:
        return ContentCredentials(state="not_checked", remote_url=remote)
    try:
        with (
            c2pa.Context.from_dict(_OFFLINE) as context,
            c2pa.Reader(
                _MIME[header.format], io.BytesIO(data), context=context
            ) as reader,
        ):
            report = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return ContentCredentials(state="absent", remote_url=remote)
    except (c2pa.C2paError, ValueError) as error:
        return ContentCredentials(
            state="unreadable", problems=(clean_text(str(error)),), remote_url=remote
        )
    return _summary(report, remote)


def _summary(report: Any, remote: str) -> ContentCredentials:
    manifest = _mapping(
        _mapping(_mapping(report).get("manifests")).get(
            str(_mapping(report).get("active_manifest", ""))
        )
    )
    statuses = _items(_mapping(report).get("validation_status"))
    problems = [clean_text(str(_mapping(item).get("code", ""))) for item in statuses]
    # Whom to trust is the reader's to decide: no list of issuers is consulted.
    problems = [code for code in problems if code and "untrusted" not in code]
    state: CredentialState = "invalid" if problems else "valid"
    return ContentCredentials(
        state=state,
        generator=_generator(manifest),
        issuer=clean_text(
            str(_mapping(manifest.get("signature_info")).get("issuer", ""))
        ),
        actions=_actions(manifest),
        problems=tuple(dict.fromkeys(problems))[:_MAX_LISTED],
        remote_url=remote,
    )


def _generator(manifest: Mapping[str, Any]) -> str:
    named = [_mapping(item) for item in _items(manifest.get("claim_generator_info"))]
    if named:
        texts = (f"{i.get('name', '')} {i.get('version', '')}".strip() for i in named)
        return clean_text(", ".join(texts))
    return clean_text(str(manifest.get("claim_generator", "")))


def _actions(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for assertion in _items(manifest.get("assertions")):
        part = _mapping(assertion)
        if str(part.get("label", "")).startswith("c2pa.actions"):
            for action in _items(_mapping(part.get("data")).get("actions")):
                found.append(clean_text(str(_mapping(action).get("action", ""))))
    return tuple(dict.fromkeys(filter(None, found)))[:_MAX_LISTED]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
