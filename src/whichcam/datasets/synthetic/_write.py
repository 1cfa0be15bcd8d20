"""Folders of synthetic photographs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from whichcam._typing import PathLike
from whichcam.datasets.synthetic._camera import SyntheticCamera
from whichcam.datasets.synthetic._check import check_seed, check_size
from whichcam.errors import ConfigError, DatasetError


def write_dataset(
    directory: PathLike,
    cameras: Sequence[SyntheticCamera],
    n_photos: int,
    *,
    seed: int,
    size: tuple[int, int] = (512, 512),
    on_photo: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Let every camera take photographs, in one folder a camera model.

    Parameters
    ----------
    directory : path
        Made where it does not exist.
    cameras : sequence of SyntheticCamera
        Devices, each once; several devices of a model share its folder.
    n_photos : int
        Photographs of each device, at least 1.
    seed : int
        Not negative. Every photograph has a scene of its own; a device's pictures
        do not depend on which others are in the list.
    size : (int, int), default (512, 512)
        Height and width in px.
    on_photo : callable, optional
        Called with each path once the file is written, e.g. to move a progress bar.

    Returns
    -------
    list of Path
        Camera by camera, in the order taken:
        ``<directory>/<camera_model>/<model>_d<device>_<number>.jpg``.

    Raises
    ------
    ConfigError
        If a device is listed twice, or a number is out of range.
    ImageTooSmallError, ImageTooLargeError
        If the size is.
    DatasetError
        If a file to be written exists already, or the folder cannot be written.
    """
    check_seed(seed)
    check_size(size)
    if not isinstance(n_photos, (int, np.integer)) or not 1 <= n_photos <= 1_000_000:
        raise ConfigError("n_photos", f"got {n_photos!r}, expected 1 to 1000000")
    twice = [
        name
        for name, count in Counter(camera.device_id for camera in cameras).items()
        if count > 1
    ]
    if twice:
        raise ConfigError("cameras", f"{twice[0]!r} is listed twice; use device(k)")
    paths = []
    for camera in cameras:
        folder = Path(directory) / camera.camera_model
        for number in range(n_photos):
            name = f"{camera.model}_d{camera.device_index}_{number:04d}.jpg"
            photo_seed = _photo_seed(seed, camera, number)
            _write_new(folder / name, camera.shoot_jpeg(seed=photo_seed, size=size))
            paths.append(folder / name)
            if on_photo is not None:
                on_photo(paths[-1])
    return paths


def _photo_seed(seed: int, camera: SyntheticCamera, number: int) -> int:
    entropy = (seed, camera.seed, camera.device_index, number)
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])


def _write_new(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise DatasetError(
            f"{path} exists already and is not overwritten; choose an empty folder"
        ) from error
    except OSError as error:
        raise DatasetError(f"cannot write {path}: {error.strerror}") from error
