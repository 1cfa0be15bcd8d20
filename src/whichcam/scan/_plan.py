"""What a scan is going to do, settled before it starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from whichcam.errors import (
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.scan._sources import Entry

SCHEMA: Final = "whichcam.scan/1"
_LARGEST_PLAN: Final = 1 << 20  # bytes


class Shard(NamedTuple):
    """Consecutive pictures of a source, whose rows go to one file."""

    number: int
    first: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPlan:
    """What a scan is going to do: the same on every machine, whoever does it.

    Attributes
    ----------
    source : str
        What is scanned, as an absolute path or an address.
    task : str
        What is asked of each picture.
    settings : dict
        How it is asked.
    asked_id : str
        Of the model, or the fingerprints, that answer.
    shard_size : int
        Pictures a shard; the last may have fewer.
    n_pictures : int
        Pictures of the source when the plan was made.
    pictures_sha256 : str
        Of the list of them.
    whichcam_version : str
        What made the plan.
    schema : str
        Version of the folder's layout.
    """

    source: str
    task: str
    settings: dict[str, Any]
    asked_id: str
    shard_size: int
    n_pictures: int
    pictures_sha256: str
    whichcam_version: str
    schema: str = SCHEMA

    @property
    def n_shards(self) -> int:
        """Files of rows there are in the end."""
        return -(-self.n_pictures // self.shard_size)

    @property
    def plan_id(self) -> str:
        """SHA-256 of the plan, 64 hexadecimal digits; every shard's file names it."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def n_rows(self, shard: int) -> int:
        """Return how many rows a shard has."""
        return min(self.shard_size, self.n_pictures - shard * self.shard_size)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a plan.

        Raises
        ------
        IncompatibleArtifactError
            If the file is none, or of another version of the layout.
        """
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST_PLAN + 1)
            values = json.loads(text) if len(text) <= _LARGEST_PLAN else None
        except (OSError, ValueError, RecursionError) as error:
            raise IncompatibleArtifactError(
                f"{path} cannot be read: {error}"
            ) from error
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise IncompatibleArtifactError(
                f"{path} is no plan of a scan; name the folder of one, or a new one"
            )
        plan = cls(**values)
        if plan.schema != SCHEMA:
            raise IncompatibleArtifactError(
                f"{path} has the layout {plan.schema!r}, this program {SCHEMA!r}; "
                "finish it with the program that began it, or name a new folder"
            )
        if not (isinstance(plan.shard_size, int) and plan.shard_size > 0):
            raise IncompatibleArtifactError(f"{path}: shard_size is no number above 0")
        return plan

    def refuse_other(self, wanted: Mapping[str, Any], folder: Path) -> None:
        """Refuse to go on with a scan that was begun to do something else.

        Raises
        ------
        InputError
            Names what differs.
        """
        own = self.to_dict()
        differing = [name for name in wanted if own[name] != wanted[name]]
        if differing:
            said = "; ".join(
                f"{name} was {own[name]!r}, now {wanted[name]!r}" for name in differing
            )
            raise InputError(
                f"{folder} holds another scan: {said}; give the same options to go on "
                "with it, or another folder to begin anew"
            )


def write_pictures(path: Path, entries: Iterable[Entry]) -> tuple[int, str]:
    """Write the list of pictures, one JSON array a line; return number and SHA-256.

    One line at a time: a source of any length takes no memory.
    """
    digest, count = hashlib.sha256(), 0
    with path.open("xb") as file:
        for entry in entries:
            line = json.dumps(list(entry)).encode() + b"\n"
            digest.update(line)
            file.write(line)
            count += 1
    return count, digest.hexdigest()


def read_shards(path: Path, plan: ScanPlan) -> Iterator[Shard]:
    """Yield the shards of a plan, read as they are asked for."""
    with path.open("rb") as file:
        for number in range(plan.n_shards):
            lines = list(islice(file, plan.n_rows(number)))
            yield Shard(
                number,
                number * plan.shard_size,
                tuple(Entry(*json.loads(line)) for line in lines),
            )


def check_pictures(path: Path, plan: ScanPlan) -> None:
    """Refuse a list of pictures that is not the one the plan was made for.

    Raises
    ------
    ChecksumMismatchError
        If it is missing or was changed.
    """
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    if digest.hexdigest() != plan.pictures_sha256:
        raise ChecksumMismatchError(
            f"{path} is not the list of pictures the scan was planned for; restore it, "
            "or begin anew in another folder"
        )
