"""The model card: what a model was made of, what it can do, and what not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from whichcam.datasets import Manifest
from whichcam.models import Calibration, ModelSpec
from whichcam.training._config import TrainingConfig
from whichcam.training._network import SUBSETS


def write_card(
    path: Path,
    spec: ModelSpec,
    calibration: Calibration,
    manifest: Manifest,
    config: TrainingConfig,
    command: str,
) -> None:
    """Write ``CARD.md`` from what training knows; no figure is typed by hand."""
    text = "\n".join(
        [
            f"# Camera-model network `{spec.method}`",
            "",
            f"Written by whichcam {spec.whichcam_version}. Licence of the weights: "
            f"{spec.licence}.",
            "",
            "## What it is",
            "",
            f"Two committees of {len(SUBSETS)} experts, each with one hidden layer of "
            f"{config.hidden} units over its part of {spec.trace_size} traces of "
            f"in-camera processing, taken from up to {spec.n_crops} crops of "
            f"{spec.crop_size_px} px of the stored pixels, and one linear discriminant "
            "that looks away from what sessions and smaller sizes of picture change. "
            "One committee was trained "
            "on untouched pictures, the other on manipulated copies too "
            f"({1 - config.untouched_share:.0%} of its batches). Where a JPEG file "
            "shows no sign of re-encoding, the likelihood of its quantisation tables "
            f"is added{_and_frame(calibration)}.",
            "",
            "## Data",
            "",
            *_data(manifest, spec),
            "",
            "## How it was trained",
            "",
            f"`{command}` on {spec.training['hardware']}, "
            f"torch {spec.training['torch']}, seed {config.seed}, "
            f"{config.epochs} epochs. The network as exported differs from the trained "
            f"one by at most {spec.training['parity']:.1e}.",
            "",
            "## What validation showed",
            "",
            *_figures(calibration),
            "",
            "These photos come from the training manifest; they chose the settings and "
            "calibrate the answers. Figures on devices and pictures never used for "
            "anything belong to `whichcam evaluate`.",
            "",
            "## Limits",
            "",
            f"- It knows {len(spec.classes)} camera models. Of anything else the right "
            'answer is "unknown camera", and it is not always given.',
            "- Most models were learnt from one device and few scenes: the same model "
            "with other firmware, settings or size of picture may be missed.",
            *_family_limits(calibration),
            "- Resized, re-compressed or filtered pictures are judged by pixels alone "
            "and much less surely.",
            "- It names a camera model, not a physical camera, and proves nothing "
            "about who took the picture.",
            "",
            "## Camera models",
            "",
            *(f"- {name}" for name in spec.classes),
            "",
        ]
    )
    path.write_text(text, encoding="utf-8")


def _data(manifest: Manifest, spec: ModelSpec) -> list[str]:
    lines = [
        f"{spec.training['photos']} photographs by {spec.training['n_devices']} "
        f"devices of {len(spec.classes)} camera models; manifest SHA-256 "
        f"`{spec.training['manifest_sha256']}`. No photograph is part of the model.",
    ]
    if "licence" in manifest:
        counts: dict[str, int] = {}
        for licence in manifest.column("licence"):
            counts[str(licence)] = counts.get(str(licence), 0) + 1
        lines += ["", "| licence of the photographs | photographs |", "| --- | --- |"]
        lines += [
            f"| {_cell(name)} | {count} |"
            for name, count in sorted(counts.items(), key=lambda item: -item[1])
        ]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")[:160] or "(none stated)"


def _figures(calibration: Calibration) -> Sequence[str]:
    lines = [
        "Out-of-fold, in the regimes `frame` (tables and size of the whole picture "
        "believed), `file` (tables believed, the size not known) and `pixels` "
        "(untouched and manipulated pictures without tables):",
        "",
        "| regime | held out | photos | top-1 | top-5 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, found in calibration.protocol["regimes"].items():
        lines += [
            f"| {name} | {kind} | {row['n']} | {row['top1']:.3f} | {row['top5']:.3f} |"
            for kind, row in found["by_kind"].items()
        ]
    for name, found in calibration.protocol["regimes"].items():
        if found["unknown_auroc"] is not None:
            lines += [
                "",
                f"Camera models left out whole, regime `{name}`: AUROC of known "
                f"against unknown {found['unknown_auroc']:.3f} "
                f"({found['n_known']} and {found['n_unknown']} views).",
            ]
    return lines


def _and_frame(calibration: Calibration) -> str:
    if "frame" not in calibration.regimes:
        return ""
    return ", and that of the size of the whole picture where it is known"


def _family_limits(calibration: Calibration) -> list[str]:
    families = [
        f"{family.make} {family.name}"
        for family in calibration.families
        if len(family.members) > 1
    ]
    if not families:
        return []
    return [
        "- Models that share a processing pipeline are told apart poorly; the answer "
        f"is then a family: {'; '.join(families)}."
    ]
