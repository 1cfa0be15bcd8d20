"""An evaluation of claims: raw findings of every file, and the rates they make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from whichcam._typing import PathLike
from whichcam.evaluation._keeping import keep_text
from whichcam.evaluation._records import RowFailure
from whichcam.evaluation._tables import Cell, Table
from whichcam.scoring import Interval, wilson_interval

SCHEMA: Final = "whichcam.claims-evaluation/1"

# Which topics can show what was done. None: any at all.
_TOPICS: Final[Mapping[str, frozenset[str] | None]] = {
    "untouched": None,
    "make_swapped": frozenset({"camera"}),
    "model_swapped": frozenset({"camera"}),
    "thumbnail_replaced": frozenset({"thumbnail"}),
    "resaved": frozenset({"editing", "file"}),
    "edited": frozenset({"editing", "file", "time", "thumbnail"}),
    "software_removed": frozenset({"editing", "file", "time", "thumbnail"}),
    "true_claim": frozenset({"camera"}),
    "false_make": frozenset({"camera"}),
    "false_model": frozenset({"camera"}),
}
_TRUE: Final = frozenset({"untouched", "true_claim"})
_COUNTS: Final = frozenset({"moderate", "strong"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsRow:
    """One file under one tampering, and what was found.

    Attributes
    ----------
    path, split, device : str
        As the manifest names them; empty where it does not.
    camera_model : str
        Which took it, under its canonical name.
    claimed : str
        What the file claims.
    tampering, detail : str
        What was done.
    file_statistics_used : bool or None
        Whether the network believed the file's tables; None without a network.
    findings : tuple of Mapping
        Code, topic, direction, strength and log10_lr of each finding.
    """

    path: str
    split: str
    device: str
    camera_model: str
    claimed: str
    tampering: str
    detail: str
    file_statistics_used: bool | None
    findings: tuple[Mapping[str, Any], ...]

    @property
    def is_contradicted(self) -> bool:
        """Whether a finding of a topic that could show it contradicts, and not weakly.

        "camera" for names that were swapped, "thumbnail" for a replaced one,
        "editing" and "file" for compression; any topic where nothing was done to a
        whole file.
        """
        topics = _TOPICS[self.tampering]
        return any(
            finding["direction"] == "contradicts"
            and finding["strength"] in _COUNTS
            and (topics is None or finding["topic"] in topics)
            for finding in self.findings
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["findings"] = [dict(finding) for finding in self.findings]
        values["is_contradicted"] = self.is_contradicted
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsEvaluation:
    """How often claims were contradicted, false ones and true ones.

    Attributes
    ----------
    rows : tuple of ClaimsRow
        One a file and tampering.
    failures : tuple of RowFailure
        What could not be done or read; in no figure.
    seed : int
        Of all draws.
    limit : int or None
        Files sampled of each split.
    model_id : str or None
        The network whose evidence was used, if one was.
    signatures : str
        What the signature table was built from.
    manifest_sha256 : str
        Digest of the manifest's content.
    git_commit : str or None
        Checked out where whichcam ran from its source.
    versions : Mapping of str to str
        Of whichcam, Python and the libraries that decide scores.
    machine : Mapping
        Processor, how many, and system.
    created : str
        When it began, ISO 8601, UTC.
    """

    rows: tuple[ClaimsRow, ...]
    failures: tuple[RowFailure, ...]
    seed: int
    limit: int | None
    model_id: str | None
    signatures: str
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str

    def rates(self) -> dict[str, Interval]:
        """Return the share contradicted by tampering, with Wilson's 95 % interval.

        Notes
        -----
        The interval takes files for independent. Those of one device are not: it is
        too narrow where few devices took many of them.
        """
        return {
            name: wilson_interval(sum(r.is_contradicted for r in rows), len(rows))
            for name, rows in self._by_tampering().items()
        }

    def _by_tampering(self) -> dict[str, list[ClaimsRow]]:
        found: dict[str, list[ClaimsRow]] = {}
        for row in self.rows:
            found.setdefault(row.tampering, []).append(row)
        return found

    def tables(self) -> tuple[Table, ...]:
        """Return the rates, and which findings made them."""
        return (self._rate_table(), self._code_table())

    def _rate_table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        rates = self.rates()
        for name, found in self._by_tampering().items():
            rate = rates[name]
            topics = _TOPICS[name]
            rows.append(
                (
                    name,
                    "should not" if name in _TRUE else "should",
                    ", ".join(sorted(topics)) if topics else "any",
                    len(found),
                    len({row.device or row.path for row in found}),
                    sum(row.is_contradicted for row in found),
                    rate.estimate,
                    f"{rate.low:.3f} to {rate.high:.3f}",
                )
            )
        return Table(
            key="claims",
            title="Claims contradicted",
            note="A claim is contradicted by a finding of a topic named here that is "
            "moderate or strong. Intervals: Wilson, 95 %, files taken for independent.",
            columns=(
                "tampering",
                "contradict",
                "topics",
                "files",
                "devices",
                "contradicted",
                "share",
                "interval",
            ),
            rows=tuple(rows),
        )

    def _code_table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for name, found in self._by_tampering().items():
            counts: dict[str, int] = {}
            for row in found:
                codes = {
                    str(f["code"])
                    for f in row.findings
                    if f["direction"] == "contradicts" and f["strength"] in _COUNTS
                }
                for code in codes:
                    counts[code] = counts.get(code, 0) + 1
            rows += [
                (name, code, count, count / len(found))
                for code, count in sorted(counts.items(), key=lambda item: -item[1])
            ]
        return Table(
            key="claims_codes",
            title="Which findings contradicted",
            note="",
            columns=("tampering", "finding", "files", "share"),
            rows=tuple(rows),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, the raw rows included."""
        return {
            "schema": SCHEMA,
            "created": self.created,
            "git_commit": self.git_commit,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "model_id": self.model_id,
            "signatures": self.signatures,
            "manifest_sha256": self.manifest_sha256,
            "seed": self.seed,
            "limit": self.limit,
            "tables": [table.to_dict() for table in self.tables()],
            "failures": [failure.to_dict() for failure in self.failures],
            "rows": [row.to_dict() for row in self.rows],
        }

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as JSON.

        Raises
        ------
        InputError
            If the file exists and `overwrite` is false.
        ArtifactNotFoundError, ArtifactError
            If there is no such folder, or it cannot be written.
        """
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False)
        keep_text(path, text + "\n", overwrite=overwrite)
