"""The commands in one place, and the options they share."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Annotated, Final, NoReturn

import typer

from whichcam import __version__
from whichcam.cli._benchmark import benchmark
from whichcam.cli._cluster import cluster
from whichcam.cli._compare import compare
from whichcam.cli._crossval import crossval
from whichcam.cli._dataset import dataset_app
from whichcam.cli._demo import demo
from whichcam.cli._enroll import enroll
from whichcam.cli._evaluate import evaluate
from whichcam.cli._examine import examine
from whichcam.cli._fit_localizer import fit_localizer
from whichcam.cli._footage import footage_app
from whichcam.cli._gallery import gallery_app
from whichcam.cli._help import add_command, examples
from whichcam.cli._identify import identify
from whichcam.cli._localize import localize
from whichcam.cli._predict import predict
from whichcam.cli._scan import scan
from whichcam.cli._score import score
from whichcam.cli._search import search
from whichcam.cli._serve import serve
from whichcam.cli._train import train
from whichcam.cli._verify import verify

# Groups of commands, in the order of the help.
_PICTURES: Final = "Pictures"
_DEVICES: Final = "Single cameras"
_LEARNING: Final = "Data and training"
_MEASURING: Final = "Measuring"

app = typer.Typer(
    name="whichcam",
    help="Say which camera took a picture, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "whichcam identify photo.jpg",
        "whichcam dataset index ~/pictures -o manifest.csv",
        "whichcam train manifest.csv -o my-model",
        "whichcam identify photo.jpg --model my-model",
        "whichcam enroll my-camera ~/my-pictures",
        "whichcam verify photo.jpg my-camera",
    ),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"whichcam {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # noqa: ARG001 - read by its callback
        bool,
        typer.Option(
            "--version",
            help="Print the version.",
            callback=_show_version,
            is_eager=True,
        ),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, help="Log more; twice for all."),
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Log errors only.")
    ] = False,
) -> None:
    """Say which camera took a picture, and how sure that is."""
    levels = [logging.WARNING, logging.INFO, logging.DEBUG]
    _set_up_logging(logging.ERROR if quiet else levels[min(verbose, 2)])


def _set_up_logging(level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("whichcam")
    logger.handlers = [handler]
    logger.setLevel(level)


add_command(
    app,
    identify,
    "whichcam identify photo.jpg",
    "whichcam identify ~/pictures --csv > cameras.csv",
    "whichcam identify a.jpg b.png --json --top-k 3 --model my-model",
    panel=_PICTURES,
)
add_command(
    app,
    examine,
    "whichcam examine photo.jpg",
    "whichcam examine photo.jpg --report report.html",
    "whichcam examine *.jpg --json --no-devices --fail-on contradiction",
    panel=_PICTURES,
)
add_command(
    app,
    localize,
    "whichcam localize photo.jpg -o map.png",
    "whichcam localize photo.jpg -o map.png --overlay --method camera_consistency",
    "whichcam localize photo.jpg --method prnu_absence --camera my-camera",
    panel=_PICTURES,
)
add_command(
    app,
    serve,
    "whichcam serve",
    "whichcam serve --port 9000 --gallery ~/cameras",
    "whichcam serve --host 0.0.0.0 --token new",
    panel=_PICTURES,
)
add_command(
    app,
    scan,
    "whichcam scan ~/archive --out scanned",
    "whichcam scan ~/archive --out scanned --resume",
    "whichcam scan s3://bucket/archive --task search --out found --engine ray",
    panel=_PICTURES,
)
add_command(
    app,
    enroll,
    "whichcam enroll my-camera flat/*.jpg",
    "whichcam enroll my-camera ~/my-pictures --align",
    panel=_DEVICES,
)
add_command(
    app,
    verify,
    "whichcam verify photo.jpg my-camera",
    "whichcam verify *.jpg my-camera --csv > scores.csv",
    "whichcam verify cut-out.jpg my-camera --crop",
    panel=_DEVICES,
)
add_command(
    app,
    search,
    "whichcam search photo.jpg",
    "whichcam search photo.jpg --json --top-k 3",
    panel=_DEVICES,
)
add_command(
    app,
    cluster,
    "whichcam cluster ~/pictures -o clusters.csv",
    panel=_DEVICES,
)
add_command(
    app,
    compare,
    "whichcam compare a.jpg b.jpg",
    "whichcam compare first-folder/ second-folder/ --device-only",
    panel=_DEVICES,
)
add_command(
    app,
    train,
    "whichcam train manifest.csv -o my-model",
    "whichcam train manifest.csv -o my-model --split train --device cuda",
    "whichcam train manifest.csv -o my-model --resume",
    panel=_LEARNING,
)
add_command(
    app,
    predict,
    "whichcam predict test/ -o submission.csv --model my-model",
    "whichcam predict test/ --submission submission.csv --model a --model b --tta",
    panel=_LEARNING,
)
add_command(
    app,
    score,
    "whichcam score submission.csv --solution solution.csv",
    panel=_LEARNING,
)
add_command(
    app,
    fit_localizer,
    "whichcam fit-localizer splices/splices.csv -o localization.json",
    panel=_LEARNING,
)
add_command(
    app,
    demo,
    "whichcam demo",
    "whichcam demo --photos ~/pictures",
    panel=_LEARNING,
)
add_command(
    app,
    evaluate,
    "whichcam evaluate manifest.csv",
    "whichcam evaluate manifest.csv --model my-model -o result.json",
    "whichcam evaluate manifest.csv --manipulations jpeg_70,resize_0.8+jpeg_90",
    "whichcam evaluate devices.csv --devices --calibration map.json",
    "whichcam evaluate splices/ --splices -o result.json",
    "whichcam evaluate claims.csv --claims -o claims.json",
    panel=_MEASURING,
)
add_command(
    app,
    crossval,
    "whichcam crossval manifest.csv --method cooccurrence --method noise_moments",
    "whichcam crossval manifest.csv --method whichcam --group session --folds 3",
    "whichcam crossval manifest.csv --method demosaicing -o result.json --resume",
    panel=_MEASURING,
)
add_command(
    app,
    benchmark,
    "whichcam benchmark manifest.csv -o result.json",
    "whichcam benchmark manifest.csv --method cooccurrence --limit 50 -o result.json",
    "whichcam benchmark --from result.json --figures pictures",
    panel=_MEASURING,
)
app.add_typer(gallery_app, name="gallery", rich_help_panel=_DEVICES)
app.add_typer(footage_app, name="footage", rich_help_panel=_DEVICES)
app.add_typer(dataset_app, name="dataset", rich_help_panel=_LEARNING)


def main() -> NoReturn:
    """Run the command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _show_warning(message: object, *_: object, **__: object) -> None:
    logging.getLogger("whichcam").warning("%s", message)
