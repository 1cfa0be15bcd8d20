"""Looking at fewer and more crops, with the bundled model."""

from __future__ import annotations

from pathlib import Path

import pytest

from whichcam.datasets import Manifest
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import ArtifactNotFoundError, DatasetError, InputError
from whichcam.evaluation import accuracy_by_crops
from whichcam.models import CameraModel


@pytest.fixture(scope="module")
def model() -> CameraModel:
    try:
        return CameraModel.bundled()
    except ArtifactNotFoundError:
        pytest.skip("this checkout carries no model")


@pytest.fixture
def manifest(tmp_path: Path, model: CameraModel) -> Manifest:
    """Photos of a synthetic camera; each is said to be by what the model answers."""
    rows = []
    for k in range(2):
        path = tmp_path / f"{k}.jpg"
        path.write_bytes(SyntheticCamera().shoot_jpeg(seed=k, size=(512, 512)))
        rows.append({"path": path.name, "camera_model": model.classes[0]})
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    rows.append({"path": "broken.jpg", "camera_model": model.classes[0]})
    (tmp_path / "other.jpg").write_bytes((tmp_path / "0.jpg").read_bytes())
    rows.append({"path": "other.jpg", "camera_model": "nobody's"})
    return Manifest.from_rows(rows, tmp_path)


def test_shares_of_photos_that_can_be_read(
    model: CameraModel, manifest: Manifest
) -> None:
    before = model.spec
    found = accuracy_by_crops(model, manifest, counts=(1, 4))
    (split,) = found
    assert set(found[split]) == {1, 4}
    assert all(share in (0.0, 0.5, 1.0) for share in found[split].values())
    assert model.spec == before


def test_the_models_own_number_of_crops_gives_its_own_answers(
    model: CameraModel, manifest: Manifest
) -> None:
    from whichcam.media import open_photo

    answer = int(model.analyse(open_photo(manifest.paths[0])).probabilities.argmax())
    one = Manifest.from_rows(
        [{"path": "0.jpg", "camera_model": model.classes[answer]}],
        manifest.paths[0].parent,
    )
    found = accuracy_by_crops(model, one, counts=(model.spec.n_crops,))
    assert next(iter(found.values())) == {model.spec.n_crops: 1.0}


def test_what_cannot_be_measured_is_refused(
    model: CameraModel, manifest: Manifest
) -> None:
    with pytest.raises(InputError, match="counts"):
        accuracy_by_crops(model, manifest, counts=(0,))
    with pytest.raises(DatasetError, match="known camera"):
        accuracy_by_crops(model, manifest.select([2, 3]))
