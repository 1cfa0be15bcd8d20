"""Names of localizers and where they live; add one line to add a method."""

from __future__ import annotations

from typing import Any, Protocol

from whichcam._registry import load
from whichcam.localize._result import Localization
from whichcam.media import Photo

_HERE = "whichcam.localize"

LOCALIZERS = {
    "camera_consistency": f"{_HERE}._camera_consistency:CameraConsistencyLocalizer",
    "double_compression": f"{_HERE}._double_compression:DoubleCompressionLocalizer",
    "fusion": f"{_HERE}._fusion:FusionLocalizer",
    "jpeg_grid": f"{_HERE}._jpeg_grid:JPEGGridLocalizer",
    "noise_level": f"{_HERE}._noise_level:NoiseLevelLocalizer",
    "prnu_absence": f"{_HERE}._prnu_absence:PRNUAbsenceLocalizer",
}
"""Registry name to ``module:attribute`` of every localizer."""


class Localizer(Protocol):
    """What all localizers share: whether they apply to a photo, and their map of it."""

    name: str
    """Its key in `LOCALIZERS`."""

    def applies_to(self, photo: Photo) -> str | None:
        """Return None if the photo can be looked at, else the reason why not."""

    def localize(self, photo: Photo) -> Localization:
        """Return the map of a photo, which is left as it is.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than 128 px.
        """


def build_localizer(name: str, **settings: Any) -> Localizer:
    """Return the localizer of this name.

    Parameters
    ----------
    name : str
        A key of `LOCALIZERS`.
    **settings
        Constructor arguments of the method.

    Raises
    ------
    UnknownNameError
        If no localizer has this name.
    """
    built: Localizer = load(LOCALIZERS, name, what="localizer")(**settings)
    return built
