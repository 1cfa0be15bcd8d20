"""``whichcam demo``: the main job from end to end, told as it goes."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from whichcam.cli._guard import UNUSABLE_INPUT
from whichcam.cli._text import plural

if TYPE_CHECKING:
    from whichcam.datasets import Manifest
    from whichcam.models import CameraModel

_KNOWN: Final = 3  # synthetic cameras to train on; one more is never shown
_DEVICES: Final = 2  # so that one can be held out for validation
_PHOTOS: Final = 12  # of each device
_NEW_PHOTOS: Final = 3  # of each camera, by a device that was not trained on
_SIZE: Final = 512  # px
# Enough for three cameras in less than a minute; real ones need the defaults. Three
# cameras say little of what sessions change: the discriminant hardly counts.
_SETTINGS: Final = """\
epochs = 15
folds = 3
hidden = 128
manipulations = ["jpeg_70"]
n_reduced = 1
discriminant_temperature = 1000.0
"""
_SEED: Final = 0
_UNSEEN_SPLITS: Final = ("test_device", "unknown")  # cameras no training has seen


def demo(
    *,
    photos: Annotated[
        Path | None,
        typer.Option(
            help="A folder of your pictures; synthetic cameras where not given.",
            show_default=False,
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            help="Folder to keep what is made in; a temporary one where not given.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Pictures of --photos to look at.")
    ] = 12,
) -> None:
    """Show what whichcam does, on your pictures or on ones made for the purpose.

    With --photos, the bundled model says which cameras took them. Without, four
    cameras that do not exist take pictures, a model is trained on three of them (needs
    the extra `train`), and new pictures by all four are identified: the fourth should
    come out as unknown.
    """
    if photos is not None:
        _with_photos(photos, limit)
        return
    with ExitStack() as stack:
        if work is None:
            made = tempfile.TemporaryDirectory(prefix="whichcam-demo-")
            work = Path(stack.enter_context(made))
        _with_synthetic_cameras(work)


def _with_photos(folder: Path, limit: int) -> None:
    from whichcam.cli._identify import load_model
    from whichcam.datasets import Manifest

    model = load_model(None)
    table = folder / "manifest.csv"
    if table.is_file():
        chosen = choose(Manifest.read(table), limit)
        truth = dict(
            zip(map(str, chosen.paths), chosen.camera_model.tolist(), strict=True)
        )
        _step(
            f"Which camera took these {plural(len(truth), 'picture')}?",
            "the manifest says; the model is not told",
            f"whichcam identify {folder}",
        )
        _answers([Path(path) for path in truth], model, truth)
        return
    from whichcam.cli._inputs import Failure, pictures

    found = [item for item in pictures([folder]) if not isinstance(item, Failure)]
    if not found:
        raise typer.BadParameter(f"no pictures in {folder}", param_hint="--photos")
    shown = [found[i * len(found) // limit] for i in range(limit)]
    shown = found if len(found) <= limit else shown
    of_all = f"{len(shown)} of {len(found):,}" if len(shown) < len(found) else "all"
    _step(
        "Which camera took these pictures?",
        f"{of_all} in {folder}, by the bundled model",
        f"whichcam identify {folder}",
    )
    _answers(shown, model, None)


def choose(manifest: Manifest, limit: int) -> Manifest:
    """Return a few rows, each of another camera as far as there are enough.

    Of splits no training has seen where there are such: to know again a picture one
    has learnt from would be no feat.
    """
    rows = list(range(len(manifest)))
    if "split" in manifest:
        splits = manifest.column("split").tolist()
        rows = [row for row in rows if splits[row] in _UNSEEN_SPLITS] or rows
        known = [row for row in rows if splits[row] == _UNSEEN_SPLITS[0]]
        others = [row for row in rows if splits[row] != _UNSEEN_SPLITS[0]]
        n_others = min(len(others), limit // 4) if known else limit
        names = manifest.camera_model.tolist()
        picked = _in_turn(known, names, limit - n_others)
        return manifest.select(picked + _in_turn(others, names, n_others))
    return manifest.select(_in_turn(rows, manifest.camera_model.tolist(), limit))


def _in_turn(rows: list[int], names: list[str], limit: int) -> list[int]:
    """Take rows from one camera after the other, round and round."""
    seen: dict[str, int] = {}
    order = []
    for row in rows:
        seen[names[row]] = seen.get(names[row], 0) + 1
        order.append((seen[names[row]], names[row], row))
    return [row for _, _, row in sorted(order)[:limit]]


def _with_synthetic_cameras(work: Path) -> None:
    from whichcam.cli import _dataset, _train
    from whichcam.cli._identify import load_model
    from whichcam.datasets.synthetic import draw_cameras

    pictures, manifest = work / "pictures", work / "manifest.csv"
    model, new, settings = work / "model", work / "new", work / "quick.toml"
    work.mkdir(parents=True, exist_ok=True)
    shoot: dict[str, Any] = {"size": _SIZE, "seed": _SEED}

    _step(
        "Three cameras take pictures",
        "they do not exist: every part of them is computed, from lens to JPEG",
        f"whichcam dataset shoot pictures --cameras {_KNOWN} --devices {_DEVICES} "
        f"--photos {_PHOTOS}",
    )
    _dataset.shoot(pictures, cameras=_KNOWN, devices=_DEVICES, photos=_PHOTOS, **shoot)
    _step(
        "The pictures become a table",
        "camera, device and session as the files name them; nothing is moved",
        "whichcam dataset index pictures -o manifest.csv",
    )
    _dataset.index(pictures, manifest)
    _step(
        "A model learns the three cameras",
        "devices are held back in turn, to find out how sure its answers may be",
        f"whichcam train manifest.csv -o model --config {settings.name}",
    )
    settings.write_text(_SETTINGS, encoding="utf-8")
    _train.train(manifest, model, config=settings)
    _step(
        "New pictures, by other devices and by a fourth camera",
        "the model has seen none of these scenes, nor the fourth camera",
        f"whichcam dataset shoot new --cameras {_KNOWN + 1} --photos {_NEW_PHOTOS} "
        f"--first-device {_DEVICES} --scene-seed {_SEED + 1}",
    )
    _dataset.shoot(
        new,
        cameras=_KNOWN + 1,
        photos=_NEW_PHOTOS,
        first_device=_DEVICES,
        scene_seed=_SEED + 1,
        **shoot,
    )
    _step(
        "Which camera took them?",
        "the fourth should be none of the known",
        "whichcam identify new --model model",
    )
    truth = {
        str(path): camera.camera_model
        for camera in draw_cameras(_KNOWN + 1, seed=_SEED)
        for path in sorted((new / camera.camera_model).iterdir())
    }
    _answers([Path(path) for path in truth], load_model(model), truth)


def _step(title: str, remark: str, command: str) -> None:
    from rich.text import Text

    from whichcam.cli._console import out, plain

    console = out()
    console.print()
    console.print(plain(title, "bold"), Text("-", style="dim"), plain(remark, "dim"))
    console.print(Text("$ ", style="dim") + plain(command, "cyan"), soft_wrap=True)


def _answers(
    paths: list[Path], model: CameraModel, truth: Mapping[str, str] | None
) -> None:
    from whichcam.cli._console import out, plain
    from whichcam.cli._identify import identify_each
    from whichcam.cli._inputs import Success
    from whichcam.cli._show import print_answer, print_answers, verdict

    answers = list(identify_each(list(paths), model))
    done = [answer for answer in answers if isinstance(answer, Success)]
    if len(answers) == 1 and done:
        print_answer(done[0].found, done[0].path)
    else:
        print_answers(answers, truth=truth, short_names=True)
    if not done:
        raise typer.Exit(UNUSABLE_INPUT)
    if truth is not None:
        known = frozenset(model.classes)
        said = [verdict(item.found, truth[item.path], known) for item in done]
        out().print(
            plain(
                f"{said.count('right')} of {len(said)} right, "
                f"{said.count('withheld')} not committed to a camera that is known, "
                f"{said.count('wrong')} wrong.",
                "bold",
            )
        )
