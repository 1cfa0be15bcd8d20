"""What a benchmark learns from and measures on, and proof that the two are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, SplitLeakageError
from whichcam.evaluation._benchmark_records import BenchmarkPhoto


def learnt_from(
    manifest: Manifest, split: str, limit: int | None, seed: int
) -> Manifest:
    """Return the rows to learn from, with a limit some of each camera model."""
    if "split" not in manifest:
        raise DatasetError(
            "the manifest has no column 'split', so what is learnt and what is "
            "measured cannot be told apart; add one (train, test_device, unknown)"
        )
    train = manifest.where(split=split)
    names = [str(name).strip() for name in train.camera_model]
    if len(set(names) - {""}) < 2:
        raise DatasetError(
            f"the split {split!r} has {len(set(names) - {''})} camera model(s); "
            "at least two are needed to tell one from another"
        )
    rng = np.random.default_rng((seed, 1))
    kept: list[int] = []
    for name in sorted(set(names) - {""}):
        rows = [row for row, given in enumerate(names) if given == name]
        if limit is not None and len(rows) > limit:
            rows = rng.choice(rows, size=limit, replace=False).tolist()
        kept += rows
    return train.select(sorted(kept))


def measured_on(
    manifest: Manifest, splits: Sequence[str], limit: int | None, seed: int
) -> list[int]:
    """Return the rows of the splits, a seeded sample of large ones."""
    given = manifest.column("split").tolist()
    chosen: list[int] = []
    for number, name in enumerate(splits):
        rows = [row for row, split in enumerate(given) if split == name]
        if limit is not None and len(rows) > limit:
            rng = np.random.default_rng((seed, 2, number))
            rows = rng.choice(rows, size=limit, replace=False).tolist()
        chosen += rows
    if not chosen:
        raise DatasetError(
            f"no row is of a split measured on ({', '.join(splits)}); the manifest has "
            f"{sorted(set(given))}"
        )
    return sorted(chosen)


def check_leakage(manifest: Manifest, train: Manifest, rows: Sequence[int]) -> None:
    """Raise where what is measured on was learnt from.

    Raises
    ------
    SplitLeakageError
        Names a file or device.
    """
    tested = manifest.select(rows)
    shared = set(map(str, train.paths)) & set(map(str, tested.paths))
    if not shared and "sha256" in manifest:
        learnt = set(train.column("sha256").tolist()) - {""}
        shared = learnt & set(tested.column("sha256").tolist())
    if shared:
        raise SplitLeakageError(
            f"{len(shared)} file(s) are both learnt from and measured on, such as "
            f"{min(shared)}; give each one split"
        )
    if "device_id" not in manifest:
        return
    new = tested.select(
        np.flatnonzero(tested.column("split") == "test_device").tolist()
    )
    devices = set(new.column("device_id").tolist()) - {""}
    known = devices & set(train.column("device_id").tolist())
    if known:
        raise SplitLeakageError(
            f"{len(known)} device(s) of split 'test_device' are in the split learnt "
            f"from, such as {min(known)!r}; the figure would measure memory"
        )


def photos_of(
    manifest: Manifest,
    rows: Sequence[int],
    classes: Sequence[str],
    known: Sequence[str],
    unknown: Sequence[str],
) -> tuple[BenchmarkPhoto, ...]:
    """Return the photos measured on, having checked that splits hold what they say."""
    index = {name: number for number, name in enumerate(classes)}
    blank = [""] * len(manifest)
    column = {
        name: manifest.column(name).tolist() if name in manifest else blank
        for name in ("path", "sha256", "camera_model", "device_id", "session", "split")
    }
    found = []
    for row in rows:
        name, split = str(column["camera_model"][row]), column["split"][row]
        label = index.get(name, -1)
        if (label < 0) != (split in unknown and split not in known):
            what = "is not learnt" if label < 0 else "is learnt"
            raise DatasetError(
                f"{column['path'][row]} of split {split!r} is by {name!r}, which "
                f"{what} from the training split; splits of known cameras hold "
                "known cameras only, those of unknown cameras none"
            )
        found.append(
            BenchmarkPhoto(
                path=str(column["path"][row]),
                sha256=str(column["sha256"][row]),
                camera_model=name,
                device=str(column["device_id"][row]),
                session=str(column["session"][row]),
                split=str(split),
                label=label,
            )
        )
    return tuple(found)
