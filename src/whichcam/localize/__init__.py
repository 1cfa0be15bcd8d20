"""Heat maps: which part of a picture does not go with the rest.

One file a method, one result (`Localization`), one registry (`LOCALIZERS`). A map says
where the traces of a camera disagree; it never says why, and never "fake".
"""

from whichcam.localize._consistency import Projection
from whichcam.localize._parameters import LocalizationParameters, Network
from whichcam.localize._registry import LOCALIZERS, Localizer, build_localizer
from whichcam.localize._result import Localization, Region

__all__ = [
    "LOCALIZERS",
    "Localization",
    "LocalizationParameters",
    "Localizer",
    "Network",
    "Projection",
    "Region",
    "build_localizer",
]
