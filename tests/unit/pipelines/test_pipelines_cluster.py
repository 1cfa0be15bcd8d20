"""Sorting pictures of unknown cameras into cameras."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest

from whichcam.errors import ArtifactError, InputError, InsufficientEvidenceError
from whichcam.media import Photo
from whichcam.pipelines import _cluster as cluster_module
from whichcam.pipelines import cluster


def test_three_bodies_of_one_model_become_three_clusters(
    shots: SimpleNamespace,
) -> None:
    photos = [p for n in range(3) for p in sorted(shots.flat(n).iterdir())[: 5 - n]]
    found = cluster(photos)
    truth = [0] * 5 + [1] * 4 + [2] * 3
    assert [one.cluster for one in found.photos] == truth
    assert (found.n_clusters, found.unassigned_share) == (3, 0.0)
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_a_picture_of_a_camera_of_its_own_stays_unassigned(
    shots: SimpleNamespace,
) -> None:
    photos = [*sorted(shots.flat(0).iterdir())[:3], shots.scene(2)]
    found = cluster(photos)
    assert [one.cluster for one in found.photos] == [0, 0, 0, -1]
    assert found.unassigned_share == 0.25


def test_copies_share_their_cluster_and_bad_files_have_their_reason(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    paths = sorted(shots.flat(0).iterdir())[:3]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    burnt = Photo.from_pixels(np.full((*shots.size, 3), 255, np.uint8), name="burnt")
    found = cluster([*paths, paths[0], bad, burnt])
    assert [one.cluster for one in found.photos] == [0, 0, 0, 0, -1, -1]
    assert found.photos[3].duplicate_of == str(paths[0])
    assert "burnt" in str(found.photos[5].error)
    assert found.photos[4].error
    assert found.n_unusable == 2


def test_sizes_are_clustered_apart_and_said_to_be(shots: SimpleNamespace) -> None:
    small = [shots.take(0, seed, flat=True, size=(128, 160)) for seed in (1, 2)]
    found = cluster([*sorted(shots.flat(0).iterdir())[:3], *small])
    assert [one.cluster for one in found.photos] == [0, 0, 0, 1, 1]
    assert set(found.thresholds) == {"256x192", "160x128"}
    assert any("2 sizes" in text for text in found.warnings)


def test_one_picture_is_too_little(shots: SimpleNamespace) -> None:
    with pytest.raises(InsufficientEvidenceError, match="two or more"):
        cluster(shots.scene(0))


def test_a_rate_out_of_range_is_refused(shots: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="false_alarm_rate"):
        cluster(shots.flat(0), false_alarm_rate=2.0)


def test_a_full_disk_is_said_with_the_remedy(
    shots: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cluster_module, "cluster_noises", full)
    with pytest.raises(ArtifactError, match="scratch folder on another disk"):
        cluster(shots.flat(0))
