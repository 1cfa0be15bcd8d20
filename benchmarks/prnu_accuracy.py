"""Measure how well devices are told apart: by crop, pictures enrolled, compression."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import _record
import numpy as np
import numpy.typing as npt

from whichcam.datasets import Manifest
from whichcam.evaluation import (
    DeviceConditions,
    DeviceEvaluation,
    devices_to_markdown,
    evaluate_devices,
    evaluate_devices_grid,
)
from whichcam.evaluation._devices import ENROL_ROLES, PROBE_ROLES
from whichcam.media import open_photo
from whichcam.prnu import (
    Fingerprint,
    FingerprintEstimator,
    PhotoNoise,
    SearchRange,
    compare,
    photo_noise,
)

SCHEMA = "whichcam.prnu_accuracy/1"
SOURCE = "prnu.csv: 12 devices, squares of 768 px from the middle of the frame"
CROPS = (None, 512, 256)
ENROLLED = (2, 4, 8, None)
QUALITIES = (90, 75)
# Seventeen; whole squares, all pictures and no compression are measured by themselves.
GRID = (
    *(
        DeviceConditions(crop_size=crop, n_enrolled=n)
        for crop in CROPS
        for n in ENROLLED
        if (crop, n) != (None, None)
    ),
    *(
        DeviceConditions(crop_size=crop, jpeg_quality=quality)
        for crop in CROPS
        for quality in QUALITIES
    ),
)
STATED = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
BLOCK = 8  # px: JPEG's grid, on which impostors of one place agree


def impostors(
    manifest: Manifest, base: DeviceEvaluation
) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Return what share of real impostors reach stated probabilities, and their z.

    Each probe is laid on each *other* device's fingerprint at all shifts that keep the
    blocks of JPEG together: whatever cameras have in common through compression is
    there, the sensor's pattern is not. The spread is the one `compare` states.
    """
    prints: dict[str, FingerprintEstimator] = {}
    probes: list[tuple[str, PhotoNoise]] = []
    columns = zip(
        manifest.paths,
        manifest.device_id.tolist(),
        manifest.column("role").tolist(),
        strict=True,
    )
    for path, device, role in columns:
        pixels = open_photo(path).pixels
        if role in ENROL_ROLES:
            estimator = prints.setdefault(
                device, FingerprintEstimator(pixels.shape[:2])
            )
            estimator.add(pixels)
        elif role in PROBE_ROLES:
            probes.append((device, photo_noise(pixels)))
    fingerprints = {name: one.estimate() for name, one in prints.items()}
    z = [
        z_at_block_shifts(noise, fingerprint, rotation)
        for device, noise in probes
        for name, fingerprint in fingerprints.items()
        if name != device
        for rotation in base.rotations
    ]
    return summarize_impostors(np.concatenate(z), n_pairs=len(z))


def z_at_block_shifts(
    noise: PhotoNoise, fingerprint: Fingerprint, rotation: int
) -> npt.NDArray[np.float64]:
    """Return z at every shift by whole blocks but none."""
    match = compare(noise, fingerprint, search=SearchRange(rotations=(rotation,)))
    turn = slice(None, None, -1 if rotation else 1)
    intensity = noise.intensity[turn, turn].astype(np.float64)
    usable = intensity > 0
    residual = noise.residual[turn, turn] - noise.residual[turn, turn][usable].mean()
    pattern = fingerprint.pattern.astype(np.float64)
    weighted = residual * intensity
    surface = np.fft.irfft2(
        np.fft.rfft2(weighted) * np.conj(np.fft.rfft2(pattern)), s=weighted.shape
    )
    energy = float(np.square(weighted).sum()) * float(np.square(pattern[usable]).mean())
    z = surface / (match.spread * np.sqrt(energy))
    if abs(z[0, 0] - match.z) > 0.02 + 0.01 * abs(match.z):
        raise SystemExit(f"z is {match.z:.3f}, computed again {z[0, 0]:.3f}")
    shifted: npt.NDArray[np.float64] = z[::BLOCK, ::BLOCK].ravel()[1:]
    return shifted


