"""What a stored network is, takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from whichcam.errors import IncompatibleArtifactError
from whichcam.models.storage import field
from whichcam.traces import TRACE_SIZE, TRACE_VERSION

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """The contents of ``spec.json``.

    Parameters
    ----------
    method : str
        Registry name of the method that was trained.
    classes : tuple of str
        Camera models, in the order of the network's outputs.
    makes : tuple of str
        Make of each class.
    crop_size_px, n_crops, smallest_px : int
        Crop policy: side of a crop, crops per photo, smallest side of a photo.
    embedding_size : int
        Length of the embedding.
    trace_version, trace_size : int
        Version and length of the traces the network was trained on.
    onnx_sha256 : str
        SHA-256 of ``model.onnx``, in hexadecimal.
    licence : str
        Of the weights.
    whichcam_version : str
        That wrote the folder.
    training : Mapping
        Provenance: manifest hash, devices (hashed), counts, configuration, versions.
    """

    method: str
    classes: tuple[str, ...]
    makes: tuple[str, ...]
    crop_size_px: int
    n_crops: int
    smallest_px: int
    embedding_size: int
    trace_version: int
    trace_size: int
    onnx_sha256: str
    licence: str
    whichcam_version: str
    training: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing or of the wrong kind, the folder was written in
            another format, or for other traces than this version takes.
        """
        version = field(data, "format_version", int)
        if version != FORMAT_VERSION:
            raise IncompatibleArtifactError(
                f"the model folder has format {version}, this whichcam reads "
                f"{FORMAT_VERSION}; train the model again or install a version that "
                "reads it"
            )
        texts = ("method", "onnx_sha256", "licence", "whichcam_version")
        numbers = (
            *("crop_size_px", "n_crops", "smallest_px"),
            *("embedding_size", "trace_version", "trace_size"),
        )
        spec = cls(
            classes=tuple(str(name) for name in field(data, "classes", list)),
            makes=tuple(str(name) for name in field(data, "makes", list)),
            training=dict(field(data, "training", dict)),
            **{name: field(data, name, str) for name in texts},
            **{name: field(data, name, int) for name in numbers},
        )
        if (spec.trace_version, spec.trace_size) != (TRACE_VERSION, TRACE_SIZE):
            raise IncompatibleArtifactError(
                f"the model was trained on traces of version {spec.trace_version} "
                f"({spec.trace_size} numbers), this whichcam takes version "
                f"{TRACE_VERSION} ({TRACE_SIZE}); train it again"
            )
        if len(spec.classes) < 2 or len(spec.classes) != len(spec.makes):
            raise IncompatibleArtifactError(
                f"the model names {len(spec.classes)} classes and "
                f"{len(spec.makes)} makes; expected as many, and at least two"
            )
        if not 1 <= spec.n_crops <= 64 or not 64 <= spec.crop_size_px <= 1024:
            raise IncompatibleArtifactError(
                f"the model asks for {spec.n_crops} crops of {spec.crop_size_px} px; "
                "expected 1 to 64 of 64 to 1024 px"
            )
        return spec
