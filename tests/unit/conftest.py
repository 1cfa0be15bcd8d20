"""A model folder made by hand, without torch, that knows three synthetic cameras."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from whichcam.datasets import FrameSize
from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras
from whichcam.media import open_photo
from whichcam.models import (
    Calibration,
    FileStatistics,
    FrameSizes,
    ModelSpec,
    OpenSetScore,
    RegimeCalibration,
    table_key,
)
from whichcam.models.storage import write_json
from whichcam.scoring import Family, SelectiveThreshold
from whichcam.traces import TRACE_SIZE, TRACE_VERSION, network_traces

CLASSES = ("Acme One", "Acme Two", "Bolt 5")
MAKES = ("Acme", "Acme", "Bolt")
FRAMES = ((4000, 3000), (4000, 2248), (6000, 4000))  # of each class, in training
_SIDE = 192


@dataclass(frozen=True, kw_only=True)
class TinyModel:
    """The folder, and the cameras behind its classes."""

    folder: Path
    cameras: tuple[SyntheticCamera, ...]
    spec: dict[str, Any]
    calibration: dict[str, Any]


def threshold(value: float | None, error_rate: float = 0.1) -> SelectiveThreshold:
    return SelectiveThreshold(
        threshold=value,
        error_rate=error_rate,
        confidence_level=0.9,
        observed_error=0.01,
        upper_bound=0.08,
        coverage=0.7,
        n_answered=70,
        n_photos=100,
        n_candidates=10,
        correction="none",
        design_effect=1.0,
    )


def _regime(n_signs: int, table_weight: float) -> RegimeCalibration:
    zeros, ones = (0.0,) * n_signs, (1.0,) * n_signs
    return RegimeCalibration(
        pixel_weight=0.5,
        table_weight=table_weight,
        open_set=OpenSetScore(mean=zeros, scale=ones, weight=zeros, bias=2.0),
        known_threshold=0.0,
        thresholds={
            "model": threshold(0.8, 0.05),
            "family": threshold(0.7, 0.06),
            "make": threshold(0.6, 0.07),
        },
    )


def _calibration() -> Calibration:
    pair = Family(name="One / Two", make="Acme", members=CLASSES[:2], indices=(0, 1))
    single = Family(name="5", make="Bolt", members=CLASSES[2:], indices=(2,))
    return Calibration(
        regimes={
            "frame": replace(_regime(11, 0.5), frame_weight=0.5),
            "file": _regime(9, 0.5),
            "pixels": _regime(7, 0.0),
        },
        families=(pair, single),
        protocol={"folds": 2},
    )


def _onnx(centres: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]) -> bytes:
    """Write a nearest-centroid classifier of traces as a network."""
    onnx = pytest.importorskip("onnx", reason="the extra train is not installed")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weight = centres / scale**2 / 100
    bias = -0.5 * np.square(centres / scale).sum(1) / 100
    constants = {"weight": weight, "bias": bias, "embed": weight[:, :] / 10}
    arrays = [
        numpy_helper.from_array(value.astype(np.float32), name)
        for name, value in constants.items()
    ]
    dense = ["traces", "weight", "bias"]
    nodes = [
        helper.make_node("Gemm", dense, ["untouched"], transB=1),
        helper.make_node("Gemm", dense, ["robust"], transB=1),
        helper.make_node("Gemm", ["traces", "embed"], ["embedding"], transB=1),
    ]
    number = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("traces", number, ["n", TRACE_SIZE])],
        [
            helper.make_tensor_value_info(name, number, ["n", None])
            for name in ("untouched", "robust", "embedding")
        ],
        arrays,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    data: bytes = model.SerializeToString()
    return data


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """Return a model folder that tells three synthetic cameras apart."""
    return make_tiny_model(tmp_path_factory.mktemp("tiny-model"))


def make_tiny_model(folder: Path) -> TinyModel:
    """Write a model that tells three synthetic cameras apart into a folder."""
    cameras = tuple(draw_cameras(3, seed=3))
    size = (_SIDE, _SIDE)
    traces = np.array(
        [
            [network_traces(c.shoot(seed=s, size=size)) for s in range(4)]
            for c in cameras
        ],
        dtype=np.float64,
    )
    scale = traces.reshape(-1, TRACE_SIZE).std(0) + 0.05
    network = _onnx(traces.mean(1), scale)
    (folder / "model.onnx").write_bytes(network)
    spec = ModelSpec(
        method="whichcam",
        classes=CLASSES,
        makes=MAKES,
        crop_size_px=_SIDE,
        n_crops=2,
        smallest_px=128,
        embedding_size=3,
        trace_version=TRACE_VERSION,
        trace_size=TRACE_SIZE,
        onnx_sha256=hashlib.sha256(network).hexdigest(),
        licence="Apache-2.0",
        whichcam_version="0.1.0",
        training={"manifest_sha256": "0" * 64},
    ).to_dict()
    calibration = _calibration().to_dict()
    keys = [
        table_key(open_photo(c.shoot_jpeg(seed=1, size=(64, 64))).jpeg) for c in cameras
    ]
    statistics = FileStatistics.fit(keys * 4, [0, 1, 2] * 4, MAKES)
    write_json(folder / "spec.json", spec)
    write_json(folder / "calibration.json", calibration)
    write_json(folder / "file_statistics.json", statistics.to_dict())
    frames = [FrameSize.of(*size) for size in FRAMES]
    sizes = FrameSizes.fit(frames, [0, 1, 2], CLASSES)
    write_json(folder / "frame_sizes.json", sizes.to_dict())
    (folder / "CARD.md").write_text("# Made by hand for tests\n", encoding="utf-8")
    return TinyModel(folder=folder, cameras=cameras, spec=spec, calibration=calibration)
