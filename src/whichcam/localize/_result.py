"""What every localizer returns."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from whichcam._typing import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One area of a picture, and the known camera model that it resembles most.

    Parameters
    ----------
    box : (int, int, int, int)
        Bounding box ``(top, left, height, width)`` in px.
    area : float
        Share of the picture's pixels, in [0, 1].
    suspicious : bool
        True for an area of the map, False for the rest of the picture.
    camera_model : str or None
        The known camera model whose traces it resembles most; None where the area is
        too small to ask.
    probability : float or None
        Of that model among the known ones, in [0, 1]; None without a model.
    """

    box: tuple[int, int, int, int]
    area: float
    suspicious: bool
    camera_model: str | None = None
    probability: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "box": list(self.box),
            "area": self.area,
            "suspicious": self.suspicious,
            "camera_model": self.camera_model,
            "probability": self.probability,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Localization:
    """Where a picture disagrees with itself, as one method sees it.

    Parameters
    ----------
    method : str
        A key of `LOCALIZERS`.
    heatmap : ndarray of shape (H, W), float32
        Of the picture's size, in [0, 1]; 1 is most suspicious.
    mask : ndarray of shape (H, W), bool, or None
        Where the heat map reaches ``threshold``; None for methods without one.
    score : float or None
        Of the whole picture, higher is more suspicious; None where the method has no
        score that means the same in two pictures.
    threshold : float or None
        Of the heat map, for ``mask``.
    score_threshold : float or None
        Of ``score``; at or above it the method gives an alarm.
    false_alarm_rate : float or None
        Share of untouched pictures of validation cameras whose score reaches
        ``score_threshold``, in [0, 1].
    labels : tuple of Region
        What the areas resemble; empty for methods that cannot say.
    log10_lr : float or None
        Log10 likelihood ratio of "a part comes from another camera" against "one
        camera took it all", calibrated and bounded; None where there is none.
    params : mapping
        What the method worked with, JSON-ready.
    warnings : tuple of str
        What makes the map less sure than it looks.
    """

    method: str
    heatmap: FloatArray
    mask: BoolArray | None = None
    score: float | None = None
    threshold: float | None = None
    score_threshold: float | None = None
    false_alarm_rate: float | None = None
    labels: tuple[Region, ...] = ()
    log10_lr: float | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def alarm(self) -> bool | None:
        """Whether the score reaches its threshold; None where either is missing."""
        if self.score is None or self.score_threshold is None:
            return None
        return self.score >= self.score_threshold

    @property
    def suspicious_area(self) -> float | None:
        """Share of the picture inside the mask, in [0, 1]; None without a mask."""
        return None if self.mask is None else float(self.mask.mean())

    def to_dict(self, *, with_heatmap: bool = False) -> dict[str, Any]:
        """Return JSON-ready values.

        Parameters
        ----------
        with_heatmap : bool, default False
            Add the heat map as a grey PNG in base64, 0 to 255 for 0 to 1.
        """
        height, width = self.heatmap.shape
        plain: dict[str, Any] = {
            "method": self.method,
            "width": width,
            "height": height,
            "highest": float(self.heatmap.max()),
            "suspicious_area": self.suspicious_area,
            "score": self.score,
            "threshold": self.threshold,
            "score_threshold": self.score_threshold,
            "false_alarm_rate": self.false_alarm_rate,
            "alarm": self.alarm,
            "log10_lr": self.log10_lr,
            "labels": [label.to_dict() for label in self.labels],
            "params": dict(self.params),
            "warnings": list(self.warnings),
        }
        if with_heatmap:
            plain["heatmap_png_base64"] = _png_base64(self.heatmap)
        return plain


def _png_base64(heatmap: FloatArray) -> str:
    from PIL import Image

    levels = np.round(heatmap * np.float32(255)).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode("ascii")
