"""Every error and warning of whichcam, in one tree.

::

    WhichcamError
      InputError (ValueError)
        ImageDecodeError, UnsupportedFormatError, ImageTooSmallError,
        ImageTooLargeError, ShapeMismatchError, NotJPEGError,
        UnknownNameError (KeyError), ConfigError
      PhotoNotFoundError (FileNotFoundError)
      InsufficientEvidenceError
      NotFittedError (ValueError, AttributeError)
      ArtifactError
        ArtifactNotFoundError (FileNotFoundError), ChecksumMismatchError,
        IncompatibleArtifactError
      DatasetError
        DatasetNotFoundError (FileNotFoundError), ManifestError,
        SplitLeakageError
      MissingDependencyError (ImportError)
    WhichcamWarning (UserWarning)
      OutOfDomainWarning, ReencodedImageWarning, ReproducibilityWarning

Each error is also the built-in exception a caller would expect. A message says
what is wrong, what was found, what was expected and how to mend it.
"""

from __future__ import annotations

from functools import partial
from typing import Any


class WhichcamError(Exception):
    """Base of every error raised on purpose by whichcam."""


class InputError(WhichcamError, ValueError):
    """A value or a file handed in cannot be used."""


class ImageDecodeError(InputError):
    """The bytes are of a known picture format but cannot be decoded."""


class UnsupportedFormatError(InputError):
    """The bytes are no picture, or of a format or pixel type not supported."""


class ImageTooSmallError(InputError):
    """The picture is smaller than the smallest area a method can work on."""


class ImageTooLargeError(InputError):
    """The file or the picture exceeds the stated limit of bytes or pixels."""


class ShapeMismatchError(InputError):
    """Two arrays that must agree in shape do not."""


class NotJPEGError(InputError):
    """A JPEG file is needed and this is none."""


class UnknownNameError(InputError, KeyError):
    """A name is not in its registry; the message lists the names that are."""

    def __str__(self) -> str:
        # KeyError shows repr(args[0]), which would quote the whole message.
        return str(self.args[0]) if self.args else ""


class ConfigError(InputError):
    """A configuration value is wrong; ``path`` is its dotted path."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self._message = message

    def __reduce__(self) -> tuple[Any, ...]:
        # Pools copy errors by their arguments, which are not those of Exception.
        return type(self), (self.path, self._message)


class PhotoNotFoundError(WhichcamError, FileNotFoundError):
    """The path of a picture does not exist, or is not a regular file."""


class InsufficientEvidenceError(WhichcamError):
    """The input is valid, but there is too little of it to answer."""


class NotFittedError(WhichcamError, ValueError, AttributeError):
    """An estimator is used before it was fitted."""


class ArtifactError(WhichcamError):
    """A model folder or another stored artefact cannot be used."""


class ArtifactNotFoundError(ArtifactError, FileNotFoundError):
    """A model folder, or a file it must hold, does not exist."""


class ChecksumMismatchError(ArtifactError):
    """A stored file is not the one its artefact was saved with."""


class IncompatibleArtifactError(ArtifactError):
    """A stored artefact was written for another version or purpose."""


class DatasetError(WhichcamError):
    """A dataset, its manifest or a split of it cannot be used."""


class DatasetNotFoundError(DatasetError, FileNotFoundError):
    """The folder or manifest of a dataset does not exist."""


class ManifestError(DatasetError):
    """A manifest breaks its schema; the message names row and column."""


class SplitLeakageError(DatasetError):
    """A device (or session) stands on both sides of a split."""


class MissingDependencyError(WhichcamError, ImportError):
    """An optional library is needed; ``extra`` is the pip extra that brings it."""

    def __init__(self, library: str, *, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}, which is not installed; "
            f'run: pip install "whichcam[{extra}]"'
        )
        self.library = library
        self.extra = extra
        self._purpose = purpose

    def __reduce__(self) -> tuple[Any, ...]:
        # As above; here they are keywords.
        make = partial(type(self), extra=self.extra, purpose=self._purpose)
        return make, (self.library,)


class WhichcamWarning(UserWarning):
    """Base of every warning of whichcam."""


class OutOfDomainWarning(WhichcamWarning):
    """The input is unlike what the model was calibrated on."""


class ReencodedImageWarning(WhichcamWarning):
    """The file was compressed again after the camera wrote it."""


class ReproducibilityWarning(WhichcamWarning):
    """The result may not be reproducible bit for bit."""
