"""Two small networks trained from nothing: a first lesson, and the field's first."""

from __future__ import annotations

from whichcam.errors import ConfigError
from whichcam.methods._network import NetworkClassifier, Progress
from whichcam.methods._patch_data import PatchData, TrainedPatches

VARIANTS = ("blog", "bondi")


class ScratchClassifier(NetworkClassifier):
    """Camera-model classifier by a convolutional network trained from scratch.

    Parameters
    ----------
    variant : {"bondi", "blog"}, default "bondi"
        ``bondi`` is the four-layer network of Bondi et al., its last layer replaced by
        a linear support vector machine over its 128 features. ``blog`` is a
        plain network of three convolutions and a dense layer, as tutorials have it.
    patch_px : int, default 64
        Side of a patch. A smaller photo is continued by mirroring.
    n_patches : int, default 32
        Patches of a photo that vote, at most.
    patches_per_photo : int, default 4
        Drawn of a photo in a batch of training.
    region_px : int, default 768
        Side of the square from the middle of the photo that patches are taken of.
    smallest_px : int, default 128
        Smaller photos are refused.
    epochs : int, default 40
        Passes over the training photos, at most.
    batch_size : int, default 128
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

    Notes
    -----
    Bondi et al. [1]_ train one machine for each pair of classes, and count a patch's
    label as one vote; here there is one machine a class, and the votes are log
    probabilities. The learning rate and its schedule are ours. Patches are ordered
    by a later formula of theirs that states the same wish: neither burnt nor black nor
    flat.

    References
    ----------
    .. [1] L. Bondi, L. Baroffio, D. Guera, P. Bestagini, E. J. Delp, S. Tubaro, "First
       steps toward camera model identification with convolutional neural networks",
       IEEE Signal Processing Letters 24(3), 2017. doi:10.1109/LSP.2016.2641006
    """

    method = "scratch"
    by_quality = True

    def __init__(
        self,
        *,
        variant: str = "bondi",
        patch_px: int = 64,
        n_patches: int = 32,
        patches_per_photo: int = 4,
        region_px: int = 768,
        smallest_px: int = 128,
        epochs: int = 40,
        batch_size: int = 128,
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
        self.variant = variant

    def _check(self) -> None:
        super()._check()
        if self.variant not in VARIANTS:
            raise ConfigError(
                "variant", f"is {self.variant!r}; expected one of {VARIANTS}"
            )

    def _train(self, data: PatchData, progress: Progress) -> TrainedPatches:
        return self._train_kind(self.variant, self.learning_rate, data, progress)
