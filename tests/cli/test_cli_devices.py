"""The commands about single cameras, from files to exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import Result

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.gallery import Gallery
from whichcam.pipelines import enroll

SIZE = (160, 192)

Run = Callable[..., Result]


def _shot(number: int, seed: int) -> bytes:
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] / 256
    grey = 0.35 + 0.15 * np.sin(2 * y + seed) * np.cos(x + seed)
    radiance = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    camera = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3, device_index=number)
    return camera.shoot_jpeg(seed=seed, radiance=radiance)


@pytest.fixture(scope="session")
def two_bodies(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return folders of pictures by two bodies, one of them enrolled as ``mine``."""
    folder = tmp_path_factory.mktemp("two-bodies")
    for number, name in ((0, "a"), (1, "b")):
        (folder / name).mkdir()
        for seed in range(6):
            data = _shot(number, 10 * number + seed)
            (folder / name / f"{name}{seed}.jpg").write_bytes(data)
    enrolling = sorted((folder / "a").iterdir())[:4]
    with Gallery.open(folder / "gallery", create=True) as gallery:
        enroll("mine", enrolling, gallery=gallery)
    return SimpleNamespace(
        a=folder / "a",
        b=folder / "b",
        probe=folder / "a" / "a5.jpg",
        stranger=folder / "b" / "b5.jpg",
        gallery=folder / "gallery",
    )


@pytest.fixture
def gallery(two_bodies: SimpleNamespace, tmp_path: Path) -> Path:
    """Return a copy of the gallery, to be changed."""
    return Path(shutil.copytree(two_bodies.gallery, tmp_path / "gallery"))


