"""Stand-ins for the layers below, so that only the wiring is tested here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import whichcam
from whichcam.cli import app
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ImageDecodeError,
    IncompatibleArtifactError,
    PhotoNotFoundError,
)

Run = Callable[..., Result]
Install = Callable[..., ModuleType]


@dataclass(frozen=True, kw_only=True)
class FakeCandidate:
    camera_model: str
    make: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class FakeIdentification:
    photo_name: str
    sha256: str = "0" * 64
    answer: str = "Acme One"
    level: str = "model"
    members: tuple[str, ...] = ("Acme One",)
    confidence: float = 0.93
    error_rate: float | None = 0.0412
    ranking: Sequence[FakeCandidate] = ()
    unknown_probability: float = 0.05
    n_crops: int = 8
    file_statistics_used: bool = True
    frame_size_used: bool = True
    exif_camera_model: str | None = "Acme One"
    model_id: str = "abcdef012345"
    whichcam_version: str = "0.1.0"
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        values = asdict(self)
        return values | {
            "members": list(self.members),
            "warnings": list(self.warnings),
        }


class FakeModel:
    classes = ("Acme One", "Acme Two")

    @classmethod
    def load(cls, folder: Path) -> FakeModel:
        if not Path(folder).is_dir():
            raise ArtifactNotFoundError(f"no model folder {folder}")
        return cls()

    @classmethod
    def bundled(cls) -> FakeModel:
        return cls()


RANKING = (
    FakeCandidate(camera_model="Acme One", make="Acme", probability=0.81),
    FakeCandidate(camera_model="Acme Two", make="Acme", probability=0.19),
)


def fake_identify(
    photo: Path, *, model: Any, top_k: int, allow_truncated: bool
) -> FakeIdentification:
    """Answer by what stands in the file."""
    assert isinstance(model, FakeModel)
    if not photo.is_file():
        raise PhotoNotFoundError(f"{photo.name}: there is no such file")
    content = photo.read_bytes()[:20].decode("latin-1")
    if content == "damaged" and not allow_truncated:
        raise ImageDecodeError(f"{photo.name}: the JPEG is damaged")
    if content == "bug":
        raise RuntimeError("a bug of ours")
    if content == "interrupt":
        raise KeyboardInterrupt
    if content == "model":
        raise IncompatibleArtifactError("the model is of another version")
    if content == "unknown":
        return FakeIdentification(
            photo_name=photo.name,
            level="unknown",
            answer="unknown camera",
            members=(),
            error_rate=None,
        )
    if content == "hostile":
        return FakeIdentification(
            photo_name=photo.name,
            exif_camera_model="[bold]\x1b[2J\u202eevil[/]",
            warnings=("re-encoded by [red]=x\x07",),
        )
    return FakeIdentification(photo_name=photo.name, ranking=RANKING[:top_k])


def fake_identify_many(
    sources: Iterable[Path], *, workers: int, catch: type[Exception], **options: Any
) -> Generator[tuple[Path, Any], None, None]:
    """Ask the stand-in one by one."""
    assert workers >= 1
    for source in sources:
        try:
            yield source, fake_identify(source, **options)
        except ArtifactError:
            raise
        except catch as error:
            yield source, error


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that puts a module of ours in another's place."""

    def put(name: str, **attributes: Any) -> ModuleType:
        module = ModuleType(f"whichcam.{name}")
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(whichcam, name, module, raising=False)
        return module

    return put


@pytest.fixture
def lower_layers(install: Install) -> SimpleNamespace:
    """Put a model and a pipeline in place that answer by the file's text."""
    return SimpleNamespace(
        models=install("models", CameraModel=FakeModel),
        pipelines=install(
            "pipelines", identify=fake_identify, identify_many=fake_identify_many
        ),
    )


@pytest.fixture
def run() -> Run:
    """Return a function that runs the command with some arguments."""
    runner = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"})

    def invoke(*arguments: str | Path) -> Result:
        return runner.invoke(app, [str(item) for item in arguments])

    return invoke


@pytest.fixture
def photo(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a file for the stand-ins to answer on."""

    def write(name: str, content: str = "fine") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    return write


@pytest.fixture(scope="session")
def shot_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three real JPEGs by each of two synthetic cameras."""
    folder = tmp_path_factory.mktemp("shot") / "pictures"
    write_dataset(folder, draw_cameras(2, seed=1), 3, seed=1, size=(64, 64))
    return folder
