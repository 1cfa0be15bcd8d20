"""Co-occurrences of prediction errors, classified by Fisher discriminants."""

from __future__ import annotations

from whichcam._typing import FloatArray, PixelArray
from whichcam.media import Photo
from whichcam.methods._fisher_traced import FisherTraceClassifier
from whichcam.traces import (
    COOCCURRENCE_SIZE,
    COOCCURRENCE_VERSION,
    cooccurrence_traces,
)


class CooccurrenceClassifier(FisherTraceClassifier):
    """Camera-model classifier by co-occurrences of quantised prediction errors.

    Parameters
    ----------
    crop_size_px : int, default 768
        Side of the square from the middle of the photo that is looked at, at native
        resolution.
    smallest_px : int, default 128
        Smaller photos are refused.
    subspace_sizes : tuple of int, default (100, 200, 400, 800)
        Numbers of columns a learner of the ensemble may see; out-of-bag error chooses.
    max_learners : int, default 100
        At most so many learners.
    shrinkage : float, default 0.01
        Of a learner's covariance, in (0, 1].
    workers : int, default 1
        Threads that read photos in `fit`.
    seed : int, default 0
        Decides subspaces and bootstrap samples.

    See Also
    --------
    whichcam.traces.cooccurrence_traces : The numbers taken from a photo.

    Notes
    -----
    Marra et al. [1]_ feed single submodels of the steganalytic rich model [2]_ to a
    support vector machine; here several submodels and colours are joined, and the rich
    model's own classifier takes them [3]_.

    References
    ----------
    .. [1] F. Marra, G. Poggi, C. Sansone, L. Verdoliva, "Evaluation of residual-based
       local features for camera model identification", ICIAP 2015 Workshops.
       doi:10.1007/978-3-319-23222-5_2
    .. [2] J. Fridrich, J. Kodovský, "Rich models for steganalysis of digital images",
       IEEE TIFS 7(3), 2012. doi:10.1109/TIFS.2012.2190402
    .. [3] J. Kodovský, J. Fridrich, V. Holub, "Ensemble classifiers for steganalysis
       of digital media", IEEE TIFS 7(2), 2012. doi:10.1109/TIFS.2011.2175919
    """

    method = "cooccurrence"
    trace_version = COOCCURRENCE_VERSION
    n_features = COOCCURRENCE_SIZE

    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:  # noqa: ARG002
        return cooccurrence_traces(crop)
