"""Traces of demosaicing, classified by Fisher discriminants."""

from __future__ import annotations

from whichcam._typing import FloatArray, PixelArray
from whichcam.media import Photo
from whichcam.methods._fisher_traced import FisherTraceClassifier
from whichcam.traces import DEMOSAICING_SIZE, DEMOSAICING_VERSION, demosaicing_traces


class DemosaicingClassifier(FisherTraceClassifier):
    """Camera-model classifier by how missing colours were filled in.

    Needs OpenCV: the extra ``demosaicing``.

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
    whichcam.traces.demosaicing_traces : The numbers taken from a photo.

    Notes
    -----
    The interpolation weights are those of Swaminathan et al. [1]_, who classify them
    with a support vector machine; the errors of demosaicing again and the ensemble are
    those of Chen and Stamm [2]_. Both kinds of numbers go into one ensemble here.

    References
    ----------
    .. [1] A. Swaminathan, M. Wu, K. J. R. Liu, "Nonintrusive component forensics of
       visual sensors using output images", IEEE TIFS 2(1), 2007.
       doi:10.1109/TIFS.2006.890307
    .. [2] C. Chen, M. C. Stamm, "Camera model identification framework using an
       ensemble of demosaicing features", IEEE WIFS 2015.
       doi:10.1109/WIFS.2015.7368573
    """

    method = "demosaicing"
    trace_version = DEMOSAICING_VERSION
    n_features = DEMOSAICING_SIZE

    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:  # noqa: ARG002
        return demosaicing_traces(crop)
