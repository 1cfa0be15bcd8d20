"""Tables, size and layout of the file against the claimed camera's originals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from whichcam.claims._build_signatures import layout_of
from whichcam.claims._finding import Finding, Strength
from whichcam.claims._questioned import Questioned
from whichcam.claims._signature_table import CameraSignature, SignatureTable
from whichcam.datasets import CameraName
from whichcam.datasets._screen_tables import (
    photoshop_preset,
    standard_quality,
    table_set,
)
from whichcam.models import TableKey, table_key

_NAMED: Final = 4  # cameras listed by name in a sentence
_ENOUGH_PHOTOS: Final = 10
_ENOUGH_LAYOUTS: Final = 5

_found = partial(Finding, topic="camera", analyser="signatures")


def check_signatures(questioned: Questioned) -> Iterator[Finding]:
    """Yield what tables, layout and size say of the claimed camera."""
    if questioned.camera is None:
        return
    yield from _check_tables(questioned, questioned.camera)
    yield from _check_layout(questioned, questioned.camera)
    yield from _check_size(questioned, questioned.camera)


def _check_tables(questioned: Questioned, camera: CameraName) -> Iterator[Finding]:
    jpeg = questioned.photo.jpeg
    key = table_key(jpeg)
    if jpeg is None or key is None:
        return
    table = questioned.signatures
    tables = table_set(jpeg.quantization_tables)
    is_common = standard_quality(tables) is not None or bool(photoshop_preset(tables))
    holders = table.holders(key)
    by_maker = table.of_make(camera.make)
    own = table.camera(camera.camera_model)
    seen = f"quantisation tables {_summary(key)}, chroma {key.subsampling}"
    if own is not None and key in own.tables:
        yield _own_tables(own, holders, seen, table)
    elif any(holder.make == camera.make for holder in holders):
        yield _found(
            code="quantization_tables_of_maker",
            text=f"The quantisation tables are not among those seen of the "
            f"{camera.camera_model}, but of other cameras by {camera.make}: "
            f"{_names(holders)}.",
            seen=seen,
            expected=None,
            strength="note",
            direction="neutral",
            source=table.source,
        )
    elif holders and is_common:
        yield _found(
            code="quantization_tables_common",
            text="The quantisation tables are common ones that any program can write; "
            f"among cameras they were seen of {_names(holders)}.",
            seen=seen,
            expected=_tables_of(own),
            strength="note",
            direction="neutral",
            source=table.source,
        )
    elif holders:
        yield _found(
            code="quantization_tables_of_another_maker",
            text=f"The quantisation tables were seen of {_names(holders)}, and of no "
            f"camera by {camera.make or 'the claimed maker'}.",
            seen=seen,
            expected=_tables_of(own),
            strength="moderate",
            direction="contradicts",
            source=table.source,
        )
    elif by_maker and not is_common:
        yield _unseen_tables(own, by_maker, camera, seen, table)


def _own_tables(
    own: CameraSignature,
    holders: Sequence[CameraSignature],
    seen: str,
    table: SignatureTable,
) -> Finding:
    others = [h for h in holders if h.camera_model != own.camera_model]
    if others:
        shared = f"shared with {_names(others)}"
    else:
        shared = f"and of no other of the {len(table.cameras)} models in the table"
    strength: Strength = "weak" if others else "moderate"
    return _found(
        code="quantization_tables_of_claimed_camera",
        text=f"The quantisation tables are those of the {own.camera_model}, {shared}.",
        seen=seen,
        expected=_tables_of(own),
        strength=strength,
        direction="agrees",
        source=table.source,
    )


def _unseen_tables(
    own: CameraSignature | None,
    by_maker: Sequence[CameraSignature],
    camera: CameraName,
    seen: str,
    table: SignatureTable,
) -> Finding:
    photos = own.n_photos if own else 0
    if own is not None and photos >= _ENOUGH_PHOTOS and len(own.tables) * 4 <= photos:
        text = (
            f"The quantisation tables are none of the {len(own.tables)} seen in "
            f"{photos} photos of the {own.camera_model}, nor of any other camera."
        )
        strength: Strength = "weak"
        return _found(
            code="quantization_tables_unseen",
            text=text,
            seen=seen,
            expected=_tables_of(own),
            strength=strength,
            direction="contradicts",
            source=table.source,
        )
    return _found(
        code="quantization_tables_unseen",
        text="The quantisation tables are of no camera in the table, which knows "
        f"{len(by_maker)} models by {camera.make}.",
        seen=seen,
        expected=None,
        strength="note",
        direction="neutral",
        source=table.source,
    )


def _check_layout(questioned: Questioned, camera: CameraName) -> Iterator[Finding]:
    own = questioned.signatures.camera(camera.camera_model)
    jpeg = questioned.photo.jpeg
    if jpeg is None or own is None or not own.layouts:
        return
    segments, huffman = layout_of(jpeg)
    count = sum(own.layouts.values())
    expected = "; ".join(f"{order} ({kind})" for order, kind in own.layouts)
    same = (segments, huffman) in own.layouts
    strength: Strength = "weak" if same or count < _ENOUGH_LAYOUTS else "moderate"
    yield _found(
        code="layout_as_claimed" if same else "layout_not_as_claimed",
        topic="file",
        text=f"Segments and Huffman tables are {'' if same else 'not '}as in the "
        f"{count} original(s) of the {camera.camera_model} in the table.",
        seen=f"{segments[:200]} ({huffman})",
        expected=expected[:400],
        strength=strength,
        direction="agrees" if same else "contradicts",
        source=questioned.signatures.source,
    )


def _check_size(questioned: Questioned, camera: CameraName) -> Iterator[Finding]:
    own = questioned.signatures.camera(camera.camera_model)
    if own is None:
        return
    width, height = questioned.photo.width, questioned.photo.height
    turned = {(h, w) for w, h in own.sizes}
    listed = ", ".join(f"{w}x{h}" for w, h in list(own.sizes)[:8])
    if (width, height) in own.sizes or (width, height) in turned:
        code, direction, strength = "size_of_claimed_camera", "agrees", "weak"
        text = f"The size is one that the {own.camera_model} stores."
    else:
        largest = max(w * h for w, h in own.sizes)
        is_larger = width * height > largest
        code = "size_not_of_claimed_camera"
        direction, strength = "neutral", "note"
        if is_larger:
            direction, strength = "contradicts", "weak"
        text = (
            f"The size is not among those seen of the {own.camera_model}, "
            + ("and larger than all of them" if is_larger else "which may store others")
            + "."
        )
    yield _found(
        code=code,
        text=text,
        seen=f"{width}x{height}",
        expected=listed,
        strength=strength,  # type: ignore[arg-type]
        direction=direction,  # type: ignore[arg-type]
        source=questioned.signatures.source,
    )


def _names(cameras: Sequence[CameraSignature]) -> str:
    names = [camera.camera_model for camera in cameras]
    more = len(names) - _NAMED
    text = ", ".join(names[:_NAMED])
    return f"{text} and {more} more" if more > 0 else text


def _tables_of(own: CameraSignature | None) -> str | None:
    if own is None:
        return None
    shown = "; ".join(_summary(key) for key in list(own.tables)[:_NAMED])
    more = len(own.tables) - _NAMED
    return f"{shown}; {more} more" if more > 0 else shown


def _summary(key: TableKey) -> str:
    luma, chroma = (" ".join(map(str, t[:4])) for t in (key.luma, key.chroma))
    return f"luma {luma} ..., chroma {chroma} ..."
