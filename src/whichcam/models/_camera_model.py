"""A stored network and its calibration, ready to answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Self

import numpy as np

from whichcam._typing import FloatArray, IntArray, PathLike
from whichcam.datasets import FrameSize, screen
from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.media import Photo
from whichcam.models._calibration import (
    Calibration,
    Float64Array,
)
from whichcam.models._decision import Decision, Evidence, answers_by_level, decide
from whichcam.models._file_statistics import FileStatistics, table_key
from whichcam.models._frame_sizes import FrameSizes
from whichcam.models._loading import model_id, open_network
from whichcam.models._spec import ModelSpec
from whichcam.models.fusion import RawOutput, fuse, open_set_signs
from whichcam.models.storage import read_json, read_onnx
from whichcam.scoring import family_assignment
from whichcam.signal import choose_crops
from whichcam.traces import network_traces

# Signs that metadata were removed or the entropy coding redone, which leaves pixels and
# quantisation tables as they were.
_STRIPPED = frozenset(
    {"no_camera_named", "optimized_huffman", "no_maker_note", "no_thumbnail"}
)
_BOUNDS = 40.0  # log odds beyond which a sigmoid is 0 or 1 in float64


class CameraModel:
    """A trained camera-model classifier, run without torch.

    Made by `load` or `bundled`, not directly.

    Parameters
    ----------
    folder : Path
        Where it was read from.
    spec, calibration, file_statistics, frame_sizes
        The folder's JSON files; `frame_sizes` is None where it has none.
    onnx : bytes
        The network.
    """

    def __init__(
        self,
        *,
        folder: Path,
        spec: ModelSpec,
        calibration: Calibration,
        file_statistics: FileStatistics,
        frame_sizes: FrameSizes | None,
        onnx: bytes,
    ) -> None:
        self.folder = folder
        self.spec = spec
        self.calibration = calibration
        self.file_statistics = file_statistics
        self.frame_sizes = frame_sizes
        self.classes = spec.classes
        self.makes = spec.makes
        self._levels = answers_by_level(spec, calibration)
        family = _family_of_class(spec, calibration)
        self.families = tuple(calibration.families[int(k)].name for k in family)
        self.model_id = model_id(spec, calibration, file_statistics, frame_sizes)
        self._session = open_network(onnx)

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a model folder.

        Parameters
        ----------
        folder : path
            Holding ``model.onnx``, ``spec.json``, ``calibration.json``,
            ``file_statistics.json`` and, where the size of pictures counts,
            ``frame_sizes.json``.

        Returns
        -------
        CameraModel

        Raises
        ------
        ArtifactNotFoundError
            If the folder or one of its files does not exist.
        ChecksumMismatchError
            If ``model.onnx`` is not the file the folder was written with.
        IncompatibleArtifactError
            If a file cannot be read, or was written for other traces.
        """
        place = Path(folder)
        if not place.is_dir():
            raise ArtifactNotFoundError(
                f"there is no model folder {place}; give one written by "
                "`whichcam train`, or leave it out to use the bundled model"
            )
        if (place / "method.json").is_file():
            raise IncompatibleArtifactError(
                f"{place} holds another method's classifier, which knows no unknown "
                "cameras; use it with `whichcam predict --model`, or "
                "whichcam.methods.load_method"
            )
        spec = ModelSpec.from_dict(read_json(place / "spec.json"))
        calibration = Calibration.from_dict(read_json(place / "calibration.json"))
        statistics = FileStatistics.from_dict(read_json(place / "file_statistics.json"))
        if statistics.makes != spec.makes:
            raise IncompatibleArtifactError(
                "spec.json and file_statistics.json name different makes; "
                "the folder was put together from two models"
            )
        frames = _read_frame_sizes(place / "frame_sizes.json", spec, calibration)
        return cls(
            folder=place,
            spec=spec,
            calibration=calibration,
            file_statistics=statistics,
            frame_sizes=frames,
            onnx=read_onnx(place / "model.onnx", spec.onnx_sha256),
        )

    @classmethod
    def bundled(cls) -> CameraModel:
        """Return the starter model that comes with the package, read once a process.

        Raises
        ------
        ArtifactNotFoundError
            If this installation carries none.
        """
        return _bundled()

    def analyse(self, photo: Photo, *, frame_size: FrameSize | None = None) -> Evidence:
        """Look at several crops of a photo, at its tables and at its size.

        Parameters
        ----------
        photo : Photo
            Decoded, in sensor orientation.
        frame_size : FrameSize, optional
            Of the frame that the photo was losslessly cut from, where that is known.
            By default the photo's own size, where its EXIF says that it is whole, or a
            known camera stores this very size.

        Returns
        -------
        Evidence

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than the model's smallest crop.
        """
        crops = choose_crops(
            photo.pixels,
            size_px=self.spec.crop_size_px,
            n_crops=self.spec.n_crops,
            smallest_px=self.spec.smallest_px,
        )
        traces = np.stack(
            [
                network_traces(photo.pixels[top : top + height, left : left + width])
                for top, left, height, width in crops
            ]
        )
        warnings = _size_warnings(photo, crops, self.spec)
        tables, doubts = self._table_evidence(photo)
        frame = None
        if tables is not None and self.frame_sizes is not None:
            size = frame_size or _own_frame(photo, self.frame_sizes)
            frame = None if size is None else self.frame_sizes.log_likelihood(size)
        untouched, robust, embeddings = self._session.run(
            ["untouched", "robust", "embedding"], {"traces": traces}
        )
        raw = RawOutput(untouched=untouched, robust=robust, tables=tables, frame=frame)
        return self._evidence(raw, embeddings, (*warnings, *doubts))

    def _evidence(
        self, raw: RawOutput, embeddings: FloatArray, warnings: tuple[str, ...]
    ) -> Evidence:
        regime = self.calibration.regimes[raw.regime]
        log_probabilities = fuse(raw, regime)
        score = float(regime.open_set.score(open_set_signs(raw, log_probabilities)))
        if score < regime.known_threshold:
            warnings = (*warnings, "out of domain: unlike every camera model known")
        mean = embeddings.mean(0)
        norm = float(np.linalg.norm(mean))
        return Evidence(
            probabilities=np.exp(log_probabilities),
            known_score=score,
            unknown_probability=1.0 - _sigmoid(score),
            embedding=np.asarray(mean / max(norm, 1e-12), dtype=np.float32),
            n_crops=len(embeddings),
            file_statistics_used=raw.tables is not None,
            frame_size_used=raw.frame is not None,
            warnings=warnings,
        )

    def decide(self, evidence: Evidence) -> Decision:
        """Return the finest answer that keeps to its promised error rate.

        Parameters
        ----------
        evidence : Evidence
            As `analyse` returns it.

        Returns
        -------
        Decision
            A model, else a family, else a make, whichever first reaches the
            threshold of its level; "unknown camera" where none does, or where the
            photo is unlike every known camera.
        """
        regime = self.calibration.regimes[evidence.regime]
        return decide(evidence, regime, self._levels, self.classes)

    def _table_evidence(
        self, photo: Photo
    ) -> tuple[Float64Array | None, tuple[str, ...]]:
        """Return the tables' log likelihood, unless something speaks against them."""
        key = table_key(photo.jpeg)
        if key is None:
            return None, (
                "no JPEG tables of a camera: judged by pixels alone, less surely",
            )
        signs = [r for r in screen(photo).reasons if r.code not in _STRIPPED]
        if sum(r.weight for r in signs) >= 1:
            reasons = "; ".join(r.text for r in signs)
            return None, (
                f"re-encoded: not as a camera wrote it ({reasons}); judged by pixels "
                "alone, which is less sure",
            )
        return self.file_statistics.log_likelihood(key), ()


