"""Build a signature table from camera originals, or from crops of them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
import simplejpeg

from whichcam.claims._signature_table import CameraSignature, Layout, SignatureTable
from whichcam.datasets import Manifest, canonical_camera, screen
from whichcam.errors import DatasetError, WhichcamError
from whichcam.media import HuffmanTable, JpegStructure, PhotoHeader, read_header
from whichcam.models import TableKey, table_key

_TRAIN: Final = "train"
# Symbols of the example tables of ITU-T T.81, annex K.3; an encoder that fits its
# tables to one picture leaves out those that do not occur.
_FULL_AC: Final = 162
_FULL_DC: Final = 12


@dataclass(slots=True)
class _Seen:
    make: str
    photos: int = 0
    devices: set[str] = field(default_factory=set)
    tables: Counter[TableKey] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    layouts: Counter[Layout] = field(default_factory=Counter)


def build_signatures(
    manifests: Sequence[Manifest],
    *,
    names: Sequence[str] = (),
    split: str = _TRAIN,
    progress: Callable[[int, int], None] | None = None,
) -> SignatureTable:
    """Collect which camera model writes which tables, sizes and file layouts.

    Parameters
    ----------
    manifests : sequence of Manifest
        Of camera originals. ``original_width`` and ``original_height`` are the camera's
        sizes where present (of crops), else the file's own.
    names : sequence of str
        What the manifests are called in the table's provenance, in the same order.
    split : str, default "train"
        Rows taken of a manifest that has a column ``split``; of others, all.
    progress : callable, optional
        Called as ``progress(done, total)`` after each file.

    Returns
    -------
    SignatureTable

    Raises
    ------
    DatasetError
        If no row can be used.

    Notes
    -----
    Of a file without EXIF only tables, subsampling and the stated size are taken: its
    segments and Huffman tables may be those of the program that removed the rest. The
    layout is taken from files that `whichcam.datasets.screen` finds to be originals.
    Files that cannot be read are passed over and counted in the provenance.

    References
    ----------
    .. [1] E. Kee, M. K. Johnson, H. Farid, "Digital image authentication from JPEG
       headers", IEEE TIFS 6(3), 2011. doi:10.1109/TIFS.2011.2128309
    """
    cameras: dict[str, _Seen] = {}
    taken = [_rows_of(manifest, split) for manifest in manifests]
    tick = _ticker(progress, sum(len(part) for part in taken))
    provenance = tuple(
        {
            "manifest": names[number] if number < len(names) else f"#{number + 1}",
            "sha256": part.sha256,
            "split": split if "split" in part else "all",
            **_add_all(cameras, part, tick),
        }
        for number, part in enumerate(taken)
    )
    if not cameras:
        raise DatasetError(
            "no row of the manifests is a JPEG of a named camera; expected a column "
            "camera_model, or pictures whose EXIF names one"
        )
    return SignatureTable(
        cameras=tuple(
            CameraSignature(
                camera_model=name,
                make=seen.make,
                n_photos=seen.photos,
                n_devices=len(seen.devices),
                tables=dict(sorted(seen.tables.items())),
                sizes=dict(sorted(seen.sizes.items())),
                layouts=dict(sorted(seen.layouts.items())),
            )
            for name, seen in sorted(cameras.items())
        ),
        provenance=provenance,
    )


def _rows_of(manifest: Manifest, split: str) -> Manifest:
    return manifest.where(split=split) if "split" in manifest else manifest


def _ticker(
    progress: Callable[[int, int], None] | None, total: int
) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return tick


def _add_all(
    cameras: dict[str, _Seen], manifest: Manifest, tick: Callable[[], None]
) -> dict[str, Any]:
    """Count the files of a manifest, and return what its provenance says of them."""
    used, unreadable = 0, 0
    devices: set[str] = set()
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for row, path in zip(manifest.rows(), manifest.paths, strict=True):
        tick()
        try:
            header = read_header(path)
        except WhichcamError:
            unreadable += 1
            continue
        if _add(cameras, row, header):
            used += 1
            devices.add(str(row.get("device_id") or ""))
            sources[str(row.get("source") or "")].add(str(row.get("licence") or ""))
    return {
        "n_photos": used,
        "n_devices": len(devices - {""}),
        "n_unreadable": unreadable,
        "sources": [
            {"source": source, "licence": "; ".join(sorted(licences))}
            for source, licences in sorted(sources.items())
        ],
    }


def _add(cameras: dict[str, _Seen], row: dict[str, Any], header: PhotoHeader) -> bool:
    """Count one file; return whether it could be used."""
    key = table_key(header.jpeg)
    make = str(row.get("make") or header.exif.make)
    model = str(row.get("camera_model") or header.exif.model)
    if key is None or header.jpeg is None or not model.strip():
        return False
    name = canonical_camera(make, model)
    seen = cameras.setdefault(name.camera_model, _Seen(make=name.make))
    seen.photos += 1
    # A device without a name is told by its picture: it counts as one of its own.
    seen.devices.add(str(row.get("device_id") or header.sha256))
    seen.tables[key] += 1
    original = (
        int(row.get("original_width") or 0),
        int(row.get("original_height") or 0),
    )
    seen.sizes[original if min(original) > 0 else (header.width, header.height)] += 1
    if not header.exif.is_empty and screen(header).is_original:
        seen.layouts[layout_of(header.jpeg)] += 1
    return True


def layout_of(jpeg: JpegStructure) -> Layout:
    """Return the order of segments up to the first scan, and the Huffman tables.

    An APPn segment is named by what it holds; repeated ones (pieces of one profile or
    one preview) count once.
    """
    order: list[str] = []
    for segment in jpeg.segments[1:]:
        name = segment.identifier or segment.name
        if not (segment.identifier and order and order[-1] == name):
            order.append(name)
        if segment.name == "SOS":
            break
    return " ".join(order), huffman_kind(jpeg.huffman_tables)


def huffman_kind(tables: tuple[HuffmanTable, ...]) -> str:
    """Return "standard", "optimized" or a digest of the tables in use."""
    if not tables:
        return "none"
    if all(
        len(t.symbols) == (_FULL_AC if t.kind == "ac" else _FULL_DC) for t in tables
    ):
        digest = _digest(tables)
        return "standard" if digest == _standard_digest() else f"fixed {digest}"
    return "optimized"


def _digest(tables: tuple[HuffmanTable, ...]) -> str:
    parts = sorted({(t.kind, t.table_id, t.counts, t.symbols) for t in tables})
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


@cache
def _standard_digest() -> str:
    # libjpeg writes the standard's examples unless it is told to optimise.
    data = simplejpeg.encode_jpeg(np.zeros((16, 16, 3), np.uint8), quality=75)
    jpeg = read_header(data).jpeg
    return _digest(jpeg.huffman_tables) if jpeg else ""
