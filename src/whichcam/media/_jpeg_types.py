"""What a JPEG file is made of, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegSegment:
    """One marker segment.

    Parameters
    ----------
    marker : int
        The marker's second byte, 0xC0 to 0xFE.
    name : str
        ``"SOI"``, ``"APP1"``, ``"DQT"``, ``"SOF0"`` and so on.
    identifier : str
        What an APPn segment says it holds: ``"JFIF"``, ``"EXIF"``, ``"XMP"``,
        ``"ICC"``, ``"MPF"``, ``"Adobe"`` or the like, else its own safe text; empty
        for other segments.
    offset : int
        Where its 0xFF stands, bytes from the start of the file.
    length : int
        Bytes of marker, length field and payload; entropy-coded data that follow an
        SOS are not counted.
    """

    marker: int
    name: str
    identifier: str = ""
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HuffmanTable:
    """One Huffman table as DHT writes it (ITU-T T.81, B.2.4.2).

    Parameters
    ----------
    kind : {"dc", "ac"}
        Table class.
    table_id : int
        0 to 3.
    counts : tuple of 16 int
        Number of codes of 1 to 16 bits.
    symbols : bytes
        The values, in order of increasing code length.
    """

    kind: str
    table_id: int
    counts: tuple[int, ...]
    symbols: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegComponent:
    """One colour component: id, sampling factors, quantization table id."""

    id: int
    h: int
    v: int
    tq: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JpegStructure:
    """The structure of a JPEG file, read from its markers without decoding.

    Parameters
    ----------
    segments : tuple of JpegSegment
        In file order, SOI to EOI.
    width, height : int
        As the frame header declares them, in pixels.
    precision : int
        Bits a sample.
    process : str
        Name of the frame header, ``"SOF0"`` (baseline) to ``"SOF15"``.
    quantization_tables : tuple of ndarray of shape (8, 8), uint16
        In order of their ids, row-major (the file stores zig-zag), read-only. Of a
        table defined again after the first scan, the first definition.
    quantization_table_ids : tuple of int
        The ids, in the same order; a component's ``tq`` is one of them.
    huffman_tables : tuple of HuffmanTable
        All definitions, in file order.
    components : tuple of JpegComponent
        In the order of the frame header.
    subsampling : str
        Chroma subsampling in the usual notation, ``"4:2:0"``; ``"4:0:0"`` for one
        component; sampling factors such as ``"3x1,1x1,1x1"`` where it has no name.
    progressive, arithmetic : bool
        Kind of coding.
    restart_interval : int
        MCUs between restart markers as first set by DRI, 0 without.
    has_jfif, has_adobe : bool
        Whether there is a JFIF APP0, an Adobe APP14.
    adobe_transform : int or None
        Adobe's colour transform: 0 none (RGB, CMYK), 1 YCbCr, 2 YCCK.
    comments : tuple of str
        COM segments as safe text.
    thumbnail : bytes or None
        The JPEG thumbnail inside EXIF.
    trailing_bytes : int
        Bytes after the EOI marker of the picture.
    trailing : str
        What they are, by their first bytes: ``"padding"``, ``"video"``, ``"JPEG
        picture"``, ``"ZIP archive"`` or the like, ``"data"`` where they have no known
        mark; empty where nothing follows.
    truncated : bool
        No EOI marker was found.
    n_scans : int
        Number of SOS markers.
    entropy_bytes : int
        Bytes of entropy-coded data over all scans, stuffing and restarts included.
    """

    segments: tuple[JpegSegment, ...]
    width: int
    height: int
    precision: int
    process: str
    quantization_tables: tuple[npt.NDArray[np.uint16], ...]
    quantization_table_ids: tuple[int, ...]
    huffman_tables: tuple[HuffmanTable, ...]
    components: tuple[JpegComponent, ...]
    subsampling: str
    progressive: bool
    arithmetic: bool
    restart_interval: int
    has_jfif: bool
    has_adobe: bool
    adobe_transform: int | None
    comments: tuple[str, ...]
    thumbnail: bytes | None
    trailing_bytes: int
    trailing: str = ""
    truncated: bool
    n_scans: int
    entropy_bytes: int

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What the APPn segments hold, in file order, each once."""
        return tuple(dict.fromkeys(s.identifier for s in self.segments if s.identifier))

    def quantization_table(self, component: int) -> npt.NDArray[np.uint16] | None:
        """Return the table of the component with this index, None if it is missing."""
        wanted = self.components[component].tq
        if wanted not in self.quantization_table_ids:
            return None
        return self.quantization_tables[self.quantization_table_ids.index(wanted)]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; of the thumbnail only its number of bytes."""
        return {
            "width": self.width,
            "height": self.height,
            "precision": self.precision,
            "process": self.process,
            "subsampling": self.subsampling,
            "progressive": self.progressive,
            "arithmetic": self.arithmetic,
            "restart_interval": self.restart_interval,
            "n_scans": self.n_scans,
            "components": [
                {"id": c.id, "h": c.h, "v": c.v, "tq": c.tq} for c in self.components
            ],
            "quantization_tables": {
                str(table_id): table.tolist()
                for table_id, table in zip(
                    self.quantization_table_ids, self.quantization_tables, strict=True
                )
            },
            "huffman_tables": [
                {
                    "kind": t.kind,
                    "table_id": t.table_id,
                    "counts": list(t.counts),
                    "symbols": list(t.symbols),
                }
                for t in self.huffman_tables
            ],
            "segments": [
                {
                    "name": s.name,
                    "identifier": s.identifier,
                    "offset": s.offset,
                    "length": s.length,
                }
                for s in self.segments
            ],
            "has_jfif": self.has_jfif,
            "has_adobe": self.has_adobe,
            "adobe_transform": self.adobe_transform,
            "comments": list(self.comments),
            "thumbnail_bytes": len(self.thumbnail) if self.thumbnail else None,
            "trailing_bytes": self.trailing_bytes,
            "trailing": self.trailing,
            "truncated": self.truncated,
            "entropy_bytes": self.entropy_bytes,
        }
