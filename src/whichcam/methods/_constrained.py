"""A network whose first filters must predict pixels, and so see what is left."""

from __future__ import annotations

from whichcam.methods._network import NetworkClassifier, Progress
from whichcam.methods._patch_data import PatchData, TrainedPatches


class ConstrainedClassifier(NetworkClassifier):
    """Camera-model classifier by a constrained first convolution.

    Parameters
    ----------
    patch_px : int, default 256
        Side of a patch. A smaller photo is continued by mirroring.
    n_patches : int, default 4
        Patches of a photo that vote, at most.
    patches_per_photo : int, default 1
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

    Notes
    -----
    The first filters' middle is -1 and the rest sums to 1, after every step: they
    answer with prediction errors, which hold little of the scene [1]_. The trunk is the
    paper's: three convolutions, one across planes, two dense layers of 200, hyperbolic
    tangents. It looks at the green plane. Departures: several patches vote, the rate
    is halved on a schedule, and the best epoch by held-out photos is kept; the paper's
    second classifier, extremely randomised trees over the last layer, is left out.

    References
    ----------
    .. [1] B. Bayar, M. C. Stamm, "Constrained convolutional neural networks: a new
       approach towards general purpose image manipulation detection", IEEE TIFS
       13(11), 2018. doi:10.1109/TIFS.2018.2825953
    """

    method = "constrained"
    by_quality = False

    def __init__(
        self,
        *,
        patch_px: int = 256,
        n_patches: int = 4,
        patches_per_photo: int = 1,
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

    def _train(self, data: PatchData, progress: Progress) -> TrainedPatches:
        return self._train_kind(self.method, self.learning_rate, data, progress)