def test_enroll_says_what_was_used_and_what_was_not(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    done = run("enroll", "body", two_bodies.a, bad, "--gallery", tmp_path / "g")
    assert done.exit_code == 0, done.output
    assert "enrolled body" in done.output
    assert "6 of 7" in done.output
    assert "1 unreadable" in done.output
    assert "192x160 px" in done.output


def test_the_gallery_is_taken_from_the_environment(
    run: Run,
    two_bodies: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHICHCAM_GALLERY", str(tmp_path / "from-env"))
    assert run("enroll", "body", two_bodies.a).exit_code == 0
    assert (tmp_path / "from-env" / "gallery.sqlite3").is_file()
    assert "body" in run("gallery", "list").output


def test_enroll_again_is_refused_and_replace_does_it(
    run: Run, two_bodies: SimpleNamespace, gallery: Path
) -> None:
    refused = run("enroll", "mine", two_bodies.a, "--gallery", gallery)
    assert refused.exit_code == 3
    assert "already" in refused.stderr
    done = run("enroll", "mine", two_bodies.a, "--gallery", gallery, "--replace")
    assert done.exit_code == 0


def test_enroll_prints_json(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    done = run("enroll", "x", two_bodies.a, "--gallery", tmp_path / "g", "--json")
    found = json.loads(done.stdout)
    assert (found["camera"], found["n_used"]) == ("x", 6)


def test_a_size_that_is_none_is_wrong_usage(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    for size in ("big", "0x4", "4000"):
        options = ("--gallery", tmp_path / "g", "--size", size)
        assert run("enroll", "x", two_bodies.a, *options).exit_code == 2


def test_verify_says_match_and_no_match(run: Run, two_bodies: SimpleNamespace) -> None:
    at = ("--gallery", two_bodies.gallery)
    yes = run("verify", two_bodies.probe, "mine", *at)
    no = run("verify", two_bodies.stranger, "mine", *at)
    assert (yes.exit_code, no.exit_code) == (0, 0)
    assert "matches mine" in yes.output
    assert "once in 10,000 comparisons" in yes.output
    assert "no match with mine" in no.output


def test_verify_of_several_is_a_table(run: Run, two_bodies: SimpleNamespace) -> None:
    photos = (two_bodies.probe, two_bodies.stranger)
    done = run("verify", *photos, "mine", "--gallery", two_bodies.gallery)
    lines = done.output.splitlines()
    assert any("a5.jpg" in line and " match " in line for line in lines)
    assert any("b5.jpg" in line and "no match" in line for line in lines)


def test_verify_fails_on_a_finding_when_asked(
    run: Run, two_bodies: SimpleNamespace
) -> None:
    at = ("--gallery", two_bodies.gallery, "--fail-on")
    probe, stranger = two_bodies.probe, two_bodies.stranger
    codes = [
        run("verify", photo, "mine", *at, finding).exit_code
        for photo in (probe, stranger)
        for finding in ("match", "no-match")
    ]
    assert codes == [5, 0, 0, 5]


def test_verify_writes_csv_and_json_with_errors_in_place(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    arguments = ("verify", bad, two_bodies.probe, "mine")
    at = ("--gallery", two_bodies.gallery)
    as_csv = run(*arguments, *at, "--csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert as_csv.exit_code == 3
    assert rows[0]["error_code"] == "UnsupportedFormatError"
    assert (rows[1]["reaches_threshold"], rows[1]["shift"]) == ("true", "0 0")
    as_json = json.loads(run(*arguments, *at, "--json").stdout)
    assert as_json[1]["reaches_threshold"] is True
    assert "error" in as_json[0]


def test_wrong_usage_has_its_exit_code(run: Run, two_bodies: SimpleNamespace) -> None:
    at = ("--gallery", two_bodies.gallery)
    photo = two_bodies.probe
    assert run("verify", photo, "nobody", *at).exit_code == 2
    assert run("verify", photo, "mine", *at, "--json", "--csv").exit_code == 2
    assert run("verify", photo, "mine", *at, "--rotations", "x").exit_code == 2
    assert run("verify", photo, "mine", *at, "--rotations", "45").exit_code == 2
    assert run("verify", photo, "mine", *at, "--scales", "99").exit_code == 2
    assert run("verify", photo, "mine", *at, "--false-alarm-rate", "2").exit_code == 2


def test_a_gallery_that_is_absent_is_something_missing(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    done = run("verify", two_bodies.probe, "mine", "--gallery", tmp_path / "none")
    assert done.exit_code == 4


def test_search_ranks_cameras(run: Run, two_bodies: SimpleNamespace) -> None:
    at = ("--gallery", two_bodies.gallery)
    shown = run("search", two_bodies.probe, *at)
    assert "matches mine" in shown.output
    none = run("search", two_bodies.stranger, *at)
    assert "no enrolled camera matches" in none.output
    found = json.loads(run("search", two_bodies.probe, *at, "--json").stdout)
    assert found["hits"][0]["camera"] == "mine"
    rows = csv.DictReader(
        io.StringIO(run("search", two_bodies.probe, *at, "--csv").stdout)
    )
    assert next(rows)["reaches_threshold"] == "true"


def test_cluster_writes_its_table(
    run: Run, two_bodies: SimpleNamespace, tmp_path: Path
) -> None:
    target = tmp_path / "clusters.csv"
    done = run("cluster", two_bodies.a, two_bodies.b, "-o", target)
    assert done.exit_code == 0, done.output
    assert "2 cameras seen in 12 pictures" in done.output
    assert "0 % of the pictures unassigned" in done.output
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert {(Path(r["path"]).parent.name, r["cluster"]) for r in rows} in (
        {("a", "0"), ("b", "1")},
        {("a", "1"), ("b", "0")},
    )
    assert run("cluster", two_bodies.a, "-o", tmp_path / "x.txt").exit_code == 2
    whole = tmp_path / "clusters.json"
    assert run("cluster", two_bodies.a, "-o", whole).exit_code == 0
    assert json.loads(whole.read_text(encoding="utf-8"))["n_clusters"] == 1


def test_compare_says_one_camera_or_none_seen(
    run: Run, two_bodies: SimpleNamespace
) -> None:
    one = run(
        "compare",
        two_bodies.probe,
        two_bodies.gallery.parent / "a" / "a0.jpg",
        "--device-only",
    )
    two = run("compare", two_bodies.a, two_bodies.b, "--device-only", "--json")
    assert "one camera" in one.output
    assert json.loads(two.stdout)["reaches_threshold"] is False


def test_gallery_lists_shows_renames_and_removes(run: Run, gallery: Path) -> None:
    at = ("--gallery", gallery)
    assert "mine" in run("gallery", "list", *at).output
    listed = json.loads(run("gallery", "list", *at, "--json").stdout)
    assert [camera["name"] for camera in listed["cameras"]] == ["mine"]
    shown = run("gallery", "show", "mine", *at)
    assert "Synthetic SYN-0" in shown.output
    assert run("gallery", "rename", "mine", "yours", *at).exit_code == 0
    assert run("gallery", "remove", "yours", "nobody", *at).exit_code == 2
    assert "yours" in run("gallery", "list", *at).output
    assert run("gallery", "remove", "yours", *at).exit_code == 0
    assert "0 cameras" in run("gallery", "list", *at).output


def test_a_note_is_listed_and_shown(run: Run, gallery: Path) -> None:
    at = ("--gallery", gallery)
    noted = run("gallery", "note", "mine", "exhibit [b]7[/b]", *at)
    assert (noted.exit_code, noted.stderr) == (0, "noted on mine\n")
    for command in (("list",), ("show", "mine")):
        assert "exhibit [b]7[/b]" in run("gallery", *command, *at).stdout
    assert run("gallery", "note", "nobody", "x", *at).exit_code == 2


def test_gallery_exports_and_imports(run: Run, gallery: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.zip"
    assert (
        run("gallery", "export", "mine", "-o", file, "--gallery", gallery).exit_code
        == 0
    )
    other = ("--gallery", tmp_path / "other")
    assert run("gallery", "import", file, *other).exit_code == 0
    assert run("gallery", "import", file, *other).exit_code == 3
    assert run("gallery", "import", file, *other, "--name", "b").exit_code == 0
    assert "2 cameras" in run("gallery", "list", *other).output


def test_gallery_check_finds_a_damaged_pattern(run: Run, gallery: Path) -> None:
    sound = run("gallery", "check", "--gallery", gallery)
    assert (sound.exit_code, "all is well" in sound.output) == (0, True)
    (pattern,) = (gallery / "patterns").iterdir()
    data = bytearray(pattern.read_bytes())
    data[-5] ^= 1
    pattern.write_bytes(data)
    damaged = run("gallery", "check", "--gallery", gallery)
    assert damaged.exit_code == 4
    assert "mine" in damaged.output


def test_gallery_show_draws_the_fingerprint_and_the_peak(
    run: Run, two_bodies: SimpleNamespace, gallery: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="the extra report is not installed")
    at = ("--gallery", gallery)
    itself, photo = tmp_path / "itself.png", tmp_path / "photo.png"
    assert run("gallery", "show", "mine", *at, "--figure", itself).exit_code == 0
    done = run("gallery", "show", "mine", *at, "-o", photo, "--photo", two_bodies.probe)
    assert done.exit_code == 0, done.output
    assert itself.read_bytes()[:4] == photo.read_bytes()[:4] == b"\x89PNG"
    assert run("gallery", "show", "mine", *at, "--figure", photo).exit_code == 3


@pytest.mark.slow  # a map is fitted without each pair of devices
@pytest.mark.data
def test_evaluate_devices_measures_and_writes_a_calibration(
    run: Run, photos_dir: Path, gallery: Path, tmp_path: Path
) -> None:
    pytest.importorskip("lir", reason="the extra train is not installed")
    target = tmp_path / "map.json"
    done = run(
        "evaluate", photos_dir / "prnu.csv", "--devices", "--calibration", target
    )
    assert done.exit_code == 0, done.output
    assert run("gallery", "calibrate", target, "--gallery", gallery).exit_code == 0
    assert json.loads(target.read_text())["statistic"] == "z"


def test_a_calibration_needs_devices(run: Run, tmp_path: Path) -> None:
    done = run("evaluate", tmp_path / "m.csv", "--calibration", tmp_path / "map.json")
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--model", "folder"),
        ("--manipulations", "none"),
        ("--workers", "2"),
        ("--limit", "3"),
    ],
)
def test_evaluate_devices_refuses_what_it_would_ignore(
    run: Run, tmp_path: Path, option: str, value: str
) -> None:
    result = run("evaluate", tmp_path / "m.csv", "--devices", option, value)
    assert result.exit_code == 2
    assert "no meaning with --devices" in result.stderr
