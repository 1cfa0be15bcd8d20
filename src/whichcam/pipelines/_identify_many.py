"""Identify many photos: one after the other, or in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, overload

from whichcam._threads import interrupts_held_back, one_thread_each
from whichcam._typing import PathLike, PhotoSource
from whichcam.errors import (
    ArtifactError,
    IncompatibleArtifactError,
    InputError,
    WhichcamError,
    WhichcamWarning,
)
from whichcam.media import Photo
from whichcam.models import CameraModel
from whichcam.pipelines._identify import Identification, as_model, check_top_k, identify

Source = TypeVar("Source", bound=PhotoSource | Photo)
Caught = TypeVar("Caught", bound=Exception)
Look: TypeAlias = Callable[..., Identification]
Kinds: TypeAlias = type[Caught] | tuple[type[Caught], ...]

# Photos under way for each process, so that a slow one at the head of the line does
# not leave the others idle.
_PER_WORKER: Final = 4


@overload
def identify_many(
    sources: Iterable[Source],
    *,
    model: CameraModel | PathLike | None = None,
    top_k: int = 5,
    allow_truncated: bool = False,
    workers: int = 1,
) -> Generator[tuple[Source, Identification | WhichcamError], None, None]: ...


@overload
def identify_many(
    sources: Iterable[Source],
    *,
    model: CameraModel | PathLike | None = None,
    top_k: int = 5,
    allow_truncated: bool = False,
    workers: int = 1,
    catch: Kinds[Caught],
) -> Generator[tuple[Source, Identification | Caught], None, None]: ...


def identify_many(
    sources: Iterable[Source],
    *,
    model: CameraModel | PathLike | None = None,
    top_k: int = 5,
    allow_truncated: bool = False,
    workers: int = 1,
    catch: Kinds[Exception] = WhichcamError,
) -> Generator[tuple[Source, Identification | Exception], None, None]:
    """Say of each of many photos which camera model took it; a bad one stops nothing.

    Parameters
    ----------
    sources : iterable of path, bytes, binary file object or Photo
        The pictures; taken as they are needed, a few ahead of the answers.
    model : CameraModel or path, optional
        The model to ask, or its folder; the bundled one by default. Each process
        reads it once, from its folder.
    top_k : int, default 5
        Length of the ranking, at least 1.
    allow_truncated : bool, default False
        Decode damaged files as far as they go, and say so in the warnings.
    workers : int, default 1
        Processes to use; 1 is this one. With more, a script needs the usual
        ``if __name__ == "__main__"`` guard: they are spawned. Starting them costs
        about a second. File objects and Photos are looked at in this process.
    catch : exception type or tuple of them, default WhichcamError
        Errors that are yielded beside their photo. Any other ends the run, and so
        does an `ArtifactError`: a model at fault would fail on every photo.

    Yields
    ------
    source : path, bytes, binary file object or Photo
        As it was given, in the order given.
    found : Identification or exception
        The answer, or why there is none. Warnings stand in the answer and are not
        issued.

    Raises
    ------
    InputError
        If ``top_k`` or ``workers`` is less than 1.
    ArtifactError
        If the model cannot be used.
    WhichcamError
        If a worker process dies.

    See Also
    --------
    identify : One photo.

    Notes
    -----
    Closing the generator, an error and Ctrl-C wait for the photos under way and end
    the processes. They run their numeric libraries in one thread each, which rounds
    sums in another order: probabilities may differ from those of one process by 1e-6.
    """
    check_top_k(top_k)
    if workers < 1:
        raise InputError(f"workers is {workers}; expected at least 1")
    asked = as_model(model)
    here = partial(_quietly, asked, top_k, allow_truncated)
    if workers == 1:
        return _one_by_one(sources, here, catch)
    there = partial(_in_worker, asked.folder, asked.model_id, top_k, allow_truncated)
    return _in_processes(sources, here, there, workers, catch)


def _one_by_one(
    sources: Iterable[Source], look: Look, catch: Kinds[Caught]
) -> Generator[tuple[Source, Identification | Caught], None, None]:
    for source in sources:
        yield source, _attempt(partial(look, source), catch)


def _in_processes(
    sources: Iterable[Source],
    here: Look,
    there: Look,
    workers: int,
    catch: Kinds[Caught],
) -> Generator[tuple[Source, Identification | Caught], None, None]:
    # Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start)
    waiting: deque[tuple[Source, partial[Identification]]] = deque()
    coming = iter(sources)
    try:
        while True:
            for source in islice(coming, workers * _PER_WORKER - len(waiting)):
                if isinstance(source, str | os.PathLike | bytes):
                    # Processes are started by what is handed to them.
                    with one_thread_each(), interrupts_held_back():
                        answer = partial(pool.submit(there, source).result)
                else:
                    answer = partial(here, source)
                waiting.append((source, answer))
            if not waiting:
                return
            source, answer = waiting.popleft()
            yield source, _attempt(answer, catch)
    except BrokenProcessPool as error:
        raise WhichcamError(
            "a worker process died while identifying: out of memory, or the script "
            'lacks the guard `if __name__ == "__main__":` that spawned workers need; '
            "run again with workers=1 to see at which photo"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(
    answer: Callable[[], Identification], catch: Kinds[Caught]
) -> Identification | Caught:
    try:
        return answer()
    except (ArtifactError, BrokenProcessPool):
        raise
    except catch as error:
        _forget_photos(error)
        return error


def _forget_photos(error: BaseException) -> None:
    """Drop what the frames of an error hold: a list of errors is no list of pixels."""
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__


def _quietly(
    model: CameraModel, top_k: int, allow_truncated: bool, source: PhotoSource | Photo
) -> Identification:
    with warnings.catch_warnings():
        # They stand in the result, beside the photo they are about.
        warnings.simplefilter("ignore", WhichcamWarning)
        return identify(
            source, model=model, top_k=top_k, allow_truncated=allow_truncated
        )


def _start() -> None:
    # Where signals cannot be held back while a process starts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _in_worker(
    folder: Path,
    model_id: str,
    top_k: int,
    allow_truncated: bool,
    source: PhotoSource,
) -> Identification:
    return _quietly(_model_of(folder, model_id), top_k, allow_truncated, source)


@cache
def _model_of(folder: Path, model_id: str) -> CameraModel:
    """Load the model of a worker process, once."""
    model = CameraModel.load(folder)
    if model.model_id != model_id:
        raise IncompatibleArtifactError(
            f"the model folder {folder} was changed while photos were identified: "
            f"it holds {model.model_id}, expected {model_id}; run again"
        )
    return model
