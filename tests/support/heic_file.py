"""The smallest HEIC files that can be checked bit by bit.

No free encoder of HEVC can be asked for here: one intra picture whose blocks are all
PCM (ITU-T H.265, 7.3.8.7), samples as they are, wrapped in the boxes of ISO/IEC
23008-12.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Planes = npt.NDArray[Any]
# rangeTabLps of the first states for qRangeIdx 3 (H.265, table 9-52): each block codes
# one most probable symbol, so that a picture may have as many blocks.
LPS_RANGES = (
    *(240, 227, 216, 205, 195, 185, 175, 166),
    *(158, 150, 142, 135, 128, 122, 116, 110),
)


class Bits:
    """Collects bits, first bit first."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def u(self, value: int, n_bits: int) -> None:
        self.bits += [value >> n & 1 for n in reversed(range(n_bits))]

    def exp_golomb(self, *values: int) -> None:
        """Write Exp-Golomb codes."""
        for value in values:
            length = (value + 1).bit_length()
            self.u(value + 1, 2 * length - 1)

    def align(self) -> None:
        while len(self.bits) % 8:
            self.bits.append(0)

    def end(self) -> bytes:
        """Close with a stop bit and alignment."""
        self.bits.append(1)
        self.align()
        return self.bytes()

    def bytes(self) -> bytes:
        return np.packbits(np.array(self.bits, dtype=np.uint8)).tobytes()


class Cabac:
    """The arithmetic encoder of H.264 and H.265 (H.264, 9.3.4), as far as used."""

    def __init__(self, out: Bits) -> None:
        self.out = out
        self.low, self.range = 0, 510
        self.first, self.outstanding = True, 0

    def put(self, bit: int) -> None:
        if self.first:
            self.first = False
        else:
            self.out.u(bit, 1)
        for _ in range(self.outstanding):
            self.out.u(1 - bit, 1)
        self.outstanding = 0

    def renormalize(self) -> None:
        while self.range < 256:
            if self.low < 256:
                self.put(0)
            elif self.low >= 512:
                self.low -= 512
                self.put(1)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range, self.low = self.range << 1, self.low << 1

    def most_probable(self, state: int) -> None:
        assert self.range >> 6 & 3 == 3
        self.range -= LPS_RANGES[state]
        self.renormalize()

    def terminate(self, bit: int) -> None:
        self.range -= 2
        if not bit:
            self.renormalize()
            return
        self.low += self.range
        self.range = 2
        self.renormalize()
        self.put(self.low >> 9 & 1)
        self.out.u(self.low >> 7 & 3 | 1, 2)


def profile(bits: Bits) -> None:
    bits.u(4, 8)  # range extensions: 4:0:0 is theirs
    bits.u(1 << 27, 32)
    bits.u(0b1001, 4)
    bits.u(0, 44)
    bits.u(93, 8)


def parameter_sets(
    width: int, height: int, depth: int, side: int, *, colour: bool
) -> dict[int, bytes]:
    vps = Bits()
    vps.u(0, 4)
    vps.u(0b11, 2)
    vps.u(0, 9)
    vps.u(1, 1)
    vps.u(0xFFFF, 16)
    profile(vps)
    vps.u(1, 1)
    vps.exp_golomb(0, 0, 0)
    vps.u(0, 6)
    vps.exp_golomb(0)
    vps.u(0, 2)
    sps = Bits()
    sps.u(0, 7)
    sps.u(1, 1)
    profile(sps)
    sps.exp_golomb(0, 3 if colour else 0)
    sps.u(0, 1 if colour else 0)
    sps.exp_golomb(width, height)
    sps.u(0, 1)
    sps.exp_golomb(depth - 8, depth - 8, 0)
    sps.u(1, 1)
    sps.exp_golomb(0, 0, 0)
    size = side.bit_length() - 4
    sps.exp_golomb(size, 0)  # coding blocks of one size only
    sps.exp_golomb(0, 2, 0, 0)
    sps.u(0b0001, 4)  # no scaling lists, AMP, SAO; PCM
    sps.u((depth - 1) * 0x11, 8)
    sps.exp_golomb(size, 0)
    sps.u(1, 1)
    sps.exp_golomb(0)
    sps.u(0, 5)
    pps = Bits()
    pps.exp_golomb(0, 0)
    pps.u(0, 7)
    pps.exp_golomb(0, 0, 0)
    pps.u(0, 3)
    pps.exp_golomb(0, 0)
    pps.u(0, 7)
    pps.u(0b101, 3)  # deblocking control: no override, off
    pps.u(0, 2)
    pps.exp_golomb(0)
    pps.u(0, 2)
    return {32: vps.end(), 33: sps.end(), 34: pps.end()}


