"""Tampering that changes nothing else, and the rates that come of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.claims import CameraSignature, SignatureTable
from whichcam.datasets import Manifest
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import InputError
from whichcam.evaluation import ClaimsEvaluation, ClaimsRow, evaluate_claims
from whichcam.evaluation._exif_bytes import (
    MAKE,
    MODEL,
    SOFTWARE,
    move_application_segments,
    remove_tag,
    replace_thumbnail,
    set_text,
    write_exif,
)
from whichcam.media import open_photo, read_header

NOTE = b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


@pytest.fixture(scope="module")
def pixels() -> PixelArray:
    return SyntheticCamera().shoot(seed=8, size=(160, 192))


@pytest.fixture(scope="module")
def original(pixels: PixelArray) -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[SOFTWARE] = "NIKON", "NIKON D90", "Adobe Photoshop"
    exif[0x0132] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8769).update({0x927C: NOTE, 0x9003: "2020:01:02 03:04:05"})
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=93, exif=exif)
    return file.getvalue()


def test_new_names_of_any_length_leave_all_else_as_it_was(original: bytes) -> None:
    before = read_header(original)
    for make, model in (("Canon", "EOS 5D Mark II and more"), ("LG", "X"), ("é", "")):
        after = read_header(set_text(original, {MAKE: make, MODEL: model}))
        assert (after.exif.make, after.exif.model) == (make, model)
        assert after.notes == ()
        changed = {
            name
            for name, text in before.exif.tags.items()
            if after.exif.tags.get(name) != text
        }
        assert changed <= {"Image Make", "Image Model"}
    tampered = set_text(original, {MAKE: "Canon"})
    assert (open_photo(tampered).pixels == open_photo(original).pixels).all()


def test_a_tag_is_removed_and_no_other(original: bytes) -> None:
    before = read_header(original).exif.tags
    removed = read_header(remove_tag(original, SOFTWARE))
    after = removed.exif.tags
    assert removed.notes == ()
    assert set(before) - set(after) == {"Image Software"}
    assert all(after[name] == before[name] for name in after)
    assert remove_tag(original, 0x9999) == original


def test_a_written_exif_says_what_it_was_given(pixels: PixelArray) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    data = write_exif(
        file.getvalue(),
        make="LG",
        model="Nexus 5",
        taken="2015:06:01 12:00:00",
        size=(4000, 3000),
    )
    header = read_header(data)
    assert (header.exif.make, header.exif.model) == ("LG", "Nexus 5")
    assert (header.exif.pixel_width, header.exif.pixel_height) == (4000, 3000)
    assert str(header.exif.taken) == "2015-06-01 12:00:00"
    assert header.notes == ()
    assert header.jpeg is not None
    assert header.jpeg.identifiers == ("EXIF",)
    assert (open_photo(data).pixels == open_photo(file.getvalue()).pixels).all()


def test_segments_move_with_a_new_compression(
    original: bytes, pixels: PixelArray
) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=70)
    moved = move_application_segments(original, file.getvalue())
    header = read_header(moved)
    assert dict(header.exif.tags) == dict(read_header(original).exif.tags)
    assert (open_photo(moved).pixels == open_photo(file.getvalue()).pixels).all()


def test_what_cannot_be_changed_is_refused(original: bytes, pixels: PixelArray) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    with pytest.raises(InputError, match="no EXIF"):
        set_text(file.getvalue(), {MAKE: "X"})
    with pytest.raises(InputError, match="no JPEG thumbnail"):
        replace_thumbnail(original, b"\xff\xd8")
    with pytest.raises(InputError, match="at most"):
        set_text(original, {MAKE: "x" * 70_000})
    with pytest.raises(InputError, match="scan"):
        remove_tag(b"\xff\xd8\xff\xe1\0\x08EX", MAKE)


def table() -> SignatureTable:
    return SignatureTable(
        cameras=tuple(
            CameraSignature(
                camera_model=name,
                make=name.split()[0],
                n_photos=1,
                n_devices=1,
                tables={},
                sizes={(1, 1): 1},
                layouts={},
            )
            for name in ("Canon EOS 5D", "Nikon D90", "Nikon D60", "Sony ILCE-7")
        ),
        provenance=(),
    )


def test_swapped_names_are_contradicted_and_true_ones_are_not(
    original: bytes, tmp_path: Path
) -> None:
    clean = remove_tag(original, SOFTWARE)
    (tmp_path / "a.jpg").write_bytes(clean)
    (tmp_path / "b.jpg").write_bytes(original)
    rows = [
        {"path": "a.jpg", "label": "camera_original"},
        {"path": "b.jpg", "label": "edited"},
        {"path": "none.jpg", "label": "edited"},
    ]
    manifest = Manifest.from_rows(rows, tmp_path)
    result = evaluate_claims(manifest, signatures=table(), seed=3)
    by_name = {(row.path, row.tampering): row for row in result.rows}
    swapped = by_name["a.jpg", "make_swapped"]
    assert swapped.is_contradicted
    assert not swapped.claimed.startswith("Nikon")
    assert by_name["a.jpg", "model_swapped"].claimed == "Nikon D60"
    assert by_name["b.jpg", "edited"].is_contradicted
    assert ("a.jpg", "thumbnail_replaced") not in by_name
    assert {f.path for f in result.failures} == {"none.jpg"}
    rate = result.rates()["make_swapped"]
    assert rate.estimate == pytest.approx(1.0)
    assert rate.low < 1
    assert result.tables()[0].rows[0][0] == "untouched"
    result.save(tmp_path / "r.json")
    kept = json.loads((tmp_path / "r.json").read_text())
    assert len(kept["rows"]) == len(result.rows)
    with pytest.raises(InputError, match="overwritten"):
        result.save(tmp_path / "r.json")


def test_draws_do_not_depend_on_the_order_of_files(
    original: bytes, tmp_path: Path
) -> None:
    names = ("a.jpg", "b.jpg")
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(
            set_text(original, {0x0132: f"2020:01:02 03:04:0{number}"})
        )

    def claimed(order: tuple[str, ...]) -> dict[tuple[str, str], str]:
        rows = [{"path": name, "label": "camera_original"} for name in order]
        found: ClaimsEvaluation = evaluate_claims(
            Manifest.from_rows(rows, tmp_path), signatures=table()
        )
        return {(row.path, row.tampering): row.claimed for row in found.rows}

    assert claimed(names) == claimed(names[::-1])


def test_crops_of_test_splits_get_claims_of_their_own(
    pixels: PixelArray, tmp_path: Path
) -> None:
    rows: list[dict[str, object]] = []
    for number, split in enumerate(("train", "test_device", "test_scene")):
        Image.fromarray(pixels + np.uint8(number)).save(tmp_path / f"{number}.jpg")
        rows.append(
            {
                "path": f"{number}.jpg",
                "camera_model": "D90",
                "make": "Nikon",
                "split": split,
            }
        )
    manifest = Manifest.from_rows(rows, tmp_path)
    result = evaluate_claims(manifest, signatures=table(), limit_per_split=1)
    assert {row.split for row in result.rows} == {"test_device", "test_scene"}
    claimed = {(row.tampering, row.claimed.split()[0]) for row in result.rows}
    assert ("true_claim", "Nikon") in claimed
    assert ("false_model", "Nikon") in claimed
    assert ("false_make", "Nikon") not in claimed


def test_a_manifest_without_anything_to_check_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    manifest = Manifest.from_rows([{"path": "a.jpg", "split": "train"}], tmp_path)
    with pytest.raises(InputError, match="label"):
        evaluate_claims(manifest, signatures=table())
    with pytest.raises(InputError, match="seed"):
        evaluate_claims(manifest, signatures=table(), seed=-1)


def test_only_topics_that_could_show_it_count() -> None:
    def row(tampering: str, topic: str, strength: str) -> ClaimsRow:
        finding = {
            "code": "x",
            "topic": topic,
            "direction": "contradicts",
            "strength": strength,
            "log10_lr": None,
        }
        return ClaimsRow(
            path="a",
            split="",
            device="",
            camera_model="",
            claimed="",
            tampering=tampering,
            detail="",
            file_statistics_used=None,
            findings=(finding,),
        )

    assert row("make_swapped", "camera", "moderate").is_contradicted
    assert not row("make_swapped", "file", "strong").is_contradicted
    assert not row("make_swapped", "camera", "weak").is_contradicted
    assert row("untouched", "time", "moderate").is_contradicted
