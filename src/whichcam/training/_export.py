"""Write a network as ONNX, from its weights, and prove that both agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from whichcam._typing import FloatArray
from whichcam.errors import MissingDependencyError, WhichcamError
from whichcam.traces import PROCESSING_SIZE
from whichcam.training._network import CLIP, Committee, Expert, TraceNetwork

TOLERANCE = 1e-4  # of logits: float32 sums in another order differ by some 1e-6
_INPUTS = "inputs"  # what experts look at, prepared from the traces
_OUTPUTS = ("untouched", "robust", "embedding")
_OPSET = 17  # has every operation below; read by every onnxruntime since 1.12


def export_onnx(network: TraceNetwork, path: Path, samples: FloatArray) -> float:
    """Write ``model.onnx`` and compare it with the network.

    Before that the network itself is made what will be stored, in place: its batch
    normalisation folded into the hidden layers, its matrices rounded to half precision.

    The graph is built operation by operation: it is small, and so neither the tracer
    nor its version can change what is written.

    Parameters
    ----------
    network : TraceNetwork
        Trained, on the CPU.
    path : Path
        File to write.
    samples : ndarray of shape (n, TRACE_SIZE), float32
        Traces to compare on.

    Returns
    -------
    float
        Largest absolute difference of any output.

    Raises
    ------
    MissingDependencyError
        If onnx is not installed.
    WhichcamError
        If an output differs by more than 1e-4.
    """
    _round_to_half_precision(network)
    graph = _Graph()
    mean, scale = network.get_buffer("mean"), network.get_buffer("scale")
    traces = graph.node(
        "Sub", ["traces", graph.constant("mean", mean.numpy())], "centred"
    )
    traces = graph.node(
        "Div", [traces, graph.constant("scale", scale.numpy())], "standard"
    )
    limits = [graph.constant("low", -CLIP), graph.constant("high", CLIP)]
    traces = graph.node("Clip", [traces, *limits], "clipped")
    n_processing, n_counts = PROCESSING_SIZE, len(mean) - PROCESSING_SIZE
    kept, counts = graph.split(traces, (n_processing, n_counts), ("kept", "counts"))
    projection = graph.constant("projection", network.get_buffer("projection").numpy())
    components = graph.node("MatMul", [counts, projection], "components")
    graph.node("Concat", [kept, components], _INPUTS, axis=1)
    hidden = [
        *_add_committee(graph, network.untouched, "untouched"),
        *_add_committee(graph, network.robust, "robust"),
    ]
    joined = graph.node("Concat", hidden, "joined", axis=1)
    norm = graph.node("ReduceL2", [joined], "norm", axes=[1], keepdims=1)
    floor = graph.node("Max", [norm, graph.constant("tiny", 1e-6)], "floor")
    graph.node("Div", [joined, floor], "embedding")
    path.write_bytes(graph.to_bytes(len(mean), _OUTPUTS))
    return _parity(network, path, samples, _OUTPUTS)


class _Graph:
    """Collects the nodes and weights of an ONNX graph."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingDependencyError(
                "onnx", extra="train", purpose="export"
            ) from error
        self._onnx = onnx
        self._weights: list[Any] = []
        self._nodes: list[Any] = []

    def integers(self, name: str, values: npt.ArrayLike) -> str:
        """Store 64-bit integers, as indices and sizes must be."""
        array = np.asarray(values, dtype=np.int64)
        self._weights.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Store numbers; matrices at half the size, which the runtime widens once."""
        array = np.asarray(value, dtype=np.float32)
        if array.ndim < 2:
            self._weights.append(self._onnx.numpy_helper.from_array(array, name))
            return name
        half = self._onnx.numpy_helper.from_array(
            array.astype(np.float16), f"{name}.half"
        )
        self._weights.append(half)
        return self.node("Cast", [half.name], name, to=self._onnx.TensorProto.FLOAT)

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Append an operation; return the name of what it gives."""
        helper = self._onnx.helper
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def split(
        self, values: str, sizes: tuple[int, ...], names: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Cut columns into parts."""
        inputs = [values, self.integers("sizes", sizes)]
        helper = self._onnx.helper
        self._nodes.append(helper.make_node("Split", inputs, list(names), axis=1))
        return names

    def linear(self, values: str, weight: Any, bias: Any, name: str) -> str:
        """Multiply by a matrix of shape (n_out, n_in) and add."""
        inputs = [
            values,
            self.constant(f"{name}.weight", weight.detach().numpy()),
            self.constant(f"{name}.bias", bias.detach().numpy()),
        ]
        return self.node("Gemm", inputs, name, transB=1)

    def to_bytes(self, n_inputs: int, outputs: tuple[str, ...]) -> bytes:
        """Return the checked model."""
        helper, number = self._onnx.helper, self._onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "whichcam",
            [helper.make_tensor_value_info("traces", number, ["n", n_inputs])],
            [helper.make_tensor_value_info(k, number, ["n", None]) for k in outputs],
            self._weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)]
        )
        model.ir_version = 8  # of opset 17: newer ones shut out older runtimes
        self._onnx.checker.check_model(model)
        data: bytes = model.SerializeToString()
        return data


def _add_committee(graph: _Graph, part: Committee, name: str) -> list[str]:
    """Append a committee, whose logits get its name; return its hidden layers."""
    hidden, logits = [], []
    for number, member in enumerate(part.experts):
        expert = cast("Expert", member)
        own = _own_inputs(graph, expert, f"{name}.{number}")
        dense = graph.linear(
            own, expert.hidden.weight, expert.hidden.bias, f"{name}.{number}.dense"
        )
        hidden.append(graph.node("Relu", [dense], f"{name}.{number}.hidden"))
        last = expert.classifier
        logits.append(
            graph.linear(hidden[-1], last.weight, last.bias, f"{name}.{number}.logits")
        )
    weight, bias = part.get_buffer("weight"), part.get_buffer("bias")
    own = _own_inputs(graph, part, f"{name}.linear")
    logits.append(graph.linear(own, weight, bias, f"{name}.discriminant"))
    graph.node("Mean", logits, name)
    return hidden


def _own_inputs(graph: _Graph, part: Expert | Committee, name: str) -> str:
    columns = graph.integers(f"{name}.columns", part.get_buffer("columns").numpy())
    return graph.node("Gather", [_INPUTS, columns], f"{name}.own", axis=1)


def _round_to_half_precision(network: TraceNetwork) -> None:
    """Round what is stored in half precision, in place, so that parity is exact."""
    with torch.no_grad():
        matrices = [network.get_buffer("projection")]
        for committee in (network.untouched, network.robust):
            matrices.append(committee.get_buffer("weight"))
            for member in committee.experts:
                part = cast("Expert", member)
                _fold(part)
                matrices += [part.hidden.weight, part.classifier.weight]
        for matrix in matrices:
            matrix.copy_(matrix.half().float())


def _fold(part: Expert) -> None:
    """Fold the batch normalisation into the hidden layer before it, in place."""
    norm = part.norm
    if norm.running_var is None or norm.running_mean is None:
        raise WhichcamError("the network's normalisation has no running statistics")
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    part.hidden.bias.copy_((part.hidden.bias - norm.running_mean) * gain + norm.bias)
    part.hidden.weight.mul_(gain[:, None])
    norm.weight.fill_(1.0)
    norm.bias.zero_()
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)


def _parity(
    network: TraceNetwork, path: Path, samples: FloatArray, outputs: tuple[str, ...]
) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"]
    )
    exported = session.run(list(outputs), {"traces": samples})
    with torch.no_grad():
        own = network.answer(torch.from_numpy(samples))
    differences = [
        np.abs(a - b.numpy()).max() for a, b in zip(exported, own, strict=True)
    ]
    worst = float(np.max(differences))  # not max(): it passes over what is no number
    if not worst <= TOLERANCE:
        raise WhichcamError(
            f"the exported network differs from the trained one by {worst:.2g}; "
            f"expected at most {TOLERANCE}: do not use it, and report this"
        )
    return worst
