"""Build a manifest from folders, the SP Cup's layout, or a table of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from whichcam._typing import PathLike
from whichcam.datasets._describe import Progress, describe_files
from whichcam.datasets._files import SkippedFile
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._schema import canonical_names
from whichcam.datasets._table_io import read_cells
from whichcam.datasets._walk import find_pictures
from whichcam.errors import DatasetNotFoundError, InputError, ManifestError

_LEVELS: Final = {"camera", "device", "session", "*"}
_SP_CUP_TEST: Final = re.compile(
    r"img_[0-9a-zA-Z]+_(unalt|manip)\.tiff?", re.IGNORECASE
)


def index_folders(
    root: PathLike,
    *,
    layout: Sequence[str] = ("camera", "device", "session"),
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
) -> Manifest:
    """Index pictures sorted into one folder a camera.

    Parameters
    ----------
    root : path-like
        Holds the cameras' folders. Pictures directly in it are skipped: no folder
        names their camera.
    layout : sequence of {"camera", "device", "session", "*"}
        What each level of folders names, from ``root`` down; ``"*"`` names nothing.
        Levels may be absent below the camera; deeper ones mean nothing. A camera's
        pictures in no device folder count as one device.
    progress, workers, journal
        As in `describe_files`.

    Returns
    -------
    Manifest
        ``camera_model`` is the folder's name as it is: rename folders, or map the
        column, to merge classes. ``device_id`` and ``session`` begin with it, since
        a folder named "1" in two cameras is not one device. What could not be read
        stands in ``skipped``.

    Raises
    ------
    DatasetNotFoundError
        If there is no such folder or no picture in it.
    InputError
        If the layout has no or two cameras, or unknown words.
    DatasetError
        If a worker process dies.
    """
    named = [level for level in layout if level != "*"]
    if "camera" not in layout or len(set(named)) < len(named) or set(layout) - _LEVELS:
        raise InputError(
            f"layout is {tuple(layout)}; expected 'camera' once, 'device' and "
            "'session' at most once, and '*' for levels that name nothing"
        )
    pictures, skipped = find_pictures(root)
    rows: list[dict[str, object]] = []
    for path in pictures:
        names = dict(zip(layout, path.parts[:-1], strict=False))
        if "camera" not in names:
            reason = "it lies above the folders that name cameras"
            skipped.append(SkippedFile(path=path.as_posix(), reason=reason))
            continue
        camera = names["camera"]
        device = f"{camera}/{names['device']}" if "device" in names else camera
        session = f"{device}/{names['session']}" if "session" in names else ""
        rows.append(
            {
                "path": path.as_posix(),
                "camera_model": camera,
                "device_id": device,
                "session": session,
            }
        )
    found = Manifest.from_rows(rows, root, skipped=skipped)
    return describe_files(found, progress=progress, workers=workers, journal=journal)


def index_kaggle(
    root: PathLike,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
) -> Manifest:
    """Index the layout of the IEEE Signal Processing Cup 2018 as Kaggle gives it.

    Parameters
    ----------
    root : path-like
        Holds ``train/<model>/(<model>)<n>.jpg``, ``test/img_<id>_unalt.tif`` and
        ``test/img_<id>_manip.tif``, or one of the two folders.
    progress, workers, journal
        As in `describe_files`.

    Returns
    -------
    Manifest
        ``split`` is ``train`` or ``test``; ``manipulated`` is ``false`` or ``true``.
        Training pictures of a model are of one device, named ``<model>-1``; models
        and devices of test pictures are blank.

    Raises
    ------
    DatasetNotFoundError
        If neither folder is there, or no picture is in them.
    DatasetError
        If a worker process dies.
    """
    folder = Path(root)
    if not any((folder / name).is_dir() for name in ("train", "test")):
        raise DatasetNotFoundError(
            f"no folder 'train' or 'test' in {folder}; expected the layout of the SP "
            "Cup: train/<model>/(<model>)1.jpg, test/img_<id>_unalt.tif"
        )
    pictures, skipped = find_pictures(root)
    rows: list[dict[str, object]] = []
    for path in pictures:
        row = _kaggle_row(path)
        if row is None:
            reason = "it is neither train/<model>/*.jpg nor test/img_*_unalt|manip.tif"
            skipped.append(SkippedFile(path=path.as_posix(), reason=reason))
        else:
            rows.append(row)
    found = Manifest.from_rows(rows, root, skipped=skipped)
    return describe_files(found, progress=progress, workers=workers, journal=journal)


def _kaggle_row(path: Path) -> dict[str, object] | None:
    row: dict[str, object] = {"path": path.as_posix(), "split": path.parts[0]}
    if path.parts[0] == "train" and len(path.parts) == 3:
        model = path.parts[1]
        # The competition's rules: one device a model in the training set.
        labels = {"camera_model": model, "device_id": f"{model}-1"}
        return row | labels | {"manipulated": "false"}
    named = _SP_CUP_TEST.fullmatch(path.name)
    if path.parts[0] == "test" and len(path.parts) == 2 and named:
        manipulated = "true" if named[1].lower() == "manip" else "false"
        labels = {"camera_model": "", "device_id": "", "manipulated": manipulated}
        return row | labels
    return None


def index_csv(
    table: PathLike,
    *,
    columns: Mapping[str, str] | None = None,
    root: PathLike | None = None,
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
) -> Manifest:
    """Index the pictures that a table of one's own lists.

    Parameters
    ----------
    table : path-like
        A CSV (UTF-8, commas, with a header) or Parquet file.
    columns : mapping of str to str, optional
        From the table's column names to the manifest's, such as
        ``{"filename": "path", "label": "camera_model"}``. Other columns are kept.
    root : path-like, optional
        Where relative paths start; the table's folder where not given.
    progress, workers, journal
        As in `describe_files`.

    Returns
    -------
    Manifest
        Size and hashes are what the files hold, whatever the table said.

    Raises
    ------
    DatasetNotFoundError
        If there is no such table.
    ManifestError
        If it is no such table, lacks a mapped column or breaks the schema.
    DatasetError
        If a worker process dies.
    """
    file = Path(table)
    cells = read_cells(file)
    renamed: dict[str, Any] = {}
    wanted = {canonical_names([k])[0]: v for k, v in (columns or {}).items()}
    for missing in sorted(wanted.keys() - cells.keys()):
        raise ManifestError(
            f"{file.name}: row 1, column {missing!r}: missing; found {list(cells)}"
        )
    for name, values in cells.items():
        target = wanted.get(name, name)
        if target in renamed:
            raise ManifestError(
                f"{file.name}: row 1: two columns would be {target!r}; map one of them "
                "to another name"
            )
        renamed[target] = values
    found = Manifest(renamed, file.parent if root is None else root)
    return describe_files(found, progress=progress, workers=workers, journal=journal)
