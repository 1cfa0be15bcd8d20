"""Which camera wrote which JPEG tables, sizes and layouts: a table built from files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from whichcam._typing import PathLike
from whichcam.errors import ArtifactNotFoundError, IncompatibleArtifactError
from whichcam.models import TableKey
from whichcam.models.storage import field

SCHEMA: Final = "whichcam.signatures/1"
_BUNDLED: Final = "signatures.json"
_VALUES: Final = 64
_MAX_BYTES: Final = 64 << 20

Layout = tuple[str, str]
"""Segments in file order up to the first scan, and the Huffman tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSignature:
    """What the files of one camera model look like.

    Parameters
    ----------
    camera_model, make : str
        Canonical names.
    n_photos, n_devices : int
        How many were seen.
    tables : Mapping of TableKey to int
        Quantisation tables and subsampling, and photos with them.
    sizes : Mapping of (int, int) to int
        Stored width and height, px, and photos of that size.
    layouts : Mapping of (str, str) to int
        Order of segments and kind of Huffman tables, of whole camera originals alone;
        empty where only cut or stripped files were seen.
    """

    camera_model: str
    make: str
    n_photos: int
    n_devices: int
    tables: Mapping[TableKey, int]
    sizes: Mapping[tuple[int, int], int]
    layouts: Mapping[Layout, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class SignatureTable:
    """Signatures of camera models, and where they come from.

    Parameters
    ----------
    cameras : tuple of CameraSignature
        In the order of their names.
    provenance : tuple of Mapping
        One a manifest: its name, the digest of its content, the split taken, photos,
        devices, and the collections with their licences.
    """

    cameras: tuple[CameraSignature, ...]
    provenance: tuple[Mapping[str, Any], ...]

    @classmethod
    def bundled(cls) -> SignatureTable:
        """Return the table that comes with the package, read once a process."""
        return _bundled()

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a table written by `save`.

        Raises
        ------
        ArtifactNotFoundError
            If there is no such file.
        IncompatibleArtifactError
            If it holds something else.
        """
        place = Path(path)
        if not place.is_file():
            raise ArtifactNotFoundError(f"there is no signature table {place}")
        if place.stat().st_size > _MAX_BYTES:
            raise IncompatibleArtifactError(
                f"{place}: more than {_MAX_BYTES} bytes, which no signature table has"
            )
        try:
            data = json.loads(place.read_text(encoding="utf-8"))
        except ValueError as error:
            raise IncompatibleArtifactError(
                f"{place} is no signature table: {error}"
            ) from error
        return cls.from_dict(data)

    def save(self, path: PathLike) -> None:
        """Write the table as JSON; an existing file is replaced."""
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def camera(self, camera_model: str) -> CameraSignature | None:
        """Return the signature of a camera model, None if it is not in the table."""
        return self._by_name.get(camera_model)

    def of_make(self, make: str) -> tuple[CameraSignature, ...]:
        """Return the signatures of a maker's cameras."""
        return tuple(camera for camera in self.cameras if camera.make == make)

    def holders(self, key: TableKey) -> tuple[CameraSignature, ...]:
        """Return the cameras that wrote these tables."""
        return self._by_table.get(key, ())

    @property
    def source(self) -> str:
        """Say in one line what the table was built from."""
        photos = sum(camera.n_photos for camera in self.cameras)
        devices = sum(camera.n_devices for camera in self.cameras)
        names = ", ".join(
            f"{p.get('manifest', '?')} ({str(p.get('sha256', ''))[:8]})"
            for p in self.provenance
        )
        return (
            f"signature table of {len(self.cameras)} models, {devices} devices, "
            f"{photos} photos; from {names}"
        )

    @cached_property
    def _by_name(self) -> dict[str, CameraSignature]:
        return {camera.camera_model: camera for camera in self.cameras}

    @cached_property
    def _by_table(self) -> dict[TableKey, tuple[CameraSignature, ...]]:
        found: dict[TableKey, tuple[CameraSignature, ...]] = {}
        for camera in self.cameras:
            for key in camera.tables:
                found[key] = (*found.get(key, ()), camera)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; a table is written as 64 numbers in one string."""
        keys = sorted({key for camera in self.cameras for key in camera.tables})
        place = {key: number for number, key in enumerate(keys)}
        return {
            "schema": SCHEMA,
            "provenance": [dict(entry) for entry in self.provenance],
            "tables": [
                {
                    "luma": " ".join(map(str, key.luma)),
                    "chroma": " ".join(map(str, key.chroma)),
                    "subsampling": key.subsampling,
                }
                for key in keys
            ],
            "cameras": [
                {
                    "camera_model": camera.camera_model,
                    "make": camera.make,
                    "n_photos": camera.n_photos,
                    "n_devices": camera.n_devices,
                    "tables": {str(place[k]): n for k, n in camera.tables.items()},
                    "sizes": {f"{w}x{h}": n for (w, h), n in camera.sizes.items()},
                    "layouts": [
                        {"segments": segments, "huffman": huffman, "n": n}
                        for (segments, huffman), n in camera.layouts.items()
                    ],
                }
                for camera in self.cameras
            ],
        }

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing or of the wrong kind.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            raise IncompatibleArtifactError(
                f"this is no signature table: its schema is not {SCHEMA!r}"
            )
        try:
            keys = [
                TableKey(
                    _values(entry["luma"]),
                    _values(entry["chroma"]),
                    str(entry["subsampling"]),
                )
                for entry in field(data, "tables", list)
            ]
            return cls(
                cameras=tuple(
                    _camera(entry, keys) for entry in field(data, "cameras", list)
                ),
                provenance=tuple(
                    dict(entry) for entry in field(data, "provenance", list)
                ),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise IncompatibleArtifactError(
                f"the signature table cannot be read: {error!r}"
            ) from error


def _values(text: Any) -> tuple[int, ...]:
    values = tuple(int(part) for part in str(text).split())
    if len(values) != _VALUES:
        raise ValueError(f"a quantisation table of {len(values)} values, expected 64")
    return values


def _camera(entry: Mapping[str, Any], keys: list[TableKey]) -> CameraSignature:
    sizes = {}
    for text, count in entry["sizes"].items():
        width, _, height = text.partition("x")
        sizes[int(width), int(height)] = int(count)
    return CameraSignature(
        camera_model=str(entry["camera_model"]),
        make=str(entry["make"]),
        n_photos=int(entry["n_photos"]),
        n_devices=int(entry["n_devices"]),
        tables={keys[int(k)]: int(n) for k, n in entry["tables"].items()},
        sizes=sizes,
        layouts={
            (str(part["segments"]), str(part["huffman"])): int(part["n"])
            for part in entry["layouts"]
        },
    )


@cache
def _bundled() -> SignatureTable:
    place = files("whichcam.claims").joinpath(_BUNDLED)
    return SignatureTable.from_dict(json.loads(place.read_text(encoding="utf-8")))
