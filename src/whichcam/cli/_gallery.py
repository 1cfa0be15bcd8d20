"""``whichcam gallery``: look after the enrolled cameras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whichcam.cli._device_options import AsJson, GalleryFolder
from whichcam.cli._guard import MISSING
from whichcam.cli._help import add_command, examples
from whichcam.cli._text import plural, say

if TYPE_CHECKING:
    from whichcam.gallery import EnrolledCamera, Gallery

gallery_app = typer.Typer(
    help="List, show, remove, export, import and check the enrolled cameras.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog=examples("whichcam gallery list"),
)

NameArgument = Annotated[
    str, typer.Argument(help="The name the camera is enrolled under.", metavar="NAME")
]


def list_cameras(*, gallery: GalleryFolder = None, as_json: AsJson = False) -> None:
    """List the enrolled cameras."""
    with _opened(gallery) as opened:
        cameras = opened.list()
        folder, unfinished = opened.folder, opened.unfinished()
    if as_json:
        whole = {
            "gallery": str(folder),
            "cameras": [camera.to_dict() for camera in cameras],
            "unfinished": list(unfinished),
        }
        print(json.dumps(whole, indent=2, allow_nan=False))
        return
    from whichcam.cli._console import print_table

    has_notes = any(camera.note for camera in cameras)
    rows = [
        (
            camera.name,
            camera.camera_model or "",
            f"{one.shape[1]}x{one.shape[0]}",
            one.n_photos,
            f"{one.quality:.2f}",
            one.created[:10],
            *([camera.note] if has_notes else []),
        )
        for camera in cameras
        for one in camera.fingerprints
    ]
    names = ["name", "camera model", "size", "pictures", "quality", "enrolled"]
    print_table(
        f"{plural(len(cameras), 'camera')} in {folder}",
        [*names, *(["note"] if has_notes else [])],
        rows,
        right=(2, 3, 4),
    )
    for name in unfinished:
        say(f"begun and broken off: {name}; enrol it again and it goes on")


def show(
    name: NameArgument,
    *,
    gallery: GalleryFolder = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--figure",
            help="Draw the fingerprint and the correlation peak to this new .png "
            "(needs the extra `report`).",
            show_default=False,
        ),
    ] = None,
    photo: Annotated[
        Path | None,
        typer.Option(
            help="Correlate with this picture; without it, with the fingerprint "
            "itself, which shows patterns that repeat.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is known of one camera, and draw its fingerprint."""
    with _opened(gallery) as opened:
        camera = opened.get(name)
    if as_json:
        print(json.dumps(camera.to_dict(), indent=2, allow_nan=False))
    else:
        _print_camera(camera)
    if figure is not None:
        _draw(camera, figure, photo)
        say(f"wrote {figure}")


def _print_camera(camera: EnrolledCamera) -> None:
    from rich.text import Text

    from whichcam.cli._device_show import facts, notes, panel

    parts: list[Any] = []
    if camera.note:
        parts += [facts([("note", camera.note)]), Text()]
    for one in camera.fingerprints:
        metadata = one.metadata
        rows = [
            ("size", f"{one.shape[1]}x{one.shape[0]} px"),
            ("pictures", str(one.n_photos)),
            ("quality", f"{one.quality:.2f}"),
            ("enrolled", f"{one.created}, by whichcam {one.whichcam_version}"),
            ("noise version", str(one.noise_version)),
            ("pattern sha256", one.pattern_sha256),
        ]
        alike = metadata.get("lookalikes") or []
        if alike:
            rows.append(("looks like", ", ".join(map(str, alike))))
        calibration = metadata.get("calibration")
        if isinstance(calibration, dict):
            rows.append(("calibration", str(calibration.get("map_id", ""))))
        parts += [facts(rows), *notes(one.warnings), Text()]
    title = camera.name + (f" - {camera.camera_model}" if camera.camera_model else "")
    panel(title, parts[:-1])


def _draw(camera: EnrolledCamera, figure: Path, photo: Path | None) -> None:
    from whichcam.pipelines import peak_of
    from whichcam.reporting import fingerprint_figure

    found = peak_of(camera, photo)
    fingerprint_figure(
        found.pattern,
        found.surface,
        figure,
        name=camera.name,
        against="itself" if photo is None else photo.name,
        z=found.z,
        pce=found.pce,
    )


