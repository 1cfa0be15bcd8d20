"""Blocks that learn to take the scene away, and a trunk that sees what is left."""

from __future__ import annotations

from whichcam.errors import ConfigError
from whichcam.methods._network import NetworkClassifier, Progress
from whichcam.methods._patch_data import PatchData, TrainedPatches


class RemnantClassifier(NetworkClassifier):
    """Camera-model classifier by learnt removal of the scene.

    Parameters
    ----------
    patch_px : int, default 64
        Side of a patch. A smaller photo is continued by mirroring.
    n_patches : int, default 20
        Patches of a photo that vote, at most.
    patches_per_photo : int, default 4
        Drawn of a photo in a batch of training.
    region_px : int, default 768
        Side of the square from the middle of the photo that patches are taken of.
    smallest_px : int, default 128
        Smaller photos are refused.
    epochs : int, default 40
        Passes over the training photos, at most.
    batch_size : int, default 64
        Patches a step, of all processes together.
    accumulation : int, default 1
        Parts that a step is cut into where memory is short.
    learning_rate : float, default 0.001
        Of the first quarter of the epochs; halved three times.
    patience : int, default 10
        Epochs without a better validation after which training ends.
    validation_share : float, default 0.15
        Of each class's photos, held out by device, else by session.
    manipulations : tuple of str, default ()
        What photos may have been through, see `whichcam.datasets.manipulations`.
    manipulated_share : float, default 0.5
        Of what is learnt from, changed by one of the manipulations; drawn anew each
        epoch. In [0, 1].
    turns : tuple of int, default (0,)
        Degrees by which patches may be turned in training.
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
    planes : int, default 64
        Inside a block.

    Notes
    -----
    Three blocks of convolutions answer with what they would take away, and pass on
    the difference [1]_; strided convolutions classify the remnant. Patches are chosen
    by brightness and texture, as the authors do. Departures: the paper's best patches
    are of 256 px, cut into squares of 64 px, and its vote counts labels; here the best
    squares of 64 px are taken at once, and log probabilities vote. The number of
    planes inside a block is ours.

    References
    ----------
    .. [1] A. M. Rafi, T. I. Tonmoy, U. Kamal, Q. M. J. Wu, M. K. Hasan, "RemNet:
       remnant convolutional neural network for camera model identification", Neural
       Computing and Applications 33, 2021. doi:10.1007/s00521-020-05220-y
    """

    method = "remnant"
    by_quality = True

    def __init__(
        self,
        *,
        patch_px: int = 64,
        n_patches: int = 20,
        patches_per_photo: int = 4,
        region_px: int = 768,
        smallest_px: int = 128,
        epochs: int = 40,
        batch_size: int = 64,
        accumulation: int = 1,
        learning_rate: float = 1e-3,
        patience: int = 10,
        validation_share: float = 0.15,
        manipulations: tuple[str, ...] = (),
        manipulated_share: float = 0.5,
        turns: tuple[int, ...] = (0,),
        device: str = "auto",
        workers: int = 1,
        cache: str = "",
        seed: int = 0,
        planes: int = 64,
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
        self.learning_rate = learning_rate
        self.planes = planes

    def _check(self) -> None:
        super()._check()
        if self.planes < 1:
            raise ConfigError("planes", f"is {self.planes}; expected 1 or more")

    def _train(self, data: PatchData, progress: Progress) -> TrainedPatches:
        return self._train_kind(
            self.method, self.learning_rate, data, progress, planes=self.planes
        )