def slice_of(planes: Planes, depth: int, side: int) -> bytes:
    out = Bits()
    out.u(0b10, 2)
    out.exp_golomb(0, 2, 0)
    out.bits.append(1)
    out.align()
    height, width = planes.shape[1:]
    corners = [(y, x) for y in range(0, height, side) for x in range(0, width, side)]
    cabac = Cabac(out)
    for state, (y, x) in enumerate(corners):
        cabac.most_probable(state)  # part_mode 2Nx2N
        cabac.terminate(1)  # pcm_flag
        out.align()
        for sample in planes[:, y : y + side, x : x + side].ravel():
            out.u(int(sample), depth)
        cabac = Cabac(out)
        cabac.terminate(int(state == len(corners) - 1))
    out.align()
    return out.bytes()


def nal(kind: int, payload: bytes) -> bytes:
    guarded = bytearray()
    for byte in payload:
        if guarded.endswith(b"\0\0") and byte <= 3:
            guarded.append(3)
        guarded.append(byte)
    return struct.pack(">H", kind << 9 | 1) + bytes(guarded)


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I", 8 + len(body)) + kind + body


def heic(
    picture_planes: npt.NDArray[Any],
    *turns: bytes,
    exif: bytes = b"",
    depth: int = 8,
    side: int = 16,
) -> bytes:
    """Wrap one plane of luma, or three of Y, Cb, Cr; `turns` are irot, imir boxes.

    ``side`` is that of a block, 16 or 32 px; at most 16 blocks make a picture.
    """
    planes: Planes = np.atleast_3d(picture_planes.T).T
    colour = len(planes) == 3
    height, width = planes.shape[1:]
    sets = parameter_sets(width, height, depth, side, colour=colour)
    picture = nal(20, slice_of(planes, depth, side))
    item = struct.pack(">I", len(picture)) + picture
    config = bytes([1, 4, 8, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93])
    depths = 0xF8 | (depth - 8)
    chroma = 0xFC | (3 if colour else 0)
    config += bytes([0xF0, 0, 0xFC, chroma, depths, depths, 0, 0, 0x0F, len(sets)])
    for kind, payload in sets.items():
        unit = nal(kind, payload)
        config += struct.pack(">BHH", 0x80 | kind, 1, len(unit)) + unit
    ispe = box(b"ispe", bytes(4), struct.pack(">II", width, height))
    ipco = box(b"ipco", box(b"hvcC", config), ispe, *turns)
    used = [0x81, 2, *(0x80 | 3 + n for n in range(len(turns)))]
    ipma = box(b"ipma", bytes(4), struct.pack(">IHB", 1, 1, len(used)), bytes(used))
    kinds = [b"hvc1", b"Exif"] if exif else [b"hvc1"]
    entries = [
        box(b"infe", b"\2\0\0\0", struct.pack(">HH", n, 0), kind, b"\0")
        for n, kind in enumerate(kinds, 1)
    ]
    iref = box(b"iref", bytes(4), box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
    payloads = [item, bytes(4) + exif] if exif else [item]

    def whole(first_offset: int) -> bytes:
        locations, at = b"", first_offset
        for n, payload in enumerate(payloads, 1):
            locations += struct.pack(">HHHII", n, 0, 1, at, len(payload))
            at += len(payload)
        iloc = box(b"iloc", bytes(4), b"\x44\0", struct.pack(">H", len(payloads)))
        iloc = box(b"iloc", iloc[8:], locations)
        meta = box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(b"iinf", bytes(4), struct.pack(">H", len(entries)), *entries),
            iref if exif else b"",
            box(b"iprp", ipco, ipma),
            iloc,
        )
        return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta

    head = whole(0)
    return whole(len(head) + 8) + box(b"mdat", *payloads)
