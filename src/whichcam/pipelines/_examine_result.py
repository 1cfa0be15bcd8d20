"""What an examination found: claims, evidence, findings, and verdicts in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from whichcam._typing import PathLike
from whichcam.claims import Claims, Finding
from whichcam.errors import InputError
from whichcam.localize import Localization
from whichcam.pipelines._identify import Identification
from whichcam.pipelines._verify import Verification

Question: TypeAlias = Literal["camera", "file", "claims", "one_camera", "device"]
"""What verdicts are about; see `Verdict`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the evidence says about one question, in words of a fixed scale.

    Parameters
    ----------
    question : {"camera", "file", "claims", "one_camera", "device"}
        Did the camera model take it that the file names? Is the file as its camera
        wrote it? Do the file's claims agree with each other? Did one camera take the
        whole picture? Did this enrolled camera take it?
    about : str
        The question as a sentence, with the names that belong in it.
    hypotheses : (str, str)
        What the evidence is weighed for, and against.
    words : str
        Of the scale in `whichcam.pipelines.VERBAL_SCALE`.
    direction : {"supports", "against", "neither"}
        Which hypothesis the evidence is for; "against" is for the second.
    log10_lr : float or None
        The likelihood ratio of the hypotheses, where one decided it; else None.
    basis : str
        How the words came about.
    findings : tuple of str
        Codes of the findings it rests on.
    """

    question: Question
    about: str
    hypotheses: tuple[str, str]
    words: str
    direction: Literal["supports", "against", "neither"]
    log10_lr: float | None
    basis: str
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "question": self.question,
            "about": self.about,
            "hypotheses": list(self.hypotheses),
            "words": self.words,
            "direction": self.direction,
            "log10_lr": self.log10_lr,
            "basis": self.basis,
            "findings": list(self.findings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExamined:
    """Something that was not looked at, and why.

    Parameters
    ----------
    what, why : str
        Its name, and the reason in words.
    """

    what: str
    why: str

    def to_dict(self) -> dict[str, str]:
        """Return JSON-ready values."""
        return {"what": self.what, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examination:
    """Everything that could be found about one picture.

    Parameters
    ----------
    photo_name, sha256 : str
        Which file was looked at.
    n_bytes, width, height : int
        Its size in bytes and, as stored, in px.
    format : str
        Such as ``"JPEG"``.
    orientation : int or None
        EXIF orientation, 1 to 8, by which the picture is shown.
    claims : Claims
        What the file says of itself.
    identification : Identification or None
        Which camera model the pixels point to; None where that could not be asked.
    crops : tuple of (int, int, int, int)
        ``(top, left, height, width)`` of what the model looked at, in px.
    devices : tuple of Verification
        Enrolled cameras that the picture was compared with.
    localizations : tuple of Localization
        Heat maps, by method.
    findings : tuple of Finding
        Of the claims, in the order of the analysers.
    verdicts : tuple of Verdict
        One for each question that could be asked.
    not_examined : tuple of NotExamined
        What was left out, and why.
    structure : mapping or None
        How a JPEG is built: segments, tables, sampling; None for other formats.
    settings : mapping
        What was asked for, and the scale of the verdicts' words; JSON-ready.
    versions : mapping of str to str
        Of Python and the libraries that decide numbers.
    model_id, whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the answers less sure than they look.
    """

    photo_name: str
    sha256: str
    n_bytes: int
    width: int
    height: int
    format: str
    orientation: int | None
    claims: Claims
    identification: Identification | None
    crops: tuple[tuple[int, int, int, int], ...]
    devices: tuple[Verification, ...]
    localizations: tuple[Localization, ...]
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    not_examined: tuple[NotExamined, ...]
    structure: Mapping[str, Any] | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    model_id: str
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    def to_dict(self, *, with_heatmaps: bool = False) -> dict[str, Any]:
        """Return JSON-ready values.

        Parameters
        ----------
        with_heatmaps : bool, default False
            Add each heat map as a grey PNG in base64.
        """
        named = self.identification
        return {
            "photo_name": self.photo_name,
            "sha256": self.sha256,
            "n_bytes": self.n_bytes,
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "orientation": self.orientation,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "claims": self.claims.to_dict(),
            "identification": None if named is None else named.to_dict(),
            "crops": [list(crop) for crop in self.crops],
            "devices": [device.to_dict() for device in self.devices],
            "localizations": [
                found.to_dict(with_heatmap=with_heatmaps)
                for found in self.localizations
            ],
            "findings": [finding.to_dict() for finding in self.findings],
            "not_examined": [left.to_dict() for left in self.not_examined],
            "structure": None if self.structure is None else dict(self.structure),
            "settings": dict(self.settings),
            "versions": dict(self.versions),
            "model_id": self.model_id,
            "whichcam_version": self.whichcam_version,
            "warnings": list(self.warnings),
        }

    def save(self, path: PathLike, *, with_heatmaps: bool = False) -> None:
        """Write everything as JSON; a file that is there is replaced.

        Parameters
        ----------
        path : path-like
            Where to.
        with_heatmaps : bool, default False
            As for `to_dict`.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        whole = self.to_dict(with_heatmaps=with_heatmaps)
        text = json.dumps(whole, indent=2, allow_nan=False) + "\n"
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}") from error
