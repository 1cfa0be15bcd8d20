"""The state of a training of patches on disk, for any number of processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch

from whichcam.errors import ArtifactError, IncompatibleArtifactError
from whichcam.gallery._files import replacing
from whichcam.methods import PatchData
from whichcam.training import _distributed

_NAMES = frozenset(
    (
        *("run", "stage", "epoch", "waited", "history"),
        *("best_loss", "best_state", "network", "optimizer"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where the state of one training is kept: after every epoch, whole.

    Parameters
    ----------
    path : Path or None
        The file; with None nothing is kept.
    run : str
        What tells this training from others: photos, settings, seed.
    """

    path: Path | None
    run: str

    @classmethod
    def of(cls, cache: str, data: PatchData, settings: Mapping[str, Any]) -> Self:
        """Return the place of a training's state in a folder.

        Parameters
        ----------
        cache : str
            The folder; "" for none.
        data : PatchData
            Photos and how they are drawn.
        settings : mapping
            All else that decides the weights, JSON-ready. The number of processes
            and the device are not among it.
        """
        drawn = {
            name: getattr(data, name)
            for name in (
                *("patch_px", "patches_per_photo", "n_looks", "by_quality"),
                *("manipulations", "manipulated_share", "turns", "seed", "photo_ids"),
            )
        }
        photos = [data.labels.tolist(), list(data.devices), data.validation.tolist()]
        text = json.dumps([drawn, photos, dict(settings)], sort_keys=True)
        run = hashlib.sha256(text.encode()).hexdigest()
        path = Path(cache) / f"training-{run[:16]}.pt" if cache else None
        return cls(path=path, run=run)

    def load(self) -> dict[str, Any] | None:
        """Return the state of this training; None where there is none.

        Raises
        ------
        IncompatibleArtifactError
            If the file is damaged, or of another training.
        """
        if self.path is None or not self.path.is_file():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as error:  # of the readers, which share no base class
            raise IncompatibleArtifactError(
                f"the state of a training in {self.path} cannot be read "
                f"({type(error).__name__}); remove it to begin again"
            ) from error
        if (
            not isinstance(state, dict)
            or not state.keys() >= _NAMES
            or state["run"] != self.run
        ):
            raise IncompatibleArtifactError(
                f"{self.path} holds no state of this training; remove it to begin again"
            )
        return state

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep the state of an epoch that is done; the first process does.

        Raises
        ------
        ArtifactError
            If it cannot be written.
        """
        if self.path is None or _distributed.rank() > 0:
            return
        try:
            with replacing(self.path) as part:
                torch.save({"run": self.run, **state}, part)
        except OSError as error:
            raise ArtifactError(
                f"the state of the training cannot be kept in {self.path.parent}: "
                f"{error.strerror}; free space, or name another folder"
            ) from error

    def remove(self) -> None:
        """Forget a training that is done."""
        if self.path is not None and _distributed.rank() == 0:
            self.path.unlink(missing_ok=True)
