"""A network of others as it is, cut before its head: a photo in, features out."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import ConfigError, IncompatibleArtifactError
from whichcam.media import Photo
from whichcam.methods._patches import as_input, at_least
from whichcam.methods._trace_inputs import middle_of
from whichcam.methods._training_room import from_training
from whichcam.models.storage import field, open_onnx

_LARGEST_PX = 4096


class FrozenBackbone:
    """A backbone as ONNX, run by ONNX Runtime.

    Parameters
    ----------
    name : str
        Of timm; with ``:mean`` features are averaged over the crop.
    weights_sha256 : str
        Of its weights.
    origin : str
        Where they came from.
    n_features : int
        How many it gives.
    onnx : bytes
        From ``patches`` to ``features``.

    Attributes
    ----------
    crop_px : int
        Side of the crop, as the network has it.
    """

    def __init__(
        self,
        *,
        name: str,
        weights_sha256: str,
        origin: str,
        n_features: int,
        onnx: bytes,
    ) -> None:
        self.name = name
        self.weights_sha256 = weights_sha256
        self.origin = origin
        self.n_features = n_features
        self.onnx = onnx
        self._session = open_onnx(onnx, outputs=("features",))
        shape = self._session.get_inputs()[0].shape
        side = shape[-1] if len(shape) == 4 else None
        if type(side) is not int or shape[1:] != [3, side, side] or side > _LARGEST_PX:
            raise IncompatibleArtifactError(
                f"the backbone {name} takes {shape}; expected (n, 3, P, P) with P up "
                f"to {_LARGEST_PX}"
            )
        self.crop_px = side

    @classmethod
    def export(cls, name: str, weights: str, *, crop_px: int, seed: int) -> Self:
        """Make one of timm's; needs the extra ``train``."""
        bare, _, how = name.partition(":")
        if how not in ("", "mean"):
            raise ConfigError("backbones", f"hold {name!r}; after ':' comes 'mean'")
        return cls(
            name=name,
            **from_training("export_backbone")(
                bare, weights, crop_px=crop_px, mean=how == "mean", seed=seed
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what a folder tells about it, beside the network itself."""
        return {
            "name": self.name,
            "weights_sha256": self.weights_sha256,
            "origin": self.origin,
            "n_features": self.n_features,
            "sha256": hashlib.sha256(self.onnx).hexdigest(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], onnx: bytes) -> Self:
        """Take what `to_dict` gave.

        Raises
        ------
        IncompatibleArtifactError
            If it is no backbone.
        """
        return cls(
            name=field(told, "name", str),
            weights_sha256=field(told, "weights_sha256", str),
            origin=field(told, "origin", str),
            n_features=field(told, "n_features", int),
            onnx=onnx,
        )

    def features(
        self, photo: Photo, cache: Path | None, *, smallest_px: int
    ) -> FloatArray:
        """Return the features of the middle of a photo, of shape (n_features,).

        Parameters
        ----------
        photo : Photo
            Decoded photo.
        cache : Path or None
            Folder they are looked up in, and kept in.
        smallest_px : int
            Smaller photos are refused.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter.
        """
        region = middle_of(
            photo,
            side_px=self.crop_px,
            smallest_px=smallest_px,
            method="stacked_features",
        )
        path = None if cache is None else self._place(cache, photo)
        if path is not None:
            kept = _read(path, self.n_features)
            if kept is not None:
                return kept
        crop = at_least(region, self.crop_px)[: self.crop_px, : self.crop_px]
        found: FloatArray = self._session.run(
            ["features"], {"patches": as_input(crop[None])}
        )[0][0]
        if found.shape != (self.n_features,):
            raise IncompatibleArtifactError(
                f"the backbone {self.name} gives {found.shape}; expected "
                f"({self.n_features},)"
            )
        if path is not None:
            _write(path, found)
        return found

    def _place(self, cache: Path, photo: Photo) -> Path:
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", self.name)
        key = f"{safe}-{self.weights_sha256[:16]}-{self.crop_px}"
        # the pixels' shape too: a photo cut from another may carry its header on
        height, width = photo.pixels.shape[:2]
        return cache / key / photo.sha256[:2] / f"{photo.sha256}-{width}x{height}.npy"


def _read(path: Path, n_features: int) -> FloatArray | None:
    """Return what is kept; None where there is nothing that can be used."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = isinstance(found, np.ndarray) and found.shape == (n_features,)
    return found if fits and found.dtype == np.float32 else None


def _write(path: Path, values: FloatArray) -> None:
    """Write features, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, values, allow_pickle=False)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
