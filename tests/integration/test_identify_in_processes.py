"""The command, the bundled model and several processes, with nothing put in place."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not (files("whichcam.models") / "bundled" / "spec.json").is_file(),
    reason="this tree carries no bundled model yet",
)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three pictures, the second of which is none."""
    from whichcam.datasets.synthetic import draw_cameras

    folder = tmp_path_factory.mktemp("album")
    for name, camera in zip("ac", draw_cameras(2, seed=5), strict=True):
        data = camera.shoot_jpeg(seed=1, size=(400, 400))
        (folder / f"{name}.jpg").write_bytes(data)
    (folder / "b.jpg").write_bytes(b"no picture")
    return folder


def identified(album: Path, workers: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "whichcam", "identify", str(album), "--json"]
    return subprocess.run(
        [*command, "--workers", str(workers)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_two_processes_print_what_one_prints(album: Path) -> None:
    one, two = identified(album, 1), identified(album, 2)
    assert (one.returncode, one.stderr) == (two.returncode, two.stderr)
    assert two.returncode == 3
    assert two.stderr.count("\n") == 1
    alone, together = json.loads(one.stdout), json.loads(two.stdout)
    assert [Path(item["path"]).name for item in together] == ["a.jpg", "b.jpg", "c.jpg"]
    assert together[1] == alone[1]
    for k in (0, 2):
        assert list(together[k]) == list(alone[k])
        assert together[k]["answer"] == alone[k]["answer"]
        # Not to the last digit: BLAS rounds by its number of threads.
        for name in ("confidence", "unknown_probability"):
            assert together[k][name] == pytest.approx(alone[k][name], abs=1e-5)
