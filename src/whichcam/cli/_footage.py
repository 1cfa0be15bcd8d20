"""``whichcam footage``: enrol cameras from video, and ask who filmed one."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whichcam.cli._device_options import (
    AllowTruncated,
    AsJson,
    FalseAlarmRate,
    GalleryFolder,
    check_rate,
)
from whichcam.cli._guard import FINDING
from whichcam.cli._help import add_command, examples
from whichcam.cli._text import plural

if TYPE_CHECKING:
    from whichcam.pipelines import FootageEnrollment, FootageVerification
    from whichcam.prnu._footage_score import Stabilization

footage_app = typer.Typer(
    help="Enrol cameras from video, and say whether one filmed a video.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    epilog=examples(
        "whichcam footage enroll my-phone sky.mp4",
        "whichcam footage verify clip.mp4 my-phone",
    ),
)


class Frames(StrEnum):
    """Which frames are looked at."""

    key = "key"
    best = "best"


class FailOn(StrEnum):
    """Findings that can be made to fail the command."""

    match = "match"
    no_match = "no-match"


FramesOption = Annotated[
    Frames,
    typer.Option(
        "--frames",
        help="key: key frames, spread over the video. best: the best of all frames; "
        "decodes everything twice.",
    ),
]
WindowOption = Annotated[
    int,
    typer.Option(
        "--window",
        min=1,
        max=256,
        help="Pixels each way in which single frames are looked for, which shows "
        "stabilization.",
    ),
]


def enroll(
    name: Annotated[
        str, typer.Argument(help="To find the camera by.", show_default=False)
    ],
    videos: Annotated[
        list[Path],
        typer.Argument(
            help="Videos filmed by this very camera, in one mode.",
            metavar="VIDEO",
            show_default=False,
        ),
    ],
    *,
    gallery: GalleryFolder = None,
    frames: FramesOption = Frames.key,
    max_frames: Annotated[
        int, typer.Option(min=1, help="Frames used of each video, at most.")
    ] = 200,
    window: WindowOption = 16,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Take the place of the camera's fingerprint of this size."
        ),
    ] = False,
    camera_model: Annotated[
        str,
        typer.Option(
            help="Make and model, where the videos do not say.", show_default=False
        ),
    ] = "",
    allow_truncated: AllowTruncated = False,
    as_json: AsJson = False,
) -> None:
    """Make the fingerprint of a camera of videos it filmed, and keep it as NAME.

    Best is a minute or more of bright, even surfaces, with stabilization and digital
    zoom off, as the camera wrote it. What cannot be used is left out with its reason.
    """
    from whichcam import pipelines
    from whichcam.cli._console import stages

    with stages() as report:
        found = pipelines.enroll_footage(
            name,
            videos,
            gallery=gallery,
            choice=frames.value,
            max_frames=max_frames,
            window=window,
            replace=replace,
            camera_model=camera_model or None,
            allow_truncated=allow_truncated,
            progress=report,
        )
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show_enrollment(found)


def verify(
    video: Annotated[
        Path, typer.Argument(help="The video in question.", metavar="VIDEO")
    ],
    name: Annotated[
        str,
        typer.Argument(
            help="The name the camera is enrolled under.",
            metavar="NAME",
            show_default=False,
        ),
    ] = "",
    *,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Another video, in place of an enrolled camera.", show_default=False
        ),
    ] = None,
    gallery: GalleryFolder = None,
    frames: FramesOption = Frames.key,
    max_frames: Annotated[
        int, typer.Option(min=1, help="Frames looked at, at most.")
    ] = 64,
    zoom: Annotated[
        float,
        typer.Option(
            min=1.0,
            max=2.0,
            help="With a fingerprint of another size: also try modes that show down "
            "to 1/zoom of the sensor's width. Slow.",
        ),
    ] = 1.0,
    window: WindowOption = 16,
    false_alarm_rate: FalseAlarmRate = 1e-4,
    allow_truncated: AllowTruncated = False,
    as_json: AsJson = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on", help="Exit with 5 where this is found.", show_default=False
        ),
    ] = None,
) -> None:
    """Say whether the enrolled camera NAME, or that of another video, filmed VIDEO.

    The camera may be enrolled from video or from photographs: with a fingerprint of
    another size, the scales and places of usual video modes are searched.
    """
    check_rate(false_alarm_rate)
    if bool(name) == (against is not None):
        raise typer.BadParameter("give the NAME of a camera, or --against VIDEO")
    from whichcam import pipelines
    from whichcam.cli._console import stages

    with stages() as report:
        options: dict[str, Any] = {
            "choice": frames.value,
            "max_frames": max_frames,
            "zoom": zoom,
            "window": window,
            "false_alarm_rate": false_alarm_rate,
            "allow_truncated": allow_truncated,
            "progress": report,
        }
        found = (
            pipelines.verify_footage(video, name, gallery=gallery, **options)
            if against is None
            else pipelines.compare_footage(video, against, **options)
        )
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show_verification(found, str(video))
    if fail_on and found.reaches_threshold is (fail_on is FailOn.match):
        raise typer.Exit(FINDING)


def _show_enrollment(found: FootageEnrollment) -> None:
    from rich.text import Text

    from whichcam.cli._console import plain
    from whichcam.cli._device_show import facts, notes, panel

    used = ", ".join(
        f"{one.name} ({plural(one.n_used, 'frame')})" for one in found.videos
    )
    rows = [
        ("size", f"{found.shape[1]}x{found.shape[0]} px"),
        ("made of", f"{plural(found.n_frames, 'frame')} of {used}"),
        ("quality", f"{found.quality:.2f}"),
        ("stabilized", "; ".join(map(_wander, found.stabilization))),
        ("camera model", found.camera_model or "the videos do not say"),
        *(("left out", f"{name}: {reason}") for name, reason in found.left_out),
        ("gallery", found.gallery),
        ("pattern sha256", found.pattern_sha256),
    ]
    headline = Text.assemble(plain(f"enrolled {found.camera}", "bold green"))
    panel(found.camera, [headline, Text(), facts(rows), *notes(found.warnings)])


def _show_verification(found: FootageVerification, path: str) -> None:
    from rich.text import Text

    from whichcam.cli._console import plain
    from whichcam.cli._device_options import searched
    from whichcam.cli._device_show import chance, facts, how_often, notes, panel, place

    if found.reaches_threshold:
        headline = Text.assemble(
            plain(f"matches {found.reference.name}", "bold green"),
            "  a score is above its threshold",
        )
    else:
        headline = Text.assemble(
            plain(f"no match with {found.reference.name}", "bold yellow"),
            "  below both thresholds; a weak or stabilized video looks the same",
        )
    video, reference = found.video, found.reference
    how = "filmed" if found.combined == "as filmed" else "they fit on one another"
    made_of = "frames" if reference.kind == "video" else "pictures or frames"
    best = "none could be compared by itself"
    if found.best_frame_score is not None:
        best = (
            f"score z {found.best_frame_score:.1f}; threshold "
            f"{found.best_frame_threshold:.1f}; of "
            f"{plural(len(found.frames), 'frame')}"
        )
    rows = [
        (
            "all frames",
            f"score z {found.score:.1f}; threshold {found.threshold:.1f}; "
            f"{plural(video.n_used, 'frame')} summed as {how}",
        ),
        ("best frame", best),
        (
            "thresholds",
            "other cameras reach one of the two "
            f"{how_often(found.false_alarm_rate)} comparisons",
        ),
        ("p-value", f"{chance(found.log10_p)} that another camera goes so far"),
        ("other scores", f"NCC {found.ncc:.4f}, PCE {found.pce:.0f}"),
        (
            "searched",
            f"{searched(found.search, found.n_positions)}; by single frames "
            f"{plural(found.n_frame_positions, 'position')} in all",
        ),
    ]
    if found.score >= found.threshold:
        at = place(found.shift, found.rotation, found.scale)
        rows.append(("best place", at))
    rows += [
        ("stabilized", _wander(found.stabilization)),
        (
            "video",
            f"{video.codec}, {video.width}x{video.height} px"
            + (f", players turn it by {video.rotation} degrees" * bool(video.rotation)),
        ),
        (
            "fingerprint",
            f"{reference.name}: {reference.shape[1]}x{reference.shape[0]} px, of "
            f"{reference.n_frames} {made_of}, quality {reference.quality:.2f}"
            + (f", {reference.camera_model}" if reference.camera_model else ""),
        ),
        ("sha256", video.sha256),
        (
            "made by",
            f"whichcam {found.whichcam_version}, noise version {found.noise_version}",
        ),
    ]
    panel(path, [headline, Text(), facts(rows), *notes(found.warnings)])


def _wander(found: Stabilization) -> str:
    """Return what is known of stabilization, in words."""
    among = "the fingerprint" if found.reference == "fingerprint" else "one another"
    placed = (
        f"{found.n_placed} of {plural(found.n_frames, 'frame')} found on {among}, "
        f"{found.n_moved} of them moved"
    )
    if found.n_moved:
        placed += f" by up to {found.largest_move} px"
    return f"{found.verdict} ({placed})"


add_command(
    footage_app,
    enroll,
    "whichcam footage enroll my-phone sky.mp4 wall.mp4",
    "whichcam footage enroll my-phone sky.mp4 --frames best --replace",
)
add_command(
    footage_app,
    verify,
    "whichcam footage verify clip.mp4 my-phone",
    "whichcam footage verify clip.mp4 my-phone --zoom 1.2 --json",
    "whichcam footage verify clip.mp4 --against other.mp4",
)
