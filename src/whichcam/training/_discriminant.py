"""A linear discriminant that looks away from what sessions and sizes change.

A network learns whatever separates its training pictures; where a camera model is known
by one device, one afternoon and one picture size, much of that will not be there next
time. A discriminant in closed form can be told so: how the mean of a session differs
from that of its model, and how a picture differs from its smaller self, enter the
covariance that class means are measured by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray
from whichcam.errors import InsufficientEvidenceError
from whichcam.training._config import TrainingConfig

Float64Array = npt.NDArray[np.float64]

_BASIS_ROWS = 4000  # pictures the projection is fitted on: its cost grows with the cube
_LARGEST_MARGIN = 30.0  # logits, of the own class over the mean: experts' stay below
_ABSENT = 5.0  # logits by which a class without pictures stands below the others


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Discriminant:
    """Logits linear in the inputs.

    Parameters
    ----------
    weight : ndarray of shape (n_classes, n_inputs), float32
    bias : ndarray of shape (n_classes,), float32
    """

    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictures:
    """What a discriminant is fitted on; inputs are standardised traces.

    Parameters
    ----------
    photos : ndarray of shape (n, n_inputs), float
        Mean over the crops of each photo.
    variants : sequence of ndarray of shape (n, n_variants, n_inputs), float
        The same photos made smaller, re-saved, ...; one array for each kind of change.
    labels : ndarray of shape (n,), int64
        Class of each photo.
    sessions : sequence of str
        Session of each photo, unique to its device.
    """

    photos: npt.NDArray[np.floating]
    variants: Sequence[npt.NDArray[np.floating]]
    labels: IntArray
    sessions: Sequence[str]


def fit_discriminant(
    pictures: Pictures,
    blocks: Sequence[IntArray],
    n_classes: int,
    config: TrainingConfig,
) -> Discriminant:
    """Fit a discriminant whose covariance holds what sessions and changes do.

    Parameters
    ----------
    pictures : Pictures
        Photos and their variants.
    blocks : sequence of ndarray of int
        Inputs that count as one kind of trace: each block has the same variance in
        all, whatever its length.
    n_classes : int
        Classes; those without a photo stay improbable.
    config : TrainingConfig
        The settings named ``discriminant_*``.

    Returns
    -------
    Discriminant
        Logits of mean zero over the classes there are, divided by the temperature, or
        by more where training photos would stand out by more than 30.

    Raises
    ------
    InsufficientEvidenceError
        If fewer than two photos are given.

    Notes
    -----
    Within-class covariance normalisation as in speaker recognition [1]_, whose channels
    are our sessions, on the leading principal components; shrunk towards a multiple of
    the identity [2]_. With W the covariance within sessions, B that of session means
    about their class, D_k the mean square change by variants of kind k, the covariance
    is W + s B + sum_k v D_k for the settings s (``discriminant_sessions``) and v
    (``discriminant_variants``).

    References
    ----------
    .. [1] A. O. Hatch, S. Kajarekar, A. Stolcke, "Within-class covariance normalization
       for SVM-based speaker recognition", Interspeech 2006.
    .. [2] J. H. Friedman, "Regularized discriminant analysis", JASA 84(405), 1989.
       doi:10.1080/01621459.1989.10478752
    """
    labels = pictures.labels
    if len(labels) < 2:
        raise InsufficientEvidenceError(f"{len(labels)} photo(s) to learn from; need 2")
    gains = _gains(pictures.photos, blocks)
    seen = [pictures.photos, *(v[:, 0] for v in pictures.variants if v.shape[1])]
    basis = gains[:, None] * principal_directions(
        np.concatenate(seen) * gains, config.discriminant_components
    )
    photos = pictures.photos @ basis
    means, covariance = _within(photos, labels, pictures.sessions, n_classes, config)
    for variants in pictures.variants:
        changes = variants @ basis - photos[:, None]
        covariance += config.discriminant_variants * _change(changes, labels)
    level = np.trace(covariance) / len(covariance)
    shrinkage = config.discriminant_shrinkage
    covariance *= 1 - shrinkage
    covariance[np.diag_indices_from(covariance)] += shrinkage * level + 1e-12
    present = np.isin(np.arange(n_classes), labels)
    directions = np.linalg.solve(covariance, means[present].T).T
    bias = np.full(n_classes, 0.0)
    bias[present] = -0.5 * (means[present] * directions).sum(1)
    weight = np.zeros((n_classes, len(gains)))
    weight[present] = (directions - directions.mean(0)) @ basis.T
    bias[present] -= bias[present].mean()
    # few pictures, or such as hardly vary, are separated without bound
    logits = pictures.photos @ weight.T + bias
    own = logits[np.arange(len(labels)), labels]
    margin = (own - logits[:, present].mean(1)).mean()
    temperature = max(config.discriminant_temperature, margin / _LARGEST_MARGIN)
    bias[~present] = -_ABSENT * temperature
    return Discriminant(
        weight=(weight / temperature).astype(np.float32),
        bias=(bias / temperature).astype(np.float32),
    )


def principal_directions(rows: npt.NDArray[np.floating], count: int) -> Float64Array:
    """Return the leading principal directions of some vectors.

    Parameters
    ----------
    rows : ndarray of shape (n, d), float
        Vectors; where there are more than 4000, every k-th is looked at.
    count : int
        Directions wanted; there are at most n - 1.

    Returns
    -------
    ndarray of shape (d, at most count), float64
        Orthonormal, strongest first.
    """
    some = rows[:: -(-len(rows) // _BASIS_ROWS)].astype(np.float64)
    some -= some.mean(0)
    # the cost grows with the cube: products of coordinates or of vectors, whichever
    # are fewer, have the same directions
    few_vectors = len(some) < some.shape[1]
    values, vectors = np.linalg.eigh(some @ some.T if few_vectors else some.T @ some)
    order = np.argsort(-values)[: min(count, len(some) - 1)]
    order = order[values[order] > 1e-9 * values[order[0]]]
    directions = vectors[:, order]
    if few_vectors:
        directions = some.T @ directions / np.sqrt(values[order])
    return np.asarray(directions, dtype=np.float64)


def _gains(
    photos: npt.NDArray[np.floating], blocks: Sequence[IntArray]
) -> Float64Array:
    """Return what each input is multiplied by, so that blocks vary alike."""
    gains = np.ones(photos.shape[1])
    for block in blocks:
        gains[block] = 1 / np.sqrt(photos[:, block].var(0).sum() + 1e-12)
    return gains


def _within(
    photos: Float64Array,
    labels: IntArray,
    sessions: Sequence[str],
    n_classes: int,
    config: TrainingConfig,
) -> tuple[Float64Array, Float64Array]:
    """Return the class means and the covariance within classes, classes alike."""
    size = photos.shape[1]
    means = np.zeros((n_classes, size))
    within, between = np.zeros((size, size)), np.zeros((size, size))
    n_within = n_between = 0
    names = np.array(sessions)
    for label in np.unique(labels):
        mine = labels == label
        _, group, counts = np.unique(
            names[mine], return_inverse=True, return_counts=True
        )
        own = photos[mine]
        centres = np.stack([own[group == g].mean(0) for g in range(len(counts))])
        # a long session is worth more than a short one, but not in proportion
        means[label] = np.average(centres, axis=0, weights=np.sqrt(counts))
        if (freedom := mine.sum() - len(counts)) > 0:
            rest = own - centres[group]
            within += rest.T @ rest / freedom
            n_within += 1
        sure = centres[counts >= 2]  # the mean of one photo is mostly its own noise
        if len(sure) > 1:
            spread = sure - sure.mean(0)
            between += spread.T @ spread / (len(sure) - 1)
            n_between += 1
    return means, within / max(n_within, 1) + (
        config.discriminant_sessions / max(n_between, 1) * between
    )


def _change(changes: Float64Array, labels: IntArray) -> Float64Array:
    """Return the mean square of each class's mean change by each variant."""
    n_variants = changes.shape[1]
    if not n_variants:
        return np.zeros((changes.shape[2], changes.shape[2]))
    rows = np.concatenate([changes[labels == k].mean(0) for k in np.unique(labels)])
    return np.asarray(rows.T @ rows / len(rows))
