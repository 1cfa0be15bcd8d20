"""A small network trained on traces of photos that were never taken.

As a program, ``gloo_fit.py WHOLE KILLED SETTINGS``, it is one of several processes: it
trains into the first folder, then into the second, where it dies after two epochs.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch

from whichcam.traces import TRACE_SIZE
from whichcam.training import TrainingConfig, _distributed
from whichcam.training._fit import fit_network
from whichcam.training._views import Views

EPOCHS_BEFORE_DEATH = 2
EXIT_CODE = 9


def fit(out: Path, config: TrainingConfig, *, dies_after: int = 0) -> None:
    """Train, and leave ``checkpoint.pt`` and ``weights.npz`` in a folder.

    Where ``dies_after`` is not 0, the process ends after so many epochs, and leaves the
    checkpoint alone.
    """
    n, n_classes = 24, 3
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    centres = rng.normal(size=(n_classes, 1, TRACE_SIZE))
    noise = rng.normal(size=(3, n, 2, TRACE_SIZE))
    kinds = (centres[labels] + noise).astype(np.float16)
    views = Views(
        untouched=kinds[0],
        manipulated=kinds[1],
        reduced=kinds[2],
        tables=(None,) * n,
        rows=np.arange(n),
        skipped=(),
    )

    def done(epoch: int, total: int) -> None:
        del total
        if epoch == dies_after:
            _distributed.wait()
            os._exit(EXIT_CODE)

    network = fit_network(
        views,
        np.arange(n),
        labels,
        [f"d{k % 3}" for k in range(n)],
        ["s"] * n,
        n_classes,
        config,
        seed=1,
        checkpoint=out / "checkpoint.pt",
        epoch_done=done,
    )
    if _distributed.rank() == 0:
        weights = {k: v.numpy() for k, v in network.state_dict().items()}
        np.savez(out / "weights.npz", allow_pickle=False, **weights)


def main() -> None:
    """Be one of several processes."""
    torch.set_num_threads(1)
    config = TrainingConfig.from_mapping(json.loads(sys.argv[3]))
    with _distributed.process_group(torch.device("cpu")):
        fit(Path(sys.argv[1]), config)
        fit(Path(sys.argv[2]), config, dies_after=EPOCHS_BEFORE_DEATH)


if __name__ == "__main__":
    main()
