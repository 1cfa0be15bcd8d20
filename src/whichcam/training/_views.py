"""Traces of several views of every photo, taken once and kept on disk for resuming."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._threads import one_thread_each
from whichcam._typing import FloatArray, PathLike, PixelArray
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import ArtifactError, DatasetError, WhichcamError
from whichcam.media import Photo, open_photo
from whichcam.models import TableKey, table_key
from whichcam.signal import GRID, choose_crops
from whichcam.traces import TRACE_SIZE, network_traces
from whichcam.training._config import TrainingConfig
from whichcam.training._smaller import stored_smaller
from whichcam.training._view_files import (
    PhotoViews,
    read_views,
    sha256_of,
    store_of,
    view_file,
    write_views,
)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """Traces of the photos of a manifest.

    Parameters
    ----------
    untouched : ndarray of shape (n, n_crops + 1, TRACE_SIZE), float16
        First the crops that are looked at when a photo is identified, then one at a
        random place of the grid.
    manipulated : ndarray of shape (n, n_manipulations, TRACE_SIZE), float16
        One crop of each manipulated copy.
    reduced : ndarray of shape (n, n_reduced, TRACE_SIZE), float16
        One crop of each copy at a smaller size, as the camera might have stored it.
    tables : tuple of TableKey or None
        Quantisation tables of each file.
    rows : ndarray of shape (n,), int64
        Row of the manifest of each photo: files that cannot be used are left out.
    skipped : tuple of (str, str)
        Path and reason of each file left out.
    """

    untouched: npt.NDArray[np.float16]
    manipulated: npt.NDArray[np.float16]
    reduced: npt.NDArray[np.float16]
    tables: tuple[TableKey | None, ...]
    rows: npt.NDArray[np.int64]
    skipped: tuple[tuple[str, str], ...]


def take_views(
    manifest: Manifest, config: TrainingConfig, folder: Path, progress: Progress | None
) -> Views:
    """Take the traces of all views, or read those that an earlier run has taken.

    Each photo's are kept in a file of their own, named by its bytes: a run that is
    killed loses those in hand, and runs on other photos, or other folds, may share a
    folder.
    """
    if not len(manifest):
        raise DatasetError(
            "the manifest holds no photo; training needs at least two models"
        )
    store = store_of(config, folder)
    store.mkdir(parents=True, exist_ok=True)
    paths = [str(path) for path in manifest.paths]
    files, rows, skipped = [], [], []
    with _Pool(config.workers) as run:
        kept = run(partial(_kept, config, store), paths)
        for row, (name, error) in enumerate(kept):
            if error:
                skipped.append((paths[row], error))
            else:
                files.append(store / name)
                rows.append(row)
            if progress is not None:
                progress("taking traces", row + 1, len(paths))
    # one array for all from the start: at hundreds of kilobytes a photo, a copy counts
    traces = {
        kind: np.empty((len(files), count, TRACE_SIZE), np.float16)
        for kind, count in _counts(config).items()
    }
    tables = []
    for number, file in enumerate(files):
        found = read_views(file)
        for kind, views in found.traces.items():
            traces[kind][number] = views
        tables.append(found.table)
    return Views(
        untouched=traces["untouched"],
        manipulated=traces["manipulated"],
        reduced=traces["reduced"],
        tables=tuple(tables),
        rows=np.array(rows, dtype=np.int64),
        skipped=tuple(skipped),
    )


def sample_traces(views: Views, count: int) -> FloatArray:
    """Return some untouched traces, to compare the exported network on."""
    step = max(1, len(views.untouched) // count)
    return views.untouched[::step, 0][:count].astype(np.float32)


def keep_views(photo: Photo, config: TrainingConfig, folder: PathLike) -> None:
    """Take the traces of a photo that training will ask for, unless they are kept.

    Parameters
    ----------
    photo : Photo
        Decoded photo.
    config : TrainingConfig
        Settings of the training.
    folder : path
        As given to `train` as ``views``.

    Raises
    ------
    ImageTooSmallError
        If the photo is smaller than a crop.
    ArtifactError
        If the traces cannot be written.
    """
    file = store_of(config, Path(folder)) / view_file(photo.sha256)
    if not file.is_file():
        write_views(file, _views_of(config, photo))


def _kept(config: TrainingConfig, store: Path, path: str) -> tuple[str, str]:
    """Return where the traces of a file are kept, or why there are none."""
    try:
        name = view_file(sha256_of(path))
        if not (store / name).is_file():
            photo = open_photo(path)
            name = view_file(photo.sha256)
            write_views(store / name, _views_of(config, photo))
    except ArtifactError:
        raise  # no other photo would fare better
    except WhichcamError as error:
        return "", str(error)
    return name, ""


def _counts(config: TrainingConfig) -> dict[str, int]:
    return {
        "untouched": config.n_crops + 1,
        "manipulated": len(config.manipulations),
        "reduced": config.n_reduced,
    }


class _Pool:
    """Map over processes whose numeric libraries keep to one thread each."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Callable[[Callable[[str], Any], list[str]], Iterator[Any]]:
        if self._workers == 1:
            return lambda work, items: iter([work(item) for item in items])
        self._stack.enter_context(one_thread_each())
        self._executor = ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn")
        )
        executor = self._executor
        return lambda work, items: executor.map(work, items, chunksize=4)

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
        self._stack.close()


