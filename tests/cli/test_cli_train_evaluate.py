"""``whichcam train``, ``evaluate`` and ``demo``: what is handed to the layers below."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import whichcam
from whichcam.cli import _demo, _train
from whichcam.datasets import Manifest
from whichcam.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]
    Install = Callable[..., ModuleType]

TABLE = (
    "path,camera_model,device_id,split\n"
    "a.jpg,Acme One,d1,train\n"
    "b.jpg,Acme Two,d2,train\n"
    "c.jpg,Acme One,d3,test_device\n"
)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "m.csv"
    path.write_text(TABLE)
    return path


class FakeConfig:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> FakeConfig:
        if "colour" in values:
            raise ConfigError("colour", "unknown setting")
        return cls(values)


@pytest.fixture
def trained(install: Install, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put a trainer in place that only remembers what it was given."""
    monkeypatch.setattr(_train, "find_spec", lambda _: True)
    seen: dict[str, Any] = {}

    def train(
        manifest: Manifest,
        output: Path,
        *,
        config: FakeConfig,
        resume: bool,
        progress: Callable[[str, int, int], None],
    ) -> SimpleNamespace:
        progress("training", 1, 2)
        seen.update(rows=len(manifest), output=output, resume=resume)
        seen.update(config=config.values)
        return SimpleNamespace(
            to_dict=lambda: {"validation": {"top_1": 0.75}, "history": [1]}
        )

    install("training", TrainingConfig=FakeConfig, train=train)
    return seen


def test_train_hands_on_the_rows_of_the_split_and_the_options(
    run: Run, manifest: Path, tmp_path: Path, trained: dict[str, Any]
) -> None:
    result = run(
        *("train", manifest, "-o", tmp_path / "model", "--split", "train"),
        *("--epochs", "3", "--seed", "0", "--device", "cpu", "--resume"),
    )
    assert result.exit_code == 0, result.output
    assert trained["rows"] == 2
    assert trained["resume"] is True
    assert trained["config"] == {"epochs": 3, "seed": 0, "device": "cpu"}
    assert "validation top 1" in result.stdout
    assert "0.75" in result.stdout


def test_options_win_over_the_settings_file(
    run: Run, manifest: Path, tmp_path: Path, trained: dict[str, Any]
) -> None:
    settings = tmp_path / "s.toml"
    settings.write_text("epochs = 9\nbatch_size = 4\n")
    run("train", manifest, "-o", tmp_path, "--config", settings, "--epochs", "2")
    assert trained["config"] == {"epochs": 2, "batch_size": 4}


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("text", ["colour = 1", "this is no toml", "a = \xff"])
def test_a_wrong_settings_file_is_wrong_usage(
    run: Run, manifest: Path, tmp_path: Path, text: str
) -> None:
    settings = tmp_path / "s.toml"
    settings.write_bytes(text.encode("latin-1"))
    result = run("train", manifest, "-o", tmp_path, "--config", settings)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("trained")
