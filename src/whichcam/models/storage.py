"""Read and write the files of a model folder, with errors that name what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
)

__all__ = [
    "counts_from_json",
    "counts_to_json",
    "field",
    "open_onnx",
    "read_json",
    "read_onnx",
    "write_json",
]

_LARGEST_BYTES = 16 * 2**20  # a model's JSON is some 100 kB; more is not ours
_LARGEST_ONNX_BYTES: Final = 512 * 2**20


def read_json(path: Path) -> dict[str, Any]:
    """Return the object stored in a JSON file of a model folder."""
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise IncompatibleArtifactError(
                f"{path.name} has {size} bytes; a model's JSON has at most "
                f"{_LARGEST_BYTES}"
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(
            f"{path.name} is missing from the model folder {path.parent}; "
            "give a folder written by `whichcam train`"
        ) from error
    except (OSError, ValueError) as error:
        raise IncompatibleArtifactError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise IncompatibleArtifactError(f"{path} holds no JSON object")
    return data


def field(data: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """Return ``data[name]``, of the given kind, or say what is wrong with it."""
    if name not in data:
        raise IncompatibleArtifactError(f"the stored model lacks the field {name!r}")
    value = data[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise IncompatibleArtifactError(
            f"the stored model's field {name!r} is {type(value).__name__}; "
            f"expected {kind}"
        )
    return value


def counts_to_json(row: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return the counts of the classes that have any, by the class's number."""
    return {str(column): float(row[column]) for column in np.nonzero(row)[0]}


def counts_from_json(
    stored: Mapping[str, Any], n_classes: int
) -> npt.NDArray[np.float64]:
    """Return counts of shape (n_classes,) that `counts_to_json` wrote.

    Raises
    ------
    ValueError, TypeError, AttributeError
        If they are none, or of a class that there is not.
    """
    row = np.zeros(n_classes)
    for text, count in stored.items():
        index = int(text)
        if not 0 <= index < n_classes:
            raise ValueError(f"class index {index}, of {n_classes} classes")
        row[index] = float(count)
    return row


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON that is the same for the same values."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def read_onnx(path: Path, sha256: str) -> bytes:
    """Return the bytes of a network, if they are those it was saved with."""
    try:
        if path.stat().st_size > _LARGEST_ONNX_BYTES:
            raise IncompatibleArtifactError(
                f"{path} is larger than {_LARGEST_ONNX_BYTES} bytes"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ArtifactNotFoundError(f"{path} cannot be read: {error}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ChecksumMismatchError(
            f"{path} has SHA-256 {found[:12]}..., the folder names "
            f"{sha256[:12]}...; "
            "the network was replaced or damaged"
        )
    return data


def open_onnx(onnx: bytes, *, outputs: Sequence[str]) -> Any:
    """Open a network with one thread, as photos are run in parallel and not its parts.

    Parameters
    ----------
    onnx : bytes
        The network.
    outputs : sequence of str
        Names it must give.

    Raises
    ------
    IncompatibleArtifactError
        If it cannot be opened or lacks an output.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            onnx, options, providers=["CPUExecutionProvider"]
        )
    except (
        state.Fail,  # onnxruntime's errors share no base class of their own
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NotImplemented,
        state.RuntimeException,
    ) as error:
        raise IncompatibleArtifactError(
            f"model.onnx cannot be opened: {error}"
        ) from error
    found = {output.name for output in session.get_outputs()}
    if not {*outputs} <= found:
        raise IncompatibleArtifactError(
            f"model.onnx gives {sorted(found)}; expected {', '.join(outputs)}"
        )
    return session
