"""What the JPEG tables of an untouched file say about its camera.

Makers choose their own quantisation tables; a table often names the make almost surely
and the model hardly at all, because firmware shares and updates it. The likelihood of
a table is therefore a mixture: how often this model, this make, and anybody used it or
one like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from whichcam.errors import IncompatibleArtifactError
from whichcam.media import JpegStructure
from whichcam.models.storage import counts_from_json, counts_to_json, field

# Shares of the mixture. Chosen on validation devices; see docs/experiments.md.
_OF_MODEL, _OF_MAKE, _OF_ANYBODY = 0.15, 0.80, 0.05
_SAME_SCALE = 0.05  # mean |log ratio| at which two tables stop being alike
_SAME_SHAPE = 0.10  # the same, once a common factor is divided out
_SHAPE_WEIGHT, _FLOOR, _OTHER_SAMPLING = 0.2, 1e-4, 0.05


class TableKey(NamedTuple):
    """Luma and chroma quantisation tables, row-major, and the chroma subsampling."""

    luma: tuple[int, ...]
    chroma: tuple[int, ...]
    subsampling: str


def table_key(jpeg: JpegStructure | None) -> TableKey | None:
    """Return the tables of a three-component JPEG, None where there are none.

    Parameters
    ----------
    jpeg : JpegStructure or None
        As `whichcam.media.read_header` gives it.

    Returns
    -------
    TableKey or None
        None for grey and four-component files, and where a table is missing.
    """
    if jpeg is None or len(jpeg.components) != 3:
        return None
    luma, chroma = jpeg.quantization_table(0), jpeg.quantization_table(1)
    if luma is None or chroma is None:
        return None
    return TableKey(
        tuple(int(v) for v in luma.ravel()),
        tuple(int(v) for v in chroma.ravel()),
        jpeg.subsampling,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileStatistics:
    """Likelihoods of quantisation tables, learnt from untouched files.

    Parameters
    ----------
    keys : tuple of TableKey
        Tables seen in training, all different.
    counts : ndarray of shape (n_keys, n_classes), int64
        Photographs of each camera model with each table; devices count alike.
    makes : tuple of str
        Make of each class.
    """

    keys: tuple[TableKey, ...]
    counts: npt.NDArray[np.float64]
    makes: tuple[str, ...]
    _log_tables: npt.NDArray[np.float64] = dataclass_field(init=False, repr=False)

    def __post_init__(self) -> None:
        tables = [key.luma + key.chroma for key in self.keys]
        object.__setattr__(self, "_log_tables", np.log(np.maximum(tables, 1.0)))

    @classmethod
    def fit(
        cls,
        keys: Sequence[TableKey | None],
        labels: Sequence[int],
        makes: Sequence[str],
    ) -> Self:
        """Count which camera models wrote which tables.

        Parameters
        ----------
        keys : sequence of TableKey or None
            One a photograph; None is left out.
        labels : sequence of int
            Class of each photograph, an index into ``makes``.
        makes : sequence of str
            Make of each class.
        """
        pairs = [(k, y) for k, y in zip(keys, labels, strict=True) if k is not None]
        known = tuple(sorted({key for key, _ in pairs}))
        place = {key: row for row, key in enumerate(known)}
        counts = np.zeros((len(known), len(makes)))
        for key, label in pairs:
            counts[place[key], label] += 1
        return cls(keys=known, counts=counts, makes=tuple(makes))

    def log_likelihood(self, key: TableKey) -> npt.NDArray[np.float64]:
        """Return ln P(tables | camera model), up to a constant shared by all files.

        Parameters
        ----------
        key : TableKey
            Tables of the questioned file.

        Returns
        -------
        ndarray of shape (n_classes,), float64
            Natural logarithms. Large negative numbers for every class mean that no
            known camera writes such tables.
        """
        if not self.keys:
            return np.zeros(len(self.makes))
        weight = self._likeness(key)
        per_model = self.counts / np.maximum(self.counts.sum(0), 1.0)
        per_make = np.empty_like(per_model)
        makes = np.array(self.makes)
        for make in set(self.makes):
            of_make = makes == make
            per_make[:, of_make] = per_model[:, of_make].mean(1, keepdims=True)
        anybody = np.mean([per_make[:, makes == m][:, 0] for m in set(self.makes)], 0)
        mixture = _OF_MODEL * per_model + _OF_MAKE * per_make
        likelihood = weight @ mixture + _OF_ANYBODY * (weight @ anybody)
        return np.asarray(np.log(likelihood + 1e-6), dtype=np.float64)

    def _likeness(self, key: TableKey) -> npt.NDArray[np.float64]:
        """Weigh every known table by how alike the file's tables are."""
        known = self._log_tables
        difference = known - np.log(np.maximum(key.luma + key.chroma, 1.0))
        shape = difference - np.median(difference, axis=1, keepdims=True)
        weight = np.exp(-np.abs(difference).mean(1) / _SAME_SCALE)
        weight += _SHAPE_WEIGHT * np.exp(-np.abs(shape).mean(1) / _SAME_SHAPE)
        weight += _FLOOR
        sampling = np.array([k.subsampling == key.subsampling for k in self.keys])
        weight *= np.where(sampling, 1.0, _OTHER_SAMPLING)
        exact = np.array([k == key for k in self.keys])
        if exact.any():
            weight = 0.2 * weight + exact
        return np.asarray(weight, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "makes": list(self.makes),
            "tables": [
                {
                    "luma": list(key.luma),
                    "chroma": list(key.chroma),
                    "subsampling": key.subsampling,
                    "counts": counts_to_json(row),
                }
                for key, row in zip(self.keys, self.counts, strict=True)
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
        makes = tuple(str(make) for make in field(data, "makes", list))
        entries = field(data, "tables", list)
        counts = np.zeros((len(entries), len(makes)))
        keys = []
        try:
            for row, entry in enumerate(entries):
                key = TableKey(
                    tuple(int(v) for v in entry["luma"]),
                    tuple(int(v) for v in entry["chroma"]),
                    str(entry["subsampling"]),
                )
                keys.append(key)
                counts[row] = counts_from_json(entry["counts"], len(makes))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise IncompatibleArtifactError(
                f"stored file statistics cannot be read: {error!r}"
            ) from error
        if any(len(key.luma) != 64 or len(key.chroma) != 64 for key in keys):
            raise IncompatibleArtifactError(
                "a stored quantisation table has not 64 entries"
            )
        return cls(keys=tuple(keys), counts=counts, makes=makes)
