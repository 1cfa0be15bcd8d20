"""How often footage by other cameras reaches a threshold, and footage of one's own.

Clips are shot by synthetic cameras of one model and encoded by H.264 at three
strengths. Every body is enrolled from a clip of walls; a clip of scenes of every body
is compared with every other body: an impostor each, by the very function that answers
people. Needs the extra ``video``. Neither bodies nor scenes are those on which the
score was worked out.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import _record
import numpy as np
import numpy.typing as npt

from whichcam._threads import one_thread_each
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.gallery import Gallery
from whichcam.pipelines import enroll_footage, verify_footage
from whichcam.scoring import wilson_interval

SCHEMA = "whichcam.prnu_footage/1"
SIZE = (180, 240)
N_WALLS, N_SCENES = 8, 6
FIRST_BODY, FIRST_SEED = 1000, 1_000_000
RATES = (0.2, 0.1, 0.05, 0.02, 0.01)
OWN_RATE = 1e-4
ENCODINGS: dict[str, dict[str, str]] = {
    "light": {"crf": "12", "preset": "ultrafast"},
    "usual": {"crf": "23", "preset": "ultrafast"},
    "strong": {"crf": "30", "preset": "medium"},
}

Pixels = npt.NDArray[np.uint8]


def shots(body: int, first: int, n: int, *, walls: bool) -> list[Pixels]:
    """Return frames of walls, or of scenes, none of which another clip shows."""
    camera = SyntheticCamera(
        prnu_strength=0.02, luma_denoise=0.3, device_index=FIRST_BODY + body
    )
    first += FIRST_SEED
    if not walls:
        return [camera.shoot(seed=first + k, size=SIZE) for k in range(n)]
    x = np.linspace(0, 1, SIZE[1], dtype=np.float32)
    found = []
    for k in range(n):
        wall = (0.3 + 0.2 * np.abs(x - k % 7 / 7))[:, None]
        radiance = np.broadcast_to(wall, (*SIZE, 3)).copy()
        found.append(camera.shoot(seed=first + k, radiance=radiance))
    return found


def clip(frames: Sequence[Pixels], options: dict[str, str]) -> bytes:
    """Encode frames, each a key frame."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=10, options=options)
        stream.height, stream.width = SIZE
        stream.pix_fmt, stream.gop_size = "yuv420p", 1
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return file.getvalue()


def asked_of_all(body: int, folder: str, encoding: str, n_bodies: int) -> list[Any]:
    """Compare a body's clip of scenes with every enrolled one."""
    frames = shots(body, 1000 * body + 500, N_SCENES, walls=False)
    video = clip(frames, ENCODINGS[encoding])
    rows = []
    with Gallery.open(folder) as gallery:
        for other in range(n_bodies):
            found = verify_footage(video, f"body {other}", gallery=gallery)
            rows.append(
                {
                    "body": body,
                    "against": other,
                    "log10_p": found.log10_p,
                    "score": found.score,
                    "best_frame_score": found.best_frame_score,
                    "combined": found.combined,
                    "stabilization": found.stabilization.verdict,
                }
            )
    return rows


def enrol(folder: Path, encoding: str, n_bodies: int) -> None:
    """Enrol every body from a clip of walls."""
    with Gallery.open(folder, create=True) as gallery:
        for body in range(n_bodies):
            frames = shots(body, 1000 * body, N_WALLS, walls=True)
            video = clip(frames, ENCODINGS[encoding])
            enroll_footage(f"body {body}", video, gallery=gallery)


def measure(encoding: str, n_bodies: int, n_processes: int) -> dict[str, Any]:
    """Ask about all pairs of bodies, at one strength of encoding."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "gallery"
        enrol(folder, encoding, n_bodies)
        with (
            one_thread_each(),
            ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) as pool,
        ):
            jobs = [
                pool.submit(asked_of_all, body, str(folder), encoding, n_bodies)
                for body in range(n_bodies)
            ]
            rows = [row for job in jobs for row in job.result()]
    return summarize(encoding, rows) | {
        "seconds": round(time.perf_counter() - start, 1),
        "raw": rows,
    }


def summarize(encoding: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the share of impostors at each stated rate, and of true matches."""
    others = [row for row in rows if row["body"] != row["against"]]
    own = [row for row in rows if row["body"] == row["against"]]
    log10_p = np.array([row["log10_p"] for row in others])
    rates = []
    for rate in RATES:
        n_reached = int((log10_p <= np.log10(rate)).sum())
        interval = wilson_interval(n_reached, len(others))
        rates.append(
            {
                "stated": rate,
                "n_reached": n_reached,
                "found": n_reached / len(others),
                "interval_95": [interval.low, interval.high],
            }
        )
    return {
        "encoding": encoding,
        "options": ENCODINGS[encoding],
        "n_impostors": len(others),
        "rates": rates,
        "n_own": len(own),
        "n_own_found": sum(bool(row["log10_p"] <= np.log10(OWN_RATE)) for row in own),
        "n_suspected_stabilized": sum(
            row["stabilization"] == "suspected" for row in rows
        ),
    }


def main() -> None:
    """Measure, print and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=40)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    conditions = []
    for encoding in ENCODINGS:
        found = measure(encoding, given.bodies, given.processes)
        conditions.append(found)
        report(found)
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {
            "n_bodies": given.bodies,
            "frame_size": list(SIZE),
            "n_frames_enrolled": N_WALLS,
            "n_frames_asked": N_SCENES,
            "own_rate": OWN_RATE,
        },
        "conditions": conditions,
    }
    if not given.print_only:
        path = _record.write_new("prnu_footage", result)
        print(path.relative_to(_record.HERE.parent))


def report(found: dict[str, Any]) -> None:
    """Print what was measured at one strength."""
    print(f"{found['encoding']} {json.dumps(found['options'])}, {found['seconds']} s")
    print(f"  own clips at 1 in 10,000: {found['n_own_found']} of {found['n_own']}")
    print(f"  {found['n_impostors']} impostors")
    for rate in found["rates"]:
        low, high = rate["interval_95"]
        print(
            f"  stated {rate['stated']:<5} found {rate['found']:.4f} "
            f"(95 %: {low:.4f} to {high:.4f})"
        )


if __name__ == "__main__":
    main()
