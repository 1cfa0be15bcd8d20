"""The folder of a scan: a plan, the list of pictures, and a file of rows a shard."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from whichcam.errors import ArtifactNotFoundError, InputError
from whichcam.gallery._files import replacing, sync_folder
from whichcam.gallery._locks import HeldLock
from whichcam.scan._plan import ScanPlan

if TYPE_CHECKING:
    import pyarrow as pa

_FOOTER: Final = b"whichcam.scan"
_OWN: Final = frozenset(
    ("plan.json", "pictures.jsonl", "rows", "summary.json", ".lock")
)


class ScanFolder:
    """Where a scan keeps what it knows; one process at a time writes there.

    Every file is written beside its place, seen to the disk and then renamed: what
    stands under its own name is whole, whatever was killed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plan_path = folder / "plan.json"
        self.pictures = folder / "pictures.jsonl"
        self.summary = folder / "summary.json"
        self.rows = folder / "rows"

    @contextmanager
    def held(self, *, resume: bool) -> Iterator[None]:
        """Hold the folder for writing; make it if it is not there.

        Raises
        ------
        InputError
            If another scan is writing to it, it holds a scan that is not to be
            resumed, or things that are not ours.
        ArtifactNotFoundError
            If it cannot be made.
        """
        self._refuse_unfit(resume=resume)
        try:
            self.rows.mkdir(parents=True, exist_ok=True)
            lock = HeldLock(self.folder / ".lock")
        except OSError as error:
            raise ArtifactNotFoundError(
                f"the folder {self.folder} cannot be written to: {error.strerror}"
            ) from error
        except sqlite3.Error as error:
            raise InputError(
                f"another scan is writing to {self.folder}; wait for it, or name "
                "another folder"
            ) from error
        try:
            for place in (self.folder, self.rows):
                for torn in place.glob(".*.part"):
                    torn.unlink()
            yield
        finally:
            lock.release()

    def _refuse_unfit(self, *, resume: bool) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder} is a file; name a folder for the results")
        if self.plan_path.exists():
            if not resume:
                raise InputError(
                    f"{self.folder} holds a scan already; go on with it by --resume, "
                    "or name another folder"
                )
            return
        strange = (
            sorted(p.name for p in self.folder.iterdir() if not self._is_own(p))
            if self.folder.is_dir()
            else []
        )
        if strange:
            raise InputError(
                f"{self.folder} is not empty and holds no scan (there is "
                f"{strange[0]!r}); name a new folder"
            )

    def _is_own(self, path: Path) -> bool:
        return path.name in _OWN or path.suffix == ".part"

    def shard_path(self, shard: int) -> Path:
        """Return where the rows of a shard are kept."""
        return self.rows / f"shard-{shard:06}.parquet"

    def write_shard(self, plan: ScanPlan, shard: int, table: pa.Table) -> None:
        """Keep the rows of a shard: whole and on the disk, or not at all."""
        import pyarrow.parquet as pq

        marked = table.replace_schema_metadata({_FOOTER: _about(plan, shard, table)})
        with replacing(self.shard_path(shard)) as part:
            pq.write_table(marked, part, compression="zstd", write_page_checksum=True)

    def read_shard(self, plan: ScanPlan, shard: int) -> pa.Table | None:
        """Return the rows of a shard, or None where they are missing or damaged."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.shard_path(shard)
        if not path.is_file():
            return None
        n_rows, first = plan.n_rows(shard), shard * plan.shard_size
        try:
            table = pq.read_table(path, page_checksum_verification=True)
            said = (table.schema.metadata or {}).get(_FOOTER)
            if table.num_rows != n_rows or said != _about(plan, shard, table):
                return None
            indices = table.column("index").to_pylist()
        except (pa.ArrowException, OSError, ValueError, KeyError):
            return None  # a damaged footer fails in as many ways as it has fields
        return table if indices == list(range(first, first + n_rows)) else None

    def write_json(self, path: Path, values: Mapping[str, Any]) -> None:
        """Keep a JSON file: whole and on the disk, or not at all."""
        with replacing(path) as part:
            part.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    def forget_listing(self) -> None:
        """Remove a list of pictures that never got its plan."""
        self.pictures.unlink(missing_ok=True)
        sync_folder(self.folder)


def _about(plan: ScanPlan, shard: int, table: pa.Table) -> bytes:
    """Return what a shard's footer says of it; checksums stand in its pages alone."""
    columns = [[field.name, str(field.type)] for field in table.schema]
    return json.dumps([plan.plan_id, shard, table.num_rows, columns]).encode()
