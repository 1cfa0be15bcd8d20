"""A blog post in three acts, and the fourth that it lacked.

The author of the post had 2,750 pictures by ten telephones, one of each model. He
trained a network from scratch, then put ImageNet features into a random forest, then
fine-tuned an ImageNet network in stages, and ended at 90 %. All his pictures were by
the same ten telephones. This program tells the story again on any labelled pictures,
and adds the act that was missing: the same models, asked about telephones they never
saw.

    python examples/blog_post/run.py manifest.csv --out story
    python examples/blog_post/run.py --out story            # cameras that never existed
    python examples/blog_post/run.py --from story/blog_post.json --out pictures

Every act learns from the same pictures and is asked about three sets: pictures it
learnt from, other pictures by the same devices, and pictures by devices it never saw.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import whichcam
from whichcam.datasets import Manifest
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import WhichcamError, WhichcamWarning
from whichcam.media import open_photo
from whichcam.methods import QUICK_SETTINGS, build_method
from whichcam.reporting import (
    MethodAccuracy,
    confusion_figure,
    learning_curve_figure,
    methods_figure,
)
from whichcam.scoring import confusion_matrix

SCHEMA = "whichcam.blog_post/1"
ACTS = {
    "scratch": "Act 1: a network from scratch",
    "stacked_features": "Act 2: ImageNet features and a forest",
    "finetune": "Act 3: ImageNet fine-tuned in stages",
}
SETS = {
    "learnt": "learnt from",
    "same_devices": "same devices",
    "new_devices": "Act 4: new devices",
}
# On a few small pictures of synthetic cameras, minutes become seconds.
TINY: dict[str, dict[str, Any]] = {
    "scratch": {"variant": "blog", "epochs": 12, "n_patches": 8, "patience": 12},
    "stacked_features": {
        "backbones": ("tf_efficientnet_lite0:mean",),
        "n_components": 40,
        "n_trees": 60,
    },
    "finetune": {
        "patch_px": 96,
        "n_patches": 2,
        "learning_rates": (1e-2, 1e-3),
        "epochs": 3,
        "patience": 3,
        "manipulations": (),
    },
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers of an act about one set, as `confusion_figure` draws them."""

    classes: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    answers: npt.NDArray[np.int64]

    @property
    def makes(self) -> tuple[str, ...]:
        """Make of each class, here its first word."""
        return tuple(name.split()[0] for name in self.classes)

    def confusion(self) -> npt.NDArray[np.int64]:
        """Return (n_classes, n_classes) counts, ``[true, answered]``."""
        n = len(self.classes)
        return confusion_matrix(self.labels, self.answers, n)[:n, :n]


