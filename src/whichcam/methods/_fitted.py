"""What every classifier of the registry has, whatever it learns from."""

from __future__ import annotations

from typing import Any

from whichcam.errors import NotFittedError
from whichcam.methods._persistence import given_arguments


class FittedClasses:
    """Classes that are there once something was learnt, and the arguments it took.

    Whoever inherits sets ``_classes`` last, when nothing can fail any more.
    """

    _classes: tuple[str, ...] | None = None

    @property
    def classes_(self) -> tuple[str, ...]:
        """Camera models, in the order of the columns of `predict_proba`.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        """
        if self._classes is None:
            raise NotFittedError("this classifier is not fitted; call fit() or load()")
        return self._classes

    def get_params(self) -> dict[str, Any]:
        """Return the constructor's arguments as given."""
        return given_arguments(self)
