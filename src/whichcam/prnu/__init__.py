"""Sensor fingerprints: the noise of a picture, and the pattern of a camera."""

from whichcam.prnu._agglomerate import Merge
from whichcam.prnu._cautions import (
    Caution,
    camera_cautions,
    file_cautions,
    general_caution,
    lens_cautions,
    noise_cautions,
)
from whichcam.prnu._chance import Threshold, threshold_for
from whichcam.prnu._cluster import Clustering, cluster
from whichcam.prnu._fingerprint import Fingerprint, FingerprintEstimator
from whichcam.prnu._match import (
    NoiseMatch,
    compare,
    compare_fingerprints,
)
from whichcam.prnu._noise import NOISE_VERSION, PhotoNoise, photo_noise
from whichcam.prnu._pce import pce
from whichcam.prnu._search_range import SearchRange
from whichcam.prnu._shortlist import (
    agreement,
    query_bits,
    shortlist,
    sign_bits,
)
from whichcam.signal._correlation import ncc

__all__ = [
    "NOISE_VERSION",
    "Caution",
    "Clustering",
    "Fingerprint",
    "FingerprintEstimator",
    "Merge",
    "NoiseMatch",
    "PhotoNoise",
    "SearchRange",
    "Threshold",
    "agreement",
    "camera_cautions",
    "cluster",
    "compare",
    "compare_fingerprints",
    "file_cautions",
    "general_caution",
    "lens_cautions",
    "ncc",
    "noise_cautions",
    "pce",
    "photo_noise",
    "query_bits",
    "shortlist",
    "sign_bits",
    "threshold_for",
]
