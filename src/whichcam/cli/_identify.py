"""``whichcam identify``: which camera took these pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from whichcam.cli._guard import FINDING, UNEXPECTED, UNUSABLE_INPUT

if TYPE_CHECKING:
    from whichcam.cli._inputs import Failure, Success
    from whichcam.models import CameraModel
    from whichcam.pipelines import Identification

    Answer: TypeAlias = Success[Identification] | Failure

_FEW: Final = 3  # as many pictures are done before a bar would be read
_WORTH_PROCESSES: Final = 8  # as many are done before further processes have started

CSV_COLUMNS: Final = (
    *(
        "path",
        "answer",
        "level",
        "members",
        "confidence",
        "error_rate",
        "unknown_probability",
    ),
    *(
        "exif_camera_model",
        "ranking",
        "n_crops",
        "file_statistics_used",
        "frame_size_used",
    ),
    *("sha256", "model_id", "whichcam_version", "warnings"),
    *("error_code", "error"),
)


Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Processes to use; where not given, one a core for more than "
        f"{_WORTH_PROCESSES} pictures, else 1.",
        show_default=False,
    ),
]


class FailOn(StrEnum):
    """Findings that can be made to fail the command."""

    unknown = "unknown"


def identify(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, folders to look through for them, and manifests.",
            metavar="PHOTO",
            show_default=False,
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array, one object a picture.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, one row a picture.")
    ] = False,
    top_k: Annotated[
        int, typer.Option("--top-k", min=1, help="Length of the ranking.")
    ] = 5,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Folder of a trained model; the bundled one where not given.",
            show_default=False,
        ),
    ] = None,
    allow_truncated: Annotated[
        bool,
        typer.Option(
            "--allow-truncated", help="Use the readable part of damaged files."
        ),
    ] = False,
    workers: Workers = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on", help="Exit with 5 where this is found.", show_default=False
        ),
    ] = None,
) -> None:
    """Say which camera took each PHOTO, how sure that is, or that it is unknown.

    The answer is the finest that the evidence supports: a camera model, a family of
    them, a make, or none of the cameras known. A file that cannot be used is
    reported, the others are still done, and the exit code is 3.
    """
    if as_json and as_csv:
        raise typer.BadParameter("give one of --json and --csv, not both")
    from whichcam.cli._inputs import pictures

    found = pictures(photos)
    answers = identify_each(
        found,
        load_model(model),
        top_k=top_k,
        allow_truncated=allow_truncated,
        workers=workers,
    )
    tally = _Tally()
    if as_json or as_csv:
        _write(tally.count(answers), as_csv=as_csv)
    else:
        _show(tally.count(answers), single=len(found) == 1)
    tally.exit(fail_on)


def load_model(folder: Path | None) -> CameraModel:
    """Return the model of a folder, or the bundled one, loaded once for all."""
    from whichcam.models import CameraModel

    return CameraModel.bundled() if folder is None else CameraModel.load(folder)


def identify_each(
    found: list[Path | Failure],
    model: CameraModel,
    *,
    top_k: int = 5,
    allow_truncated: bool = False,
    workers: int | None = None,
) -> Iterator[Answer]:
    """Yield the answer on each picture, with a bar where there are more than a few."""
    from whichcam import pipelines
    from whichcam.cli._console import bar
    from whichcam.cli._inputs import each_of_many

    asked = partial(
        pipelines.identify_many,
        model=model,
        top_k=top_k,
        allow_truncated=allow_truncated,
        workers=_processes(len(found), workers),
        catch=Exception,  # a bug met in one picture must not cost the others' answers
    )
    with bar("identifying", when=len(found) > _FEW) as report:
        report(0, len(found))
        for done, answer in enumerate(each_of_many(found, asked), start=1):
            report(done, len(found))
            yield answer


def _processes(n_pictures: int, wanted: int | None) -> int:
    """Return how many processes to use; never more than pictures."""
    if wanted is None:
        wanted = n_cores() if n_pictures > _WORTH_PROCESSES else 1
    return max(1, min(wanted, n_pictures))


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Tally:
    """Counts what decides the exit code while results stream by."""

    def __init__(self) -> None:
        self.unknown = self.unusable = self.unexpected = 0

    def count(self, answers: Iterator[Answer]) -> Iterator[Answer]:
        from whichcam.cli._inputs import Failure

        for answer in answers:
            if isinstance(answer, Failure):
                self.unexpected += answer.unexpected
                self.unusable += not answer.unexpected
            else:
                self.unknown += answer.found.level == "unknown"
            yield answer

    def exit(self, fail_on: FailOn | None) -> None:
        if self.unexpected:
            raise typer.Exit(UNEXPECTED)
        if self.unusable:
            raise typer.Exit(UNUSABLE_INPUT)
        if fail_on is FailOn.unknown and self.unknown:
            raise typer.Exit(FINDING)


def _write(answers: Iterator[Answer], *, as_csv: bool) -> None:
    from whichcam.cli._rows import csv_rows, json_array

    with ExitStack() as stack:
        write = stack.enter_context(csv_rows(CSV_COLUMNS) if as_csv else json_array())
        for answer in answers:
            row = _row(answer)
            write(_flat(row) if as_csv else row)


def _row(answer: Answer) -> dict[str, Any]:
    from whichcam.cli._inputs import Failure

    if isinstance(answer, Failure):
        return answer.to_dict()
    return {"path": answer.path, **answer.found.to_dict()}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a CSV row: nested values in one cell each."""
    error = row.get("error") or {}
    ranking = row.get("ranking") or ()
    return {
        **row,
        "ranking": "; ".join(
            f"{item['camera_model']}={item['probability']:.4f}" for item in ranking
        ),
        "members": "; ".join(row.get("members") or ()),
        "warnings": "; ".join(row.get("warnings") or ()),
        "error_code": error.get("code"),
        "error": error.get("message"),
    }


def _show(answers: Iterator[Answer], *, single: bool) -> None:
    from whichcam.cli._inputs import Failure
    from whichcam.cli._show import print_answer, print_answers

    done: list[Answer] = []
    try:
        for answer in answers:
            done.append(answer)
    finally:
        # Broken off or not: what was found so far is shown.
        succeeded = [item for item in done if not isinstance(item, Failure)]
        if single and succeeded:
            print_answer(succeeded[0].found, succeeded[0].path)
        elif not single and done:
            print_answers(done)
