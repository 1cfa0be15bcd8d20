"""Dates of EXIF and XMP, as a file spells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from whichcam.claims._types import ClaimedTimes

_DATE: Final = re.compile(
    r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?",
    re.ASCII,
)
_ZONE: Final = re.compile(r"([+-])(\d\d):?(\d\d)$", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)", re.ASCII)
_HOURS_A_DAY: Final = 24


def read_times(tags: Mapping[str, str]) -> ClaimedTimes:
    """Collect all times; what is no date is left out."""
    return ClaimedTimes(
        original=_exif_time(tags, "EXIF DateTimeOriginal", "EXIF SubSecTimeOriginal"),
        digitized=_exif_time(
            tags, "EXIF DateTimeDigitized", "EXIF SubSecTimeDigitized"
        ),
        modified=_exif_time(tags, "Image DateTime", "EXIF SubSecTime"),
        offset=tags.get("EXIF OffsetTimeOriginal") or tags.get("EXIF OffsetTime", ""),
        gps=_gps_time(tags),
        xmp_created=_xmp_time(tags.get("XMP CreateDate", "")),
        xmp_modified=_xmp_time(tags.get("XMP ModifyDate", "")),
    )


def offset_of(text: str) -> timedelta | None:
    """Return what "+02:00" adds to UTC, None if it is no offset."""
    match = _ZONE.search(text.strip())
    if match is None:
        return timedelta(0) if text.strip() == "Z" else None
    sign, hours, minutes = match.groups()
    amount = timedelta(hours=int(hours), minutes=int(minutes))
    return -amount if sign == "-" else amount


def _exif_time(
    tags: Mapping[str, str], name: str, fraction_name: str
) -> datetime | None:
    found = _date_in(tags.get(name, ""))
    fraction = tags.get(fraction_name, "").strip()
    if found is None or not (fraction.isascii() and fraction.isdigit()):
        return found
    return found.replace(microsecond=int(fraction[:6].ljust(6, "0")))


def _date_in(text: str) -> datetime | None:
    match = _DATE.match(text)
    if match is None:
        return None
    *whole, fraction = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in whole)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, microsecond)
    except ValueError:  # a month 13, or cameras' 0000:00:00
        return None


def _xmp_time(text: str) -> datetime | None:
    found = _date_in(text)
    offset = offset_of(text[10:])  # a date alone ends like an offset
    if found is None or offset is None:
        return found
    try:
        return (found - offset).replace(tzinfo=UTC)
    except OverflowError:  # the first or the last day there is
        return None


def _gps_time(tags: Mapping[str, str]) -> datetime | None:
    day = _DAY.match(tags.get("GPS GPSDateStamp", ""))
    parts = rationals(tags.get("GPS GPSTimeStamp", ""))
    if day is None or len(parts) != 3:
        return None
    hours, minutes, seconds = parts
    elapsed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) <= elapsed <= timedelta(hours=_HOURS_A_DAY):
        return None
    try:
        year, month, number = map(int, day.groups())
        return datetime(year, month, number, tzinfo=UTC) + elapsed
    except (ValueError, OverflowError):
        return None


def rationals(text: str) -> list[float]:
    """Return the numbers of a tag's text, such as ``"43 28 281400000/100000000"``."""
    found = []
    for part in text.split():
        top, _, bottom = part.partition("/")
        try:
            value = float(top) / float(bottom or 1)
        except (ValueError, ZeroDivisionError):
            # Some writers put 0/0 for the seconds they do not have.
            value = 0.0 if top == bottom == "0" else float("nan")
        if not abs(value) < 1e9:
            return []
        found.append(value)
    return found
