"""Fitting the localizers: parts are crossed, and what lacks a part is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from whichcam.datasets import Manifest, index_folders, make_splices
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import DatasetError
from whichcam.localize import LocalizationParameters, build_localizer
from whichcam.media import open_photo
from whichcam.training import fit_localizer
from whichcam.training._fit_localizer import _n_allowed

pytest.importorskip("lir")


@pytest.fixture(scope="module")
def splices(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("splices")
    write_dataset(folder / "in", draw_cameras(6, seed=3), 2, seed=1, size=(192, 192))
    return make_splices(
        index_folders(folder / "in"),
        folder / "out",
        n=8,
        sizes=[96],
        savings=["lossless"],
        parts=2,
    )


def test_what_is_fitted_can_be_used_and_read_back(splices: Manifest) -> None:
    told: list[tuple[str, int, int]] = []
    fitted = fit_localizer(
        splices, command="how", progress=lambda *one: told.append(one)
    )
    assert told[-1] == ("looking at splices", len(splices), len(splices))
    assert fitted.provenance["command"] == "how"
    assert fitted.provenance["manifest_sha256"] == splices.sha256
    assert fitted.false_alarm_rate <= 0.25  # of eight pictures, those of two parts
    again = LocalizationParameters.from_dict(fitted.to_dict())
    assert again.to_dict() == fitted.to_dict()
    photo = open_photo(splices.paths[0])
    found = build_localizer("fusion", parameters=again).localize(photo)
    assert found.threshold == fitted.threshold
    assert (found.log10_lr is None) == (fitted.likelihood_ratio is None)
    repeated = fit_localizer(splices, command="how")
    np.testing.assert_array_equal(repeated.projection.matrix, fitted.projection.matrix)
    assert repeated.threshold == fitted.threshold


def test_so_many_false_alarms_keep_the_bound() -> None:
    # by hand: one-sided bound of Clopper and Pearson, (1 - 0.05) ** 59 < 0.05
    assert [_n_allowed(n) for n in (1, 58, 59)] == [0, 0, 0]
    assert (1 - 0.05) ** 59 < 0.05 < (1 - 0.05) ** 58
    assert _n_allowed(240) == 6
    assert binom.cdf(6, 240, 0.05) < 0.05 < binom.cdf(7, 240, 0.05)


def test_one_part_is_too_few(splices: Manifest) -> None:
    with pytest.raises(DatasetError, match="two or more parts"):
        fit_localizer(splices.where(part="1"))


def test_pristine_controls_are_needed(splices: Manifest) -> None:
    with pytest.raises(DatasetError, match="pristine"):
        fit_localizer(splices.where(kind="spliced"))