def _read_frame_sizes(
    path: Path, spec: ModelSpec, calibration: Calibration
) -> FrameSizes | None:
    """Return the frame sizes of a folder whose calibration has a use for them."""
    if "frame" not in calibration.regimes:
        return None
    frames = FrameSizes.from_dict(read_json(path))
    if len(frames.offered) != len(spec.classes):
        raise IncompatibleArtifactError(
            f"frame_sizes.json knows {len(frames.offered)} camera models and spec.json "
            f"{len(spec.classes)}; the folder was put together from two models"
        )
    return frames


def _own_frame(photo: Photo, known: FrameSizes) -> FrameSize | None:
    """Return a photo's own size, where something says that it is a whole frame.

    A file whose EXIF says another size is not believed in the first place.
    """
    size = FrameSize.of(photo.width, photo.height)
    is_said = photo.exif.pixel_width and photo.exif.pixel_height
    return size if is_said or known.is_known(size) else None


def _size_warnings(
    photo: Photo, crops: Sequence[tuple[int, int, int, int]], spec: ModelSpec
) -> tuple[str, ...]:
    found = []
    if crops[0][2] < spec.crop_size_px or crops[0][3] < spec.crop_size_px:
        found.append(
            f"small picture ({photo.width}x{photo.height} px): crops of less than "
            f"{spec.crop_size_px} px carry fewer traces"
        )
    return tuple(found)


def _sigmoid(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -_BOUNDS, _BOUNDS))))


@cache
def _bundled() -> CameraModel:
    return CameraModel.load(Path(str(files("whichcam.models") / "bundled")))


def _family_of_class(spec: ModelSpec, calibration: Calibration) -> IntArray:
    """Return each class's family, having checked that families divide the classes."""
    named = {member for family in calibration.families for member in family.members}
    strangers = sorted(named - set(spec.classes))
    if strangers:
        raise IncompatibleArtifactError(
            f"calibration.json names a family of {strangers[0]!r}, which is no class "
            "of spec.json"
        )
    try:
        return family_assignment(calibration.families, len(spec.classes))
    except InputError as error:
        raise IncompatibleArtifactError(
            f"calibration.json does not fit spec.json: {error}"
        ) from error
