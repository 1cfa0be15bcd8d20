"""Write a network over patches as ONNX, and prove that both agree."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from whichcam._typing import FloatArray
from whichcam.errors import WhichcamError
from whichcam.methods import PatchData
from whichcam.methods._patches import as_input
from whichcam.models.storage import open_onnx

TOLERANCE = 1e-3  # of the largest output: deep networks add up float32 rounding
_OPSET = 17


def export_patches(network: nn.Module, data: PatchData) -> bytes:
    """Return a network's ONNX, compared on some validation patches.

    Parameters
    ----------
    network : Module
        On the CPU; from levels (n, 3, P, P) to logits.
    data : PatchData
        Whose patches are used.

    Raises
    ------
    WhichcamError
        If an output differs by more than a thousandth of the largest.
    """
    _, patches = next(iter(data.looks(data.validation)))
    return export_onnx_of(network, as_input(patches[:4]), output="logits")


def export_onnx_of(network: nn.Module, samples: FloatArray, *, output: str) -> bytes:
    """Return the ONNX of a module from ``patches`` to one output, parity checked.

    Parameters
    ----------
    network : Module
        On the CPU.
    samples : ndarray of shape (n, 3, P, P), float32
        To trace and to compare on; n may be another at run time.
    output : str
        Name of what it gives.

    Raises
    ------
    WhichcamError
        If an output differs by more than a thousandth of the largest.
    """
    network.eval()
    inputs = torch.from_numpy(samples)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "model.onnx"
        # the exporter says that another will take its place, and traces say that
        # sizes become constants: they are
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (inputs,),
            path,
            dynamo=False,
            input_names=["patches"],
            output_names=[output],
            dynamic_axes={"patches": {0: "n"}, output: {0: "n"}},
            opset_version=_OPSET,
        )
        onnx = path.read_bytes()
    with torch.no_grad():
        own = network(inputs).numpy()
    exported = open_onnx(onnx, outputs=(output,)).run([output], {"patches": samples})
    worst = float(np.abs(exported[0] - own).max())
    if not worst <= TOLERANCE * max(1.0, float(np.abs(own).max())):
        raise WhichcamError(
            f"the exported network differs from the trained one by {worst:.2g}; "
            "do not use it, and report this"
        )
    return onnx
