"""What a network of patches is shown: drawn anew each epoch, the same for a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray, PixelArray
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import ImageTooSmallError
from whichcam.methods._patches import at_least, cut, patch_places
from whichcam.methods._prefetch import prefetched
from whichcam.methods._windows import changed_patch, window_px
from whichcam.signal import GRID


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedPatches:
    """What a training of a network over patches gave.

    Attributes
    ----------
    onnx : bytes
        The network, from ``patches`` to ``logits``.
    history : tuple of dict
        What each epoch came to.
    origin : str
        Where the weights that it began with came from.
    speed : dict
        ``crops_per_s`` of all processes; of this one the ``seconds`` spent on training,
        and of these ``waiting_s`` and ``waiting_share`` spent on waiting for data.
    """

    onnx: bytes
    history: tuple[dict[str, Any], ...]
    origin: str
    speed: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class PatchData:
    """Photos to learn from and to validate on, as patches.

    Parameters
    ----------
    regions : sequence of ndarray of shape (H, W, 3), uint8
        The part of each photo that is looked at.
    labels : ndarray of shape (n,), int64
        Class of each.
    devices : sequence of str
        Device of each: models count alike, and devices of one model alike.
    validation : ndarray of shape (m,), int64
        Rows never drawn to learn from.
    n_classes : int
        Camera models.
    patch_px : int
        Side of a patch.
    patches_per_photo : int
        Drawn of a photo at a time.
    n_looks : int
        Looked at of each validation photo, at most.
    by_quality : bool
        Draw from the better half of a photo's patches, as
        `whichcam.methods._patches.patch_quality` has it; else from anywhere.
    manipulations : tuple of str
        Some of the draws are of a photo changed by one of these, if there are any.
    turns : tuple of int
        Degrees, multiples of 90; each draw is turned by one of these.
    seed : int
        Decides every draw: what a draw shows depends on its epoch and its number in the
        epoch besides, and not on who draws it.
    manipulated_share : float, default 0.5
        Of the draws that are changed, in [0, 1].
    workers : int, default 0
        Threads that draw ahead; 0 for none.
    photo_ids : tuple of str, default ()
        SHA-256 of each photo's file, by which a stopped training knows its own.
    """

    regions: Sequence[PixelArray]
    labels: IntArray
    devices: Sequence[str]
    validation: IntArray
    n_classes: int
    patch_px: int
    patches_per_photo: int
    n_looks: int
    by_quality: bool
    manipulations: tuple[str, ...]
    turns: tuple[int, ...]
    seed: int
    manipulated_share: float = 0.5
    workers: int = 0
    photo_ids: tuple[str, ...] = ()

    @cached_property
    def train(self) -> IntArray:
        """Rows to learn from."""
        rows = np.setdiff1d(np.arange(len(self.labels)), self.validation)
        return rows.astype(np.int64)

    def batch_shape(self, batch_size: int) -> tuple[int, int]:
        """Return how many batches an epoch has, and of how many photos each is.

        All are alike, at most ``batch_size`` patches; together they are as many photos
        as there are to learn from, or a few more.
        """
        most = max(1, batch_size // self.patches_per_photo)
        n_batches = -(-len(self.train) // most)
        return n_batches, -(-len(self.train) // n_batches)

    def plan(self, epoch: int, batch_size: int) -> IntArray:
        """Return the rows drawn in an epoch: (n_batches, photos a batch).

        Photos are drawn with replacement, so that rare classes are seen as often.
        """
        rng = np.random.default_rng([self.seed, epoch])
        shape = self.batch_shape(batch_size)
        return np.asarray(rng.choice(self.train, shape, p=self._weights))

    def batches(
        self,
        epoch: int,
        batch_size: int,
        parts: Sequence[slice] = (slice(None),),
    ) -> Generator[tuple[PixelArray, IntArray], None, None]:
        """Yield patches (k, P, P, 3) and their classes, part by part of each batch.

        Parameters
        ----------
        epoch : int
            From 0.
        batch_size : int
            Patches a batch, of all processes.
        parts : sequence of slice
            The photos of each batch that are drawn here, one after the other.
        """
        rows = self.plan(epoch, batch_size)
        numbers = np.arange(rows.size).reshape(rows.shape)
        jobs = [batch[part] for batch in numbers for part in parts]
        draw = partial(self._drawn, epoch, rows.ravel())
        with closing(prefetched(draw, jobs, workers=self.workers)) as drawn:
            yield from drawn

    def looks(self, rows: IntArray) -> Generator[tuple[int, PixelArray], None, None]:
        """Yield each row and its best patches, unchanged."""
        with closing(prefetched(self._look, rows.tolist(), workers=self.workers)) as of:
            yield from of

    @cached_property
    def _weights(self) -> npt.NDArray[np.float64]:
        pairs = [(int(self.labels[row]), self.devices[row]) for row in self.train]
        photos_of = Counter(pairs)
        devices_of = Counter(label for label, _ in photos_of)
        weights = np.array([1 / photos_of[p] / devices_of[p[0]] for p in pairs])
        return np.asarray(weights / weights.sum())

    @cached_property
    def _known_places(self) -> dict[int, list[tuple[int, int]]]:
        return {}

    def _places(self, row: int, region: PixelArray) -> list[tuple[int, int]]:
        """Return the places of an unchanged photo's patches, ranked only once."""
        found = self._known_places.get(row)
        if found is None:
            found = patch_places(region, self.patch_px, by_quality=self.by_quality)
            self._known_places[row] = found
        return found

    def _look(self, row: int) -> tuple[int, PixelArray]:
        region = at_least(self.regions[row], self.patch_px)
        places = self._places(row, region)[: self.n_looks]
        return row, cut(region, places, self.patch_px)

    def _drawn(
        self, epoch: int, rows: IntArray, numbers: IntArray
    ) -> tuple[PixelArray, IntArray]:
        """Return the patches of some draws of an epoch, each from its own stream."""
        # from 1 on: of a stream, [seed, epoch, 0] and [seed, epoch] are one
        patches = [
            self._draw(int(rows[k]), np.random.default_rng([self.seed, epoch, k + 1]))
            for k in numbers.tolist()
        ]
        labels = np.repeat(self.labels[rows[numbers]], self.patches_per_photo)
        return np.concatenate(patches), labels

    def _draw(self, row: int, rng: np.random.Generator) -> PixelArray:
        region = at_least(self.regions[row], self.patch_px)
        patches = self._changed(row, region, rng)
        if patches is None:  # what leaves less than a patch is passed over
            patches = cut(region, self._drawn_places(row, region, rng), self.patch_px)
        turn = int(rng.choice(self.turns))
        return np.rot90(patches, turn // 90, axes=(1, 2))

    def _drawn_places(
        self, row: int | None, region: PixelArray, rng: np.random.Generator
    ) -> list[tuple[int, int]]:
        """Draw places of a region, or of a changed one, which has no row."""
        size, count = self.patch_px, self.patches_per_photo
        if self.by_quality:
            places = (
                patch_places(region, size, by_quality=True)
                if row is None
                else self._places(row, region)
            )
            better = max(count, len(places) // 2)
            chosen = rng.integers(min(better, len(places)), size=count)
            return [places[k] for k in chosen]
        room = [(length - size) // GRID + 1 for length in region.shape[:2]]
        starts = rng.integers(room, size=(count, 2)) * GRID
        return [(int(top), int(left)) for top, left in starts]

    def _changed(
        self, row: int, region: PixelArray, rng: np.random.Generator
    ) -> PixelArray | None:
        """Return manipulated patches, if the draw is to have them."""
        if not self.manipulations or rng.random() >= self.manipulated_share:
            return None
        chain, size = str(rng.choice(self.manipulations)), self.patch_px
        seed = int(rng.integers(2**31))
        side = window_px(chain, size)
        if side is None or side >= max(region.shape[:2]):
            try:
                whole = manipulate(region, chain, seed=seed)
            except ImageTooSmallError:
                return None
            if min(whole.shape[:2]) < size:
                return None
            return cut(whole, self._drawn_places(None, whole, rng), size)
        found = [
            changed_patch(region, place, size, chain, seed + k)
            for k, place in enumerate(self._drawn_places(row, region, rng))
        ]
        patches = [patch for patch in found if patch is not None]
        return np.stack(patches) if len(patches) == len(found) else None
