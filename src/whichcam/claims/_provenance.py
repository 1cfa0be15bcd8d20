"""Whether the file says anything of itself, and whether its credentials hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from whichcam.claims._finding import Finding
from whichcam.claims._questioned import Questioned

_C2PA: Final = "C2PA Technical Specification; whom to trust is not judged"
_EXIF: Final = "CIPA DC-008 (Exif): cameras write make and model"

_found = partial(Finding, topic="provenance", analyser="provenance")


def check_provenance(questioned: Questioned) -> Iterator[Finding]:
    """Yield what is there of metadata and of content credentials."""
    claims = questioned.claims
    if not claims.has_metadata:
        yield _found(
            code="no_metadata",
            text="The file has no metadata: it claims nothing, and messengers and "
            "websites leave files so.",
            seen="no EXIF, no XMP, no content credentials",
            expected="EXIF, as cameras write",
            strength="note",
            direction="neutral",
            source=_EXIF,
        )
    elif not (claims.make.strip() or claims.model.strip()):
        yield _found(
            code="no_camera_named",
            text="The metadata name no camera.",
            seen="neither Make nor Model",
            expected="both, as cameras write",
            strength="note",
            direction="neutral",
            source=_EXIF,
        )
    yield from _check_credentials(questioned)


def _check_credentials(questioned: Questioned) -> Iterator[Finding]:
    found = questioned.claims.credentials
    who = f"{found.generator or 'an unnamed program'}, certificate by " + (
        found.issuer or "an unnamed issuer"
    )
    if found.state == "valid":
        yield _found(
            code="credentials_valid",
            text="The file has content credentials whose signature and hashes hold: it "
            f"was not changed since it was signed by {who}.",
            seen=", ".join(found.actions) or "no actions listed",
            expected=None,
            strength="moderate",
            direction="agrees",
            source=_C2PA,
        )
    elif found.state == "invalid":
        yield _found(
            code="credentials_invalid",
            text=f"The file has content credentials by {who} that do not hold: it was "
            "changed since, or they belong to another file.",
            seen=", ".join(found.problems),
            expected="a signature and hashes that hold",
            strength="strong",
            direction="contradicts",
            source=_C2PA,
        )
    elif found.state in {"not_checked", "unreadable"}:
        reason = (
            "could not be read"
            if found.state == "unreadable"
            else "were not checked: the file's bytes or the extra c2pa are missing"
        )
        yield _found(
            code=f"credentials_{found.state}",
            text=f"The file has content credentials that {reason}.",
            seen=", ".join(found.problems) or "a C2PA manifest",
            expected=None,
            strength="note",
            direction="neutral",
            source=_C2PA,
        )
    if found.remote_url:
        yield _found(
            code="credentials_elsewhere",
            text="The file says that its content credentials lie on another machine; "
            "they were not fetched.",
            seen=found.remote_url,
            expected=None,
            strength="note",
            direction="neutral",
            source=_C2PA,
        )
