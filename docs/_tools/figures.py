"""The figures of the concept pages, drawn from cameras whose every part is known.

No photograph is used: the pictures are shot with synthetic cameras, so the pages
build anywhere and show what is there by construction.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy import fft, ndimage

from whichcam import scoring
from whichcam.datasets.manipulations import manipulate
from whichcam.datasets.synthetic import SyntheticCamera

SIZE = (256, 256)
INK = "#1f3a5f"
OTHER = "#c8553d"


def _finish(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)


def _image(axis: Any, array: Any, title: str, **options: Any) -> None:
    axis.imshow(array, interpolation="nearest", **options)
    axis.set_title(title, fontsize=9)
    axis.set_xticks([])
    axis.set_yticks([])


def _residual(pixels: Any) -> Any:
    green = pixels[..., 1].astype(np.float32)
    return green - ndimage.median_filter(green, size=3)


def _spectrum(residual: Any) -> Any:
    window = np.hanning(residual.shape[0])[:, None] * np.hanning(residual.shape[1])
    power = np.abs(fft.fft2((residual - residual.mean()) * window)) ** 2
    smooth = ndimage.gaussian_filter(fft.fftshift(power), 2)
    return np.log10(smooth + 1)


def color_filter_array(path: Path) -> None:
    """A mosaic of four colours, and what two demosaicings make of the same digits."""
    camera = SyntheticCamera(denoising="gaussian", luma_denoise=0.0, sharpen_amount=0)
    raw = camera.shoot_raw(seed=4, size=SIZE)[96:112, 96:112].astype(float)
    colored = np.zeros((*raw.shape, 3))
    for channel, row, column in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
        colored[row::2, column::2, channel] = raw[row::2, column::2] / raw.max()
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3))
    _image(axes[0], colored, "what the sensor holds (RGGB)")
    for axis, method in zip(axes[1:], ("bilinear", "malvar"), strict=True):
        other = SyntheticCamera(
            demosaicing=method, denoising="gaussian", luma_denoise=0.0, sharpen_amount=0
        )
        pixels = other.shoot(seed=4, size=SIZE)[96:112, 96:112]
        _image(axis, pixels, f"filled in by {method!r}")
    _finish(figure, path)


def residuals(path: Path) -> None:
    """A picture, its residual, and the residual's spectrum for two demosaicings."""
    figure, axes = plt.subplots(1, 4, figsize=(11, 3))
    for index, method in enumerate(("bilinear", "hamilton_adams")):
        camera = SyntheticCamera(demosaicing=method, sharpen_amount=0.2)
        pixels = camera.shoot(seed=9, size=SIZE)
        residual = _residual(pixels)
        if index == 0:
            _image(axes[0], pixels, "the picture")
            limits = {"vmin": -4, "vmax": 4, "cmap": "gray"}
            _image(axes[1], residual, "its residual, grey levels -4 to 4", **limits)
        spectrum = _spectrum(residual)
        _image(axes[2 + index], spectrum, f"its spectrum, {method!r}")
    _finish(figure, path)


def jpeg(path: Path) -> None:
    """How often an AC coefficient takes each value, once and twice compressed."""
    camera = SyntheticCamera()
    pixels = camera.shoot(seed=2, size=(512, 512))
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 2.8), sharey=True)
    for axis, chain in zip(axes, ("jpeg_90", "jpeg_70+jpeg_90"), strict=True):
        # The weights of JFIF: the coefficients are those of luma, not of green.
        luma = manipulate(pixels, chain) @ np.array([0.299, 0.587, 0.114]) - 128
        blocks = luma.reshape(64, 8, 64, 8).transpose(0, 2, 1, 3)
        values = fft.dctn(blocks, axes=(2, 3), norm="ortho")[..., 0, 1].ravel()
        axis.hist(values, bins=np.arange(-60.5, 61.5), color=INK)
        axis.set_title(chain, fontsize=9)
        axis.set_xlabel("coefficient (0, 1) of a block of luma")
    axes[0].set_ylabel("blocks")
    axes[0].set_yscale("log")
    _finish(figure, path)


def open_set(path: Path) -> None:
    """Two overlapping scores and the threshold that accepts 95 % of the known."""
    rng = np.random.default_rng(0)
    known, unknown = rng.normal(2.0, 1.0, 4000), rng.normal(0.4, 1.0, 4000)
    threshold = np.quantile(known, 0.05)
    figure, axis = plt.subplots(figsize=(6, 2.8))
    bins = np.linspace(-3, 6, 60)
    axis.hist(known, bins, alpha=0.6, color=INK, label="cameras the model knows")
    axis.hist(unknown, bins, alpha=0.6, color=OTHER, label="cameras it does not")
    axis.axvline(threshold, color="black", lw=1)
    axis.annotate("accepts 95 %\nof the known", (threshold, 0), (threshold - 3.2, 200))
    axis.set_xlabel("known_score (drawn numbers, for illustration)")
    axis.legend(frameon=False, fontsize=8)
    _finish(figure, path)


def calibration(path: Path) -> None:
    """Reliability of probabilities that are too sure, before and after scaling."""
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(6000, 8)) * 1.5
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(8, p=row) for row in honest])
    figure, axis = plt.subplots(figsize=(3.6, 3.4))
    axis.plot([0, 1], [0, 1], color="grey", lw=1)
    for sharpen, color, name in ((2.5, OTHER, "too sure"), (1.0, INK, "calibrated")):
        scaled = np.exp(sharpen * logits)
        scaled /= scaled.sum(axis=1, keepdims=True)
        right = scaled.argmax(axis=1) == labels
        curve = scoring.reliability_curve(scaled.max(axis=1), right)
        axis.plot(curve.confidence, curve.accuracy, "o-", color=color, label=name)
    axis.set_xlabel("what the program says")
    axis.set_ylabel("how often it is right")
    axis.legend(frameon=False, fontsize=8)
    _finish(figure, path)


def splits(path: Path) -> None:
    """The same twelve rows split by picture and split by device."""
    devices = np.repeat(np.arange(4), 3)
    by_picture = np.tile([0, 1, 0], 4)
    by_device = (devices == 3).astype(int)
    figure, axes = plt.subplots(2, 1, figsize=(6, 1.8))
    rows = ((by_picture, "split by picture: every device on both sides"),)
    rows += ((by_device, "split by device: the tested camera was never seen"),)
    for axis, (sides, title) in zip(axes, rows, strict=True):
        for column, (device, side) in enumerate(zip(devices, sides, strict=True)):
            color = OTHER if side else INK
            axis.bar(column + 0.3 * device, 1, color=color, width=0.9)
            axis.text(
                column + 0.3 * device, 0.5, "ABCD"[device], color="w", ha="center"
            )
        axis.set_title(title, fontsize=9)
        axis.axis("off")
    figure.tight_layout()
    _finish(figure, path)


FIGURES: dict[str, Callable[[Path], None]] = {
    "color_filter_array.png": color_filter_array,
    "residuals.png": residuals,
    "jpeg.png": jpeg,
    "open_set.png": open_set,
    "calibration.png": calibration,
    "splits.png": splits,
}


def write_all(folder: Path) -> None:
    """Draw every figure that is older than this file."""
    for name, draw in FIGURES.items():
        path = folder / name
        if not path.exists() or path.stat().st_mtime < Path(__file__).stat().st_mtime:
            draw(path)