def remove(
    names: Annotated[
        list[str], typer.Argument(help="Cameras to remove.", metavar="NAME")
    ],
    *,
    gallery: GalleryFolder = None,
) -> None:
    """Delete cameras; nothing of them stays on disk."""
    with _opened(gallery) as opened:
        for name in names:
            opened.get(name)  # all there, or none removed
        for name in names:
            opened.remove(name)
            say(f"removed {name}")


def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    *,
    gallery: GalleryFolder = None,
) -> None:
    """Give a camera another name."""
    with _opened(gallery) as opened:
        camera = opened.rename(name, new_name)
    say(f"renamed {name} to {camera.name}")


def note(
    name: NameArgument,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            help="What to remember: whose it is, its serial number, a case. It takes "
            "the place of what was noted; '' for nothing.",
        ),
    ],
    *,
    gallery: GalleryFolder = None,
) -> None:
    """Write a note on a camera, for `list` and `show`; it is exported too."""
    with _opened(gallery) as opened:
        camera = opened.note(name, text)
    say(f"noted on {camera.name}" if camera.note else f"no note on {camera.name}")


def export(
    name: NameArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The file to write, such as my.zip.")
    ],
    *,
    gallery: GalleryFolder = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that exists.")
    ] = False,
) -> None:
    """Write one camera to a file, for another gallery to import."""
    with _opened(gallery) as opened:
        opened.export(name, output, overwrite=overwrite)
    say(f"wrote {output}")


def import_camera(
    files: Annotated[
        list[Path], typer.Argument(help="Files that `export` wrote.", metavar="FILE")
    ],
    *,
    gallery: GalleryFolder = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name to give it; the one it had where not given.", show_default=False
        ),
    ] = None,
) -> None:
    """Add cameras that were exported; the gallery is made where there is none."""
    if name is not None and len(files) > 1:
        raise typer.BadParameter("one name for several files", param_hint="--name")
    from whichcam.gallery import Gallery

    with Gallery.open(gallery, create=True) as opened:
        for file in files:
            camera = opened.import_(file, name=name)
            say(f"imported {camera.name}")


def check(*, gallery: GalleryFolder = None, as_json: AsJson = False) -> None:
    """Compare the checksums of all that is stored; exit with 4 if one is wrong."""
    with _opened(gallery) as opened:
        found = opened.check()
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        print(
            f"{plural(found.n_fingerprints, 'fingerprint')} of "
            f"{plural(found.n_cameras, 'camera')}, {found.n_bytes:,} bytes: "
            + ("all is well" if found.is_sound else "damaged")
        )
        for problem in found.problems:
            whose = f"{problem.camera}: " if problem.camera else ""
            say(f"{whose}{problem.reason}")
    if not found.is_sound:
        raise typer.Exit(MISSING)


def calibrate(
    calibration: Annotated[
        Path,
        typer.Argument(
            help="JSON that `whichcam evaluate --devices --calibration` wrote.",
            metavar="FILE",
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="The cameras; all where none is named.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    *,
    gallery: GalleryFolder = None,
) -> None:
    """Keep a likelihood-ratio map with cameras, for verify and search to apply."""
    from whichcam import pipelines

    done = pipelines.attach_calibration(
        calibration, gallery=gallery, names=names or None
    )
    say(f"kept with {plural(len(done), 'camera')}")


def _opened(folder: Path | None) -> Gallery:
    from whichcam.gallery import Gallery

    return Gallery.open(folder)


# A command is called as its function; these are names no function should have.
list_cameras.__name__, import_camera.__name__ = "list", "import"
for _command, _shown in (
    (list_cameras, "whichcam gallery list"),
    (show, "whichcam gallery show 'my camera' --figure fingerprint.png"),
    (remove, "whichcam gallery remove 'my camera'"),
    (rename, "whichcam gallery rename 'my camera' 'holiday camera'"),
    (note, "whichcam gallery note 'my camera' 'serial number 3012345'"),
    (export, "whichcam gallery export 'my camera' -o my-camera.zip"),
    (import_camera, "whichcam gallery import my-camera.zip"),
    (check, "whichcam gallery check"),
    (calibrate, "whichcam gallery calibrate map.json"),
):
    add_command(gallery_app, _command, _shown)
