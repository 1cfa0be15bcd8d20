"""Write a network as ONNX, from its weights, and prove that both agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from whichcam._typing import FloatArray
from whichcam.errors import MissingDependencyError, WhichcamError
from whichcam.traces import PROCESSING_SIZE
from whichcam.training._network import CLIP, Committee, Expert, TraceNetwork

TOLERANCE = 1e-4  # of logits: float32 sums in another order differ by some 1e-6
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
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise MissingDependencyError("onnx", extra="train", purpose="export") from error

    _round_to_half_precision(network)
    weights: list[Any] = []
    nodes: list[Any] = []

    def constant(name: str, value: object) -> str:
        array = np.asarray(value, dtype=np.float32)
        if array.ndim < 2:
            weights.append(numpy_helper.from_array(array, name))
            return name
        # half the size on disk; the runtime widens it once, when it opens the file
        half = numpy_helper.from_array(array.astype(np.float16), f"{name}.half")
        weights.append(half)
        return node("Cast", [f"{name}.half"], name, to=TensorProto.FLOAT)

    def node(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def expert(part: Expert, name: str) -> tuple[str, str]:
        columns = part.get_buffer("columns").numpy()
        weights.append(numpy_helper.from_array(columns, f"{name}.columns"))
        own = node("Gather", ["inputs", f"{name}.columns"], f"{name}.own", axis=1)
        first = {
            "weight": part.hidden.weight.detach().numpy(),
            "bias": part.hidden.bias.detach().numpy(),
        }
        dense = [constant(f"{name}.{k}", v) for k, v in first.items()]
        layer = node("Gemm", [own, *dense], f"{name}.dense", transB=1)
        hidden = node("Relu", [layer], f"{name}.hidden")
        last = {
            "out.weight": part.classifier.weight.detach().numpy(),
            "out.bias": part.classifier.bias.detach().numpy(),
        }
        ends = [constant(f"{name}.{k}", v) for k, v in last.items()]
        logits = node("Gemm", [hidden, *ends], f"{name}.logits", transB=1)
        return logits, hidden

    def committee(part: Committee, name: str) -> list[str]:
        found = [
            expert(cast("Expert", member), f"{name}.{k}")
            for k, member in enumerate(part.experts)
        ]
        columns = part.get_buffer("columns").numpy()
        weights.append(numpy_helper.from_array(columns, f"{name}.columns"))
        own = node("Gather", ["inputs", f"{name}.columns"], f"{name}.own", axis=1)
        linear = [
            constant(f"{name}.{k}", part.get_buffer(k).numpy())
            for k in ("weight", "bias")
        ]
        last = node("Gemm", [own, *linear], f"{name}.discriminant", transB=1)
        node("Mean", [*(logits for logits, _ in found), last], name)
        return [hidden for _, hidden in found]

    mean, scale = network.get_buffer("mean"), network.get_buffer("scale")
    centred = node("Sub", ["traces", constant("mean", mean.numpy())], "centred")
    standard = node("Div", [centred, constant("scale", scale.numpy())], "standard")
    limits = [constant("low", -CLIP), constant("high", CLIP)]
    node("Clip", [standard, *limits], "clipped")
    sizes = np.array([PROCESSING_SIZE, len(mean) - PROCESSING_SIZE])
    weights.append(numpy_helper.from_array(sizes, "sizes"))
    nodes.append(
        helper.make_node("Split", ["clipped", "sizes"], ["kept", "counted"], axis=1)
    )
    projection = constant("projection", network.get_buffer("projection").numpy())
    components = node("MatMul", ["counted", projection], "components")
    node("Concat", ["kept", components], "inputs", axis=1)
    joined = node(
        "Concat",
        [
            *committee(network.untouched, "untouched"),
            *committee(network.robust, "robust"),
        ],
        "joined",
        axis=1,
    )
    norm = node("ReduceL2", [joined], "norm", axes=[1], keepdims=1)
    floor = node("Max", [norm, constant("tiny", 1e-6)], "floor")
    node("Div", [joined, floor], "embedding")

    outputs = ("untouched", "robust", "embedding")
    graph = helper.make_graph(
        nodes,
        "whichcam",
        [helper.make_tensor_value_info("traces", TensorProto.FLOAT, ["n", len(mean)])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None])
            for name in outputs
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8  # of opset 17: newer ones shut out older runtimes
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return _parity(network, path, samples, outputs)


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
