"""What a comparison of two sides found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NoReturn


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSide:
    """One side of a comparison.

    Attributes
    ----------
    names, sha256s : tuple of str
        The pictures used.
    left_out : tuple of (str, str)
        Names of pictures not used, and why.
    shape : (int, int)
        Their rows and columns.
    quality : float or None
        Of the fingerprint made of them; None for one picture.
    exif_camera_models : tuple of str
        What their metadata claim.
    model_answer : str or None
        What the model of camera models answers on most of them; None where it was
        not asked or cannot answer.
    model_members : tuple of str
        The camera models that answer stands for.
    """

    names: tuple[str, ...]
    sha256s: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    shape: tuple[int, int]
    quality: float | None
    exif_camera_models: tuple[str, ...]
    model_answer: str | None
    model_members: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "names": list(self.names),
            "sha256s": list(self.sha256s),
            "left_out": [list(one) for one in self.left_out],
            "shape": list(self.shape),
            "exif_camera_models": list(self.exif_camera_models),
            "model_members": list(self.model_members),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The answer to "one camera or two?".

    Attributes
    ----------
    a, b : ComparedSide
        The pictures.
    statistic : {"z"}
        Which score decides: see `whichcam.prnu.NoiseMatch.z`.
    score, threshold : float
        The score, and what different cameras reach at ``false_alarm_rate``.
    false_alarm_rate : float
        What the threshold was set for, all positions searched allowed for.
    p_value, log10_p : float
        Chance that different cameras reach this score at any position searched.
    ncc, pce : float
        Other scores.
    shift, rotation, scale
        Where ``a`` lies on ``b`` best.
    n_positions : int
        Positions searched.
    search : dict
        What was searched.
    same_model : {"same", "different", "undecided"} or None
        Whether the model of camera models answers alike; None where it was not asked
        or cannot answer. One model is many cameras.
    model_id : str or None
        Which model was asked.
    noise_version : int
        Version of the noise extraction.
    whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the answer less sure than it looks.
    """

    a: ComparedSide
    b: ComparedSide
    statistic: Literal["z"]
    score: float
    threshold: float
    false_alarm_rate: float
    p_value: float
    log10_p: float
    ncc: float
    pce: float
    shift: tuple[int, int]
    rotation: int
    scale: float
    n_positions: int
    search: dict[str, Any]
    same_model: Literal["same", "different", "undecided"] | None
    model_id: str | None
    noise_version: int
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    @property
    def reaches_threshold(self) -> bool:
        """Whether the score reaches the threshold; no verdict on the cameras."""
        return self.score >= self.threshold

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Comparison is not a yes or no; compare .score with .threshold "
            "(.reaches_threshold)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "reaches_threshold": self.reaches_threshold,
            "shift": list(self.shift),
            "warnings": list(self.warnings),
        }
