"""Words of a report: what the file says must not steer the page it stands on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

_LONGEST: Final = 2000  # characters of one value
# Control, format and surrogate characters can reorder or break lines: bidirectional
# overrides, zero-width joiners, escapes.
_STEERING: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))

QUESTIONS: Final = {
    "camera": "Camera",
    "file": "File",
    "claims": "Times and places",
    "one_camera": "One camera",
    "device": "Device",
}
"""Short titles of the questions that verdicts are about."""


def as_text(value: Any) -> Any:
    """Return a text with what could steer the page replaced, and bounded.

    Anything but a text is returned as it is, and so is markup of the page's own.
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    if value.startswith("data:image/"):
        return value  # made by this program
    clean = value if value.isprintable() else "".join(_shown(c) for c in value)
    return clean if len(clean) <= _LONGEST else clean[:_LONGEST] + " …"


def _shown(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _STEERING:
        return character
    return "\N{REPLACEMENT CHARACTER}"


def percent(share: float, digits: int = 0) -> str:
    """Return a share of 1 in per cent; "100 %" and "0 %" only where it is just that."""
    least = 10.0**-digits
    scaled = 100 * share
    if 0 < scaled < least:
        return f"< {least:.{digits}f} %"
    if 100 - least < scaled < 100:
        return f"> {100 - least:.{digits}f} %"
    return f"{scaled:.{digits}f} %"


def probability(log10_p: float) -> str:
    """Return a chance in words that never say 0 of one that is not."""
    if log10_p >= -2:
        return f"{10**log10_p:.2g}"
    return f"10^{log10_p:,.1f}"


def evidence_rows(examination: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what a file says beside what was measured, for what both speak of."""
    claims, named = examination["claims"], examination["identification"]
    rows = []
    if named is not None:
        says = claims["camera_model"] or claims["make"] or "nothing"
        sure = f"{named['answer']}, confidence {percent(named['confidence'])}"
        rows.append(("Camera model", says, sure))
    matching = [one for one in examination["devices"] if one["reaches_threshold"]]
    if matching:
        number = claims["serial_number"]
        says = f"serial number {number}" if number else "no serial number"
        seen = ", ".join(one["camera"] for one in matching)
        rows.append(("Device", says, f"the sensor enrolled as {seen}"))
    said = claims["exif_width"], claims["exif_height"]
    stored = f"{examination['width']} x {examination['height']} px as stored"
    rows.append(("Size", f"{said[0]} x {said[1]} px" if all(said) else "none", stored))
    wanted = {"file": "Writer", "thumbnail": "Thumbnail", "time": "Times"}
    says_of = {
        "file": claims["software"] or "no program named",
        "thumbnail": _thumbnail(claims["thumbnail"]) if claims["thumbnail"] else "none",
        "time": str(claims["times"]["original"] or "none"),
    }
    for topic, about in wanted.items():
        topics = {topic, "editing"} if topic == "file" else {topic}
        seen = _weightiest(examination["findings"], topics)
        if seen:
            rows.append((about, says_of[topic], seen))
    return rows


def _weightiest(findings: Iterable[Mapping[str, Any]], topics: set[str]) -> str:
    """Return the words of the finding that weighs most, contradictions first."""
    order = ("strong", "moderate", "weak")
    own = [
        one for one in findings if one["topic"] in topics and one["strength"] in order
    ]
    own.sort(
        key=lambda one: (
            one["direction"] != "contradicts",
            order.index(one["strength"]),
        )
    )
    return str(own[0]["text"]) if own else ""


def claim_rows(claims: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a file says of itself, field by field, absent ones left out."""
    times, place = claims["times"], claims["place"]
    credentials, thumbnail = claims["credentials"], claims["thumbnail"]
    size = claims["exif_width"], claims["exif_height"]
    rows = [
        ("Make", claims["make"]),
        ("Model", claims["model"]),
        ("Lens", claims["lens"]),
        ("Serial number", claims["serial_number"]),
        ("Software", claims["software"]),
        ("Size in EXIF", f"{size[0]} x {size[1]} px" if all(size) else ""),
        ("Orientation", claims["orientation"]),
        ("Taken", times["original"]),
        ("Digitised", times["digitized"]),
        ("Changed", times["modified"]),
        ("Time by GPS", times["gps"]),
        ("Created, by XMP", times["xmp_created"]),
        ("Changed, by XMP", times["xmp_modified"]),
        ("Offset to UTC", times["offset"]),
        ("Place", _place(place) if place else ""),
        ("Thumbnail", _thumbnail(thumbnail) if thumbnail else "none"),
        ("Maker note", "present" if claims["has_maker_note"] else "none"),
        ("Content credentials", _credentials(credentials)),
        *(("Comment", comment) for comment in claims["comments"]),
    ]
    return [(name, str(value)) for name, value in rows if value not in ("", None)]


def _place(place: Mapping[str, Any]) -> str:
    height = place["altitude_m"]
    above = "" if height is None else f", {height:.0f} m"
    return f"{place['latitude']:.5f}, {place['longitude']:.5f}{above}"


def _thumbnail(thumbnail: Mapping[str, Any]) -> str:
    if not thumbnail["width"]:
        return "present, not read"
    return f"{thumbnail['width']} x {thumbnail['height']} px"


def _credentials(credentials: Mapping[str, Any]) -> str:
    state = {
        "absent": "none",
        "valid": "signature and hashes hold",
        "invalid": "do not hold",
        "not_checked": "present, not checked",
        "unreadable": "cannot be read",
    }.get(credentials["state"], credentials["state"])
    made_by = [credentials["generator"], credentials["issuer"]]
    return ", ".join(str(part) for part in (state, *made_by) if part)
