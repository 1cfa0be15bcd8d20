"""``whichcam examine``: everything that can be found about pictures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from whichcam.cli._device_options import AllowTruncated, AsJson, GalleryFolder
from whichcam.cli._guard import FINDING, UNEXPECTED, UNUSABLE_INPUT
from whichcam.cli._text import plural, say

if TYPE_CHECKING:
    from whichcam.cli._inputs import Failure, Success
    from whichcam.pipelines import Examination

    Answer: TypeAlias = Success[Examination] | Failure

_FORMS: Final = (".html", ".pdf", ".json")


class FailOn(StrEnum):
    """Findings that can be made to fail the command."""

    contradiction = "contradiction"


def examine(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, folders of them, and manifests.",
            metavar="PHOTO",
            show_default=False,
        ),
    ],
    *,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a report of the one picture: .html, .pdf or .json; one that is "
            "there is replaced.",
            show_default=False,
        ),
    ] = None,
    with_path: Annotated[
        bool, typer.Option("--with-path", help="Name the picture's path in the report.")
    ] = False,
    with_time: Annotated[
        bool,
        typer.Option("--with-time", help="Say in the report when it was made (UTC)."),
    ] = False,
    gallery: GalleryFolder = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(
            help="An enrolled camera to compare with, once for each; by default the "
            "three likeliest.",
            show_default=False,
        ),
    ] = None,
    devices: Annotated[
        bool, typer.Option(help="Compare with enrolled cameras at all.")
    ] = True,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="A way to look for parts that differ, once for each; by default all "
            "that `whichcam localize` has.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a trained model; the bundled one where not given.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    allow_truncated: AllowTruncated = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on",
            help="Exit with 5 where evidence speaks moderately or more against what a "
            "file claims.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say what speaks for and against each PHOTO being what its file claims.

    The camera by pixels and by metadata, the file's structure, traces of editing,
    parts with other traces, enrolled cameras: set side by side, with verdicts in the
    words of a fixed scale, and never "fake" or "real".
    """
    from whichcam.cli._inputs import Failure, each, pictures

    _check(report, devices=devices, camera=camera, with_any=with_path or with_time)
    found = pictures(photos)
    if report is not None and len(found) != 1:
        raise typer.BadParameter(
            f"is of one picture, and {len(found)} were named", param_hint="--report"
        )
    examiner = _Examiner(
        gallery=gallery,
        cameras=camera if devices else [],
        methods=method,
        model=model,
        allow_truncated=allow_truncated,
        many=len(found) > 1,
    )
    done = list(each(found, examiner))
    examiner.close()
    _show(done, as_json=as_json)
    failures = [answer for answer in done if isinstance(answer, Failure)]
    if report is not None and not failures:
        examiner.write(report, with_path=with_path, with_time=with_time)
    if failures:
        bug = any(failure.unexpected for failure in failures)
        raise typer.Exit(UNEXPECTED if bug else UNUSABLE_INPUT)
    if fail_on is not None and any(_contradicted(answer) for answer in done):
        raise typer.Exit(FINDING)


def _check(
    report: Path | None, *, devices: bool, camera: list[str] | None, with_any: bool
) -> None:
    """Refuse, before any work, options that would be ignored or fail at the end."""
    if camera and not devices:
        raise typer.BadParameter("means nothing with --no-devices", param_hint="camera")
    if report is None:
        if with_any:
            raise typer.BadParameter(
                "needs --report", param_hint="--with-path, --with-time"
            )
        return
    if report.suffix.lower() not in _FORMS:
        raise typer.BadParameter(
            f"{report} ends in none of {', '.join(_FORMS)}", param_hint="--report"
        )
    if not report.parent.is_dir():
        raise typer.BadParameter(
            f"there is no folder {report.parent}; create it first",
            param_hint="--report",
        )


class _Examiner:
    """Examines one picture after another, showing how far it is."""

    def __init__(
        self,
        *,
        gallery: Path | None,
        cameras: list[str] | None,
        methods: list[str] | None,
        model: Path | None,
        allow_truncated: bool,
        many: bool,
    ) -> None:
        from contextlib import ExitStack

        from whichcam.cli._console import stages
        from whichcam.pipelines._identify import as_model

        self._gallery = gallery
        self._options = {
            "gallery": gallery,
            "cameras": cameras,
            "methods": methods,
            "model": as_model(model),
            "allow_truncated": allow_truncated,
        }
        self._many = many
        self._stack = ExitStack()
        self._report = self._stack.enter_context(stages())
        self._last: tuple[Path, Examination] | None = None

    def __call__(self, path: Path) -> Examination:
        from whichcam import pipelines

        label = path.name if self._many else "examining"

        def progress(_stage: str, done: int, total: int) -> None:
            self._report(label, done, total)

        found = pipelines.examine(path, progress=progress, **self._options)  # type: ignore[arg-type]
        self._last = path, found
        return found

    def close(self) -> None:
        self._stack.close()

    def write(self, report: Path, *, with_path: bool, with_time: bool) -> None:
        """Write the report of the last picture."""
        from whichcam import pipelines
        from whichcam.cli._output import write_bytes
        from whichcam.media import open_photo

        assert self._last is not None  # asked for one picture, and it did not fail
        path, found = self._last
        now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
        made = pipelines.report(
            found,
            open_photo(path, allow_truncated=bool(self._options["allow_truncated"])),
            form=report.suffix.lower().removeprefix("."),  # type: ignore[arg-type]
            gallery=self._gallery,
            path=str(path) if with_path else None,
            made_at=now if with_time else None,
        )
        write_bytes(report, made)
        say(f"wrote {report}")


def _contradicted(answer: Answer) -> bool:
    from whichcam.cli._inputs import Failure

    return not isinstance(answer, Failure) and any(
        verdict.direction == "against"
        and verdict.question != "device"
        and "weakly" not in verdict.words
        for verdict in answer.found.verdicts
    )


def _show(done: list[Answer], *, as_json: bool) -> None:
    from whichcam.cli._examine_show import print_examination
    from whichcam.cli._inputs import Failure

    if as_json:
        print(
            json.dumps(
                [
                    answer.to_dict()
                    if isinstance(answer, Failure)
                    else {"path": answer.path, **answer.found.to_dict()}
                    for answer in done
                ],
                indent=2,
            )
        )
        return
    for answer in done:
        if not isinstance(answer, Failure):
            print_examination(answer.found, answer.path)
    if len(done) > 1:
        wrong = sum(_contradicted(answer) for answer in done)
        say(f"{plural(len(done), 'picture')}, {wrong} with evidence against a claim")
