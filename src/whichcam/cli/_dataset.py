"""``whichcam dataset``: make tables of pictures, and look after them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from whichcam.cli._dataset_splice import splice
from whichcam.cli._guard import UNEXPECTED, UNUSABLE_INPUT
from whichcam.cli._help import add_command, examples
from whichcam.cli._layout import Layout, detect_layout, make_manifest
from whichcam.cli._signatures import signatures
from whichcam.cli._text import plural, say
from whichcam.errors import InputError

if TYPE_CHECKING:
    from whichcam.cli._inputs import Failure, Success
    from whichcam.datasets import Manifest, Screening

    Screened: TypeAlias = Success[Screening] | Failure

_SKIPPED_SHOWN: Final = 5

dataset_app = typer.Typer(
    help="Make tables of pictures (manifests), and check, screen and split them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog=examples("whichcam dataset index ~/pictures -o manifest.csv"),
)

ManifestArgument = Annotated[
    Path,
    typer.Argument(help="A manifest, .csv or .parquet.", metavar="MANIFEST"),
]


def index(
    source: Annotated[
        Path, typer.Argument(help="A folder of pictures, or a table.", metavar="DIR")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Manifest: .csv or .parquet.")
    ],
    layout: Annotated[
        Layout,
        typer.Option(
            help="What names the cameras: one folder each (folders), the SP Cup's "
            "folders (kaggle), the pictures' EXIF (exif) or a table (csv)."
        ),
    ] = Layout.auto,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on where an earlier run with this output was stopped."
        ),
    ] = False,
) -> None:
    """Make a manifest of the pictures in DIR; they stay where they are."""
    from whichcam.cli._console import bar

    journal = output.with_name(f"{output.name}.unfinished")
    if not output.parent.is_dir():
        raise typer.BadParameter(
            f"there is no folder {output.parent}; create it first",
            param_hint="--output",
        )
    if resume and not journal.is_file():
        raise typer.BadParameter(
            f"there is nothing to go on from: no {journal}; leave the option out",
            param_hint="--resume",
        )
    if not resume:
        journal.unlink(missing_ok=True)
    if layout is Layout.auto:
        layout, reason = detect_layout(source)
        say(f"layout: {layout} ({reason})")
    with bar("indexing") as report:
        manifest = make_manifest(source, layout, report, workers, journal)
    _say_skipped(manifest)
    if not len(manifest):
        journal.unlink(missing_ok=True)
        raise InputError(
            f"{source}: no picture can be used as {layout}; try another --layout"
        )
    manifest.write(output)
    journal.unlink(missing_ok=True)
    print_summary(manifest)
    say(f"wrote {output}")


def _say_skipped(manifest: Manifest) -> None:
    for item in manifest.skipped[:_SKIPPED_SHOWN]:
        say(f"left out {item.path}: {item.reason}")
    more = len(manifest.skipped) - _SKIPPED_SHOWN
    if more > 0:
        say(f"left out {plural(more, 'more file')}")


def print_summary(manifest: Manifest) -> None:
    """Print pictures, devices and sessions of each camera model."""
    from whichcam.cli._console import print_table

    rows: dict[str, tuple[int, set[str], set[str]]] = {}
    for row in manifest.rows():
        camera = row.get("camera_model") or "(not known)"
        count, devices, sessions = rows.get(camera, (0, set(), set()))
        devices.add(row.get("device_id") or "")
        sessions.add(row.get("session") or "")
        rows[camera] = (count + 1, devices, sessions)
    print_table(
        f"{plural(len(manifest), 'picture')} of {plural(len(rows), 'camera model')}",
        ["camera model", "pictures", "devices", "sessions"],
        [
            (camera, count, len(devices - {""}), len(sessions - {""}))
            for camera, (count, devices, sessions) in sorted(rows.items())
        ],
        right=(1, 2, 3),
    )


def screen(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, folders or manifests.", metavar="PHOTO_OR_MANIFEST"
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array, one object a picture.")
    ] = False,
) -> None:
    """Say which files are as their camera wrote them, and why the others are not."""
    from whichcam import datasets
    from whichcam.cli import _inputs
    from whichcam.cli._console import bar, print_table
    from whichcam.cli._rows import json_array

    found = _inputs.pictures(paths)
    results = []
    with bar("screening", when=len(found) > 1) as report:
        for done, result in enumerate(_inputs.each(found, datasets.screen), start=1):
            report(done, len(found))
            results.append(result)
    if as_json:
        with json_array() as write:
            for item in results:
                write(_screened_object(item))
    else:
        print_table("", ["picture", "verdict", "why"], map(_screened_row, results))
    failures = [item for item in results if isinstance(item, _inputs.Failure)]
    if failures:
        bug = any(item.unexpected for item in failures)
        raise typer.Exit(UNEXPECTED if bug else UNUSABLE_INPUT)


def _screened_object(item: Screened) -> dict[str, Any]:
    from whichcam.cli._inputs import Success

    if isinstance(item, Success):
        return {"path": item.path, **item.found.to_dict()}
    return item.to_dict()


def _screened_row(item: Screened) -> tuple[str, str, str]:
    from whichcam.cli._inputs import Success

    if not isinstance(item, Success):
        return item.path, "unusable", item.message
    reasons = "; ".join(reason.text for reason in item.found.reasons)
    if not reasons and item.found.is_original is None:
        reasons = "too little in the file to tell by"
    return item.path, item.found.verdict, reasons


def duplicates(
    manifest: ManifestArgument,
    *,
    max_distance: Annotated[
        int,
        typer.Option(min=0, max=64, help="Bits in which alike hashes may differ."),
    ] = 6,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array of arrays of paths.")
    ] = False,
) -> None:
    """List groups of pictures that are nearly the same."""
    import json

    from whichcam.cli._console import print_table
    from whichcam.datasets import Manifest, near_duplicates

    table = Manifest.read(manifest)
    paths = table.column("path").tolist()
    groups = near_duplicates(table, max_distance=max_distance)
    if as_json:
        print(json.dumps([[paths[row] for row in group] for group in groups], indent=2))
        return
    alike = sum(len(group) for group in groups)
    print_table(
        f"{plural(len(groups), 'group')} of near-duplicates, {alike} of "
        f"{plural(len(table), 'picture')}",
        ["group", "pictures"],
        [
            (number, paths[row])
            for number, group in enumerate(groups, start=1)
            for row in group
        ],
        right=(0,),
    )


def split(
    manifest: ManifestArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Manifest with a column `fold`.")
    ],
    by: Annotated[
        str,
        typer.Option(
            help="What is never on both sides: device, session, device_or_session "
            "(sessions where a model has one device), or a column's name."
        ),
    ] = "device",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[
        int, typer.Option(min=0, help="Decides between equally good folds.")
    ] = 0,
) -> None:
    """Divide a MANIFEST into folds for cross-validation, no device in two of them.

    The fold of a picture, from 1, is written to the column `fold`.
    """
    from whichcam.cli._console import print_table
    from whichcam.datasets import GroupedKFold, Manifest, check_split

    table = Manifest.read(manifest)
    fold = [0] * len(table)
    rows = []
    splitter = GroupedKFold(folds, by=by, seed=seed)
    for number, (train, test) in enumerate(splitter.split(table), start=1):
        check_split(train, test, table, by=by)
        for row in test.tolist():
            fold[row] = number
        tested = table.select(test)
        rows.append((number, len(train), len(test), len(set(tested.groups(by)))))
    table.with_column("fold", fold).write(output)
    print_table(
        f"{plural(folds, 'fold')}, no {by.replace('_', ' ')} in two of them",
        ["fold", "to train on", "to test on", "groups tested"],
        rows,
        right=(0, 1, 2, 3),
    )
    say(f"wrote {output}")


def shoot(
    directory: Annotated[
        Path, typer.Argument(help="Where the folders are made.", metavar="DIR")
    ],
    *,
    cameras: Annotated[int, typer.Option(min=1, help="Camera models.")] = 4,
    devices: Annotated[int, typer.Option(min=1, help="Devices of each.")] = 1,
    photos: Annotated[int, typer.Option(min=1, help="Pictures of each device.")] = 20,
    size: Annotated[int, typer.Option(min=16, help="Height and width, px.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Which cameras are drawn.")] = 0,
    scene_seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Which scenes they see; as --seed if not given.",
            show_default=False,
        ),
    ] = None,
    first_device: Annotated[
        int, typer.Option(min=0, help="Number of the first device of each model.")
    ] = 0,
) -> None:
    """Take pictures with cameras that do not exist, one folder a camera.

    Their every parameter is known, which makes them good for tests and for trying
    whichcam out. The files name their make: Synthetic.
    """
    from whichcam.cli._console import bar
    from whichcam.datasets.synthetic import draw_cameras, write_dataset

    drawn = [
        model.device(number)
        for model in draw_cameras(cameras, seed=seed)
        for number in range(first_device, first_device + devices)
    ]
    total = len(drawn) * photos
    done = 0
    with bar("taking pictures") as report:

        def taken(_: Path) -> None:
            nonlocal done
            done += 1
            report(done, total)

        report(0, total)
        write_dataset(
            directory,
            drawn,
            photos,
            seed=seed if scene_seed is None else scene_seed,
            size=(size, size),
            on_photo=taken,
        )
    say(
        f"{plural(total, 'picture')} by {plural(cameras, 'camera model')} "
        f"({plural(len(drawn), 'device')}) in {directory}"
    )


add_command(
    dataset_app,
    index,
    "whichcam dataset index ~/pictures -o manifest.csv",
    "whichcam dataset index dresden/ --layout folders -o manifest.parquet",
)
add_command(
    dataset_app,
    screen,
    "whichcam dataset screen photo.jpg ~/pictures",
    "whichcam dataset screen manifest.csv --json",
)
add_command(
    dataset_app,
    duplicates,
    "whichcam dataset duplicates manifest.csv",
    "whichcam dataset duplicates manifest.csv --max-distance 0 --json",
)
add_command(
    dataset_app,
    split,
    "whichcam dataset split manifest.csv --folds 5 -o folds.csv",
    "whichcam dataset split manifest.csv --by session --folds 3 -o folds.csv",
)
add_command(
    dataset_app,
    shoot,
    "whichcam dataset shoot pictures --cameras 4 --photos 20",
    "whichcam dataset shoot pictures --devices 2 --size 1024 --seed 7",
)
add_command(
    dataset_app,
    splice,
    "whichcam dataset splice manifest.csv --split train --parts 2 -o splices",
    "whichcam dataset splice manifest.csv --split test_device -n 50 -o splices",
)
add_command(
    dataset_app,
    signatures,
    "whichcam dataset signatures manifest.csv -o signatures.json",
)
