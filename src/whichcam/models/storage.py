"""Read and write the JSON files of a model folder, with errors that name the field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from whichcam.errors import ArtifactNotFoundError, IncompatibleArtifactError

__all__ = ["field", "read_json", "write_json"]

_LARGEST_BYTES = 16 * 2**20  # a model's JSON is some 100 kB; more is not ours


def read_json(path: Path) -> dict[str, Any]:
    """Return the object stored in a JSON file of a model folder."""
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise IncompatibleArtifactError(
                f"{path.name} has {size} bytes; a model's JSON has at most "
                f"{_LARGEST_BYTES}"
            )
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(
            f"{path.name} is missing from the model folder {path.parent}; "
            "give a folder written by `whichcam train`"
        ) from error
    except (OSError, ValueError) as error:
        raise IncompatibleArtifactError(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise IncompatibleArtifactError(f"{path} holds no JSON object")
    return data


def field(data: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """Return ``data[name]``, of the given kind, or say what is wrong with it."""
    if name not in data:
        raise IncompatibleArtifactError(f"the stored model lacks the field {name!r}")
    value = data[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise IncompatibleArtifactError(
            f"the stored model's field {name!r} is {type(value).__name__}; "
            f"expected {kind}"
        )
    return value


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON that is the same for the same values."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
