"""What a worker can do: one function a verb, from files and options to JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from whichcam import pipelines
from whichcam.errors import ArtifactNotFoundError, WhichcamError
from whichcam.gallery import Gallery
from whichcam.media import Limits, Photo, open_photo, read_header
from whichcam.models import CameraModel
from whichcam.prnu import SearchRange
from whichcam.web._examination import examine, localize, report
from whichcam.web._json import finite

Tell: TypeAlias = Callable[[str, int, int], None]
Params: TypeAlias = dict[str, Any]
Operation: TypeAlias = Callable[["Workbench", Path, Params, Tell], dict[str, Any]]


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


def identify(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Say which camera model took a picture."""
    del folder, tell
    return pipelines.identify(
        bench.photo(params), model=bench.model, top_k=params["top_k"]
    ).to_dict()


def verify(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Compare a picture with an enrolled camera."""
    del folder, tell
    with bench.opened_gallery() as gallery:
        return finite(
            pipelines.verify(
                bench.photo(params),
                params["camera"],
                gallery=gallery,
                search=_search_range(params),
                false_alarm_rate=params["false_alarm_rate"],
            ).to_dict()
        )


def search(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Look for a picture's camera among those enrolled."""
    del folder
    with bench.opened_gallery() as gallery:
        return finite(
            pipelines.search(
                bench.photo(params),
                gallery=gallery,
                k=params["top_k"],
                search=_search_range(params),
                false_alarm_rate=params["false_alarm_rate"],
                progress=lambda done, total: tell("comparing", done, total),
            ).to_dict()
        )


def enroll(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Make a camera's fingerprint of pictures; nothing stays of a cancelled one."""
    del folder
    usable, refused = [], []
    for path in params["paths"]:
        try:
            read_header(path, limits=bench.limits)
        except WhichcamError as error:
            refused.append(
                {"name": path, "sha256": "", "code": "unreadable", "reason": str(error)}
            )
        else:
            usable.append(path)
    name = params["camera"]
    is_done = False
    with bench.opened_gallery(create=True) as gallery:
        try:
            done = pipelines.enroll(
                name,
                usable,
                gallery=gallery,
                align=params["align"],
                keep_edited=params["keep_edited"],
                replace=params["replace"],
                camera_model=params["camera_model"],
                progress=tell,
            ).to_dict()
            is_done = True
        finally:
            if not is_done:
                gallery.discard_staging(name)
    done["left_out"] = [*refused, *done["left_out"]]
    done["n_given"] += len(refused)
    del done["gallery"]  # a path of this machine
    return finite(done)


def import_camera(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Add a camera that was exported."""
    del folder, tell
    with bench.opened_gallery(create=True) as gallery:
        return gallery.import_(params["path"], name=params["camera"]).to_dict()


def _search_range(params: Params) -> SearchRange:
    return SearchRange(
        shifts=params["shifts"],
        window=params["window"],
        rotations=(0, 90, 180, 270) if params["all_turns"] else (0, 180),
        crop=params["crop"],
    )


OPERATIONS: Final[dict[str, Operation]] = {
    "identify": identify,
    "verify": verify,
    "search": search,
    "enroll": enroll,
    "import": import_camera,
    "examine": examine,
    "localize": localize,
    "report": report,
}