def summarize_impostors(
    z: npt.NDArray[np.float64], *, n_pairs: int
) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Return counts beyond the normal deviates of the stated probabilities."""
    from scipy.stats import norm

    rows = [
        {
            "stated": stated,
            "z": float(norm.isf(stated)),
            "n_observed": int((z >= norm.isf(stated)).sum()),
        }
        for stated in STATED
    ]
    return {
        "n_comparisons": int(z.size),
        "n_pairs": n_pairs,
        "mean": float(z.mean()),
        "spread": float(z.std()),
        "highest": float(z.max()),
        "rates": rows,
    }, z


def ratio_check(
    base: DeviceEvaluation, z: npt.NDArray[np.float64]
) -> dict[str, Any] | None:
    """Return how often impostors reach a likelihood ratio: at most 1 in the ratio."""
    if base.note:
        print(f"no likelihood ratios: {base.note}", file=sys.stderr)
        return None
    fitted = base.fit_likelihood_ratios(source=SOURCE)
    log10_lr = fitted.apply(z)
    steps = [*np.arange(0.5, fitted.upper_log10_lr, 0.5), fitted.upper_log10_lr]
    return {
        "map": fitted.to_dict(),
        "reached": [
            {
                "log10_lr": float(step),
                "n_observed": int((log10_lr >= step - 1e-9).sum()),
                "n_allowed": float(10.0**-step * z.size),
            }
            for step in steps
        ],
    }


def printed(results: Sequence[DeviceEvaluation], more: dict[str, Any]) -> str:
    """Return all tables as Markdown."""
    lines = [devices_to_markdown(results)]
    found = more["impostors"]
    lines.append(
        f"**Stated against observed**\n\n{found['n_comparisons']} comparisons of "
        f"pictures with other devices, shifted by whole blocks ({found['n_pairs']} "
        f"pairs and turns); spread of z {found['spread']:.3f}, highest "
        f"{found['highest']:.2f}.\n\n"
        "| stated rate | observed | expected |\n| ---: | ---: | ---: |\n"
        + "".join(
            f"| {row['stated']:g} | {row['n_observed']} | "
            f"{row['stated'] * found['n_comparisons']:.0f} |\n"
            for row in found["rates"]
        )
    )
    if more["ratios"]:
        lines.append(
            "**Impostors that reach a likelihood ratio**\n\n"
            "| log10 LR | observed | allowed |\n| ---: | ---: | ---: |\n"
            + "".join(
                f"| {row['log10_lr']:.2f} | {row['n_observed']} | "
                f"{row['n_allowed']:.0f} |\n"
                for row in more["ratios"]["reached"]
            )
        )
    return "\n".join(lines)


def write(results: Sequence[DeviceEvaluation], more: dict[str, Any]) -> Path:
    """Write a new result, one evaluation a line."""
    head = json.dumps({"schema": SCHEMA, **_record.provenance(), **more}, indent=1)
    lines = ",\n".join(json.dumps(result.to_dict()) for result in results)
    path = _record.new_path("prnu_accuracy")
    with path.open("x", encoding="utf-8") as file:
        file.write(f'{head[:-2]},\n "evaluations": [\n{lines}\n]}}\n')
    return path


def main() -> None:
    """Measure, print the tables and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    given = parser.parse_args()
    manifest = Manifest.read(given.photos / "prnu.csv")

    def progress(done: int, total: int) -> None:
        if done == total or not done % 100:
            print(f"{done} of {total}", file=sys.stderr)

    start = time.perf_counter()
    base = evaluate_devices(manifest, progress=progress)
    grid = evaluate_devices_grid(manifest, GRID, impostor_roles=(), progress=progress)
    results = [base, *grid]
    found, z = impostors(manifest, base)
    more = {
        "protocol": {"source": SOURCE, "statistic": "z", "seed": base.seed},
        "impostors": found,
        "ratios": ratio_check(base, z),
        "duration_s": round(time.perf_counter() - start, 1),
    }
    path = write(results, more)
    print(printed(results, more))
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
