"""Areas whose traces of in-camera processing are not those of the picture."""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray, PathLike
from whichcam.localize._area_traces import area_traces
from whichcam.localize._cells import check_size, heat_of, too_small
from whichcam.localize._consistency import Consistency, consistency
from whichcam.localize._maps import to_cells
from whichcam.localize._naming import name_regions
from whichcam.localize._parameters import LocalizationParameters, as_parameters
from whichcam.localize._result import Localization
from whichcam.media import Photo
from whichcam.models import CameraModel

_THRESHOLD = 0.5  # of the heat map: even odds


class CameraConsistencyLocalizer:
    """Map the areas that another camera seems to have taken, and name what they are.

    Counts of neighbouring third differences, energies and correlations of residuals
    are gathered in windows of 64 px and projected on the directions in which cameras
    differ more than the parts of one picture do. A window is suspicious as far as it
    lies from the picture's median, and if it belongs to the smaller of two groups.
    The bundled camera-model network then names what camera each side resembles.

    Parameters
    ----------
    parameters : LocalizationParameters or path, optional
        Where the directions come from; the bundled ones by default.
    model : CameraModel, optional
        Names the areas; without one the map names none.

    References
    ----------
    .. [1] D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image
       splicing detector", IEEE International Workshop on Information Forensics and
       Security, 2015, doi:10.1109/WIFS.2015.7368565.
    """

    name = "camera_consistency"

    def __init__(
        self,
        *,
        parameters: LocalizationParameters | PathLike | None = None,
        model: CameraModel | None = None,
    ) -> None:
        self.parameters = parameters
        self.model = model

    def applies_to(self, photo: Photo) -> str | None:
        """Return None if the photo is large enough, else why not."""
        return too_small(photo)

    def localize(self, photo: Photo) -> Localization:
        """Return the map of a photo.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than 128 px.
        ArtifactError
            If the parameters cannot be used.
        """
        check_size(photo)
        fitted = as_parameters(self.parameters)
        found = consistency(area_traces(photo.pixels), fitted.projection)
        shape = (photo.height, photo.width)
        heat = heat_of(_heat(found, shape), shape)
        mask = heat >= _THRESHOLD
        labels, said = name_regions(photo, mask, self.model)
        return Localization(
            method=self.name,
            heatmap=heat,
            mask=mask,
            threshold=_THRESHOLD,
            labels=labels,
            params={"window_px": 64, "gain_of_two_groups": round(found.gain, 3)},
            warnings=said,
        )


def _heat(found: Consistency, shape: tuple[int, int]) -> FloatArray:
    """Return the odds of both maps together as a probability, by cell."""
    cells = (shape[0] // 8, shape[1] // 8)
    # a group that explains nothing better than one camera would is no evidence
    worth = found.gain / (found.gain + 10) if found.gain > 0 else 0.0
    odds = worth * np.clip(found.division, -12, 12) + 0.5 * np.clip(
        found.distance, -12, 12
    )
    # two in a hundred: what is to be expected of an area before anything is seen
    posterior = to_cells(odds, cells) - np.float32(np.log(49))
    return np.asarray(1 / (1 + np.exp(-posterior)), dtype=np.float32)
