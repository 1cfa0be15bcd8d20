"""Traces of several views of every photo, taken once and kept on disk for resuming."""

from __future__ import annotations

import hashlib
import json
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
from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import DatasetError, WhichcamError
from whichcam.media import open_photo
from whichcam.models import TableKey, table_key
from whichcam.signal import GRID, choose_crops
from whichcam.traces import TRACE_SIZE, TRACE_VERSION, processing_traces
from whichcam.training._config import TrainingConfig

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
    tables : tuple of TableKey or None
        Quantisation tables of each file.
    rows : ndarray of shape (n,), int64
        Row of the manifest of each photo: files that cannot be used are left out.
    skipped : tuple of (str, str)
        Path and reason of each file left out.
    """

    untouched: npt.NDArray[np.float16]
    manipulated: npt.NDArray[np.float16]
    tables: tuple[TableKey | None, ...]
    rows: npt.NDArray[np.int64]
    skipped: tuple[tuple[str, str], ...]


def take_views(
    manifest: Manifest, config: TrainingConfig, folder: Path, progress: Progress | None
) -> Views:
    """Take the traces of all views, or read those that an earlier run has taken.

    Photos are worked on in blocks; a block is written when it is whole, so that a run
    that is killed loses at most one.
    """
    if not len(manifest):
        raise DatasetError(
            "the manifest holds no photo; training needs at least two models"
        )
    cache = folder / f"views-{_digest(manifest, config)}"
    cache.mkdir(parents=True, exist_ok=True)
    paths = [str(path) for path in manifest.paths]
    block = 64
    starts = range(0, len(paths), block)
    untouched, manipulated, tables, rows, skipped = [], [], [], [], []
    with _Pool(config.workers) as run:
        for start in starts:
            stored = cache / f"{start:09d}.npz"
            if not stored.exists():
                chosen = range(start, min(start + block, len(paths)))
                found = run(partial(_views_of, config), [paths[k] for k in chosen])
                _store(stored, list(found))
            part_u, part_m, part_t, errors = _read(stored)
            untouched.append(part_u)
            manipulated.append(part_m)
            tables += [k for k, error in zip(part_t, errors, strict=True) if not error]
            for k, error in enumerate(errors):
                if error:
                    skipped.append((paths[start + k], error))
                else:
                    rows.append(start + k)
            if progress is not None:
                done = min(start + block, len(paths))
                progress("taking traces", done, len(paths))
    return Views(
        untouched=np.concatenate(untouched),
        manipulated=np.concatenate(manipulated),
        tables=tuple(tables),
        rows=np.array(rows, dtype=np.int64),
        skipped=tuple(skipped),
    )


def _digest(manifest: Manifest, config: TrainingConfig) -> str:
    """Return a name that changes with anything the traces depend on."""
    parts = [
        manifest.sha256,
        [str(path) for path in manifest.paths],
        [config.crop_size_px, config.n_crops, config.smallest_px, config.seed],
        list(config.manipulations),
        TRACE_VERSION,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


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


_Found = tuple[FloatArray, FloatArray, TableKey | None, str]


def _views_of(config: TrainingConfig, path: str) -> _Found:
    """Return the untouched and manipulated views of one file, or the reason why not."""
    n_untouched = config.n_crops + 1
    try:
        photo = open_photo(path)
        crops = choose_crops(
            photo.pixels,
            size_px=config.crop_size_px,
            n_crops=config.n_crops,
            smallest_px=config.smallest_px,
        )
    except WhichcamError as error:
        return (
            np.zeros((n_untouched, TRACE_SIZE), np.float32),
            np.zeros((len(config.manipulations), TRACE_SIZE), np.float32),
            None,
            str(error),
        )
    # of the content, so that neither order nor folder changes the views
    seed = int(photo.sha256[:8], 16) ^ config.seed
    rng = np.random.default_rng(seed)
    untouched = [_traces_at(photo.pixels, *crop) for crop in crops]
    untouched = [untouched[k % len(untouched)] for k in range(config.n_crops)]
    untouched.append(_random_crop(photo.pixels, config, rng))
    source = _middle(photo.pixels, config)
    manipulated = [
        _random_crop(manipulate(source, name, seed=seed), config, rng)
        for name in config.manipulations
    ]
    return np.stack(untouched), np.stack(manipulated), table_key(photo.jpeg), ""


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
    return processing_traces(pixels[top : top + height, left : left + width])


def _store(path: Path, found: list[_Found]) -> None:
    keys = [None if key is None else list(key) for _, _, key, _ in found]
    errors = [error for *_, error in found]
    good = [k for k, error in enumerate(errors) if not error]
    limit = np.finfo(np.float16).max
    arrays = {
        "untouched": np.clip(np.stack([item[0] for item in found]), -limit, limit),
        "manipulated": np.clip(np.stack([item[1] for item in found]), -limit, limit),
    }
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(
            file,
            untouched=arrays["untouched"][good].astype(np.float16),
            manipulated=arrays["manipulated"][good].astype(np.float16),
            notes=np.frombuffer(json.dumps([keys, errors]).encode(), np.uint8),
        )
    part.replace(path)  # a block is there whole or not at all


def _read(
    path: Path,
) -> tuple[
    npt.NDArray[np.float16],
    npt.NDArray[np.float16],
    list[TableKey | None],
    list[str],
]:
    with np.load(path, allow_pickle=False) as stored:
        keys, errors = json.loads(stored["notes"].tobytes())
        return (
            stored["untouched"],
            stored["manipulated"],
            [
                None if k is None else TableKey(tuple(k[0]), tuple(k[1]), k[2])
                for k in keys
            ],
            errors,
        )