def test_a_split_that_is_not_there_is_named(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    result = run("train", manifest, "-o", tmp_path, "--split", "trian")
    assert result.exit_code == 3
    assert "'trian'; it has ['test_device', 'train']" in result.stderr


def test_without_torch_train_says_in_one_line_what_to_install(
    run: Run, manifest: Path, tmp_path: Path, install: Install
) -> None:
    def train(*_: Any, **__: Any) -> None:
        raise MissingDependencyError("torch", extra="train", purpose="training")

    install("training", TrainingConfig=FakeConfig, train=train)
    result = run("train", manifest, "-o", tmp_path)
    assert result.exit_code == 4
    assert 'pip install "whichcam[train]"' in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_training_that_cannot_be_imported_names_the_extra(
    run: Run, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        n for n in sys.modules if n.split(".")[:2] == ["whichcam", "training"]
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(whichcam, "training", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = run("train", manifest, "-o", tmp_path)
    assert result.exit_code == 4
    assert "training needs torch, which is not installed" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("trained")
def test_a_training_that_could_not_write_its_network_is_not_begun(
    run: Run, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_train, "find_spec", lambda _: None)
    result = run("train", manifest, "-o", tmp_path)
    assert result.exit_code == 4
    assert "training needs onnx, which is not installed" in result.stderr


def test_the_help_of_train_names_the_extra_to_install(run: Run) -> None:
    assert 'pip install "whichcam[train]"' in run("train", "--help").stdout


class FakeTable:
    title, note, columns = "Known cameras", "a note", ("split", "top-1")

    def text(self) -> tuple[tuple[str, ...], ...]:
        return (("test_device", "0.625"),)

    def is_numeric(self, column: int) -> bool:
        return column == 1


@pytest.fixture
def evaluated(install: Install, lower_layers: SimpleNamespace) -> dict[str, Any]:
    """Put an evaluation in place that only remembers what it was given."""
    seen: dict[str, Any] = {"model": lower_layers.models.CameraModel}

    def evaluate(_model: Any, manifest: Manifest, **options: Any) -> SimpleNamespace:
        seen.update(options, rows=len(manifest))
        options["progress"](1, 1)
        failure = SimpleNamespace(path="x.jpg", reason="damaged")
        return SimpleNamespace(
            failures=(failure,), save=lambda path: path.write_text("{}")
        )

    install(
        "evaluation",
        evaluate=evaluate,
        summary_tables=lambda _result: (FakeTable(),),
        MEASURED_MANIPULATIONS=("none", "jpeg_70"),
    )
    return seen


def test_evaluate_prints_the_tables_and_saves_the_scores(
    run: Run, manifest: Path, tmp_path: Path, evaluated: dict[str, Any]
) -> None:
    output = tmp_path / "result.json"
    result = run("evaluate", manifest, "-o", output, "--limit", "5", "--workers", "2")
    assert result.exit_code == 0, result.output
    assert output.read_text() == "{}"
    for part in ("Known cameras", "test_device", "0.625", "a note"):
        assert part in result.stdout
    assert "not evaluated: x.jpg: damaged" in result.stderr
    assert (evaluated["limit_per_split"], evaluated["workers"]) == (5, 2)
    assert evaluated["manipulations"] == ("none", "jpeg_70")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", ()),
        ("jpeg_83", ("jpeg_83",)),
        ("jpeg_70, resize_0.8+jpeg_90", ("jpeg_70", "resize_0.8+jpeg_90")),
    ],
)
def test_manipulations_are_named_alone_or_in_chains(
    run: Run,
    manifest: Path,
    evaluated: dict[str, Any],
    value: str,
    expected: tuple[str, ...],
) -> None:
    result = run("evaluate", manifest, "--manipulations", value)
    assert result.exit_code == 0, result.output
    assert evaluated["manipulations"] == expected


@pytest.mark.usefixtures("evaluated")
def test_a_manipulation_that_does_not_exist_is_wrong_usage(
    run: Run, manifest: Path
) -> None:
    assert run("evaluate", manifest, "--manipulations", "blur").exit_code == 2


def test_a_result_is_never_overwritten_and_this_is_said_before_the_work(
    run: Run, manifest: Path, tmp_path: Path, evaluated: dict[str, Any]
) -> None:
    output = tmp_path / "result.json"
    output.write_text("evidence")
    assert run("evaluate", manifest, "-o", output).exit_code == 2
    assert output.read_text() == "evidence"
    assert "rows" not in evaluated


def test_the_demo_shows_different_cameras_that_no_training_has_seen() -> None:
    rows = [
        {"path": f"{split}{camera}{i}.jpg", "camera_model": camera, "split": split}
        for split, cameras in (
            ("train", "AB"),
            ("test_device", "AB"),
            ("unknown", "XY"),
        )
        for camera in cameras
        for i in range(9)
    ]
    chosen = _demo.choose(Manifest.from_rows(rows, "."), 8)
    pairs = list(zip(chosen.column("split"), chosen.camera_model, strict=True))
    assert len(pairs) == 8
    assert pairs.count(("test_device", "A")) == 3
    assert pairs.count(("test_device", "B")) == 3
    assert pairs.count(("unknown", "X")) == pairs.count(("unknown", "Y")) == 1


def test_the_demo_takes_what_there_is_where_no_split_is_unseen() -> None:
    rows = [
        {"path": f"{i}.jpg", "camera_model": "AB"[i % 2], "split": "train"}
        for i in range(6)
    ]
    chosen = _demo.choose(Manifest.from_rows(rows, "."), 4)
    assert sorted(chosen.camera_model) == ["A", "A", "B", "B"]


@pytest.mark.usefixtures("lower_layers")
def test_the_demo_compares_its_answers_with_the_manifest(
    run: Run, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).write_text("unknown" if name == "c.jpg" else "fine")
    (tmp_path / "manifest.csv").write_text(
        "path,camera_model\na.jpg,Acme One\nb.jpg,Acme Two\nc.jpg,Other Three\n"
    )
    result = run("demo", "--photos", tmp_path)
    assert result.exit_code == 0, result.output
    assert "2 of 3 right, 0 not committed" in result.stdout
    assert "1 wrong" in result.stdout


@pytest.mark.usefixtures("lower_layers")
def test_the_demo_without_pictures_walks_through_every_step(
    run: Run,
    tmp_path: Path,
    trained: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_demo, "_PHOTOS", 1)
    monkeypatch.setattr(_demo, "_NEW_PHOTOS", 1)
    monkeypatch.setattr(_demo, "_SIZE", 64)
    work = tmp_path / "work"
    (work / "model").mkdir(parents=True)  # the stand-in for training makes none
    result = run("demo", "--work", work)
    assert result.exit_code == 0, result.output
    assert trained["rows"] == 6
    shown = [line[2:] for line in result.stdout.splitlines() if line.startswith("$ ")]
    assert [line.split()[1] for line in shown] == [
        "dataset",
        "dataset",
        "train",
        "dataset",
        "identify",
    ]
    new = sorted(path.parent.name for path in (work / "new").rglob("*.jpg"))
    assert new == [f"Synthetic SYN-0-{i}" for i in range(4)]


@pytest.mark.usefixtures("lower_layers")
def test_the_commands_the_demo_shows_make_the_pictures_it_makes(
    run: Run,
    tmp_path: Path,
    trained: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_demo, "_PHOTOS", 1)
    monkeypatch.setattr(_demo, "_NEW_PHOTOS", 1)
    work = tmp_path / "work"
    (work / "model").mkdir(parents=True)
    result = run("demo", "--work", work)
    assert trained
    monkeypatch.chdir(tmp_path)
    for line in result.stdout.splitlines():
        if line.startswith("$ whichcam dataset shoot"):
            assert run(*shlex.split(line)[2:]).exit_code == 0
    for folder in ("pictures", "new"):
        made = {p.name: p.read_bytes() for p in (work / folder).rglob("*.jpg")}
        again = {p.name: p.read_bytes() for p in (tmp_path / folder).rglob("*.jpg")}
        assert made == again


@pytest.mark.slow
def test_the_demo_trains_a_model_that_knows_its_cameras(
    run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    result = run("demo", "--work", tmp_path)
    assert result.exit_code == 0, result.output
    last = result.stdout.strip().splitlines()[-1]
    right = int(last.split()[0])
    assert right >= 10, result.stdout
    assert last.endswith("0 wrong.")
