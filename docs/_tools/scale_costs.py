"""What large runs cost, computed from the newest measurements that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
NOT_YET = "Nothing of this kind has been measured for this build.\n"

MILLION = 1_000_000
MACHINE_BYTES = 64e9  # of memory that one machine can give to sign bits
SIDES = (512, 1024)
SIZES = (10_000, 100_000, MILLION)


def write(page: Path) -> None:
    """Write the tables that the page on scale includes."""
    speed, search = _newest("whichcam.scan_speed/1"), _newest("whichcam.scan_search/1")
    parts = ["### A million pictures identified\n", _identified(speed)]
    parts += ["### Memory\n", _memory(speed)]
    parts += ["### Fingerprints searched\n", _searched(search)]
    parts += ["### Pictures sorted by camera\n", _sorted(search)]
    parts += ["### Training\n", _traces_trained(_newest_trained("train_one_process"))]
    parts += [_patches_trained(_newest_trained("photos_packed"))]
    page.write_text("\n".join(parts), encoding="utf-8")


def _newest_trained(name: str) -> dict[str, Any] | None:
    """Return the newest result on training that holds a measurement."""
    return _newest("whichcam.training_speed/1", holding=name)


def _newest(schema: str, *, holding: str = "") -> dict[str, Any] | None:
    """Return the newest result of a kind, of those that hold a measurement."""
    kind = schema.removeprefix("whichcam.").partition("/")[0]
    found = [
        json.loads(path.read_text("utf-8")) for path in RESULTS.glob(f"{kind}--*.json")
    ]
    found = [
        values
        for values in found
        if values.get("schema") == schema
        and (not holding or holding in _medians(values))
    ]
    return max(found, key=lambda values: str(values["created"]), default=None)


def _identified(result: dict[str, Any] | None) -> str:
    if result is None:
        return NOT_YET
    speed = result["speed"]
    width, height = speed["size_px"]
    hours = speed["s_per_picture"] * MILLION / 3600
    lines = [
        "| cores | hours |",
        "| ---: | ---: |",
        *(f"| {cores} | {hours / cores:,.1f} |" for cores in (1, 16, 256)),
        "",
        f"From {speed['n_pictures']:,} pictures of {width}x{height} px on a "
        f"{result['machine']['processor']}: {1e3 * speed['s_per_picture']:.1f} ms each "
        f"on one core, {100 * speed['overhead']:+.1f} % against bare identify; two "
        f"workers are {speed['speed_up']:.2f} times as fast as one process. More "
        "cores are computed as if each were as fast, and reading were not the limit. "
        "Larger pictures take longer, mostly for decoding.",
        "",
    ]
    return "\n".join(lines)


def _memory(result: dict[str, Any] | None) -> str:
    if result is None:
        return NOT_YET
    memory = result["memory"]
    return (
        f"{memory['n_pictures']:,} small pictures scanned by two workers: the median "
        f"of all processes is {memory['early_median_bytes'] / 1e6:,.0f} MB in the "
        f"first third and {memory['late_median_bytes'] / 1e6:,.0f} MB in the last "
        f"({100 * memory['growth']:+.1f} %).\n"
    )


def _searched(result: dict[str, Any] | None) -> str:
    if result is None:
        return NOT_YET
    measured = result["searches"]
    lines = [
        "| fingerprints | pixels each | file, GB | s a picture, one core | machines of "
        f"{MACHINE_BYTES / 1e9:.0f} GB | |",
        "| ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for entry in measured:
        core_s = min(entry["raw_s"]) * entry["n_workers"] / entry["n_queries"]
        lines.append(_row(entry["n_fingerprints"], entry["n_bits"], core_s, "measured"))
    last = measured[-1]
    rate = min(last["raw_s"]) * last["n_workers"] / last["n_queries"] / last["bytes"]
    for side in SIDES:
        n_bytes = MILLION * side * side / 8
        lines.append(_row(MILLION, side * side, rate * n_bytes, "computed"))
    lines += [
        "",
        f"An exact comparison of those listed takes "
        f"{1e3 * last['exact_comparison_s']:.1f} ms each at {last['n_bits']:,} pixels. "
        f"Of {last['n_queries']} pictures whose residual correlates by "
        f"{last['planted_ncc']} with a pattern among {last['n_fingerprints']:,}, "
        f"{last['n_planted_listed']} had it among the first {last['n_listed']}. "
        "Computed rows scale the last measured one by the bytes read.",
        "",
    ]
    return "\n".join(lines)


def _row(n: int, n_bits: int, core_s: float, how: str) -> str:
    n_bytes = n * n_bits / 8
    machines = max(1, -(-n_bytes // MACHINE_BYTES))
    return (
        f"| {n:,} | {n_bits:,} | {n_bytes / 1e9:,.2f} | {core_s:.2f} | "
        f"{machines:.0f} | {how} |"
    )


def _sorted(result: dict[str, Any] | None) -> str:
    if result is None:
        return NOT_YET
    found = result["clusters"]
    rate = found["s_per_pair_and_megabit"] * found["n_workers"]
    lines = ["| pictures | pixels each | core-hours |", "| ---: | ---: | ---: |"]
    for n in SIZES:
        for side in SIDES:
            hours = rate * n * (n - 1) / 2 * side * side / 1e6 / 3600
            lines.append(f"| {n:,} | {side * side:,} | {hours:,.2f} |")
    lines += [
        "",
        f"Computed from {found['n_pictures']:,} pictures of {found['n_bits']:,} "
        f"pixels, ten a camera, that correlate by {found['pair_ncc']}: sorted in "
        f"{found['seconds']:.0f} s by {found['n_workers']} worker(s) into "
        f"{found['n_clusters']:,} clusters, {found['n_mixed_clusters']} of them of "
        f"more than one camera, with {100 * found['linked_share']:.1f} % of the "
        "pictures.",
        "",
    ]
    return "\n".join(lines)


def _medians(result: dict[str, Any]) -> dict[str, float]:
    entries = result.get("measurements", [])
    return {entry["name"]: entry["median"] for entry in entries}


def _patches_trained(result: dict[str, Any] | None) -> str:
    """Return what networks over patches take."""
    if result is None:
        return NOT_YET
    about, median = result["protocol"]["patches"], _medians(result)
    lines = [
        f"A network over patches (`{about['network']}`, 64 px), a core a process for "
        "the network; threads that draw ahead take what is left of "
        f"{result['machine']['n_processors']} cores:",
        "",
        "| processes | threads ahead, each | crops a second | waiting for data | half "
        "of the crops manipulated: crops a second | waiting for data |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for n, threads in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1)):
        cells = [str(n), str(threads)]
        for kind in ("plain", "half_changed"):
            name = f"patches_{kind}_{n}_processes_{threads}_threads"
            cells += [
                f"{median[f'{name}_crops_per_s']:,.0f}",
                f"{100 * median[f'{name}_waiting_share']:.0f} %",
            ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"Photos of {about['photo_px']}x{about['photo_px']} px are packed at "
        f"{median['photos_packed']:,.0f} a second on one core; where they are packed, "
        f"they are found and checked at {median['photos_found_packed']:,.0f} a second. "
        f"{about['epochs']} epochs of {about['n_photos']} photos, of which the first "
        "also ranks the patches of every photo. The load average was "
        f"{result['protocol']['load_average_before']:.1f} when the measurement began: "
        "beside other work, threads and processes gain less than on free cores.",
        "",
    ]
    return "\n".join(lines)


def _traces_trained(result: dict[str, Any] | None) -> str:
    """Return what the trace network takes."""
    if result is None:
        return NOT_YET
    median = _medians(result)
    return (
        f"{median['train_one_process']:,.0f} crops a second on one core of a "
        f"{result['machine']['processor']}, "
        f"{100 * median['waiting_for_batches']:.0f} % of the time spent on drawing "
        "batches; two processes of one core are "
        f"{median['two_processes_over_one']:.2f} times as fast. A compiled step is "
        f"{median['eager_over_compiled']:.2f} times as fast as a plain one.\n"
    )
