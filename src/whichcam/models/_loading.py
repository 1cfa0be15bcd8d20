"""From the files of a model folder to a network that can be run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
)
from whichcam.models._calibration import Calibration
from whichcam.models._file_statistics import FileStatistics
from whichcam.models._spec import ModelSpec

_LARGEST_ONNX_BYTES: Final = 512 * 2**20


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
            f"{path} has SHA-256 {found[:12]}..., spec.json names {sha256[:12]}...; "
            "the network was replaced or damaged"
        )
    return data


def model_id(
    spec: ModelSpec, calibration: Calibration, statistics: FileStatistics
) -> str:
    """Return 12 hexadecimal digits that change with anything that decides answers."""
    parts = (spec.to_dict(), calibration.to_dict(), statistics.to_dict())
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()[:12]


def open_network(onnx: bytes) -> Any:
    """Open the network with one thread: photos are parallel, not single ones."""
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
    outputs = {output.name for output in session.get_outputs()}
    if not {"untouched", "robust", "embedding"} <= outputs:
        raise IncompatibleArtifactError(
            f"model.onnx gives {sorted(outputs)}; expected untouched, robust, embedding"
        )
    return session
