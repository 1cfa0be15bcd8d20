"""Scoring a submission: the figure, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from whichcam.errors import DatasetNotFoundError, ManifestError
from whichcam.evaluation import score_submission

TRUTH = (
    "fname,camera\na_unalt.tif,One\nb_unalt.tif,Two\nc_manip.tif,One\nd_manip.tif,Two\n"
)


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    path = tmp_path / "solution.csv"
    path.write_text(TRUTH)
    return path


def _submission(folder: Path, text: str) -> Path:
    path = folder / "submission.csv"
    path.write_text(text)
    return path


def test_unaltered_photos_count_seven_tenths(tmp_path: Path, solution: Path) -> None:
    answers = TRUTH.replace("c_manip.tif,One", "c_manip.tif,Two").replace(
        "d_manip.tif,Two", "d_manip.tif,One"
    )
    found = score_submission(_submission(tmp_path, answers), solution)
    assert found.score == pytest.approx(0.7)
    assert (found.unaltered, found.manipulated) == (1.0, 0.0)
    assert (found.n_unaltered, found.n_manipulated) == (2, 2)


def test_order_does_not_matter_and_a_blank_is_wrong(
    tmp_path: Path, solution: Path
) -> None:
    head, *rows = TRUTH.replace("a_unalt.tif,One", "a_unalt.tif,").splitlines()
    shuffled = "\n".join([head, *reversed(rows)])
    found = score_submission(_submission(tmp_path, shuffled), solution)
    assert found.score == pytest.approx(0.7 * 0.5 + 0.3)


def test_a_column_may_say_what_was_manipulated(tmp_path: Path) -> None:
    solution = tmp_path / "solution.csv"
    solution.write_text("fname,camera,manipulated\nx.jpg,One,false\ny.jpg,Two,true\n")
    answers = _submission(tmp_path, "fname,camera\nx.jpg,One\ny.jpg,One\n")
    assert score_submission(answers, solution).score == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected 'fname' and 'camera'"),
        ("name,camera\na,One\n", "expected 'fname' and 'camera'"),
        ("fname,camera\na_unalt.tif,One\n", "3 photo"),
        (TRUTH + "e_unalt.tif,One\n", "'e_unalt.tif'"),
        (TRUTH + "a_unalt.tif,One\n", "twice"),
        (TRUTH.replace("tif,One", "tif,one"), "letter by letter"),
        (TRUTH + "f_unalt.tif\n", "more or fewer cells"),
        (TRUTH + "f_unalt.tif,One,2\n", "more or fewer cells"),
    ],
)
def test_a_wrong_table_is_refused(
    tmp_path: Path, solution: Path, text: str, said: str
) -> None:
    with pytest.raises(ManifestError, match=said.replace("(", r"\(")):
        score_submission(_submission(tmp_path, text), solution)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fname,camera\na.tif,One\n", "_manip nor _unalt"),
        ("fname,camera\na_unalt.tif,One\n", "both kinds"),
        ("fname,camera\na_unalt.tif,\n", "no camera"),
        ("fname,camera,manipulated\na.tif,One,perhaps\n", "true"),
    ],
)
def test_a_wrong_solution_is_refused(tmp_path: Path, text: str, said: str) -> None:
    solution = tmp_path / "solution.csv"
    solution.write_text(text)
    answers = text.replace("a_unalt.tif,\n", "a_unalt.tif,One\n")
    with pytest.raises(ManifestError, match=said):
        score_submission(_submission(tmp_path, answers), solution)


def test_a_file_that_is_not_there_is_said(tmp_path: Path, solution: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"none\.csv"):
        score_submission(tmp_path / "none.csv", solution)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, solution: Path) -> None:
    path = tmp_path / "submission.csv"
    path.write_bytes(b"\xff\xfe\x00camera")
    with pytest.raises(ManifestError):
        score_submission(path, solution)
