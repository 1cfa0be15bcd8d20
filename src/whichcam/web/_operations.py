"""What a worker can do: one function a verb, from files and options to JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from whichcam import pipelines
from whichcam.errors import WhichcamError
from whichcam.media import read_header
from whichcam.prnu import SearchRange
from whichcam.web._examination import examine, localize, report
from whichcam.web._json import finite
from whichcam.web._workbench import Params, Tell, Workbench

Operation: TypeAlias = Callable[[Workbench, Path, Params, Tell], dict[str, Any]]


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
