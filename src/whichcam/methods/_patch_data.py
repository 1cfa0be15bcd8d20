"""What a network of patches is shown: drawn anew each epoch, the same for a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray, PixelArray
from whichcam.datasets.manipulations import manipulate
from whichcam.methods._patches import at_least, cut, patch_places
from whichcam.signal import GRID


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
        Half of the draws are of a photo changed by one of these, if there are any.
    turns : tuple of int
        Degrees, multiples of 90; each draw is turned by one of these.
    seed : int
        Decides every draw.
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

    @cached_property
    def train(self) -> IntArray:
        """Rows to learn from."""
        rows = np.setdiff1d(np.arange(len(self.labels)), self.validation)
        return rows.astype(np.int64)

    def batches(
        self, epoch: int, batch_size: int
    ) -> Iterator[tuple[PixelArray, IntArray]]:
        """Yield patches (k, P, P, 3) and their classes; an epoch draws n_train photos.

        Photos are drawn with replacement, so that rare classes are seen as often.
        """
        rng = np.random.default_rng([self.seed, epoch])
        drawn = rng.choice(self.train, len(self.train), p=self._weights)
        step = max(1, batch_size // self.patches_per_photo)
        for start in range(0, len(drawn), step):
            rows = drawn[start : start + step]
            patches = [self._draw(int(row), rng) for row in rows]
            labels = np.repeat(self.labels[rows], [len(p) for p in patches])
            yield np.concatenate(patches), labels

    def n_batches(self, batch_size: int) -> int:
        """Return how many batches an epoch has."""
        step = max(1, batch_size // self.patches_per_photo)
        return -(-len(self.train) // step)

    def looks(self, rows: IntArray) -> Iterator[tuple[int, PixelArray]]:
        """Yield each row and its best patches, unchanged."""
        for row in rows.tolist():
            region = at_least(self.regions[row], self.patch_px)
            places = self._places(row, region)[: self.n_looks]
            yield row, cut(region, places, self.patch_px)

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

    def _draw(self, row: int, rng: np.random.Generator) -> PixelArray:
        size, count = self.patch_px, self.patches_per_photo
        whole = at_least(self.regions[row], size)
        region = self._changed(whole, rng)
        if self.by_quality:
            places = (
                self._places(row, region)
                if region is whole
                else patch_places(region, size, by_quality=True)
            )
            better = max(count, len(places) // 2)
            chosen = rng.integers(min(better, len(places)), size=count)
            drawn = [places[k] for k in chosen]
        else:
            room = [(length - size) // GRID + 1 for length in region.shape[:2]]
            starts = rng.integers(room, size=(count, 2)) * GRID
            drawn = [(int(top), int(left)) for top, left in starts]
        patches = cut(region, drawn, size)
        turn = int(rng.choice(self.turns))
        return np.rot90(patches, turn // 90, axes=(1, 2))

    def _changed(self, region: PixelArray, rng: np.random.Generator) -> PixelArray:
        if not self.manipulations or rng.random() < 0.5:
            return region
        name = str(rng.choice(self.manipulations))
        changed = manipulate(region, name, seed=int(rng.integers(2**31)))
        # one that leaves less than a patch is passed over
        return changed if min(changed.shape[:2]) >= self.patch_px else region
