"""``dataset signatures`` and ``evaluate --claims`` from the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from whichcam.cli._app import app
from whichcam.datasets.synthetic import SyntheticCamera

RUNNER = CliRunner()


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 5D"
    file = io.BytesIO()
    pixels = SyntheticCamera().shoot(seed=2, size=(160, 160))
    Image.fromarray(pixels).save(file, "JPEG", exif=exif, quality=90)
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    table = tmp_path / "m.csv"
    table.write_text("file,make,camera,label\na.jpg,Canon,EOS 5D,camera_original\n")
    return table


def test_signatures_are_built_and_never_overwritten(
    manifest: Path, tmp_path: Path
) -> None:
    output = tmp_path / "signatures.json"
    arguments = ["dataset", "signatures", str(manifest), "-o", str(output)]
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    kept = json.loads(output.read_text())
    assert [camera["camera_model"] for camera in kept["cameras"]] == ["Canon EOS 5D"]
    assert kept["provenance"][0]["manifest"] == "m.csv"
    again = RUNNER.invoke(app, arguments)
    assert again.exit_code == 2
    assert "not overwritten" in again.output


def test_claims_are_evaluated_and_kept(manifest: Path, tmp_path: Path) -> None:
    output = tmp_path / "claims.json"
    result = RUNNER.invoke(
        app, ["evaluate", str(manifest), "--claims", "-o", str(output)]
    )
    assert result.exit_code == 0, result.output
    assert "make_swapped" in result.output
    kept = json.loads(output.read_text())
    assert {row["tampering"] for row in kept["rows"]} >= {"untouched", "resaved"}


@pytest.mark.parametrize(
    "extra", [["--devices"], ["--workers", "2"], ["--manipulations", "none"]]
)
def test_options_without_meaning_are_refused(manifest: Path, extra: list[str]) -> None:
    result = RUNNER.invoke(app, ["evaluate", str(manifest), "--claims", *extra])
    assert result.exit_code == 2
