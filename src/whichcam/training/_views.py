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
from whichcam.traces import TRACE_SIZE, TRACE_VERSION, network_traces
from whichcam.training._config import TrainingConfig
from whichcam.training._smaller import stored_smaller

Progress = Callable[[str, int, int], None]
_KINDS = ("untouched", "manipulated", "reduced")


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
    parts, rows, skipped = [], [], []
    with _Pool(config.workers) as run:
        for start in starts:
            stored = cache / f"{start:09d}.npz"
            if not stored.exists():
                chosen = range(start, min(start + block, len(paths)))
                found = run(partial(_views_of, config), [paths[k] for k in chosen])
                _store(stored, list(found))
            part = _read(stored)
            parts.append(part)
            for k, error in enumerate(part.errors):
                if error:
                    skipped.append((paths[start + k], error))
                else:
                    rows.append(start + k)
            if progress is not None:
                done = min(start + block, len(paths))
                progress("taking traces", done, len(paths))
    return Views(
        untouched=np.concatenate([part.traces["untouched"] for part in parts]),
        manipulated=np.concatenate([part.traces["manipulated"] for part in parts]),
        reduced=np.concatenate([part.traces["reduced"] for part in parts]),
        tables=tuple(table for part in parts for table in part.tables),
        rows=np.array(rows, dtype=np.int64),
        skipped=tuple(skipped),
    )


def _digest(manifest: Manifest, config: TrainingConfig) -> str:
    """Return a name that changes with anything the traces depend on."""
    parts = [
        manifest.sha256,
        [str(path) for path in manifest.paths],
        [config.crop_size_px, config.n_crops, config.smallest_px, config.seed],
        [list(config.manipulations), config.n_reduced],
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """Views of one file by kind, or the reason why there are none."""

    traces: dict[str, FloatArray]
    table: TableKey | None
    error: str = ""


def _views_of(config: TrainingConfig, path: str) -> _Found:
    counts = {
        "untouched": config.n_crops + 1,
        "manipulated": len(config.manipulations),
        "reduced": config.n_reduced,
    }
    try:
        photo = open_photo(path)
        crops = choose_crops(
            photo.pixels,
            size_px=config.crop_size_px,
            n_crops=config.n_crops,
            smallest_px=config.smallest_px,
        )
    except WhichcamError as error:
        nothing = {k: np.zeros((n, TRACE_SIZE), np.float32) for k, n in counts.items()}
        return _Found(traces=nothing, table=None, error=str(error))
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
    traces = {
        kind: np.reshape(views, (counts[kind], TRACE_SIZE)).astype(np.float32)
        for kind, views in found.items()
    }
    return _Found(traces=traces, table=key)


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """What is stored of some files: traces and tables of the good, all errors."""

    traces: dict[str, npt.NDArray[np.float16]]
    tables: list[TableKey | None]
    errors: list[str]


def _store(path: Path, found: list[_Found]) -> None:
    good = [item for item in found if not item.error]
    keys = [None if item.table is None else list(item.table) for item in good]
    notes = json.dumps([keys, [item.error for item in found]])
    limit = np.finfo(np.float16).max
    arrays: dict[str, npt.NDArray[Any]] = {
        "notes": np.frombuffer(notes.encode(), np.uint8)
    }
    for kind in _KINDS:
        # of all, so that a block without a good file has its shape too
        views = np.stack([item.traces[kind] for item in found])
        chosen = views[[not item.error for item in found]]
        arrays[kind] = np.clip(chosen, -limit, limit).astype(np.float16)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    part.replace(path)  # a block is there whole or not at all


def _read(path: Path) -> _Block:
    with np.load(path, allow_pickle=False) as stored:
        keys, errors = json.loads(stored["notes"].tobytes())
        return _Block(
            traces={kind: stored[kind] for kind in _KINDS},
            tables=[
                None if k is None else TableKey(tuple(k[0]), tuple(k[1]), k[2])
                for k in keys
            ],
            errors=errors,
        )
