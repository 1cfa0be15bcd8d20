"""Crops a second that training takes, in one process and in two; what compiling gives.

Traces are drawn at random: what they are makes no difference to how long a step takes.
Each run is a process, or a group of processes, of its own, on one thread each.
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

import _record
from speed import ONE_THREAD, measurement

SCHEMA = "whichcam.training_speed/1"
N_PHOTOS, N_CLASSES, EPOCHS = 1200, 55, 2
N_WARM, N_STEPS = 3, 30


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


def measure(n_rounds: int) -> list[dict[str, Any]]:
    """Return the measurements; what is compared is run in turn."""
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


def main() -> None:
    """Measure and write a new result."""
    if sys.argv[1:2] == ["--worker"]:
        found = train() if sys.argv[2] == "train" else steps(sys.argv[3] == "compiled")
        if found is not None:
            print(json.dumps(found))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    measurements = measure(given.rounds)
    for entry in measurements:
        print(f"{entry['name']:<24} {entry['median']:10.4g} {entry['unit']}")
    if given.print_only:
        return
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {"n_rounds": given.rounds, "n_photos": N_PHOTOS, "epochs": EPOCHS},
        "measurements": measurements,
    }
    path: Path = _record.write_new("training_speed", result)
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
