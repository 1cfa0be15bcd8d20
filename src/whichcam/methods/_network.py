"""What methods share that show patches of a photo to a network and count its votes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray, PathLike, PixelArray
from whichcam.datasets import Manifest
from whichcam.errors import (
    DatasetError,
    IncompatibleArtifactError,
)
from whichcam.media import Photo
from whichcam.methods._crop_cache import (
    CropCache,
    Regions,
    opened_cache,
    pack_regions,
)
from whichcam.methods._fitted import FittedClasses
from whichcam.methods._held_out import held_out_rows, softmax, temperature_of
from whichcam.methods._network_settings import check_settings
from whichcam.methods._patch_data import PatchData, TrainedPatches
from whichcam.methods._patches import at_least, cut, patch_places
from whichcam.methods._persistence import (
    load_method,
    save_method,
    stored_classes,
    stored_settings,
)
from whichcam.methods._trace_inputs import checked_classes, middle_of
from whichcam.methods._training_room import from_training
from whichcam.methods._votes import check_network, votes_of
from whichcam.models.storage import field, open_onnx, read_onnx

Progress = Callable[[str, int, int], None]

_ONNX = "model.onnx"


class NetworkClassifier(FittedClasses, ABC):
    """Base of the methods that are a network over patches at native resolution.

    A photo's answer is the mean of its patches' log probabilities, through a
    temperature fitted on photos that were not learnt from.

    Parameters
    ----------
    patch_px : int
        Side of a patch. A smaller photo is continued by mirroring.
    n_patches : int
        Patches of a photo that vote, at most.
    patches_per_photo : int
        Drawn of a photo in a batch of training.
    region_px : int
        Side of the square from the middle of the photo that patches are taken of.
    smallest_px : int
        Smaller photos are refused.
    epochs : int
        Passes over the training photos, at most.
    batch_size : int
        Patches a step, of all processes together.
    accumulation : int
        Parts that each process looks at its share of a step in.
    patience : int
        Epochs without a better validation after which training ends; the best state is
        kept.
    validation_share : float
        Of each class's photos, held out by device, else by session, to stop and to
        calibrate by; in (0, 0.5].
    manipulations : tuple of str
        What photos may have been through, see `whichcam.datasets.manipulations`.
    manipulated_share : float
        Of what is learnt from, changed by one of them; drawn anew each epoch.
    turns : tuple of int
        Degrees by which patches may be turned in training.
    device : {"auto", "cpu", "cuda"}
        Where to train.
    workers : int
        Threads that read photos in `fit`, and then draw patches ahead of the network; 0
        for none beside the one that trains. What is drawn is the same with any number.
    cache : str
        Folder in which decoded regions are kept for other trainings on some of the same
        photos, and the state of this one, to go on with after it was stopped. Without
        one, regions lie in a temporary folder.
    seed : int
        Decides all that is random; the same answers on a CPU for the same seed.

    Attributes
    ----------
    temperature_ : float
        Divides the votes.
    history_ : tuple of dict
        Of each epoch: ``stage``, ``epoch``, ``train_loss``, ``train_accuracy``,
        ``validation_loss``, ``validation_accuracy``, of patches.
    speed_ : dict
        ``crops_per_s``, ``seconds``, ``waiting_s`` and ``waiting_share`` of the last
        `fit`: how long the network waited for patches. Not saved.
    origin_ : str
        Where the weights that training began with came from.
    skipped_ : tuple of (str, str)
        Path and reason of each file that `fit` could not use.
    """

    method: ClassVar[str]
    by_quality: ClassVar[bool]

    def __init__(
        self,
        *,
        patch_px: int = 64,
        n_patches: int = 16,
        patches_per_photo: int = 1,
        region_px: int = 768,
        smallest_px: int = 128,
        epochs: int = 10,
        batch_size: int = 64,
        accumulation: int = 1,
        patience: int = 5,
        validation_share: float = 0.15,
        manipulations: tuple[str, ...] = (),
        manipulated_share: float = 0.5,
        turns: tuple[int, ...] = (0,),
        device: str = "auto",
        workers: int = 1,
        cache: str = "",
        seed: int = 0,
    ) -> None:
        self.patch_px = patch_px
        self.n_patches = n_patches
        self.patches_per_photo = patches_per_photo
        self.region_px = region_px
        self.smallest_px = smallest_px
        self.epochs = epochs
        self.batch_size = batch_size
        self.accumulation = accumulation
        self.patience = patience
        self.validation_share = validation_share
        self.manipulations = manipulations
        self.manipulated_share = manipulated_share
        self.turns = turns
        self.device = device
        self.workers = workers
        self.cache = cache
        self.seed = seed

    def fit(self, manifest: Manifest, progress: Progress | None = None) -> Self:
        """Train on a manifest; needs the extra ``train``.

        Parameters
        ----------
        manifest : Manifest
            With ``camera_model``; devices and sessions are used where they are known.
        progress : callable, optional
            Called as ``progress(stage, done, total)``. What it raises ends the run and
            leaves the classifier as it was.

        Returns
        -------
        NetworkClassifier
            Itself.

        Raises
        ------
        MissingDependencyError
            Without torch, timm or onnx.
        ConfigError
            If an argument of the constructor is out of range.
        DatasetError
            If a camera model is blank, there are fewer than two, or one has fewer than
            two photos that can be used.
        InputError
            If ``batch_size`` has too few photos for each part of each process, or
            another training is packing photos into ``cache``.
        ArtifactError
            If regions or states cannot be kept, or a state that was kept is damaged.
        """
        self._check()
        names = np.array([str(name) for name in manifest.camera_model], dtype=object)
        checked_classes(names, np.ones(len(names), dtype=bool))
        with opened_cache(self.cache, self._policy()) as cache:
            regions, rows, skipped = self._packed(manifest, cache, progress)
            if not rows:
                raise DatasetError(
                    f"none of {len(names)} photos can be used; the first: "
                    f"{skipped[0][1]}"
                )
            usable = np.isin(np.arange(len(names)), rows)
            classes = checked_classes(names, usable)
            labels = np.searchsorted(classes, names[usable].astype(str))
            data = self._data(manifest.select(rows), regions, labels.astype(np.int64))
            trained = self._train(data, progress or (lambda *_: None))
            session = open_onnx(trained.onnx, outputs=("logits",))
            looks = data.looks(data.validation)
            scores = np.stack([votes_of(session, patches) for _, patches in looks])
        self.temperature_ = temperature_of(scores, data.labels[data.validation])
        self.history_, self.origin_ = trained.history, trained.origin
        self.speed_, self.skipped_ = trained.speed, tuple(skipped)
        self._onnx, self._session, self._classes = trained.onnx, session, classes
        return self

    def pack(self, manifest: Manifest, progress: Progress | None = None) -> None:
        """Decode photos into ``cache``, where `fit` finds them; trains nothing.

        Raises
        ------
        ConfigError, InputError, ArtifactError
            As `fit`.
        """
        self._check()
        with opened_cache(self.cache, self._policy()) as cache:
            self._packed(manifest, cache, progress)

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        """Return calibrated closed-set probabilities; needs no torch.

        Parameters
        ----------
        photos : sequence of Photo
            Decoded photos.

        Returns
        -------
        ndarray of shape (n_photos, n_classes), float64
            Rows sum to 1.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        ImageTooSmallError
            If a photo is smaller than ``smallest_px``.
        """
        votes = np.empty((len(photos), len(self.classes_)))
        for row, photo in enumerate(photos):
            region = at_least(self._region(photo), self.patch_px)
            places = patch_places(region, self.patch_px, by_quality=self.by_quality)
            patches = cut(region, places[: self.n_patches], self.patch_px)
            votes[row] = votes_of(self._session, patches)
        return softmax(votes / self.temperature_) if len(photos) else votes

    def save(self, folder: PathLike) -> None:
        """Write the method to a folder: ONNX, JSON and one plain array.

        Parameters
        ----------
        folder : path
            New or empty.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        InputError
            If the folder holds something already.
        """
        header = {
            "method": self.method,
            "classes": list(self.classes_),
            "params": self._stored_params(),
            "onnx_sha256": hashlib.sha256(self._onnx).hexdigest(),
            "origin": self.origin_,
            "history": list(self.history_),
        }
        save_method(folder, header, {"temperature": np.array([self.temperature_])})
        (Path(folder) / _ONNX).write_bytes(self._onnx)

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a folder written by `save`; needs no torch.

        Parameters
        ----------
        folder : path
            As given to `save`.

        Raises
        ------
        ArtifactError
            If it holds no such method, or was damaged.
        """
        header, arrays = load_method(folder)
        if field(header, "method", str) != cls.method:
            raise IncompatibleArtifactError(
                f"{Path(folder)} holds {header['method']!r}; expected {cls.method!r}"
            )
        loaded = cls(**stored_settings(header, cls().get_params()))
        loaded._check()
        classes = stored_classes(header)
        temperature = arrays.get("temperature", np.zeros(0))
        if temperature.shape != (1,) or temperature[0] <= 0:
            raise IncompatibleArtifactError(
                f"the stored temperature is {temperature}; expected one positive number"
            )
        loaded.temperature_ = float(temperature[0])
        loaded.history_ = tuple(field(header, "history", list))
        loaded.origin_ = field(header, "origin", str)
        digest = field(header, "onnx_sha256", str)
        loaded._onnx = read_onnx(Path(folder) / _ONNX, digest)
        loaded._session = open_onnx(loaded._onnx, outputs=("logits",))
        check_network(loaded._session, loaded.patch_px, len(classes))
        loaded._classes = classes
        return loaded

    @abstractmethod
    def _train(self, data: PatchData, progress: Progress) -> TrainedPatches:
        """Return the network as ONNX, how it went, and where it began."""

    def _train_kind(
        self,
        kind: str,
        learning_rate: float,
        data: PatchData,
        progress: Progress,
        **shape: int,
    ) -> TrainedPatches:
        """Train one of the published networks of `whichcam.training`."""
        trained: TrainedPatches = from_training("fit_patch_network")(
            kind,
            data,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=learning_rate,
            patience=self.patience,
            device=self.device,
            progress=progress,
            accumulation=self.accumulation,
            cache=self.cache,
            **shape,
        )
        return trained

    def _check(self) -> None:
        """Refuse arguments that are out of range."""
        check_settings(self)

    def _stored_params(self) -> dict[str, Any]:
        """Return the arguments that a saved folder names; not the folders it used."""
        return {**self.get_params(), "cache": ""}

    def _policy(self) -> dict[str, int]:
        """Return how regions are cut, for those of others to be kept apart."""
        return {"region_px": self.region_px, "smallest_px": self.smallest_px}

    def _region(self, photo: Photo) -> PixelArray:
        return middle_of(
            photo,
            side_px=self.region_px,
            smallest_px=self.smallest_px,
            method=self.method,
        )

    def _packed(
        self, manifest: Manifest, cache: CropCache, progress: Progress | None
    ) -> tuple[Regions, list[int], list[tuple[str, str]]]:
        """Return the regions of photos, the rows that have one, and the others."""
        return pack_regions(
            manifest.paths,
            cache,
            self._region,
            workers=self.workers,
            progress=progress,
        )

    def _data(
        self, manifest: Manifest, regions: Regions, labels: IntArray
    ) -> PatchData:
        nothing = np.zeros(len(labels), dtype=np.int64)
        groups = devices = nothing
        if "device_id" in manifest:
            groups = devices = manifest.groups("device")
            if "session" in manifest:
                groups = manifest.groups("device_or_session")
        return PatchData(
            regions=regions,
            labels=labels,
            devices=[str(device) for device in devices],
            validation=held_out_rows(labels, groups, self.validation_share, self.seed),
            n_classes=int(labels.max()) + 1,
            patch_px=self.patch_px,
            patches_per_photo=self.patches_per_photo,
            n_looks=self.n_patches,
            by_quality=self.by_quality,
            manipulations=self.manipulations,
            turns=self.turns,
            seed=self.seed,
            manipulated_share=self.manipulated_share,
            workers=self.workers,
            photo_ids=regions.keys,
        )
