"""Which rows belong together: devices, sessions, or the one where the other fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from whichcam.datasets._schema import Column

GroupBy: TypeAlias = Literal["device", "session", "device_or_session"] | str


def row_groups(column: Callable[[str], Column], by: GroupBy, *, named: bool) -> Column:
    """Return the group of each row; see :meth:`Manifest.groups`.

    ``column`` looks a column up by name, ``named`` says whether the rows have a
    ``camera_model``.
    """
    if by == "device":
        return _devices(column, named=named)
    if by == "session":
        return _sessions(column, named=named)
    if by != "device_or_session":
        return column(by)
    devices = _devices(column, named=named)
    owned: dict[str, set[str]] = {}
    for model, device in zip(column("camera_model"), devices, strict=True):
        owned.setdefault(model, set()).add(device)
    several = [len(owned[model]) > 1 for model in column("camera_model")]
    return np.where(several, devices, _sessions(column, named=named))


def _devices(column: Callable[[str], Column], *, named: bool) -> Column:
    devices = column("device_id")
    if not named:
        return devices
    pairs = zip(column("camera_model"), devices, strict=True)
    return _objects([device or f"{model} / unknown device" for model, device in pairs])


def _sessions(column: Callable[[str], Column], *, named: bool) -> Column:
    sessions = column("session")
    if all(sessions):
        return sessions
    pairs = zip(sessions, _devices(column, named=named), strict=True)
    return _objects([session or f"{device} / no session" for session, device in pairs])


def _objects(cells: list[str]) -> Column:
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
