"""The model that comes with the package, on real photographs."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from whichcam.datasets import Manifest
from whichcam.models import CameraModel
from whichcam.pipelines import identify

pytestmark = pytest.mark.skipif(
    not (files("whichcam.models") / "bundled" / "spec.json").is_file(),
    reason="this tree carries no bundled model yet",
)


def test_the_bundled_model_is_small_and_loaded_once() -> None:
    model = CameraModel.bundled()
    assert model is CameraModel.bundled()
    assert sum(f.stat().st_size for f in model.folder.iterdir()) <= 12 * 2**20
    assert (model.folder / "CARD.md").read_text(encoding="utf-8").startswith("# ")


def test_without_a_model_the_bundled_one_is_asked() -> None:
    from whichcam.datasets.synthetic import SyntheticCamera

    data = SyntheticCamera().shoot_jpeg(seed=1, size=(256, 256))
    assert identify(data).model_id == CameraModel.bundled().model_id


@pytest.mark.data
def test_the_make_of_photographs_it_was_trained_on_is_right(photos_dir: Path) -> None:
    manifest = Manifest.read(photos_dir / "manifest.csv").where(split="train")
    counts = Counter(zip(manifest.column("make"), manifest.camera_model, strict=True))
    # the most frequent model of each of the two most frequent makes
    makes = Counter(str(make) for make in manifest.column("make")).most_common(2)
    for make, _ in makes:
        name = max((n, str(m)) for (k, m), n in counts.items() if k == make)[1]
        for path in manifest.where(camera_model=name).paths[:5]:
            ranking = identify(path, top_k=1).ranking
            assert ranking[0].make == make
