"""Crops a second that training takes, in one process and in two; what compiling gives.

The trace network's traces are drawn at random: what they are makes no difference to
how long a step takes. Networks over patches are measured on photos of synthetic
cameras, from packed crops, with and without manipulations on the fly and threads that
draw ahead. Each run is a process, or a group of processes, of its own; torch has one
thread in each.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import _patch_speed
import _record
from speed import ONE_THREAD, measurement

SCHEMA = "whichcam.training_speed/1"
N_PHOTOS, N_CLASSES, EPOCHS = 1200, 55, 2
N_WARM, N_STEPS = 3, 30
SHARES = {"plain": 0.0, "half_changed": 0.5}
# Processes, and threads of each that draw ahead.
PATCH_RUNS = ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1))


class _Heard(logging.Handler):
    """Keeps what training says of its speed: crops a second, percent spent waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take the figures of the message before they are rounded."""
        if isinstance(record.args, tuple):
            self.said = [float(str(value)) for value in record.args]


def train() -> dict[str, float] | None:
    """Train for some epochs; return speed and waiting, None in all but one process."""
    import numpy as np
    import torch

    from whichcam.traces import TRACE_SIZE
    from whichcam.training import _distributed, _speed
    from whichcam.training._config import TrainingConfig
    from whichcam.training._fit import fit_network
    from whichcam.training._views import Views

    torch.set_num_threads(1)
    config = TrainingConfig(epochs=EPOCHS, device="cpu")
    rng = np.random.default_rng(0)

    def drawn(n_views: int) -> Any:
        size = (N_PHOTOS, n_views, TRACE_SIZE)
        return rng.standard_normal(size, dtype=np.float32).astype(np.float16)

    views = Views(
        untouched=drawn(config.n_crops + 1),
        manipulated=drawn(2),
        reduced=drawn(2),
        tables=(None,) * N_PHOTOS,
        rows=np.arange(N_PHOTOS),
        skipped=(),
    )
    labels = np.arange(N_PHOTOS) % N_CLASSES
    names = [str(label) for label in labels]
    heard = _Heard()
    _speed.logger.addHandler(heard)
    _speed.logger.setLevel(logging.INFO)
    with _distributed.process_group(torch.device("cpu")):
        chosen = np.arange(N_PHOTOS)
        fit_network(views, chosen, labels, names, names, N_CLASSES, config, seed=0)
        if _distributed.rank():
            return None
    return {"crops_per_s": heard.said[0], "waiting_share": heard.said[1] / 100}


def steps(is_compiled: bool) -> dict[str, float]:
    """Time single steps of the network, compiled or not, and the first of them."""
    import numpy as np
    import torch
    from torch.nn import functional

    from whichcam.traces import PROCESSING_SIZE, TRACE_SIZE
    from whichcam.training._config import TrainingConfig
    from whichcam.training._network import TraceNetwork

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = TrainingConfig()
    shape = (TRACE_SIZE - PROCESSING_SIZE, config.components)
    network = TraceNetwork(
        np.zeros(TRACE_SIZE, np.float32),
        np.ones(TRACE_SIZE, np.float32),
        np.random.default_rng(0).standard_normal(shape, dtype=np.float32),
        N_CLASSES,
        config,
    )
    model = torch.compile(network) if is_compiled else network
    optimizer = torch.optim.AdamW(network.parameters())
    inputs = network.prepare(torch.randn(config.batch_size, TRACE_SIZE)).detach()
    labels = torch.randint(N_CLASSES, (config.batch_size,))
    taken = []
    for _ in range(N_WARM + N_STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        losses = [functional.cross_entropy(x, labels) for x in model(inputs, inputs)]
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        taken.append(time.perf_counter() - start)
    return {"first_s": taken[0], "step_s": float(np.median(taken[N_WARM:]))}


def worker(*arguments: str, n_processes: int = 1) -> dict[str, float]:
    """Run a part of this file in processes of its own."""
    command = [sys.executable, __file__, "--worker", *arguments]
    if n_processes > 1:
        launcher = ["-m", "torch.distributed.run", "--standalone"]
        launcher += ["--nproc-per-node", str(n_processes)]
        command = [sys.executable, *launcher, *command[1:]]
    with tempfile.TemporaryDirectory() as cache:  # a first step compiles, every time
        done = subprocess.run(
            command,
            env=os.environ | ONE_THREAD | {"TORCHINDUCTOR_CACHE_DIR": cache},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_traces(n_rounds: int) -> list[dict[str, Any]]:
    """Return the measurements of the trace network; what is compared takes turns."""
    one, two, waiting = [], [], []
    for _ in range(n_rounds):
        alone = worker("train")
        one.append(alone["crops_per_s"])
        waiting.append(alone["waiting_share"])
        two.append(worker("train", n_processes=2)["crops_per_s"])
    eager, compiled = worker("steps", "eager"), worker("steps", "compiled")
    ratios = [b / a for a, b in zip(one, two, strict=True)]
    gain = eager["step_s"] / compiled["step_s"]
    return [
        measurement("train_one_process", "crops/s", one),
        measurement("train_two_processes", "crops/s", two, n_threads=2),
        measurement("two_processes_over_one", "ratio", ratios, n_threads=2),
        measurement("waiting_for_batches", "share", waiting),
        measurement("step_eager", "s", [eager["step_s"]]),
        measurement("step_compiled", "s", [compiled["step_s"]]),
        measurement("first_step_compiled", "s", [compiled["first_s"]]),
        measurement("eager_over_compiled", "ratio", [gain]),
    ]


def measure_patches(n_rounds: int) -> list[dict[str, Any]]:
    """Return the measurements of networks over patches; runs take turns."""
    speeds: dict[tuple[str, int, int], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        packed = worker("pack", folder)
        for _ in range(n_rounds):
            for kind, share in SHARES.items():
                for n, threads in PATCH_RUNS:
                    said = worker(
                        "patches", folder, str(threads), str(share), n_processes=n
                    )
                    speeds.setdefault((kind, n, threads), []).append(said)
    found = [
        measurement("photos_packed", "photos/s", [packed["decoded_per_s"]]),
        measurement("photos_found_packed", "photos/s", [packed["found_per_s"]]),
    ]
    for (kind, n, threads), said in speeds.items():
        name = f"patches_{kind}_{n}_processes_{threads}_threads"
        for what, unit in (("crops_per_s", "crops/s"), ("waiting_share", "share")):
            raw = [speed[what] for speed in said]
            n_threads = n * (1 + threads)
            found.append(measurement(f"{name}_{what}", unit, raw, n_threads=n_threads))
    return found


PARTS = {"patches": measure_patches, "traces": measure_traces}


def work(kind: str, *arguments: str) -> dict[str, float] | None:
    """Do what a worker was started for."""
    match kind:
        case "train":
            return train()
        case "steps":
            return steps(arguments[0] == "compiled")
        case "pack":
            return _patch_speed.pack(Path(arguments[0]))
    folder, threads, share = arguments
    return _patch_speed.fit(Path(folder), int(threads), float(share))


def main() -> None:
    """Measure and write a new result."""
    if sys.argv[1:2] == ["--worker"]:
        found = work(*sys.argv[2:])
        if found is not None:
            print(json.dumps(found))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--parts", nargs="+", choices=sorted(PARTS), default=sorted(PARTS)
    )
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    busy = os.getloadavg()[1] if hasattr(os, "getloadavg") else None
    measurements = [
        entry for part in given.parts for entry in PARTS[part](given.rounds)
    ]
    for entry in measurements:
        print(f"{entry['name']:<55} {entry['median']:10.4g} {entry['unit']}")
    if given.print_only:
        return
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {
            "n_rounds": given.rounds,
            "parts": given.parts,
            "load_average_before": busy,
            "n_photos": N_PHOTOS,
            "epochs": EPOCHS,
            "patches": {
                "network": "bondi",
                "n_photos": _patch_speed.N_CAMERAS * _patch_speed.PER_CAMERA,
                "photo_px": _patch_speed.SIDE_PX,
                "batch_size": _patch_speed.BATCH_SIZE,
                "epochs": _patch_speed.EPOCHS,
                "manipulations": "SP_CUP",
            },
        },
        "measurements": measurements,
    }
    path: Path = _record.write_new("training_speed", result)
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
