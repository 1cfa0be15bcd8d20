"""What the size of a whole picture says of its camera.

A camera stores its full frame unless its owner set it to less, and what less there is
follows from the full frame: the same picture scaled down, or trimmed to another
aspect. The size of a file is part of a camera's signature as its tables are (Kee,
Johnson and Farid 2011), and as easily changed: it counts only where nothing says that
the picture was cropped or resized.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from whichcam.datasets import FrameSize, listed_frame_sizes
from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.models._calibration import Float64Array
from whichcam.models.storage import counts_from_json, counts_to_json, field

# Shares of the mixture: sizes seen in training, the full frame, what can be made of
# it, and anything. Of the devices that were trained on, two thirds store full frames
# and a third something smaller; see docs/experiments.md.
_SEEN, _FULL, _SMALLER, _ANYTHING = 0.25, 0.5, 0.2, 0.05
_N_SMALLER: Final = 12  # sizes a camera offers: three or four, in three or four aspects
_FROM_MENU: Final = 0.9  # of smaller pictures, where the menu is listed
_ASPECTS: Final = (1.0, 4 / 3, 3 / 2, 16 / 9)
_SAME_ASPECT: Final = 0.015  # relative; sides are rounded to 8 or 16 px
_STRANGE: Final = 1e-3  # chance of any one size that no known camera is known for


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameSizes:
    """Likelihoods of the size of a whole picture.

    Parameters
    ----------
    seen : tuple of FrameSize
        Sizes of training pictures, all different.
    counts : ndarray of shape (n_seen, n_classes), float64
        Training pictures of each camera model at each size.
    offered : tuple of tuple of FrameSize
        What each camera model can be set to: the full frame, then smaller sizes where
        its menu is known. Empty where nothing is known of it.
    """

    seen: tuple[FrameSize, ...]
    counts: Float64Array
    offered: tuple[tuple[FrameSize, ...], ...]

    @classmethod
    def fit(
        cls,
        sizes: Sequence[FrameSize | None],
        labels: Sequence[int],
        camera_models: Sequence[str],
    ) -> Self:
        """Count which camera models stored which sizes.

        Parameters
        ----------
        sizes : sequence of FrameSize or None
            One a photograph; None is left out.
        labels : sequence of int
            Class of each photograph, an index into ``camera_models``.
        camera_models : sequence of str
            Canonical name of each class. Of a class without a photograph nothing is
            known, not even its full frame.
        """
        pairs = [(s, y) for s, y in zip(sizes, labels, strict=True) if s is not None]
        seen = tuple(sorted({size for size, _ in pairs}))
        place = {size: row for row, size in enumerate(seen)}
        counts = np.zeros((len(seen), len(camera_models)))
        for size, label in pairs:
            counts[place[size], label] += 1
        offered: list[tuple[FrameSize, ...]] = []
        for name, column in zip(camera_models, counts.T, strict=True):
            own = [seen[row] for row in np.flatnonzero(column)]
            largest = tuple(sorted(own, key=_area)[-1:])
            offered.append((listed_frame_sizes(name) or largest) if own else ())
        return cls(seen=seen, counts=counts, offered=tuple(offered))

    def log_likelihood(self, size: FrameSize) -> Float64Array:
        """Return ln P(size of the picture | camera model).

        Parameters
        ----------
        size : FrameSize
            Of the whole picture, as the camera stored it.

        Returns
        -------
        ndarray of shape (n_classes,), float64
            Natural logarithms.
        """
        seen = np.zeros(len(self.offered))
        if size in self.seen:
            totals = np.maximum(self.counts.sum(0), 1.0)
            seen = self.counts[self.seen.index(size)] / totals
        full = np.array([own[:1] == (size,) for own in self.offered], np.float64)
        smaller = np.array([_share_of_smaller(size, own) for own in self.offered])
        learnt = np.array([len(own) > 0 for own in self.offered])
        anything = 0.5 * (seen + full)[learnt].mean() if learnt.any() else 0.0
        likelihood = (
            _SEEN * seen
            + _FULL * full
            + _SMALLER * smaller
            + _ANYTHING * (anything + _STRANGE)
        )
        return np.asarray(np.log(likelihood), dtype=np.float64)

    def is_known(self, size: FrameSize) -> bool:
        """Say whether a known camera stored this size, or can be set to it."""
        return size in self.seen or any(size in own for own in self.offered)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "offered": [[list(size) for size in own] for own in self.offered],
            "seen": [
                {
                    "size": list(size),
                    "counts": counts_to_json(row),
                }
                for size, row in zip(self.seen, self.counts, strict=True)
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing or of the wrong kind.
        """
        offered = field(data, "offered", list)
        entries = field(data, "seen", list)
        counts = np.zeros((len(entries), len(offered)))
        try:
            seen = tuple(_size(entry["size"]) for entry in entries)
            for row, entry in enumerate(entries):
                counts[row] = counts_from_json(entry["counts"], len(offered))
            sizes = tuple(tuple(_size(size) for size in own) for own in offered)
        except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
            raise IncompatibleArtifactError(
                f"stored frame sizes cannot be read: {error!r}"
            ) from error
        return cls(seen=seen, counts=counts, offered=sizes)


def _size(values: Sequence[Any]) -> FrameSize:
    long_px, short_px = values
    return FrameSize.of(int(long_px), int(short_px))


def _area(size: FrameSize) -> int:
    return size.long_px * size.short_px


def _share_of_smaller(size: FrameSize, offered: tuple[FrameSize, ...]) -> float:
    """Return which share of a camera's smaller pictures has this size."""
    if not offered:
        return 0.0
    made = _can_be_made(size, offered[0]) / _N_SMALLER
    menu = offered[1:]
    if not menu:
        return made
    return _FROM_MENU * (size in menu) / len(menu) + (1 - _FROM_MENU) * made


def _can_be_made(size: FrameSize, full: FrameSize) -> bool:
    """Say whether a camera may store a full frame scaled down or trimmed so."""
    if size == full:
        return False
    if size.long_px > full.long_px or size.short_px > full.short_px:
        return False
    aspects = (*_ASPECTS, full.long_px / full.short_px)
    aspect = size.long_px / size.short_px
    return any(abs(aspect / one - 1) <= _SAME_ASPECT for one in aspects)
