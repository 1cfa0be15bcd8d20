"""Run the localizers over splices of known truth, and keep every picture's figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, FloatArray
from whichcam.datasets import Manifest, read_splice_truth
from whichcam.errors import DatasetError, ImageTooSmallError, ShapeMismatchError
from whichcam.evaluation._environment import git_commit, machine, versions
from whichcam.evaluation._splice_result import SpliceEvaluation, SpliceRow
from whichcam.localize import Localization, Localizer, build_localizer
from whichcam.media import open_photo
from whichcam.scoring import auroc

MEASURED_LOCALIZERS: Final = (
    *("fusion", "camera_consistency", "double_compression", "jpeg_grid"),
    "noise_level",
)
"""Methods that need no enrolled device."""

_NEEDED: Final = ("kind", "saving", "mask", "size_px", "grid", "device_id")
_EVEN: Final = 0.5  # threshold of methods that set none


def evaluate_splices(
    manifest: Manifest,
    *,
    methods: Sequence[str | Localizer] = MEASURED_LOCALIZERS,
    progress: Callable[[int, int], None] | None = None,
) -> SpliceEvaluation:
    """Measure localizers on splices whose truth is known.

    Parameters
    ----------
    manifest : Manifest
        As `whichcam.datasets.make_splices` writes it.
    methods : sequence of str or Localizer
        Names of `whichcam.localize.LOCALIZERS`, or localizers.
    progress : callable, optional
        Called with pictures done and all of them.

    Returns
    -------
    SpliceEvaluation

    Raises
    ------
    DatasetError
        If the manifest lacks a column, or a mask does not fit its picture.
    UnknownNameError
        If there is no such method.
    """
    missing = [name for name in _NEEDED if name not in manifest]
    if missing:
        raise DatasetError(
            f"the manifest lacks the columns {missing}; expected splices.csv of "
            "`whichcam dataset splice`"
        )
    built = [build_localizer(m) if isinstance(m, str) else m for m in methods]
    started, clock = datetime.now(UTC), perf_counter()
    rows: list[SpliceRow] = []
    table = list(manifest.rows())
    for done, (row, path) in enumerate(zip(table, manifest.paths, strict=True), 1):
        photo = open_photo(path)
        truth = np.zeros((photo.height, photo.width), dtype=bool)
        if row["kind"] == "spliced":
            truth = read_splice_truth(manifest.root / row["mask"])
        if truth.shape != (photo.height, photo.width):
            raise DatasetError(
                f"{row['path']} is {photo.width}x{photo.height} px and its mask "
                f"{truth.shape[1]}x{truth.shape[0]}; make the splices again"
            )
        for localizer in built:
            try:
                found = localizer.localize(photo)
            except ImageTooSmallError as error:
                raise DatasetError(f"{row['path']}: {error}") from error
            rows.append(_row(row, found, truth))
        if progress is not None:
            progress(done, len(table))
    return SpliceEvaluation(
        methods=tuple(localizer.name for localizer in built),
        rows=tuple(rows),
        manifest_sha256=manifest.sha256,
        git_commit=git_commit(),
        versions=versions(),
        machine=machine(),
        created=started.isoformat(timespec="seconds"),
        duration_s=round(perf_counter() - clock, 3),
    )


def _row(row: dict[str, object], found: Localization, truth: BoolArray) -> SpliceRow:
    threshold = _EVEN if found.threshold is None else found.threshold
    mask = found.heatmap >= np.float32(threshold)
    auc, f1, best_f1 = None, None, None
    if truth.any() and not truth.all():
        auc, f1, best_f1 = mask_figures(found.heatmap, mask, truth)
    return SpliceRow(
        path=str(row["path"]),
        method=found.method,
        kind=str(row["kind"]),
        saving=str(row["saving"]),
        size_px=int(str(row["size_px"])),
        grid=str(row["grid"]),
        device=str(row["device_id"]),
        pixel_auc=auc,
        f1=f1,
        best_f1=best_f1,
        score=found.score,
        alarm=found.alarm,
        suspicious_area=float(mask.mean()),
        log10_lr=found.log10_lr,
    )


def mask_figures(
    heat: FloatArray, mask: BoolArray, truth: BoolArray
) -> tuple[float, float, float]:
    """Return area under the ROC curve by pixel, F1 of the mask, and best F1.

    Parameters
    ----------
    heat : ndarray of shape (H, W), float32
        Higher is more suspicious.
    mask : ndarray of shape (H, W), bool
        The decision at a fixed threshold.
    truth : ndarray of shape (H, W), bool
        True and false pixels both occur.

    Returns
    -------
    auc, f1, best_f1 : float
        In [0, 1]; the best F1 is over all thresholds of this picture, which nobody
        knows beforehand.

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    """
    if not heat.shape == mask.shape == truth.shape:
        raise ShapeMismatchError(
            f"heat, mask and truth have shapes {heat.shape}, {mask.shape} and "
            f"{truth.shape}; expected one shape"
        )
    auc = auroc(heat[truth], heat[~truth])
    f1 = 2 * float((mask & truth).sum()) / float(mask.sum() + truth.sum())
    return float(auc), f1, _best_f1(heat.ravel(), truth.ravel())


def _best_f1(heat: FloatArray, truth: BoolArray) -> float:
    order = np.argsort(-heat, kind="stable")
    hits = np.cumsum(truth[order], dtype=np.float64)
    n_marked = np.arange(1, len(heat) + 1)
    # only where the next pixel is colder: pixels of one heat are marked together
    ends = np.append(np.diff(heat[order]) != 0, True)
    f1: npt.NDArray[np.float64] = 2 * hits[ends] / (n_marked[ends] + hits[-1])
    return float(f1.max())
