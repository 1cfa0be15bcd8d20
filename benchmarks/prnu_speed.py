"""How fast a sensor's noise is taken from pictures, beside the plain implementation.

Both run in the same process, in turn, on one processor, and are timed by the processor
time they take, so that other programs count little; memory and the scaling over
processors are measured in processes of their own. Needs PyWavelets for the plain one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import _record
from speed import ONE_THREAD, REAL, measurement, n_processors, run_and_measure

SCHEMA = "whichcam.prnu_speed/1"
SIZE = (2592, 3872)  # 10 megapixels: the size for which the toolboxes were timed


def load(photo: str) -> Any:
    """Return the pixels of a picture, 10 megapixels of it at most."""
    import numpy as np
    import simplejpeg

    pixels = simplejpeg.decode_jpeg(Path(photo).read_bytes(), colorspace="RGB")
    return np.ascontiguousarray(pixels[: SIZE[0], : SIZE[1]])


def published_part(pixels: Any) -> Any:
    """Return the noise by the published steps alone, as the baseline does."""
    from whichcam.signal import flatten_spectrum, picture_noise, zero_mean_by_phase

    noise = picture_noise(pixels)
    return flatten_spectrum(zero_mean_by_phase(noise, out=noise))


def in_turn(photo: str, n_rounds: int) -> dict[str, Any]:
    """Time both implementations in turn, on one processor, and correlate them."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import numpy as np
    import prnu_baseline

    from whichcam.prnu import FingerprintEstimator, photo_noise

    pixels = load(photo)
    small = pixels[:256, :256]
    estimator = FingerprintEstimator((pixels.shape[0], pixels.shape[1]))
    steps: dict[str, Callable[[], Any]] = {
        "baseline": lambda: prnu_baseline.photo_noise(pixels),
        "photo_noise": lambda: photo_noise(pixels),
        "published_part": lambda: published_part(pixels),
        "enrol_one": lambda: estimator.add(pixels),
    }
    for warm in (prnu_baseline.photo_noise, photo_noise, published_part):
        warm(small)
    photo_noise(pixels)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    results: dict[str, Any] = {}
    for _ in range(n_rounds):
        for name, step in steps.items():
            start = time.process_time()
            results[name] = step()
            seconds[name].append(time.process_time() - start)
    start = time.process_time()
    estimator.estimate()
    estimating = time.process_time() - start
    ours, theirs = results["published_part"], results["baseline"]
    rgb = prnu_baseline.grey(prnu_baseline.colour_noise(small))
    from whichcam.signal import picture_noise

    return {
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "seconds": seconds,
        "estimate": estimating,
        "correlation": float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]),
        "wavelet_correlation": float(
            np.corrcoef(rgb.ravel(), picture_noise(small).ravel())[0, 1]
        ),
    }


def at_work(photo: str, n_threads: int, n_each: int) -> float:
    """Return seconds that so many threads take for so many pictures each."""
    from whichcam.prnu import photo_noise

    pixels = load(photo)
    photo_noise(pixels)
    with ThreadPoolExecutor(n_threads) as pool:
        start = time.perf_counter()
        for _ in pool.map(
            lambda _: photo_noise(pixels).shape, range(n_threads * n_each)
        ):
            pass
        return time.perf_counter() - start


def enrol_many(photo: str, n_photos: int) -> dict[str, Any]:
    """Time the enrolment of so many pictures, from files to the gallery.

    They are copies of one picture, each with a comment of its own, so that none counts
    as the copy of another.
    """
    from whichcam.pipelines import enroll

    data = Path(photo).read_bytes()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "photos"
        folder.mkdir()
        for k in range(n_photos):
            comment = b"\xff\xfe\x00\x06" + k.to_bytes(4, "big")
            (folder / f"{k}.jpg").write_bytes(data[:2] + comment + data[2:])
        started, spent = time.perf_counter(), time.process_time()
        found = enroll(
            "camera", folder, gallery=Path(scratch) / "gallery", keep_edited=True
        )
        taken = time.perf_counter() - started
        spent = time.process_time() - spent
    if found.n_used != n_photos:
        raise SystemExit(f"{found.n_used} of {n_photos} pictures were enrolled")
    return {"seconds": taken, "processor_seconds": spent}


def only(photo: str, what: str) -> None:
    """Do one thing once, for its memory to be measured."""
    pixels = load(photo)
    if what == "baseline":
        import prnu_baseline

        prnu_baseline.photo_noise(pixels)
    elif what == "photo_noise":
        from whichcam.prnu import photo_noise

        photo_noise(pixels)
    else:  # everything is loaded, and compiled code with it; nothing large is done
        from whichcam.prnu import photo_noise

        # As whole as a picture is: for another layout it would be compiled anew.
        photo_noise(pixels[:64, :64].copy())


