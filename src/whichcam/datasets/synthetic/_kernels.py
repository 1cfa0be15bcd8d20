"""Compiled loops of the synthetic camera; imported only when a picture is shot.

Planes are (H, W) float32, C-contiguous. Nothing here uses fast maths, so that the
same build gives the same bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from whichcam._typing import FloatArray, PixelArray

_kernel = njit(cache=True, nogil=True)


@_kernel
def compose(
    labels: npt.NDArray[np.uint8],
    field: FloatArray,
    texture: FloatArray,
    regions: FloatArray,
    shade: FloatArray,
) -> FloatArray:
    """Return the (3, H, W) radiance of a scene of labelled regions.

    Rows of ``regions`` are: log reflectance, share of the field, share of the
    texture, grating amplitude, its two angular frequencies, and three colours.
    ``shade`` holds the log illumination at the origin and its slope down and right.
    """
    height, width = labels.shape
    out = np.empty((3, height, width), dtype=np.float32)
    for y in range(height):
        for x in range(width):
            region = regions[labels[y, x]]
            log_luminance = (
                region[0]
                + region[1] * field[y, x]
                + region[2] * texture[y, x]
                + shade[0]
                + shade[1] * np.float32(y)
                + shade[2] * np.float32(x)
            )
            if region[3] > np.float32(0):
                phase = region[4] * np.float32(y) + region[5] * np.float32(x)
                log_luminance += region[3] * np.sin(phase)
            luminance = np.exp(log_luminance)
            for channel in range(3):
                out[channel, y, x] = luminance * region[6 + channel]
    return out


@_kernel
def mix(planes: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return ``matrix`` times the three planes, negative values set to 0."""
    out = np.empty_like(planes)
    zero = np.float32(0)
    for row in range(3):
        a, b, c = matrix[row, 0], matrix[row, 1], matrix[row, 2]
        for y in range(planes.shape[1]):
            for x in range(planes.shape[2]):
                value = a * planes[0, y, x] + b * planes[1, y, x] + c * planes[2, y, x]
                out[row, y, x] = max(value, zero)
    return out


@_kernel
def blur(plane: FloatArray, taps: FloatArray) -> FloatArray:
    """Convolve rows and columns with a symmetric kernel; borders are mirrored.

    ``taps[k]`` is the weight at distance k, fewer of them than the shorter side.
    """
    height, width = plane.shape
    radius = taps.size - 1
    rows = np.empty_like(plane)
    for y in range(height):
        for x in range(width):
            rows[y, x] = taps[0] * plane[y, x]
        for k in range(1, radius + 1):
            above = abs(y - k)
            below = y + k
            if below >= height:
                below = 2 * (height - 1) - below
            for x in range(width):
                rows[y, x] += taps[k] * (plane[above, x] + plane[below, x])
    out = np.empty_like(plane)
    line = np.empty(width + 2 * radius, dtype=np.float32)
    for y in range(height):
        for x in range(width):
            line[radius + x] = rows[y, x]
        for k in range(1, radius + 1):
            line[radius - k] = rows[y, k]
            line[radius + width - 1 + k] = rows[y, width - 1 - k]
        for x in range(width):
            out[y, x] = taps[0] * line[radius + x]
        for k in range(1, radius + 1):
            for x in range(width):
                out[y, x] += taps[k] * (line[radius + x - k] + line[radius + x + k])
    return out


@_kernel
def magnify(plane: FloatArray, factor: float) -> FloatArray:
    """Enlarge a plane about its centre by a factor near 1, bilinearly."""
    height, width = plane.shape
    out = np.empty_like(plane)
    centre_y, centre_x = 0.5 * (height - 1), 0.5 * (width - 1)
    for y in range(height):
        v = min(max(centre_y + (y - centre_y) / factor, 0.0), height - 1.0)
        top = min(int(v), height - 2)
        down = np.float32(v - top)
        for x in range(width):
            u = min(max(centre_x + (x - centre_x) / factor, 0.0), width - 1.0)
            left = min(int(u), width - 2)
            right = np.float32(u - left)
            upper = plane[top, left] + right * (plane[top, left + 1] - plane[top, left])
            lower = plane[top + 1, left] + right * (
                plane[top + 1, left + 1] - plane[top + 1, left]
            )
            out[y, x] = upper + down * (lower - upper)
    return out


@_kernel
def bilateral(plane: FloatArray, weights: FloatArray, reach: float) -> FloatArray:
    """Average neighbours of similar value; ``weights`` is (2r+1, 2r+1), r small.

    The weight of a difference d is Tukey's biweight (1 - (d / reach)^2)^2, zero from
    ``reach`` on: bounded support, and no exponential. Borders keep fewer neighbours.
    """
    height, width = plane.shape
    radius = weights.shape[0] // 2
    scale = np.float32(1.0 / (reach * reach))
    one, zero = np.float32(1), np.float32(0)
    total = np.zeros_like(plane)
    norm = np.zeros_like(plane)
    for y in range(height):
        for i in range(max(-radius, -y), min(radius, height - 1 - y) + 1):
            for j in range(-radius, radius + 1):
                spatial = weights[i + radius, j + radius]
                for x in range(max(0, -j), min(width, width - j)):
                    value = plane[y + i, x + j]
                    difference = value - plane[y, x]
                    closeness = max(one - difference * difference * scale, zero)
                    weight = spatial * closeness * closeness
                    total[y, x] += weight * value
                    norm[y, x] += weight
    return total / norm


@_kernel
def finish(planes: FloatArray, matrix: FloatArray, tone: PixelArray) -> PixelArray:
    """Square the three planes, mix them and look them up in a tone table.

    ``tone`` maps the root of linear light, times its last index, to 8 bits.
    """
    _, height, width = planes.shape
    out = np.empty((height, width, 3), dtype=np.uint8)
    top = np.float32(tone.size - 1)
    zero, half = np.float32(0), np.float32(0.5)
    for y in range(height):
        for x in range(width):
            red = max(planes[0, y, x], zero) ** 2
            green = max(planes[1, y, x], zero) ** 2
            blue = max(planes[2, y, x], zero) ** 2
            for c in range(3):
                linear = matrix[c, 0] * red + matrix[c, 1] * green + matrix[c, 2] * blue
                index = min(np.sqrt(max(linear, zero)) * top + half, top)
                out[y, x, c] = tone[int(index)]
    return out
