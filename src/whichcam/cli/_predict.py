"""``whichcam predict``: the competition's table of answers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whichcam.cli._guard import UNEXPECTED, UNUSABLE_INPUT
from whichcam.cli._identify import Workers, identify_each, load_model
from whichcam.cli._text import plural, say, say_error

if TYPE_CHECKING:
    from whichcam.cli._inputs import Failure
    from whichcam.methods import CameraModelClassifier


def predict(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures, or a manifest.", metavar="MANIFEST_OR_DIR"
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            "--submission",
            help="CSV with the columns fname, camera.",
        ),
    ],
    *,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of a trained model of any method; several are blended. The "
            "bundled one where not given.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            help="Weights of the models, such as 2,1; all the same where not given.",
            show_default=False,
        ),
    ] = "",
    stack: Annotated[
        Path | None,
        typer.Option(
            help="Fit the weights on the out-of-fold scores of this result of "
            "`whichcam crossval`, which holds the methods of all models.",
            show_default=False,
        ),
    ] = None,
    tta: Annotated[
        bool,
        typer.Option(
            "--tta", help="Ask about corners and turns of each picture too; slower."
        ),
    ] = False,
    transductive: Annotated[
        bool,
        typer.Option(
            "--transductive",
            help="Adapt the answers to the whole set of pictures by soft labels; no "
            "honest figure can be had of that.",
        ),
    ] = False,
    workers: Workers = None,
) -> None:
    """Name the likeliest camera model of every picture, as Kaggle takes it.

    Each picture gets one of the model's cameras: "unknown" is no answer there. Files
    that cannot be used get a blank one, and the exit code is 3.
    """
    from whichcam.cli._inputs import pictures

    found = pictures([source])
    chosen = model or []
    if stack is not None and weights:
        raise typer.BadParameter("has no meaning with --stack", param_hint="--weights")
    if (weights or stack is not None) and len(chosen) < 2:
        raise typer.BadParameter(
            "weighs several models against each other; give --model twice or more",
            param_hint="--weights" if weights else "--stack",
        )
    plain = len(chosen) < 2 and not (tta or transductive)
    if plain and not (chosen and (chosen[0] / "method.json").is_file()):
        answers, failures, bug = _by_model(found, chosen, workers)
    else:
        if workers is not None:
            raise typer.BadParameter(
                "is for a single model of the method whichcam; leave it out",
                param_hint="--workers",
            )
        answers, failures = _by_classifiers(
            found,
            chosen,
            weights=_numbers(weights),
            stack=stack,
            tta=tta,
            transductive=transductive,
        )
        bug = False
    _write(output, answers)
    if failures:
        raise typer.Exit(UNEXPECTED if bug else UNUSABLE_INPUT)


def _write(output: Path, answers: list[tuple[str, str]]) -> None:
    from whichcam.cli._output import write_text

    text = io.StringIO()
    # Kaggle compares names letter by letter, so formulas are not escaped here.
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["fname", "camera"])
    table.writerows((Path(path).name, camera) for path, camera in answers)
    n_answers = sum(bool(camera) for _, camera in answers)
    if n_answers:
        write_text(output, text.getvalue())
        say(f"wrote {plural(n_answers, 'answer')} to {output}")


def _by_model(
    found: list[Path | Failure], chosen: list[Path], workers: int | None
) -> tuple[list[tuple[str, str]], int, bool]:
    """Ask the model that `whichcam identify` asks."""
    from whichcam.cli._inputs import Failure

    answers: list[tuple[str, str]] = []
    failures, bug = 0, False
    model = load_model(chosen[0] if chosen else None)
    for answer in identify_each(found, model, top_k=1, workers=workers):
        if isinstance(answer, Failure):
            failures, bug = failures + 1, bug or answer.unexpected
            answers.append((answer.path, ""))
        else:
            answers.append((answer.path, answer.found.ranking[0].camera_model))
    return answers, failures, bug


def _by_classifiers(
    found: list[Path | Failure],
    chosen: list[Path],
    *,
    weights: list[float] | None,
    stack: Path | None,
    tta: bool,
    transductive: bool,
) -> tuple[list[tuple[str, str]], int]:
    """Ask classifiers of any method, joined."""
    from whichcam.cli._console import bar
    from whichcam.cli._inputs import Failure
    from whichcam.pipelines import predict_cameras

    classifiers = [_classifier(folder) for folder in chosen] or [_classifier(None)]
    if stack is not None:
        weights = _stacked(stack, chosen)
    paths = [item for item in found if not isinstance(item, Failure)]
    with bar("asking", when=len(paths) > 1) as report:
        predictions = predict_cameras(
            paths,
            classifiers,
            weights=weights,
            tta=tta,
            transductive=transductive,
            progress=report,
        )
    for item in predictions:
        if item.error:
            say_error(f"{item.path}: {item.error}")
    lost = [(item.path, "") for item in found if isinstance(item, Failure)]
    answers = [(item.path, item.camera_model) for item in predictions]
    n_failed = len(lost) + sum(bool(item.error) for item in predictions)
    return [*answers, *lost], n_failed


def _classifier(folder: Path | None) -> CameraModelClassifier:
    from whichcam.methods import load_method
    from whichcam.models import CameraModel

    return load_method(CameraModel.bundled().folder if folder is None else folder)


def _numbers(text: str) -> list[float] | None:
    if not text:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(
            f"is {text[:60]!r}; expected numbers such as 2,1", param_hint="--weights"
        ) from error


def _stacked(stack: Path, chosen: list[Path]) -> list[float]:
    from whichcam.evaluation import CrossvalResult
    from whichcam.methods import method_of
    from whichcam.pipelines import stacking_weights

    methods = [method_of(folder) for folder in chosen]
    found = stacking_weights(CrossvalResult.load(stack), methods)
    for name, weight in found.items():
        say(f"weight of {name}: {weight:.3f}")
    return [found[name] for name in methods]
