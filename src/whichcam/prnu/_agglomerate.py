"""Joining what agrees most surely, on the products of all pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam.prnu._gram import Gram

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two photos or clusters that were joined.

    Attributes
    ----------
    first, second : int
        The lowest index of a photo in each.
    z : float
        How surely they agree, in standard deviations of impostors.
    n_photos : int
        Photos in what came of it.
    rotation : int
        Degrees between them: 0 or 180.
    """

    first: int
    second: int
    z: float
    n_photos: int
    rotation: int

    def to_dict(self) -> dict[str, float | int]:
        """Return the merge as JSON holds it."""
        return {
            "first": self.first,
            "second": self.second,
            "z": self.z,
            "n_photos": self.n_photos,
            "rotation": self.rotation,
        }


class Groups:
    """Photos, and sums of their noises once joined.

    A group lives in the row of its lowest photo. The product of two groups' sums is
    the sum of their photos' products; its variance, where they are of different
    cameras, is the product of their squared norms and spreads over the number of
    pixels.
    """

    def __init__(self, gram: Gram) -> None:
        self._gram = gram
        self.n_photos = len(gram.spread)
        self.merges: list[Merge] = []
        self._members = {i: [i] for i in range(self.n_photos)}
        self._turned = np.zeros(self.n_photos, bool)
        self._products = gram.products.copy()
        self._norm2 = np.ones(self.n_photos)
        self._spread = gram.spread.copy()
        self._is_alive = np.ones(self.n_photos, bool)

    @property
    def n_clusters(self) -> int:
        """Groups of two photos or more."""
        return sum(len(members) > 1 for members in self._members.values())

    @property
    def n_single(self) -> int:
        """Photos alone."""
        return sum(len(members) == 1 for members in self._members.values())

    def join_down_to(self, threshold: float) -> None:
        """Join the surest two groups until none reach the threshold."""
        best = np.full(self.n_photos, -np.inf)
        partner = np.zeros(self.n_photos, np.intp)
        for row in range(self.n_photos):
            best[row], partner[row] = self._best(row)
        while self.n_photos > 1:
            left = int(best.argmax())
            if not best[left] >= threshold:
                return
            first, second = sorted((left, int(partner[left])))
            self._join(first, second, float(best[left]))
            best[second] = -np.inf
            stale = self._is_alive & ((partner == first) | (partner == second))
            stale[first] = True
            for row in np.flatnonzero(stale).tolist():
                best[row], partner[row] = self._best(row)
            # The joined group may now be another's best.
            scores = self._scores(first)
            is_better = self._is_alive & (scores > best)
            best[is_better], partner[is_better] = scores[is_better], first

    def put_out_below(self, threshold: float) -> None:
        """Make single again what does not agree with the rest of its own group."""
        for row in list(self._members):
            members, out = self._members[row], []
            while len(members) > 2:
                z = self._z_with_rest(np.array(members))
                worst = int(z.argmin())
                if z[worst] >= threshold:
                    break
                out.append(members[worst])
                members = members[:worst] + members[worst + 1 :]
            if out:
                del self._members[row]
                for group in (members, *([photo] for photo in out)):
                    self._place(group)

    def take_in_down_to(self, threshold: float) -> None:
        """Join single photos with clusters, the surest first."""
        while True:
            found = (-np.inf, 0, 0)
            for row, members in self._members.items():
                if len(members) < 2:
                    continue
                scores = self._scores(row)
                for other in np.flatnonzero(scores >= threshold).tolist():
                    if len(self._members[other]) == 1:
                        found = max(found, (float(scores[other]), row, other))
            if found[0] == -np.inf:
                return
            first, second = sorted(found[1:])
            self._join(first, second, found[0])

    def labels(self) -> tuple[tuple[int, ...], tuple[bool, ...]]:
        """Return each photo's cluster or -1, and whether it is upside down in it."""
        groups = [sorted(m) for m in self._members.values() if len(m) > 1]
        groups.sort(key=lambda members: (-len(members), members[0]))
        labels, turned = [-1] * self.n_photos, [False] * self.n_photos
        for number, members in enumerate(groups):
            for photo in members:
                labels[photo] = number
                turned[photo] = bool(self._turned[photo] != self._turned[members[0]])
        return tuple(labels), tuple(turned)

    def _scores(self, row: int) -> Floats:
        """Return the z of a group with all others, -inf with itself and the dead."""
        variance = self._norm2[row] * self._norm2 * self._spread[row] * self._spread
        z: Floats = self._products[:, row].max(axis=0) / np.sqrt(
            np.maximum(variance, 1e-12) / self._gram.n_pixels
        )
        z[~self._is_alive] = -np.inf
        z[row] = -np.inf
        return z

    def _best(self, row: int) -> tuple[float, int]:
        scores = self._scores(row)
        partner = int(scores.argmax())
        return float(scores[partner]), partner

    def _join(self, first: int, second: int, z: float) -> None:
        """Add the second group to the first, turned as they agree better."""
        products = self._products
        turn = int(products[:, first, second].argmax())
        n_first, n_second = len(self._members[first]), len(self._members[second])
        if turn:
            self._turned[self._members[second]] ^= True
        self._norm2[first] += self._norm2[second] + 2 * products[turn, first, second]
        total = n_first * self._spread[first] + n_second * self._spread[second]
        self._spread[first] = total / (n_first + n_second)
        # Upside down, what agreed upright now agrees upside down.
        products[:, first] += products[::-1, second] if turn else products[:, second]
        products[:, :, first] = products[:, first]
        self._is_alive[second] = False
        self._members[first] += self._members.pop(second)
        self.merges.append(
            Merge(
                first=first,
                second=second,
                z=z,
                n_photos=n_first + n_second,
                rotation=180 * turn,
            )
        )

    def _z_with_rest(self, members: npt.NDArray[np.intp]) -> Floats:
        """Return the z of each photo of a group with all others of it."""
        products = self._signed(members, members)
        own, sums = np.diag(products), products.sum(axis=0)
        norm2 = np.maximum(products.sum() - 2 * sums + own, 1e-12)
        spread = self._gram.spread[members]
        rest = (spread.sum() - spread) / (len(members) - 1)
        z: Floats = (sums - own) / np.sqrt(norm2 * spread * rest / self._gram.n_pixels)
        return z

    def _signed(
        self, left: npt.NDArray[np.intp], right: npt.NDArray[np.intp]
    ) -> Floats:
        """Return the photos' own products, at the turns they have in their groups."""
        turn = (self._turned[left][:, None] ^ self._turned[right][None]).astype(int)
        found: Floats = self._gram.products[turn, left[:, None], right[None]].astype(
            np.float64
        )
        return found

    def _place(self, members: list[int]) -> int:
        """Make a group of these photos, summed anew, and return its row."""
        row = min(members)
        chosen = np.array(members)
        self._members[row] = members
        self._is_alive[row] = True
        self._norm2[row] = float(self._signed(chosen, chosen).sum())
        self._spread[row] = float(self._gram.spread[chosen].mean())
        n_turns = len(self._products)
        for other, theirs in self._members.items():
            if other == row:
                continue
            products = self._gram.products[:, chosen[:, None], np.array(theirs)[None]]
            turn = self._turned[chosen][:, None] ^ self._turned[theirs][None]
            if n_turns == 2:
                flipped = np.where(turn, products[::-1], products)
            else:
                flipped = products
            totals = flipped.sum(axis=(1, 2))
            self._products[:, row, other] = self._products[:, other, row] = totals
        return row
