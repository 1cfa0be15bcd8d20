"""Times that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from whichcam.claims._finding import Finding, Strength
from whichcam.claims._questioned import Questioned
from whichcam.claims._times import offset_of
from whichcam.claims._types import ClaimedTimes

# Zones lie from 12 hours behind UTC to 14 ahead: a local time without a zone can be
# that far from UTC and be right.
_BEHIND, _AHEAD = timedelta(hours=12), timedelta(hours=14)
# Long exposures and slow cards put seconds between two times, not minutes.
_WRITING: Final = timedelta(minutes=2)
_SLACK: Final = timedelta(hours=1)
_DAYS: Final = timedelta(days=2)
_FIRST: Final = datetime(1990, 1, 1)
_SOURCE: Final = "CIPA DC-008, DateTime, DateTimeOriginal, OffsetTime and GPS tags"

_found = partial(
    Finding,
    topic="time",
    analyser="time_order",
    source=_SOURCE,
    direction="contradicts",
)


def check_times(
    questioned: Questioned, *, now: datetime | None = None
) -> Iterator[Finding]:
    """Yield what contradicts among the times; `now` is the clock's, UTC."""
    times = questioned.claims.times
    present = datetime.now(UTC) if now is None else now
    yield from _order(times)
    yield from _against_gps(times)
    yield from _impossible(times, present)


def _order(times: ClaimedTimes) -> Iterator[Finding]:
    taken, changed = times.original, times.modified
    if taken and changed and taken - changed > _WRITING:
        yield _found(
            code="modified_before_taken",
            text="The file says it was last changed before the picture was taken.",
            seen=f"changed {changed}, taken {taken}",
            expected="changed at the time of taking or later",
            strength="moderate",
        )
    elif taken and changed and changed - taken > _WRITING:
        yield _found(
            code="modified_after_taken",
            text="The file says it was changed after the picture was taken, as editors "
            "and transfer programs note.",
            seen=f"taken {taken}, changed {changed}",
            expected="the same time, as cameras write",
            strength="moderate",
        )
    digitized = times.digitized
    if taken and digitized and abs(digitized - taken) > _WRITING:
        yield _found(
            code="digitized_at_another_time",
            text="The picture was digitised at another time than it was taken; in a "
            "camera both are one.",
            seen=f"taken {taken}, digitised {digitized}",
            expected="the same time",
            strength="weak",
        )


def _against_gps(times: ClaimedTimes) -> Iterator[Finding]:
    taken, satellite = times.original, times.gps
    if taken is None or satellite is None:
        return
    offset = offset_of(times.offset)
    local = satellite.replace(tzinfo=None)
    if offset is not None:
        # With a zone both are one moment; a GPS fix may be some while old.
        apart = abs((taken - offset) - local)
        allowed = "the same moment, give or take an hour"
        over = apart > _SLACK
    else:
        ahead = taken - local
        apart = abs(ahead)
        allowed = "local time, 12 hours behind UTC to 14 ahead"
        over = not -_BEHIND - _SLACK <= ahead <= _AHEAD + _SLACK
    if not over:
        return
    # Clocks of cameras are often set wrong, by hours or by a whole year.
    strength: Strength = "moderate" if apart >= _DAYS else "weak"
    yield _found(
        code="gps_time_apart",
        text="The GPS time and the camera's time of taking are further apart than any "
        "time zone; the camera's clock was wrong, or one of them was changed.",
        seen=f"taken {taken} {times.offset}".rstrip() + f", GPS {satellite}",
        expected=allowed,
        strength=strength,
    )


def _impossible(times: ClaimedTimes, now: datetime) -> Iterator[Finding]:
    latest = now.astimezone(UTC).replace(tzinfo=None) + _AHEAD
    for name, time in (
        ("taken", times.original),
        ("digitised", times.digitized),
        ("changed", times.modified),
        ("located by GPS", times.gps.replace(tzinfo=None) if times.gps else None),
    ):
        if time is not None and time > latest:
            yield _found(
                code="time_in_the_future",
                text=f"The picture says it was {name} in the future.",
                seen=str(time),
                expected=f"before {latest:%Y-%m-%d %H:%M}",
                strength="moderate",
            )
    taken = times.original
    if taken is not None and taken < _FIRST:
        yield _found(
            code="time_before_cameras",
            text="The picture says it was taken before there were digital cameras; "
            "clocks that were never set do this.",
            seen=str(taken),
            expected=f"after {_FIRST:%Y}",
            strength="weak",
        )
