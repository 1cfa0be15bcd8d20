"""An enrolment that is killed at any moment leaves the gallery whole, and goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.gallery import Gallery
from whichcam.pipelines import enroll

N_KILLS = 20
_LAST_LINE = 60  # of the enrolment's reports, about; kills come at random ones before

# It reports each picture on a line of its own, so that kills can be timed by progress.
_PROGRAM = """
import sys
from whichcam.pipelines import enroll

def tell(*what):
    print(*what, flush=True)

enroll("mine", sys.argv[1], gallery=sys.argv[2], checkpoint_s=0, progress=tell)
print("DONE", flush=True)
"""


def _killed_after(n_lines: int, photos: Path, gallery: Path) -> bool:
    """Enrol in a process of its own, kill it after some reports; say if it was done."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(photos), str(gallery)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith("DONE"):
                return True
            if number >= n_lines:
                process.send_signal(signal.SIGKILL)
                break
    return process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_enrolments_killed_at_random_moments_leave_nothing_half_written(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    photos, gallery = tmp_path / "photos", tmp_path / "gallery"
    photos.mkdir()
    for seed in range(_LAST_LINE // 2):
        data = SyntheticCamera(prnu_strength=0.02).shoot_jpeg(
            seed=seed, size=(256, 256)
        )
        (photos / f"{seed:02}.jpg").write_bytes(data)
    whole = enroll("whole", photos, gallery=tmp_path / "other")
    for _ in range(N_KILLS):
        n_lines = int(rng.integers(1, _LAST_LINE + 1))
        done = _killed_after(n_lines, photos, gallery)
        with Gallery.open(gallery, create=True) as opened:
            assert opened.check().is_sound
            names = opened.names()
            assert names in ((), ("mine",))
            if names:
                assert opened.get("mine").pattern_sha256 == whole.pattern_sha256
                opened.remove("mine")
        assert done is False or names == ("mine",)
    found = enroll("mine", photos, gallery=gallery)
    assert found.n_used == whole.n_used
    assert found.pattern_sha256 == whole.pattern_sha256
    with Gallery.open(gallery) as opened:
        assert (opened.unfinished(), opened.check().problems) == ((), ())
