"""All maps together, weighed by what they were worth on splices of known truth."""

from __future__ import annotations

from typing import Final

import numpy as np

from whichcam._typing import FloatArray, PathLike
from whichcam.localize._cells import box_mean, check_size, heat_of, too_small
from whichcam.localize._consistency import Projection
from whichcam.localize._maps import RawMaps, cell_features, consistency_of, raw_maps
from whichcam.localize._naming import name_regions
from whichcam.localize._parameters import (
    LocalizationParameters,
    Network,
    as_parameters,
)
from whichcam.localize._result import Localization
from whichcam.media import Photo
from whichcam.models import CameraModel

_SMOOTH: Final = 3  # cells: single cells are no objects
_TOP_SHARE: Final = 0.03  # of cells that decide the score: an object of 64 in 384 px
_FITTED_PX: Final = (384, 512)  # sides of the pictures that thresholds were set on


class FusionLocalizer:
    """Map what noise, JPEG grid, earlier compression and camera traces say together.

    A small network looks at the maps of each 8x8 px cell, smoothed and as they are,
    and at how clear each map is in the whole picture. It was fitted on splices whose
    truth is known; thresholds and likelihood ratio were set on devices it had not seen.

    Parameters
    ----------
    parameters : LocalizationParameters or path, optional
        What was fitted; the bundled ones by default.
    model : CameraModel, optional
        Names the areas where there is an alarm; without one they get no names.
    """

    name = "fusion"

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
        odds = fused_odds(raw_maps(photo), fitted.projection, fitted.network)
        score = picture_score(odds)
        heat = heat_of(probability(odds), (photo.height, photo.width))
        mask = heat >= np.float32(fitted.threshold)
        alarm = score >= fitted.score_threshold
        model = self.model if alarm else None
        labels, said = name_regions(photo, mask, model) if alarm else ((), ())
        ratio = fitted.likelihood_ratio
        unlike = _size_warning(photo)
        log10_lr = None if ratio is None else float(ratio.apply([score])[0])
        return Localization(
            method=self.name,
            heatmap=heat,
            mask=mask,
            score=score,
            threshold=fitted.threshold,
            score_threshold=fitted.score_threshold,
            false_alarm_rate=fitted.false_alarm_rate,
            labels=labels,
            log10_lr=log10_lr,
            params={
                "map_id": None if ratio is None else ratio.map_id,
                "size_as_fitted": not unlike,
            },
            warnings=(*unlike, *said),
        )


def fused_odds(maps: RawMaps, projection: Projection, network: Network) -> FloatArray:
    """Return the log odds of each cell, (H // 8, W // 8) float32."""
    features = cell_features(maps, consistency_of(maps, projection))
    odds = network.log_odds(features)
    # without noise, steps and grid anywhere there is nothing that could disagree
    seen = maps.noise.any() or bool(maps.steps.steps) or maps.grid.is_clear
    return smooth_odds(odds) if seen else np.full_like(odds, -np.inf)


def smooth_odds(odds: FloatArray) -> FloatArray:
    """Return bounded log odds without single cells that stand out."""
    return box_mean(np.clip(odds, -12, 12), _SMOOTH)


def probability(odds: FloatArray) -> FloatArray:
    """Return log odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), dtype=np.float32)


def picture_score(odds: FloatArray) -> float:
    """Return the mean log odds of the most suspicious 3 % of cells, -12 at least."""
    values = np.maximum(odds.ravel(), -12)
    n = max(1, round(_TOP_SHARE * values.size))
    return float(np.partition(values, -n)[-n:].mean())


def _size_warning(photo: Photo) -> tuple[str, ...]:
    low, high = _FITTED_PX
    if low <= min(photo.width, photo.height) and max(photo.width, photo.height) <= high:
        return ()
    return (
        f"thresholds were set on pictures of {low} to {high} px a side; false alarms "
        f"are not known for {photo.width}x{photo.height} px",
    )
