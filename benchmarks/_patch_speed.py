"""What `training_speed.py` measures of networks over patches, run in its workers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

N_CAMERAS, PER_CAMERA, SIDE_PX = 6, 12, 1024
EPOCHS, BATCH_SIZE = 4, 128
POLICY = {"region_px": 768, "smallest_px": 128}


def pack(folder: Path) -> dict[str, float]:
    """Shoot photos and pack them, twice: decoded, and found in the cache."""
    from whichcam.datasets.synthetic import draw_cameras, write_dataset

    cameras = draw_cameras(N_CAMERAS, seed=7)
    write_dataset(
        folder / "photos", cameras, PER_CAMERA, seed=1, size=(SIDE_PX, SIDE_PX)
    )
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        n_photos = len(_regions(folder)[0])
        seconds.append(time.perf_counter() - start)
    decoded, found = (n_photos / taken for taken in seconds)
    return {"decoded_per_s": decoded, "found_per_s": found}


def fit(folder: Path, workers: int, share: float) -> dict[str, float] | None:
    """Train Bondi's network; return its speed, None in all but one process."""
    import numpy as np
    import torch

    from whichcam.datasets.manipulations import SP_CUP
    from whichcam.methods import PatchData
    from whichcam.training import _distributed
    from whichcam.training._patch_networks import PATCH_NETWORKS
    from whichcam.training._patch_run import Run

    torch.set_num_threads(1)
    device = torch.device("cpu")
    regions, labels = _regions(folder)
    data = PatchData(
        regions=regions,
        labels=labels,
        devices=[str(label) for label in labels],
        validation=np.arange(0, len(labels), PER_CAMERA),
        n_classes=N_CAMERAS,
        patch_px=64,
        patches_per_photo=4,
        n_looks=4,
        by_quality=True,
        manipulations=SP_CUP if share else (),
        turns=(0,),
        seed=0,
        manipulated_share=share,
        workers=workers,
    )
    with _distributed.process_group(device):
        torch.manual_seed(0)
        network = PATCH_NETWORKS["bondi"](N_CAMERAS, data.patch_px)
        run = Run(data=data, batch_size=BATCH_SIZE, patience=EPOCHS, device=device)
        run.stage(
            "training",
            network,
            torch.optim.SGD(network.parameters(), 1e-3),
            epochs=EPOCHS,
            progress=lambda *_: None,
        )
        return None if _distributed.rank() else run.speed.to_dict()


def _regions(folder: Path) -> tuple[Any, Any]:
    """Return the regions of all photos, from the cache where they are there."""
    import numpy as np

    from whichcam.methods._crop_cache import CropCache, pack_regions
    from whichcam.methods._trace_inputs import middle_of

    paths = sorted((folder / "photos").rglob("*.jpg"))
    regions, rows, _ = pack_regions(
        paths,
        CropCache(folder / "cache", POLICY),
        lambda photo: middle_of(
            photo,
            side_px=POLICY["region_px"],
            smallest_px=POLICY["smallest_px"],
            method="scratch",
        ),
        workers=1,
        progress=None,
    )
    names = [paths[row].relative_to(folder / "photos").parts[0] for row in rows]
    return regions, np.unique(names, return_inverse=True)[1].astype(np.int64)
