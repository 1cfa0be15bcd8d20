"""Training: the only room that knows torch, imported when a network is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.training._config import TrainingConfig
    from whichcam.training._features import export_backbone
    from whichcam.training._finetune import finetune
    from whichcam.training._fit_likelihood_ratios import fit_likelihood_ratios
    from whichcam.training._fit_localizer import fit_localizer
    from whichcam.training._patch_fit import fit_patch_network
    from whichcam.training._train import TrainingReport, train
    from whichcam.training._train_method import train_method
    from whichcam.training._views import keep_views

_WHERE = {
    "TrainingConfig": "_config",
    "TrainingReport": "_train",
    "export_backbone": "_features",
    "finetune": "_finetune",
    "fit_likelihood_ratios": "_fit_likelihood_ratios",
    "fit_localizer": "_fit_localizer",
    "fit_patch_network": "_patch_fit",
    "keep_views": "_views",
    "train": "_train",
    "train_method": "_train_method",
}

__all__ = [
    "TrainingConfig",
    "TrainingReport",
    "export_backbone",
    "finetune",
    "fit_likelihood_ratios",
    "fit_localizer",
    "fit_patch_network",
    "keep_views",
    "train",
    "train_method",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
