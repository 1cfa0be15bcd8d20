"""A device evaluation as one JSON file: raw scores and what they were made with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from whichcam.errors import (
    InsufficientEvidenceError,
    UnknownNameError,
)
from whichcam.evaluation import _device_parse
from whichcam.evaluation._device_records import (
    STATISTICS,
    DeviceConditions,
    DeviceFailure,
    DevicePair,
    DeviceProbe,
    EnrolledDevice,
)
from whichcam.evaluation._keeping import KeptResult
from whichcam.scoring import LikelihoodRatioMap, PavCurve, TippettCurve

if TYPE_CHECKING:
    import numpy.typing as npt

    from whichcam.evaluation._device_summary import DeviceSummary

SCHEMA: Final = "whichcam.device_evaluation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvaluation(KeptResult):
    """Raw scores of every picture against every fingerprint.

    Attributes
    ----------
    conditions : DeviceConditions
        What was done to the pictures.
    devices : tuple of EnrolledDevice
        The fingerprints.
    probes : tuple of DeviceProbe
        The pictures compared with them.
    pairs : tuple of DevicePair
        The comparisons.
    failures : tuple of DeviceFailure
        Pictures that could not be used and are in no figure.
    n_incomparable : int
        Comparisons not made because picture and fingerprint differ in size; in no
        figure.
    note : str
        Why comparisons have no likelihood ratio; empty if all of the probes' do.
    enrol_roles, probe_roles, impostor_roles : tuple of str
        Roles of the manifest and what they were taken for.
    rotations : tuple of int
        Degrees tried; nothing was shifted.
    seed : int
        Of the draw of enrolled pictures.
    manifest_sha256 : str
        Digest of the manifest's content.
    git_commit : str or None
        Checked out where whichcam ran from its source.
    versions, machine : mapping
        What it was computed with.
    created : str
        When it began, ISO 8601, UTC.
    duration_s : float
        How long it took, all conditions measured together.

    Notes
    -----
    Scores carry six significant digits, here and on disk: figures of a loaded result
    are those of the original to the last bit.
    """

    conditions: DeviceConditions
    devices: tuple[EnrolledDevice, ...]
    probes: tuple[DeviceProbe, ...]
    pairs: tuple[DevicePair, ...]
    failures: tuple[DeviceFailure, ...]
    n_incomparable: int
    note: str
    enrol_roles: tuple[str, ...]
    probe_roles: tuple[str, ...]
    impostor_roles: tuple[str, ...]
    rotations: tuple[int, ...]
    seed: int
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    duration_s: float

    def is_same(self, pair: DevicePair) -> bool:
        """Say whether the picture was taken by the device of the fingerprint."""
        return self.probes[pair.probe].device == self.devices[pair.device].device

    def scores(
        self, statistic: str = "z", *, probes: bool = True
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return scores of the same device, and of different ones.

        Parameters
        ----------
        statistic : {"z", "pce", "ncc"}
            Which score.
        probes : bool, default True
            Of the probes; False for pictures that enrolled another device, of which
            there are no comparisons of the same device.

        Returns
        -------
        same, different : ndarray of shape (n,), float64
            In the order of `pairs`.

        Raises
        ------
        UnknownNameError
            If there is no such statistic.
        """
        if statistic not in STATISTICS:
            raise UnknownNameError(
                f"no statistic {statistic!r}; known: {', '.join(STATISTICS)}"
            )
        return self._by_kind(
            [pair for pair in self.pairs if self.probes[pair.probe].is_probe is probes],
            statistic,
        )

    def log10_lrs(
        self,
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return log10 likelihood ratios of the same device, and of different ones.

        Raises
        ------
        InsufficientEvidenceError
            If there are none of one kind; the result's `note` says why.
        """
        same, different = self._by_kind(
            [pair for pair in self.pairs if pair.log10_lr is not None], "log10_lr"
        )
        if not (same.size and different.size):
            raise InsufficientEvidenceError(
                f"{same.size} likelihood ratios of the same device and "
                f"{different.size} of different ones; {self.note or 'both are needed'}"
            )
        return same, different

    def _by_kind(
        self, pairs: Collection[DevicePair], name: str
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        values = np.array([getattr(pair, name) for pair in pairs], dtype=np.float64)
        same = np.array([self.is_same(pair) for pair in pairs], dtype=bool)
        return values[same], values[~same]

    def tippett(self) -> TippettCurve:
        """Return the shares of comparisons that reach each likelihood ratio.

        Raises
        ------
        InsufficientEvidenceError
            If there are no ratios of one of the kinds.
        """
        from whichcam.scoring import tippett

        return tippett(*self.log10_lrs())

    def pav(self) -> PavCurve:
        """Return the ratios that the comparisons bear out against those stated.

        Raises
        ------
        InsufficientEvidenceError
            If there are no ratios of one of the kinds.
        """
        from whichcam.scoring import pav_curve

        return pav_curve(*self.log10_lrs())

    def summary(
        self, *, statistic: str = "z", false_alarm_rate: float = 1e-3
    ) -> DeviceSummary:
        """Compute the figures.

        Parameters
        ----------
        statistic : {"z", "pce", "ncc"}
            Score that decides.
        false_alarm_rate : float, default 1e-3
            Share of different devices that may be accepted.

        Returns
        -------
        DeviceSummary
            Figures that have no data are None.

        Raises
        ------
        UnknownNameError, InputError
            If there is no such statistic or the rate is outside [0, 1).
        """
        from whichcam.evaluation._device_summary import summarize_devices

        return summarize_devices(
            self, statistic=statistic, false_alarm_rate=false_alarm_rate
        )

    def fit_likelihood_ratios(self, *, source: str) -> LikelihoodRatioMap:
        """Fit a map from all of the probes' scores, to be used on other devices.

        Parameters
        ----------
        source : str
            What the pictures were; kept with the map.

        Returns
        -------
        LikelihoodRatioMap
            For ``z`` under these conditions. The result's own `log10_lrs` are of
            other maps, each fitted without the devices it judges.

        Raises
        ------
        MissingDependencyError
            If the extra ``train`` is not installed.
        InsufficientEvidenceError
            If the comparisons are too few or the scores do not tell devices apart.
        """
        from whichcam.evaluation._device_ratios import fitter

        sizes = sorted({f"{d.width} x {d.height} px" for d in self.devices})
        quality = self.conditions.jpeg_quality
        return fitter()(
            *self.scores("z"),
            statistic="z",
            source=source,
            conditions=f"no shift, rotations {', '.join(map(str, self.rotations))}; "
            f"fingerprints of {', '.join(sizes[:5])}"
            f"{' and others' if sizes[5:] else ''}"
            + ("" if quality is None else f"; probes compressed at quality {quality}"),
            n_devices=len(self.devices),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values; pairs as columns."""
        columns = DevicePair.__slots__
        return {
            "schema": SCHEMA,
            "created": self.created,
            "duration_s": self.duration_s,
            "git_commit": self.git_commit,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "manifest_sha256": self.manifest_sha256,
            "seed": self.seed,
            "conditions": self.conditions.to_dict(),
            "enrol_roles": list(self.enrol_roles),
            "probe_roles": list(self.probe_roles),
            "impostor_roles": list(self.impostor_roles),
            "rotations": list(self.rotations),
            "note": self.note,
            "n_incomparable": self.n_incomparable,
            "failures": [failure.to_dict() for failure in self.failures],
            "devices": [device.to_dict() for device in self.devices],
            "probes": [probe.to_dict() for probe in self.probes],
            "pairs": {
                name: [getattr(pair, name) for pair in self.pairs] for name in columns
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result of which these are the values.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing, of another type, or does not fit the others.
        """
        return cls(**_device_parse.device_fields(values, SCHEMA))

    def _json(self) -> str:
        return json.dumps(self.to_dict(), allow_nan=False) + "\n"