def _views_of(config: TrainingConfig, photo: Photo) -> PhotoViews:
    crops = choose_crops(
        photo.pixels,
        size_px=config.crop_size_px,
        n_crops=config.n_crops,
        smallest_px=config.smallest_px,
    )
    # of the content, so that neither order nor folder changes the views
    seed = int(photo.sha256[:8], 16) ^ config.seed
    rng = np.random.default_rng(seed)
    untouched = [_traces_at(photo.pixels, *crop) for crop in crops]
    untouched = [untouched[k % len(untouched)] for k in range(config.n_crops)]
    untouched.append(_random_crop(photo.pixels, config, rng))
    source = _middle(photo.pixels, config)
    key = table_key(photo.jpeg)
    found = {
        "untouched": untouched,
        "manipulated": [
            _random_crop(manipulate(source, name, seed=seed), config, rng)
            for name in config.manipulations
        ],
        "reduced": [
            _random_crop(stored_smaller(source, key, rng), config, rng)
            for _ in range(config.n_reduced)
        ],
    }
    limit = np.finfo(np.float16).max
    traces = {
        kind: np.clip(np.reshape(views, (count, TRACE_SIZE)), -limit, limit)
        for (kind, views), count in zip(
            found.items(), _counts(config).values(), strict=True
        )
    }
    return PhotoViews(
        traces={kind: views.astype(np.float16) for kind, views in traces.items()},
        table=key,
    )


def _middle(pixels: PixelArray, config: TrainingConfig) -> PixelArray:
    """Cut what a manipulated crop needs at most from the middle of a large picture."""
    side = config.crop_size_px * 3
    top = max(0, (pixels.shape[0] - side) // 2) // GRID * GRID
    left = max(0, (pixels.shape[1] - side) // 2) // GRID * GRID
    return pixels[top : top + side, left : left + side]


def _random_crop(
    pixels: PixelArray, config: TrainingConfig, rng: np.random.Generator
) -> FloatArray:
    """Take traces at a random place of the grid of the (new) picture."""
    height = min(config.crop_size_px, pixels.shape[0] // GRID * GRID)
    width = min(config.crop_size_px, pixels.shape[1] // GRID * GRID)
    if min(height, width) < 64:  # halved below what traces need: enlarge by mirroring
        pixels = np.pad(pixels, ((0, 64), (0, 64), (0, 0)), mode="symmetric")
        height, width = max(height, 64), max(width, 64)
    top = int(rng.integers((pixels.shape[0] - height) // GRID + 1)) * GRID
    left = int(rng.integers((pixels.shape[1] - width) // GRID + 1)) * GRID
    return _traces_at(pixels, top, left, height, width)


def _traces_at(
    pixels: PixelArray, top: int, left: int, height: int, width: int
) -> FloatArray:
    return network_traces(pixels[top : top + height, left : left + width])
