"""Kept results are whole, and the README's tables are theirs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from whichcam.datasets.manipulations import parse_chain

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
RESULTS = sorted((BENCHMARKS / "results").glob("*.json"))
SCHEMAS = {
    "speed": "whichcam.speed/1",
    "accuracy": "whichcam.evaluation/1",
    "claims": "whichcam.claims-evaluation/1",
    "compression": "whichcam.compression/1",
    "screening": "whichcam.screening/1",
    "localization": "whichcam.splice_evaluation/1",
    "prnu_accuracy": "whichcam.prnu_accuracy/1",
    "prnu_footage": "whichcam.prnu_footage/1",
    "prnu_search": "whichcam.prnu_search/1",
    "prnu_speed": "whichcam.prnu_speed/1",
    "examine_speed": "whichcam.examine_speed/1",
    "web_load": "whichcam.web_load/1",
    "web_speed": "whichcam.web_speed/1",
    "scan_search": "whichcam.scan_search/1",
    "scan_speed": "whichcam.scan_speed/1",
    "training_speed": "whichcam.training_speed/1",
    "crossval": "whichcam.crossval/1",
    "benchmark": "whichcam.benchmark/1",
    "blog_post": "whichcam.blog_post/1",
}
MACHINE = {"processor", "n_processors", "system", "architecture", "workers"}


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that imports a script of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def _problems(kind: str, values: dict[str, Any]) -> list[str]:
    """Return what is wrong with a result."""
    needed = {"schema", "created", "git_commit", "versions", "machine"}
    if missing := needed - values.keys():
        return [f"lacks {sorted(missing)}"]
    problems = []
    if values["schema"] != SCHEMAS[kind]:
        problems.append(f"schema is {values['schema']!r}")
    if not {"whichcam", "python", "numpy", "onnxruntime"} <= values["versions"].keys():
        problems.append("versions are not all there")
    if values["machine"].keys() - MACHINE:
        problems.append("the machine is described by more than its kind")
    if datetime.fromisoformat(values["created"]).tzinfo is None:
        problems.append("created has no time zone")
    for entry in values.get("measurements", []):
        raw = np.asarray(entry["raw"], dtype=float)
        if raw.size == 0 or not np.isfinite(raw).all() or (raw <= 0).any():
            problems.append(f"{entry['name']}: raw values are not positive numbers")
        elif not np.isclose(np.median(raw), entry["median"], rtol=1e-4):
            problems.append(f"{entry['name']}: the median is not that of raw")
    for entry in values.get("conditions", []):
        log10_p = [r["log10_p"] for r in entry["raw"] if r["body"] != r["against"]]
        if entry["n_impostors"] != len(log10_p) or any(
            rate["n_reached"] != np.sum(np.array(log10_p) <= np.log10(rate["stated"]))
            for rate in entry["rates"]
        ):
            problems.append(f"{entry['encoding']}: the rates are not those of raw")
    if kind == "speed" and not values.get("measurements"):
        problems.append("no measurements")
    return problems


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_kept_result_is_whole(path: Path) -> None:
    kind = path.name.partition("--")[0]
    assert kind in SCHEMAS, "a result is named after what it measures"
    assert _problems(kind, json.loads(path.read_text(encoding="utf-8"))) == []


def test_the_check_sees_a_median_that_was_typed(benchmarks: Any) -> None:
    record, speed = benchmarks("_record"), benchmarks("speed")
    entry = speed.measurement("identify_warm", "s", [0.1, 0.2, 0.4])
    whole = {"schema": SCHEMAS["speed"], **record.provenance(), "measurements": [entry]}
    assert _problems("speed", whole) == []
    entry["median"] = 0.1
    assert _problems("speed", whole) == ["identify_warm: the median is not that of raw"]


def test_the_check_sees_a_false_alarm_rate_that_was_typed(benchmarks: Any) -> None:
    record, footage = benchmarks("_record"), benchmarks("prnu_footage")
    rows = [
        {"body": a, "against": b, "log10_p": -5.0 if a == b else -a / 2}
        | {"stabilization": "unclear"}
        for a in range(4)
        for b in range(4)
    ]
    found = footage.summarize("usual", rows) | {"raw": rows}
    assert (found["n_own_found"], found["n_own"], found["n_impostors"]) == (4, 4, 12)
    assert [rate["n_reached"] for rate in found["rates"]] == [6, 6, 3, 0, 0]
    json.dumps(found)  # numbers of numpy cannot be written
    whole = {"schema": SCHEMAS["prnu_footage"], **record.provenance()}
    whole["conditions"] = [found]
    assert _problems("prnu_footage", whole) == []
    found["rates"][0]["n_reached"] = 1
    assert _problems("prnu_footage", whole) == ["usual: the rates are not those of raw"]


def test_a_result_is_never_overwritten(
    benchmarks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = benchmarks("_record")
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    first = record.write_new("speed", {"schema": "a", "created": "1"})
    second = record.write_new("speed", {"schema": "a", "created": "2"})
    assert first != second
    assert json.loads(first.read_text())["created"] == "1"
    assert record.newest("a")["created"] == "2"


def test_peak_memory_is_that_of_the_process_and_not_ours(benchmarks: Any) -> None:
    benchmarks("_record")
    speed = benchmarks("speed")
    n_bytes = 200 * 2**20
    large = f"x = bytearray({n_bytes}); x[::4096] = b'1' * len(x[::4096])"
    ours = b"1" * (2 * n_bytes)  # Linux would count it to what we start
    _, small_peak = speed.run_and_measure([sys.executable, "-c", "pass"])
    _, large_peak = speed.run_and_measure([sys.executable, "-c", large])
    assert small_peak < n_bytes < large_peak < 1.5 * n_bytes + small_peak
    del ours


def test_a_command_that_fails_is_no_measurement(benchmarks: Any) -> None:
    benchmarks("_record")
    speed = benchmarks("speed")
    with pytest.raises(SystemExit, match="no such thing"):
        speed.run_and_measure([sys.executable, "-c", "raise OSError('no such thing')"])


def test_the_readme_parts_are_renewed_and_nothing_else(benchmarks: Any) -> None:
    benchmarks("_record")
    readme = benchmarks("readme")
    page = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb <!-- end: y -->\n"
    new = "a\n<!-- generated: x -->\nnew\n<!-- end: x -->\nb <!-- end: y -->\n"
    assert readme.filled(page, {"x": lambda: "new"}) == new
    assert readme.filled(page, {"x": lambda: None}) == page
    with pytest.raises(SystemExit, match="lacks"):
        readme.filled(page, {"y": lambda: "new"})


@pytest.mark.parametrize("script", ["readme.py", "devices_page.py"])
def test_the_tables_of_pages_are_those_of_the_results(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.data
def test_the_readme_shows_the_answer_the_example_gives(
    benchmarks: Any, photos_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmarks("_record")
    readme = benchmarks("readme")
    if not (ROOT / "src/whichcam/models/bundled/model.onnx").is_file():
        pytest.skip("no starter model is bundled in this tree")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    photo = photos_dir / readme.EXAMPLE_PHOTO
    with capsys.disabled():
        printed = readme.run_example(readme.python_example(text), photo)
    # The answer, not its last digits: those depend on the processor.
    assert printed.splitlines()[0].partition(", confidence")[0] in text


@pytest.mark.parametrize(
    "path", sorted((BENCHMARKS / "protocols").glob("*.toml")), ids=lambda p: p.stem
)
def test_a_protocol_measures_held_out_splits_only(path: Path) -> None:
    protocol = tomllib.loads(path.read_text(encoding="utf-8"))
    splits = {*protocol["known_splits"], *protocol["unknown_splits"]}
    assert "train" not in splits | set(protocol["extra_splits"])
    assert all(parse_chain(name) for name in protocol["manipulations"])
