"""What a worker keeps between tasks, and how it is asked and heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from whichcam import pipelines
from whichcam.errors import ArtifactNotFoundError
from whichcam.gallery import Gallery
from whichcam.media import Limits, Photo, open_photo
from whichcam.models import CameraModel

Tell: TypeAlias = Callable[[str, int, int], None]
Params: TypeAlias = dict[str, Any]


class Workbench:
    """What a worker keeps between tasks: the model, and where the gallery is.

    Parameters
    ----------
    model, gallery : str or None
        Their folders; None for the defaults.
    max_pixels, max_bytes : int
        Bounds of a picture.
    """

    def __init__(
        self,
        *,
        model: str | None,
        gallery: str | None,
        max_pixels: int,
        max_bytes: int,
    ) -> None:
        self.model = CameraModel.bundled() if model is None else CameraModel.load(model)
        self.gallery = gallery
        self.limits = Limits(max_pixels=max_pixels, max_bytes=max_bytes)

    def about(self) -> dict[str, Any]:
        """Return what is told of the model."""
        model = self.model
        families = {
            name: [
                one
                for one, family in zip(model.classes, model.families, strict=True)
                if family == name
            ]
            for name in dict.fromkeys(model.families)
        }
        return {
            "model_id": model.model_id,
            "method": model.spec.method,
            "licence": model.spec.licence,
            "whichcam_version": model.spec.whichcam_version,
            "cameras": [
                {"camera_model": name, "make": make}
                for name, make in zip(model.classes, model.makes, strict=True)
            ],
            "families": [
                {"name": name, "members": members} for name, members in families.items()
            ],
        }

    def warm_up(self) -> None:
        """Look at a picture of noise once, so that the first real one is not slow."""
        side = max(512, self.model.spec.crop_size_px)
        noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
        pipelines.identify(Photo.from_pixels(noise, name="noise"), model=self.model)

    def photo(self, params: Params) -> Photo:
        """Open the picture of a task, under its sender's name."""
        path = Path(params["path"])
        photo = open_photo(
            path, limits=self.limits, allow_truncated=params["allow_truncated"]
        )
        name = params["names"][params["path"]]
        return replace(photo, header=replace(photo.header, name=name))

    def has_gallery(self) -> bool:
        """Say whether there are enrolled cameras to compare with."""
        try:
            with self.opened_gallery() as gallery:
                return len(gallery) > 0
        except ArtifactNotFoundError:
            return False

    @contextmanager
    def opened_gallery(self, *, create: bool = False) -> Iterator[Gallery]:
        """Open the gallery for one task."""
        with Gallery.open(self.gallery, create=create) as gallery:
            yield gallery
