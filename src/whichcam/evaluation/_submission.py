"""Score a table of answers against the solution, as the SP Cup did."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from whichcam._typing import PathLike
from whichcam.errors import DatasetNotFoundError, ManifestError
from whichcam.scoring import sp_cup_score

_LARGEST_BYTES: Final = 2**28
_NAMED: Final = 3
_NAME, _CAMERA, _CHANGED = "fname", "camera", "manipulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionScore:
    """How good a submission is.

    Attributes
    ----------
    score : float
        0.7 times the share right of unaltered photos plus 0.3 times that of
        manipulated ones, in [0, 1].
    unaltered, manipulated : float
        The two shares.
    n_unaltered, n_manipulated : int
        Photos of each kind.
    """

    score: float
    unaltered: float
    manipulated: float
    n_unaltered: int
    n_manipulated: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


def score_submission(submission: PathLike, solution: PathLike) -> SubmissionScore:
    """Return the score of the IEEE Signal Processing Cup 2018 of a submission.

    Parameters
    ----------
    submission : path-like
        CSV with the columns ``fname`` and ``camera``, one row a photo.
    solution : path-like
        CSV with the same columns; ``manipulated`` (true or false) says which photos
        were altered, or else names that end in ``_manip`` and ``_unalt`` do.

    Raises
    ------
    DatasetNotFoundError
        If there is no such file.
    ManifestError
        If a file is no such table, a photo is missing, extra or named twice, a camera
        is none of the solution's, or one of the two kinds is absent.
    """
    truth, changed = _solution(Path(solution))
    answers = {name: row[_CAMERA] for name, row in _read(Path(submission)).items()}
    missing, extra = sorted(truth.keys() - answers), sorted(answers.keys() - truth)
    if missing or extra:
        raise ManifestError(
            f"{submission}: {len(missing)} photo(s) of the solution are missing"
            f"{_such(missing)} and {len(extra)} are not in it{_such(extra)}; a "
            "submission has one row for each photo of the solution"
        )
    strange = sorted({c for c in answers.values() if c} - set(truth.values()))
    if strange:
        raise ManifestError(
            f"{submission}: {len(strange)} camera(s) are none of the solution's"
            f"{_such(strange)}; names are compared letter by letter, it has "
            f"{', '.join(sorted(set(truth.values()))[:_NAMED])}, ..."
        )
    right = {name: answers[name] == camera for name, camera in truth.items()}
    unaltered = [right[name] for name in truth if not changed[name]]
    manipulated = [right[name] for name in truth if changed[name]]
    if not unaltered or not manipulated:
        raise ManifestError(
            f"{solution} has {len(unaltered)} unaltered and {len(manipulated)} "
            "manipulated photos; the score needs both kinds"
        )
    return SubmissionScore(
        score=sp_cup_score(unaltered, manipulated),
        unaltered=sum(unaltered) / len(unaltered),
        manipulated=sum(manipulated) / len(manipulated),
        n_unaltered=len(unaltered),
        n_manipulated=len(manipulated),
    )


def _such(names: list[str]) -> str:
    return f" ({', '.join(repr(n[:80]) for n in names[:_NAMED])})" if names else ""


def _solution(path: Path) -> tuple[dict[str, str], dict[str, bool]]:
    truth, changed = {}, {}
    for name, row in _read(path).items():
        if not row[_CAMERA]:
            raise ManifestError(f"{path}: {name!r} has no camera; fill it in")
        truth[name] = row[_CAMERA]
        changed[name] = _is_changed(path, name, row)
    return truth, changed


def _is_changed(path: Path, name: str, row: Mapping[str, str]) -> bool:
    if _CHANGED in row:
        value = row[_CHANGED].strip().lower()
        if value not in ("true", "false"):
            raise ManifestError(
                f"{path}: {name!r} has {value[:40]!r} in {_CHANGED!r}; expected true "
                "or false"
            )
        return value == "true"
    stem = name.rsplit(".", 1)[0]
    if stem.endswith(("_manip", "_unalt")):
        return stem.endswith("_manip")
    raise ManifestError(
        f"{path}: {name!r} ends in neither _manip nor _unalt; name files so, or add a "
        f"column {_CHANGED!r} of true and false"
    )


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a table by file name."""
    if not path.is_file():
        raise DatasetNotFoundError(f"no file {path}; expected a CSV table")
    if path.stat().st_size > _LARGEST_BYTES:
        raise ManifestError(
            f"{path} is larger than {_LARGEST_BYTES} bytes; no submission is"
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise ManifestError(f"{path} is no CSV table: {error}") from error
    columns = set(rows[0]) if rows else set()
    if not {_NAME, _CAMERA} <= columns:
        raise ManifestError(
            f"{path} has the columns {sorted(map(str, columns))}; expected "
            f"{_NAME!r} and {_CAMERA!r}, and a row for each photo"
        )
    if any(None in row or None in row.values() for row in rows):
        raise ManifestError(
            f"{path}: a row has more or fewer cells than the first line"
        )
    counts = Counter(row[_NAME] for row in rows)
    twice = sorted(name for name, count in counts.items() if count > 1)
    if twice:
        raise ManifestError(
            f"{path}: {len(twice)} photo(s) stand in it twice{_such(twice)}"
        )
    return {row[_NAME]: row for row in rows}
