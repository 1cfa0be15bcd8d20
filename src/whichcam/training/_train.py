"""Train a camera-model network and write it as a folder."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import whichcam
from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, InputError
from whichcam.models import CameraModel, FileStatistics, FrameSizes, ModelSpec
from whichcam.models.storage import write_json
from whichcam.traces import TRACE_SIZE, TRACE_VERSION
from whichcam.training import _distributed
from whichcam.training._calibrate import calibrate
from whichcam.training._card import write_card
from whichcam.training._config import TrainingConfig
from whichcam.training._export import export_onnx
from whichcam.training._fit import fit_network
from whichcam.training._folds import calibration_folds
from whichcam.training._held_out import held_out_outputs
from whichcam.training._labelled import LabelledPhotos, labelled_photos
from whichcam.training._network import SUBSETS
from whichcam.training._views import sample_traces, take_views

Progress = Callable[[str, int, int], None]
LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """What a training run made.

    Parameters
    ----------
    folder : str
        The model folder.
    model_id : str
        Of the model written.
    n_photos, n_devices, n_classes : int
        What it was trained on.
    skipped : tuple of (str, str)
        Path and reason of each file that could not be used.
    parity : float
        Largest difference between the trained and the exported network.
    validation : dict
        Out-of-fold figures by regime.
    """

    folder: str
    model_id: str
    n_photos: int
    n_devices: int
    n_classes: int
    skipped: tuple[tuple[str, str], ...]
    parity: float
    validation: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def train(
    manifest: Manifest,
    output: PathLike,
    *,
    config: TrainingConfig | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    command: str = "whichcam train",
    views: PathLike | None = None,
) -> TrainingReport:
    """Train a camera-model network on a manifest.

    Parameters
    ----------
    manifest : Manifest
        Labelled photos. ``device_id`` and ``session`` are used where they are there;
        without them the photos of a model count as one device and one session.
    output : path
        Folder to write ``model.onnx``, ``spec.json``, ``calibration.json``,
        ``file_statistics.json``, ``frame_sizes.json`` (where the manifest tells sizes)
        and ``CARD.md`` to. While training, ``work`` in it
        holds traces and checkpoints.
    config : TrainingConfig, optional
        Settings.
    resume : bool, default False
        Go on with what a killed run left in ``output/work``; at most one epoch and the
        photos in hand are done again.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.
    command : str
        What made the model, for its card.
    views : path, optional
        Folder where the traces of photos are kept, so that several trainings on some of
        the same photos share them. Default: ``output/work``, removed at the end.

    Returns
    -------
    TrainingReport

    Raises
    ------
    DatasetError
        If there are fewer than two camera models, or too few usable photos, or a row
        names no model.
    InputError
        If ``output`` holds a model already, or a run to resume and ``resume`` is off.
    """
    settings = TrainingConfig() if config is None else config
    blank = sum(not str(name).strip() for name in manifest.camera_model)
    if blank:
        raise DatasetError(
            f"{blank} of {len(manifest)} photo(s) name no camera model; leave such "
            "rows out of what is trained on"
        )
    folder = Path(output)
    work = folder / "work"
    kept = work if views is None else Path(views)
    device = _distributed.choose_device(settings.device)
    with _distributed.process_group(device):
        if _distributed.rank() == 0:
            _prepare(folder, work, resume=resume)
            taken = take_views(manifest, settings, kept, progress)
        _distributed.wait()
        if _distributed.rank() > 0:  # the first process has taken them all
            taken = take_views(manifest, settings, kept, None)
        data = labelled_photos(manifest, taken)
        network = fit_network(
            taken,
            np.arange(len(data.labels)),
            data.labels,
            data.devices,
            data.sessions,
            len(data.classes),
            settings,
            seed=settings.seed,
            checkpoint=work / "checkpoint.pt",
            epoch_done=_stage(progress, "training"),
        )
    if not _first_process():
        return _follower_report(folder, data)
    folds = calibration_folds(
        data.labels,
        data.devices,
        data.sessions,
        n_folds=settings.folds,
        seed=settings.seed,
    )
    held_out = held_out_outputs(
        taken, data, folds, settings, fold_done=_stage(progress, "calibrating")
    )
    calibration = calibrate(held_out, data.classes, data.makes, settings)
    parity = export_onnx(network, folder / "model.onnx", sample_traces(taken, 64))
    statistics = FileStatistics.fit(taken.tables, data.labels.tolist(), data.makes)
    spec = _spec(folder, manifest, data, settings, device, parity)
    write_json(folder / "spec.json", spec.to_dict())
    write_json(folder / "calibration.json", calibration.to_dict())
    write_json(folder / "file_statistics.json", statistics.to_dict())
    if "frame" in calibration.regimes:
        frames = FrameSizes.fit(data.frame_sizes, data.labels.tolist(), data.classes)
        write_json(folder / "frame_sizes.json", frames.to_dict())
    write_card(folder / "CARD.md", spec, calibration, manifest, settings, command)
    model = CameraModel.load(folder)
    shutil.rmtree(work)
    return TrainingReport(
        folder=str(folder),
        model_id=model.model_id,
        n_photos=len(data.labels),
        n_devices=len(set(data.devices)),
        n_classes=len(data.classes),
        skipped=taken.skipped,
        parity=parity,
        validation=dict(calibration.protocol["regimes"]),
    )


def _prepare(folder: Path, work: Path, *, resume: bool) -> None:
    if (folder / "spec.json").exists():
        raise InputError(
            f"{folder} holds a model already; give another folder, or remove it"
        )
    if work.exists() and not resume:
        raise InputError(
            f"{work} holds an unfinished run; go on with it by --resume, or remove it"
        )
    work.mkdir(parents=True, exist_ok=True)


def _stage(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    return None if progress is None else partial(progress, name)


def _first_process() -> bool:
    """Whether this process writes the model, also after the group is gone."""
    return int(os.environ.get("RANK", "0")) == 0


def _follower_report(folder: Path, data: LabelledPhotos) -> TrainingReport:
    """Report of a process that helped and leaves the writing to the first."""
    return TrainingReport(
        folder=str(folder),
        model_id="",
        n_photos=len(data.labels),
        n_devices=len(set(data.devices)),
        n_classes=len(data.classes),
        skipped=(),
        parity=0.0,
        validation={},
    )


def _spec(
    folder: Path,
    manifest: Manifest,
    data: LabelledPhotos,
    config: TrainingConfig,
    device: torch.device,
    parity: float,
) -> ModelSpec:
    onnx = (folder / "model.onnx").read_bytes()
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return ModelSpec(
        method="whichcam",
        classes=data.classes,
        makes=data.makes,
        crop_size_px=config.crop_size_px,
        n_crops=config.n_crops,
        smallest_px=config.smallest_px,
        embedding_size=2 * len(SUBSETS) * config.hidden,
        trace_version=TRACE_VERSION,
        trace_size=TRACE_SIZE,
        onnx_sha256=hashlib.sha256(onnx).hexdigest(),
        licence=LICENCE,
        whichcam_version=whichcam.__version__,
        training={
            "manifest_sha256": manifest.sha256,
            "photos": len(data.labels),
            "n_devices": len(set(data.devices)),
            "devices": sorted(set(data.devices)),
            "config": config.to_dict(),
            "parity": parity,
            "hardware": hardware,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
    )
