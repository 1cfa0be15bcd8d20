"""From what was typed to the pictures meant."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from whichcam.cli._guard import say_unexpected
from whichcam.cli._text import say_error
from whichcam.datasets import Manifest, find_pictures
from whichcam.errors import ArtifactError, DatasetError, InputError, WhichcamError

T = TypeVar("T")

MANIFEST_SUFFIXES: Final = frozenset((".csv", ".parquet"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A picture that could not be used, and why."""

    path: str
    code: str
    message: str
    unexpected: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the fields as they stand in JSON."""
        return {
            "path": self.path,
            "error": {"code": self.code, "message": self.message},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Success(Generic[T]):
    """A picture and what was found."""

    path: str
    found: T


def is_manifest(path: Path) -> bool:
    """Say whether a path names a table of pictures rather than a picture."""
    return path.suffix.lower() in MANIFEST_SUFFIXES and not path.is_dir()


def pictures(paths: Iterable[Path]) -> list[Path | Failure]:
    """Return the pictures that files, folders and manifests stand for, in order.

    Folders are walked whole, in an order that is always the same; what cannot be
    read in them, and folders without a picture, are failures in their place.
    """
    found: list[Path | Failure] = []
    for path in paths:
        if path.is_dir():
            found.extend(_in_folder(path))
        elif is_manifest(path):
            found.extend(Manifest.read(path).paths)
        else:
            found.append(path)
    return found


def _in_folder(folder: Path) -> list[Path | Failure]:
    try:
        inside, skipped = find_pictures(folder)
    except DatasetError as error:
        return [_failure(folder, error)]
    unreadable = [
        Failure(path=str(folder / item.path), code="unreadable", message=item.reason)
        for item in skipped
    ]
    return [*(folder / path for path in inside), *unreadable]


def each(
    items: Iterable[Path | Failure], use: Callable[[Path], T]
) -> Iterator[Success[T] | Failure]:
    """Yield what ``use`` finds of each picture; a bad one does not stop the rest.

    Failures are also reported on standard error.

    Raises
    ------
    ArtifactError
        If the model is at fault: every other picture would fail in the same way.
    """
    for item in items:
        yield _told(item if isinstance(item, Failure) else _attempt(item, use))


def each_of_many(
    items: Sequence[Path | Failure],
    use: Callable[[Iterator[Path]], Generator[tuple[Path, T | Exception], None, None]],
) -> Iterator[Success[T] | Failure]:
    """Do as `each`, where ``use`` takes all the paths and yields what it finds."""
    paths = (item for item in items if isinstance(item, Path))
    with closing(use(paths)) as answers:
        for item in items:
            yield _told(item if isinstance(item, Failure) else _result(*next(answers)))


def _attempt(path: Path, use: Callable[[Path], T]) -> Success[T] | Failure:
    try:
        return _result(path, use(path))
    except ArtifactError:
        raise
    except Exception as error:
        # A bug met in one picture must not cost the answers on all the others.
        return _result(path, error)


def _result(path: Path, found: T | Exception) -> Success[T] | Failure:
    if not isinstance(found, Exception):
        return Success(path=str(path), found=found)
    unexpected = not isinstance(found, (WhichcamError, OSError))
    if unexpected:
        say_unexpected(found, about=str(path))
    return _failure(path, found, unexpected=unexpected)


def _told(result: Success[T] | Failure) -> Success[T] | Failure:
    if isinstance(result, Failure) and not result.unexpected:
        say_error(_line(result))
    return result


def _failure(path: Path, error: Exception, *, unexpected: bool = False) -> Failure:
    return Failure(
        path=str(path),
        code=type(error).__name__,
        message=str(error),
        unexpected=unexpected,
    )


def _line(failure: Failure) -> str:
    # Most messages begin with the file's name; the path says which of that name.
    name = Path(failure.path).name
    message = failure.message.removeprefix(f"{name}: ")
    return message if failure.path in message else f"{failure.path}: {message}"


def read_manifest(path: Path, *, split: str = "") -> Manifest:
    """Read a manifest, or the rows of one of its splits.

    Raises
    ------
    InputError
        If no row is of the split.
    DatasetError
        If it cannot be read, or has no splits.
    """
    manifest = Manifest.read(path)
    if not split:
        return manifest
    chosen = manifest.where(split=split)
    if not len(chosen):
        known = sorted(set(manifest.column("split").tolist()))
        raise InputError(f"{path}: no row of split {split!r}; it has {known}")
    return chosen
