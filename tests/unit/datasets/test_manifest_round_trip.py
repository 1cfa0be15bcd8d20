"""Whatever text a manifest holds, it comes back from disk unchanged."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichcam.datasets import Manifest

CELL = st.text(
    st.one_of(
        st.sampled_from("=+-@'\"\t\r\n,; "),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    max_size=12,
)
ROWS = st.lists(st.tuples(CELL, CELL, st.integers(0, 2**62)), max_size=8)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(rows=ROWS)
def test_every_cell_survives_the_round_trip(
    suffix: str, rows: list[tuple[str, str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        manifest = Manifest(
            {
                "path": [f"{i}.jpg" for i in range(len(rows))],
                "camera_model": [row[0] for row in rows],
                "remark": [row[1] for row in rows],
                "n_bytes": [row[2] for row in rows],
            },
            root,
        )
        manifest.write(root / f"m{suffix}")
        again = Manifest.read(root / f"m{suffix}")
    assert list(again.rows()) == list(manifest.rows())
    assert again.sha256 == manifest.sha256


@given(names=st.lists(CELL.filter(str.strip), min_size=1, max_size=5))
def test_every_file_name_survives_the_round_trip(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = [f"{i}/{name}" for i, name in enumerate(names)]
        manifest = Manifest({"path": paths}, root)
        manifest.write(root / "m.csv")
        again = Manifest.read(root / "m.csv")
    assert again.paths == manifest.paths


@given(order=st.permutations(range(6)))
def test_identity_is_the_same_in_any_row_order(order: list[int]) -> None:
    manifest = Manifest(
        {"path": list("abcdef"), "camera_model": list("XYXYXY")}, root="."
    )
    assert manifest.select(order).sha256 == manifest.sha256
