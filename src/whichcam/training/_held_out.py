"""What networks say of photos that cross-validation held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from whichcam._typing import IntArray
from whichcam.datasets import FrameSize, listed_frame_sizes
from whichcam.models import FileStatistics, FrameSizes, Regime, TableKey
from whichcam.models.fusion import RawOutput
from whichcam.training._config import TrainingConfig
from whichcam.training._fit import fit_network
from whichcam.training._folds import UNKNOWN, Fold
from whichcam.training._labelled import LabelledPhotos
from whichcam.training._network import TraceNetwork
from whichcam.training._views import Views

REDUCED = "smaller copies"
_MANIPULATED_SAMPLES = 3  # manipulated views of a held-out photo that calibrate
_REDUCED_SIDE = 0.65  # of a frame, the middle of what smaller copies are drawn from

_Answers: TypeAlias = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
_Item: TypeAlias = tuple[RawOutput, int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldOut:
    """Raw outputs of held-out photos in one regime, and the truth about them."""

    raw: tuple[RawOutput, ...]
    labels: IntArray  # -1: of a model the fold's network never saw
    kinds: tuple[str, ...]
    devices: tuple[str, ...]


def held_out_outputs(
    views: Views,
    data: LabelledPhotos,
    folds: Sequence[Fold],
    config: TrainingConfig,
    fold_done: Callable[[int, int], None] | None = None,
) -> Mapping[Regime, HeldOut]:
    """Train a network on each fold and look at what it was not shown.

    Returns
    -------
    mapping of {"frame", "file", "pixels"} to HeldOut
    """
    found: dict[Regime, list[_Item]] = {"frame": [], "file": [], "pixels": []}
    rng = np.random.default_rng(config.seed)
    for number, fold in enumerate(folds):
        network = fit_network(
            views,
            fold.train,
            data.labels,
            data.devices,
            data.sessions,
            len(data.makes),
            config,
            seed=config.seed + 1 + number,
        )
        known = _KnownFiles.of(views, data, fold.train)
        for photo, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True):
            label = -1 if kind == UNKNOWN else int(data.labels[photo])
            truth = (label, kind, data.devices[photo])
            crops = _answers(network, views.untouched[photo, : config.n_crops])
            key, size = views.tables[photo], data.frame_sizes[photo]
            name = data.classes[data.labels[photo]]
            if key is not None:
                for raw in known.outputs(crops, key, size):
                    found[raw.regime].append((raw, *truth))
                # the next photo may be of another size than those learnt from
                for view in range(min(1, views.reduced.shape[1])):
                    smaller = _answers(network, views.reduced[photo, view : view + 1])
                    again = (
                        label,
                        UNKNOWN if label < 0 else REDUCED,
                        data.devices[photo],
                    )
                    for raw in known.outputs(smaller, key, _smaller(size, name)):
                        found[raw.regime].append((raw, *again))
            found["pixels"].append((_pixels(crops), *truth))
            n_views = views.manipulated.shape[1]
            some = rng.permutation(n_views)[:_MANIPULATED_SAMPLES]
            for view in some:
                touched = _answers(network, views.manipulated[photo, view : view + 1])
                found["pixels"].append((_pixels(touched), *truth))
        if fold_done is not None:
            fold_done(number + 1, len(folds))
    return {name: _held_out(items) for name, items in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _KnownFiles:
    """What the files of a fold's training photos teach."""

    tables: FileStatistics
    frames: FrameSizes

    @classmethod
    def of(cls, views: Views, data: LabelledPhotos, train: IntArray) -> Self:
        rows, labels = train.tolist(), data.labels[train].tolist()
        return cls(
            tables=FileStatistics.fit(
                [views.tables[row] for row in rows], labels, data.makes
            ),
            frames=FrameSizes.fit(
                [data.frame_sizes[row] for row in rows], labels, data.classes
            ),
        )

    def outputs(
        self, answers: _Answers, key: TableKey, size: FrameSize | None
    ) -> Iterator[RawOutput]:
        """Yield a photo as met without its frame's size, and with it if it is known."""
        tables = self.tables.log_likelihood(key)
        yield RawOutput(untouched=answers[0], robust=answers[1], tables=tables)
        if size is not None:
            yield RawOutput(
                untouched=answers[0],
                robust=answers[1],
                tables=tables,
                frame=self.frames.log_likelihood(size),
            )


def _smaller(size: FrameSize | None, camera_model: str) -> FrameSize | None:
    """Return the size that a smaller copy might have been stored at.

    The nearest on the camera's menu to what copies are drawn from, else just that.
    """
    if size is None:
        return None
    wanted = size.long_px * _REDUCED_SIDE
    menu = [own for own in listed_frame_sizes(camera_model)[1:] if own < size]
    if menu:
        return min(menu, key=lambda own: abs(own.long_px - wanted))
    long_px, short_px = (max(1, round(side * _REDUCED_SIDE / 8) * 8) for side in size)
    return FrameSize(long_px, short_px)


def _answers(network: TraceNetwork, crops: npt.NDArray[np.float16]) -> _Answers:
    """Return both experts' logits, each of shape (n_crops, n_classes)."""
    with torch.no_grad():
        untouched, robust, _ = network.answer(torch.from_numpy(crops))
    return untouched.numpy(), robust.numpy()


def _pixels(answers: _Answers) -> RawOutput:
    return RawOutput(untouched=answers[0], robust=answers[1], tables=None)


def _held_out(items: list[_Item]) -> HeldOut:
    return HeldOut(
        raw=tuple(item[0] for item in items),
        labels=np.array([item[1] for item in items], dtype=np.int64),
        kinds=tuple(item[2] for item in items),
        devices=tuple(item[3] for item in items),
    )