def worker(*arguments: str) -> Any:
    """Run a part of this file in a process of its own, its libraries on one thread."""
    done = subprocess.run(
        [sys.executable, __file__, "--worker", *arguments],
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def memory(photo: str, what: str) -> float:
    """Return the greatest resident memory, in bytes, of a process that does it."""
    command = [sys.executable, __file__, "--worker", "only", photo, what]
    return run_and_measure(command)[1]


def synthetic_photo(folder: Path) -> Path:
    """Shoot a 10-megapixel picture where there is no real one."""
    from whichcam.datasets.synthetic import SyntheticCamera

    path = folder / "synthetic-10-megapixels.jpg"
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=SIZE))
    return path


def measure(
    photo: Path, n_rounds: int, n_each: int, n_enrolled: int
) -> list[dict[str, Any]]:
    """Measure one picture."""
    timed = worker("in_turn", str(photo), str(n_rounds))
    megapixels = timed["height"] * timed["width"] / 1e6
    about = {
        "name": photo.name,
        "megapixels": round(megapixels, 2),
        "n_bytes": photo.stat().st_size,
    }
    seconds = timed["seconds"]
    found = [measurement(name, "s", raw, photo=about) for name, raw in seconds.items()]
    for name, raw in seconds.items():
        rates = [megapixels / value for value in raw]
        found.append(measurement(f"{name}_rate", "MP/s", rates, photo=about))
    for name in ("photo_noise", "published_part"):
        pairs = zip(seconds["baseline"], seconds[name], strict=True)
        ratios = [slow / fast for slow, fast in pairs]
        found.append(measurement(f"baseline_over_{name}", "ratio", ratios, photo=about))
    found.append(measurement("estimate", "s", [timed["estimate"]], photo=about))
    for name in ("correlation", "wavelet_correlation"):
        found.append(measurement(name, "ratio", [timed[name]], photo=about))
    idle = memory(str(photo), "nothing")
    for name in ("photo_noise", "baseline"):
        above = memory(str(photo), name) - idle
        per_pixel = above / (megapixels * 1e6)
        found.append(
            measurement(f"{name}_memory", "bytes/px", [per_pixel], photo=about)
        )
    for n_threads in range(1, n_processors() + 1):
        taken = [worker("at_work", str(photo), str(n_threads), str(n_each))]
        rates = [n_threads * n_each * megapixels / value for value in taken]
        found.append(
            measurement(
                "photo_noise_in_threads",
                "MP/s",
                rates,
                photo=about,
                n_threads=n_threads,
            )
        )
    found += measure_enrolment(photo, n_enrolled, about)
    return found


def measure_enrolment(
    photo: Path, n_enrolled: int, about: dict[str, Any]
) -> list[dict[str, Any]]:
    """Measure the enrolment of many pictures, its time and its memory."""
    arguments = ("enrol_many", str(photo), str(n_enrolled))
    taken = worker(*arguments)
    command = [sys.executable, __file__, "--worker", *arguments]
    peak = run_and_measure(command)[1]
    name = f"enrol_{n_enrolled}_photos"
    spent = [taken["processor_seconds"]]
    return [
        measurement(name, "s", [taken["seconds"]], photo=about),
        measurement(f"{name}_processor", "s", spent, photo=about),
        measurement(f"{name}_memory", "bytes", [float(peak)], photo=about),
    ]


def main() -> None:
    """Measure and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path, metavar="PHOTO")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=6, help="pictures a thread")
    parser.add_argument("--enrolled", type=int, default=100, help="pictures enrolled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photo = given.photo or next(iter(sorted(REAL.glob("*.jpg"))), None)
        photo = photo or synthetic_photo(Path(scratch))
        measurements = measure(photo, given.rounds, given.each, given.enrolled)
    protocol = {
        "n_rounds": given.rounds,
        "n_photos_a_thread": given.each,
        "n_photos_enrolled": given.enrolled,
        "is_pinned_to_one_processor": hasattr(os, "sched_setaffinity"),
        "clock": "processor time; wall clock for photo_noise_in_threads and enrolment",
    }
    result = {"schema": SCHEMA, **_record.provenance(), "protocol": protocol}
    path = _record.write_new("prnu_speed", result | {"measurements": measurements})
    for entry in measurements:
        threads = f"x{entry['n_threads']}"
        print(f"{entry['name']:30} {threads} {entry['median']:12.6g} {entry['unit']}")
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        what, photo, *rest = sys.argv[2:]
        if what == "only":
            only(photo, rest[0])
        elif what == "in_turn":
            print(json.dumps(in_turn(photo, int(rest[0]))))
        elif what == "enrol_many":
            print(json.dumps(enrol_many(photo, int(rest[0]))))
        else:
            print(json.dumps(at_work(photo, int(rest[0]), int(rest[1]))))
    else:
        main()
