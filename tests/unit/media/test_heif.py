"""HEIC against pictures whose every sample is known.

No free encoder of HEVC can be asked for here, so the tests write the smallest stream
that can be checked bit by bit: one intra picture whose blocks are all PCM (ITU-T H.265,
7.3.8.7), samples as they are, wrapped in the boxes of ISO/IEC 23008-12.
"""

from __future__ import annotations

import builtins
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam.errors import ImageDecodeError, ImageTooLargeError, MissingDependencyError
from whichcam.media import Limits, open_photo, read_header
from whichcam.media._boxes import is_cut_off, without_turns

pi_heif = pytest.importorskip("pi_heif")

Grey = npt.NDArray[np.uint8]
Planes = npt.NDArray[Any]
CTB = 16
# rangeTabLps of the first states for qRangeIdx 3 (H.265, table 9-52): each block codes
# one most probable symbol, so six blocks reach no further.
LPS_RANGES = (240, 227, 216, 205, 195, 185, 175)


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
    width: int, height: int, depth: int, *, colour: bool
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
    sps.exp_golomb(1, 0)  # coding blocks of 16 only
    sps.exp_golomb(0, 2, 0, 0)
    sps.u(0b0001, 4)  # no scaling lists, AMP, SAO; PCM
    sps.u((depth - 1) * 0x11, 8)
    sps.exp_golomb(1, 0)
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


def slice_of(planes: Planes, depth: int) -> bytes:
    out = Bits()
    out.u(0b10, 2)
    out.exp_golomb(0, 2, 0)
    out.bits.append(1)
    out.align()
    height, width = planes.shape[1:]
    corners = [(y, x) for y in range(0, height, CTB) for x in range(0, width, CTB)]
    cabac = Cabac(out)
    for state, (y, x) in enumerate(corners):
        cabac.most_probable(state)  # part_mode 2Nx2N
        cabac.terminate(1)  # pcm_flag
        out.align()
        for sample in planes[:, y : y + CTB, x : x + CTB].ravel():
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
) -> bytes:
    """Wrap one plane of luma, or three of Y, Cb, Cr; `turns` are irot, imir boxes."""
    planes: Planes = np.atleast_3d(picture_planes.T).T
    colour = len(planes) == 3
    height, width = planes.shape[1:]
    sets = parameter_sets(width, height, depth, colour=colour)
    picture = nal(20, slice_of(planes, depth))
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


@pytest.fixture
def grey(rng: np.random.Generator) -> Grey:
    return rng.integers(16, 236, (32, 48), dtype=np.uint8)


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def test_samples_come_back_exactly(grey: Grey) -> None:
    photo = open_photo(heic(grey))
    assert photo.format == "HEIC"
    assert np.array_equal(photo.pixels, np.repeat(grey[..., None], 3, axis=2))
    assert any("grey" in w for w in photo.warnings)


@pytest.mark.parametrize(
    "turns",
    [(irot(1),), (irot(2),), (irot(3),), (imir(0),), (imir(1),), (irot(1), imir(0))],
)
def test_rotation_and_mirror_of_the_container_are_not_applied(
    grey: Grey, turns: tuple[bytes, ...]
) -> None:
    data = heic(grey, *turns)
    turned = np.asarray(pi_heif.open_heif(data))
    assert not np.array_equal(turned, grey), "the file must ask for a turn"
    photo = open_photo(data)
    assert (photo.width, photo.height) == (48, 32)
    assert np.array_equal(photo.pixels[..., 0], grey)


def test_ten_bits_are_reduced_to_the_high_eight(rng: np.random.Generator) -> None:
    wide = rng.integers(64, 940, (32, 48), dtype=np.uint16)
    photo = open_photo(heic(wide, depth=10))
    assert np.array_equal(photo.pixels[..., 0], wide >> 2)
    assert any("10 bits" in w for w in photo.warnings)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_colour_picture_is_rgb_and_not_turned(quarters: int) -> None:
    luma = np.full((32, 48), 120, dtype=np.uint8)
    luma[:16] = 60
    blue, red = np.full_like(luma, 128), np.full_like(luma, 128)
    red[:, :16] = 200
    photo = open_photo(heic(np.stack([luma, blue, red]), irot(quarters)))
    assert photo.pixels.shape == (32, 48, 3)
    assert np.ptp(photo.pixels[:, 20:].astype(int), axis=2).max() <= 2
    reddish = photo.pixels[:, :14].astype(int)
    assert (reddish[..., 0] - reddish[..., 2]).min() > 60
    assert photo.pixels[:14, 20:].max() < photo.pixels[18:, 20:].min()
    assert photo.warnings == ()


def test_damaged_coding_is_our_own_error(grey: Grey) -> None:
    data = bytearray(heic(grey))
    at = data.rindex(b"mdat") + 8
    data[at : at + 40] = bytes(40)
    with pytest.raises(ImageDecodeError, match="HEIC is damaged"):
        open_photo(bytes(data))


def test_file_without_turns_is_not_copied(grey: Grey) -> None:
    data = heic(grey)
    assert without_turns(data) is data


def test_exif_is_read_and_orientation_only_reported(grey: Grey) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Apple", "iPhone 11", 6
    photo = open_photo(heic(grey, irot(3), exif=exif.tobytes()[6:]))
    assert (photo.exif.make, photo.exif.model) == ("Apple", "iPhone 11")
    assert photo.exif.orientation == 6
    assert np.array_equal(photo.pixels[..., 0], grey)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_file_is_an_error(grey: Grey, share: float) -> None:
    data = heic(grey)
    with pytest.raises(ImageDecodeError):
        open_photo(data[: int(len(data) * share)])


def test_cut_is_seen_by_the_boxes_alone(grey: Grey) -> None:
    data = heic(grey)
    assert not is_cut_off(data)
    assert is_cut_off(data[:-1])


def test_item_type_that_is_no_text_is_refused_before_the_library_sees_it(
    grey: Grey,
) -> None:
    data = heic(grey, exif=b"II*\0" + bytes(20))
    damaged = data.replace(b"\0\0Exif\0", b"\0\0Ex\xff\xff\0", 1)
    assert damaged != data
    with pytest.raises(ImageDecodeError, match="item table"):
        open_photo(damaged)


def test_limit_is_checked_before_decoding(grey: Grey) -> None:
    with pytest.raises(ImageTooLargeError, match="48 x 32"):
        open_photo(heic(grey), limits=Limits(max_pixels=1000))


def test_missing_library_names_the_extra(
    grey: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pi_heif":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[heif\]") as caught:
        read_header(heic(grey))
    assert caught.value.extra == "heif"