def main(arguments: Sequence[str] | None = None) -> None:
    """Tell the story, or draw one that was told before."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path, nargs="?", help="default: synthetic")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument(
        "--from", dest="stored", type=Path, help="draw this result only"
    )
    parser.add_argument("--learn", default="train", help="split learnt from")
    parser.add_argument("--new", default="test_device", help="split of new devices")
    parser.add_argument("--held-out", type=float, default=0.2, help="share by picture")
    parser.add_argument("--limit", type=int, help="pictures of a camera model, at most")
    parser.add_argument("--weights", help="where ImageNet weights come from")
    parser.add_argument("--act", action="append", choices=ACTS, help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if any(given.out.iterdir()):
        parser.error(f"{given.out} is not empty; name a new folder")
    if given.stored is not None:
        draw(json.loads(given.stored.read_text(encoding="utf-8")), given.out)
        return
    story = tell(given)
    path = given.out / "blog_post.json"
    path.write_text(json.dumps(story, indent=1) + "\n", encoding="utf-8")
    draw(story, given.out)
    print((given.out / "blog_post.md").read_text(encoding="utf-8"))


def tell(given: argparse.Namespace) -> dict[str, Any]:
    """Run the acts and return what happened, JSON-ready."""
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        synthetic = given.manifest is None
        if synthetic:
            manifest = shot_with_synthetic_cameras(Path(folder), given.seed)
        else:
            manifest = Manifest.read(given.manifest)
        sets = divided(manifest, given)
        acts = []
        for name in given.act or ACTS:
            settings = dict(TINY[name] if synthetic else QUICK_SETTINGS.get(name, {}))
            if name == "scratch":
                settings["variant"] = "blog"
            elif given.weights:
                several = name == "stacked_features"
                settings["weights"] = (given.weights,) if several else given.weights
            acts.append(act(name, settings | {"seed": given.seed}, sets))
    return {
        "schema": SCHEMA,
        "created": began.isoformat(timespec="seconds"),
        "versions": {
            "whichcam": whichcam.__version__,
            "python": platform.python_version(),
        },
        "machine": {"n_processors": os.cpu_count(), "system": platform.system()},
        "synthetic": synthetic,
        "seed": given.seed,
        "limit": given.limit,
        "held_out": given.held_out,
        "n_photos": {name: len(table) for name, table in sets.items()},
        "n_devices": {
            name: len(set(table.column("device_id").tolist()))
            for name, table in sets.items()
        },
        "acts": acts,
    }


def shot_with_synthetic_cameras(folder: Path, seed: int) -> Manifest:
    """Take pictures with two devices each of four cameras that never existed."""
    rows = []
    for camera in draw_cameras(4, seed=seed + 4):
        for index, split, count in ((0, "train", 16), (1, "test_device", 6)):
            device = camera.device(index)
            place = folder / device.device_id.replace(" ", "-").replace("#", "")
            # scenes of their own for each device: nobody shoots the same twice
            number = len(rows) + 1000 * seed
            for path in write_dataset(
                place, [device], count, seed=number, size=(160, 160)
            ):
                rows.append(
                    {
                        "path": str(place / path),
                        "camera_model": camera.camera_model,
                        "device_id": device.device_id,
                        "split": split,
                    }
                )
    return Manifest.from_rows(rows, folder)


def divided(manifest: Manifest, given: argparse.Namespace) -> dict[str, Manifest]:
    """Return what is learnt from, and what is held out by picture and by device.

    By picture is how the post did it; nothing but the last act shows what that hides.
    """
    learnt = manifest.where(split=given.learn)
    rng = np.random.default_rng(given.seed)
    train: list[int] = []
    held: list[int] = []
    names = np.array([str(name) for name in learnt.camera_model])
    for name in sorted(set(names.tolist())):
        rows = rng.permutation(np.flatnonzero(names == name))
        if given.limit is not None:
            rows = rows[: given.limit]
        cut = min(max(1, round(given.held_out * len(rows))), len(rows) - 2)
        held += rows[: max(cut, 0)].tolist()
        train += rows[max(cut, 0) :].tolist()
    new = manifest.where(split=given.new)
    known = np.isin([str(n) for n in new.camera_model], names)
    shared = set(new.column("device_id").tolist()) & set(
        learnt.column("device_id").tolist()
    )
    if shared - {""}:
        raise SystemExit(
            f"devices of {given.new} are learnt from: {sorted(shared)[:3]}"
        )
    return {
        "learnt": learnt.select(sorted(train)),
        "same_devices": learnt.select(sorted(held)),
        "new_devices": new.select(np.flatnonzero(known).tolist()),
    }


def act(
    name: str, settings: dict[str, Any], sets: dict[str, Manifest]
) -> dict[str, Any]:
    """Fit a method and ask it about every set."""
    print(f"{ACTS[name]} ...", file=sys.stderr, flush=True)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WhichcamWarning)
        method = build_method(name, **settings).fit(sets["learnt"])
        fit_s = round(time.perf_counter() - start, 1)
        asked = {which: ask(method, table) for which, table in sets.items()}
    return {
        "method": name,
        "settings": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in settings.items()
        },
        "began_with": getattr(method, "origin_", ""),
        "fit_s": fit_s,
        "classes": list(method.classes_),
        "history": list(getattr(method, "history_", ())),
        "sets": asked,
    }


def ask(method: Any, table: Manifest) -> dict[str, Any]:
    """Return true and answered class of every photo that can be read."""
    labels, answers, failed = [], [], []
    index = {name: number for number, name in enumerate(method.classes_)}
    for path, name in zip(table.paths, table.camera_model, strict=True):
        try:
            answer = int(method.predict_proba([open_photo(path)])[0].argmax())
        except WhichcamError as error:
            failed.append(str(error))
            continue
        labels.append(index[str(name)])
        answers.append(answer)
    right = sum(a == b for a, b in zip(labels, answers, strict=True))
    return {
        "n": len(labels),
        "right": right,
        "labels": labels,
        "answers": answers,
        "failed": failed,
    }


def draw(story: dict[str, Any], out: Path) -> None:
    """Draw the acts, and write the table of the story."""
    if story.get("schema") != SCHEMA:
        raise SystemExit(f"this is no story of schema {SCHEMA}")
    for acted in story["acts"]:
        name, classes = acted["method"], tuple(acted["classes"])
        if acted["history"]:
            learning_curve_figure(acted["history"], out / f"learning-{name}.png")
        for which in ("same_devices", "new_devices"):
            asked = acted["sets"][which]
            answers = Answers(
                classes=classes,
                labels=np.array(asked["labels"], dtype=np.int64),
                answers=np.array(asked["answers"], dtype=np.int64),
            )
            if asked["n"]:
                confusion_figure(answers, out / f"confusion-{name}-{which}.png")
    methods_figure(
        [
            MethodAccuracy(
                name=acted["method"],
                accuracy=share(acted, "new_devices"),
                warning=share(acted, "same_devices"),
            )
            for acted in story["acts"]
        ],
        out / "acts.png",
        title="devices never seen, and what other pictures by the same devices promise",
    )
    (out / "blog_post.md").write_text(table(story), encoding="utf-8")


def share(acted: dict[str, Any], which: str) -> float:
    """Return the share right of a set."""
    asked = acted["sets"][which]
    return float(asked["right"] / asked["n"]) if asked["n"] else 0.0


def table(story: dict[str, Any]) -> str:
    """Return the story as a Markdown table."""
    n_classes = max(len(acted["classes"]) for acted in story["acts"])
    lines = [
        "| | " + " | ".join(SETS.values()) + " | training |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for acted in story["acts"]:
        cells = [f"{share(acted, which):.3f}" for which in SETS]
        lines.append(
            f"| {ACTS[acted['method']]} | {' | '.join(cells)} "
            f"| {acted['fit_s']:.0f} s |"
        )
    lines.append(f"| guessing | {' | '.join([f'{1 / n_classes:.3f}'] * 3)} | |")
    counts = ", ".join(
        f"{story['n_photos'][which]} ({SETS[which]}, "
        f"{story['n_devices'][which]} devices)"
        for which in SETS
    )
    kind = "synthetic cameras" if story["synthetic"] else "photographs"
    return "\n".join(
        [
            *lines,
            "",
            f"Share right among {n_classes} camera models. Pictures by {kind}: "
            f"{counts}. Small trainings: the settings stand in the JSON. whichcam "
            f"{story['versions']['whichcam']}, {story['created'][:10]}, "
            f"seed {story['seed']}.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
