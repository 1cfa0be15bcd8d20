"""The signature table: built from known files, kept, and set against claims."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam._typing import PixelArray
from whichcam.claims import Finding, SignatureTable, build_signatures, check_claims
from whichcam.datasets import Manifest
from whichcam.errors import (
    ArtifactNotFoundError,
    DatasetError,
    IncompatibleArtifactError,
)

Jpeg = Callable[..., bytes]
OWN = [list(range(2, 66)), list(range(3, 67))]  # no standard table
OTHER = [[2 * v for v in table] for table in OWN]
THIRD = [[50] * 64, [60] * 64]


@pytest.fixture
def manifest(plain: PixelArray, jpeg: Jpeg, tmp_path: Path) -> Manifest:
    """Return ten files of one camera, two of a sibling, and two of another maker's."""
    rows: list[dict[str, object]] = []
    for number in range(16):
        make, model, tables = (
            ("Canon", "EOS 5D", OWN)
            if number < 12
            else ("Canon", "EOS 6D", OWN)
            if number < 14
            else ("Nikon", "D90", OTHER)
        )
        path = tmp_path / f"{number}.jpg"
        image = {0x010F: make, 0x0110: model} if number == 0 else None
        path.write_bytes(jpeg(plain, qtables=tables, image=image))
        rows.append(
            {
                "path": path.name,
                "make": make,
                "camera_model": model,
                "device_id": f"{model}-{number % 2}",
                "split": "test_device" if number == 15 else "train",
                "source": "here",
                "licence": "none",
            }
        )
    return Manifest.from_rows(rows, tmp_path)


def test_a_table_is_built_and_says_who_shares(manifest: Manifest) -> None:
    table = build_signatures([manifest], names=["m.csv"])
    assert [c.camera_model for c in table.cameras] == [
        "Canon EOS 5D",
        "Canon EOS 6D",
        "Nikon D90",
    ]
    first = table.cameras[0]
    assert (first.n_photos, first.n_devices, len(first.tables)) == (12, 2, 1)
    (key,) = first.tables
    assert [c.camera_model for c in table.holders(key)] == [
        "Canon EOS 5D",
        "Canon EOS 6D",
    ]
    assert table.cameras[2].n_photos == 1  # the test split is left out
    assert table.provenance[0]["manifest"] == "m.csv"
    assert table.provenance[0]["n_photos"] == 15
    assert "3 models" in table.source


def test_a_table_survives_its_file(manifest: Manifest, tmp_path: Path) -> None:
    table = build_signatures([manifest])
    table.save(tmp_path / "s.json")
    again = SignatureTable.load(tmp_path / "s.json")
    assert again.to_dict() == table.to_dict()


def test_a_manifest_without_a_jpeg_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    manifest = Manifest.from_rows([{"path": "a.jpg", "camera_model": "X"}], tmp_path)
    with pytest.raises(DatasetError, match="no row"):
        build_signatures([manifest])


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda d: {**d, "schema": "other"},
        lambda d: {**d, "tables": [{"luma": "1 2", "chroma": "", "subsampling": ""}]},
        lambda d: {**d, "cameras": [{"camera_model": "X"}]},
        lambda d: {k: v for k, v in d.items() if k != "tables"},
    ],
)
def test_a_damaged_table_is_refused(
    manifest: Manifest, tmp_path: Path, change: Callable[[dict[str, Any]], Any]
) -> None:
    place = tmp_path / "s.json"
    place.write_text(json.dumps(change(build_signatures([manifest]).to_dict())))
    with pytest.raises(IncompatibleArtifactError):
        SignatureTable.load(place)
    place.write_text("{")
    with pytest.raises(IncompatibleArtifactError):
        SignatureTable.load(place)
    with pytest.raises(ArtifactNotFoundError):
        SignatureTable.load(tmp_path / "none.json")


def codes(data: bytes, table: SignatureTable) -> dict[str, Finding]:
    return {
        f.code: f
        for f in check_claims(data, signatures=table)
        if f.analyser == "signatures"
    }


@pytest.mark.parametrize(
    ("make", "model", "tables", "code", "direction"),
    [
        ("Canon", "EOS 5D", OWN, "of_claimed_camera", "agrees"),
        ("Canon", "EOS 80D", OWN, "of_maker", "neutral"),
        ("Nikon", "D90", OWN, "of_another_maker", "contradicts"),
        ("Sony", "ILCE-7", OWN, "of_another_maker", "contradicts"),
        ("Canon", "EOS 5D", OTHER, "of_another_maker", "contradicts"),
        ("Canon", "EOS 5D", THIRD, "unseen", "contradicts"),
        ("Canon", "EOS 80D", THIRD, "unseen", "neutral"),
        ("Sony", "ILCE-7", THIRD, None, None),
    ],
)
def test_tables_against_the_claim(
    manifest: Manifest,
    plain: PixelArray,
    jpeg: Jpeg,
    make: str,
    model: str,
    tables: list[list[int]],
    code: str | None,
    direction: str | None,
) -> None:
    data = jpeg(plain, image={0x010F: make, 0x0110: model}, qtables=tables)
    found = codes(data, build_signatures([manifest]))
    of_tables = {k: f for k, f in found.items() if k.startswith("quantization")}
    if code is None:
        assert of_tables == {}
        return
    assert set(of_tables) == {f"quantization_tables_{code}"}
    assert of_tables[f"quantization_tables_{code}"].direction == direction


def test_common_tables_contradict_no_maker(
    plain: PixelArray, jpeg: Jpeg, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(plain, quality=90))
    rows = [{"path": "a.jpg", "make": "Sony", "camera_model": "Sony X"}]
    table = build_signatures([Manifest.from_rows(rows, tmp_path)])
    claim = {0x010F: "Canon", 0x0110: "EOS 5D"}
    found = codes(jpeg(plain, image=claim, quality=90), table)
    assert found["quantization_tables_common"].direction == "neutral"


def test_sizes_and_sharing_are_said(
    manifest: Manifest, plain: PixelArray, scene: PixelArray, jpeg: Jpeg
) -> None:
    table = build_signatures([manifest])
    claim = {0x010F: "Canon", 0x0110: "EOS 5D"}
    found = codes(jpeg(plain, image=claim, qtables=OWN), table)
    assert (
        "shared with Canon EOS 6D"
        in found["quantization_tables_of_claimed_camera"].text
    )
    assert found["size_of_claimed_camera"].direction == "agrees"
    larger = codes(jpeg(scene, image=claim, qtables=OWN), table)
    assert larger["size_not_of_claimed_camera"].direction == "contradicts"
    smaller = codes(
        jpeg(np.ascontiguousarray(plain[:64]), image=claim, qtables=OWN), table
    )
    assert smaller["size_not_of_claimed_camera"].direction == "neutral"


def test_the_bundled_table_names_its_provenance() -> None:
    table = SignatureTable.bundled()
    assert len(table.cameras) > 10
    assert all(part["sha256"] and part["sources"] for part in table.provenance)
    assert all(part["split"] in {"train", "all"} for part in table.provenance)
    assert all(not camera.camera_model.startswith("/") for camera in table.cameras)
