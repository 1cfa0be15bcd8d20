"""Pictures of two cameras with the truth beside them, made of pictures of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from whichcam._typing import BoolArray, IntArray, PathLike, PixelArray
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._splice_objects import SHAPES, object_mask, place_object
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import ConfigError, DatasetError, InputError
from whichcam.media import Photo, open_photo

SPLICE_SAVINGS: Final = (
    *("lossless", "host_tables", "jpeg_95", "jpeg_85", "jpeg_75"),
    "resized",
)
"""Ways a composed picture is saved: as PNG; with the host's own tables and subsampling;
as a JPEG of libjpeg's quality 95, 85 or 75; shrunk to 0.8 and saved at 90."""

_SIZES: Final = (64, 128, 192, 256)
_RESIZED: Final = (0.8, 90)
_ON_GRID: Final = 0.25  # by chance it would be one in 64: too few to measure


@dataclass(frozen=True, slots=True)
class _Recipe:
    """One composition: rows of the manifest, and what is pasted how."""

    number: int
    part: int
    host: int
    donor: int
    size_px: int
    shape: str
    on_grid: bool


def make_splices(
    manifest: Manifest,
    directory: PathLike,
    *,
    n: int,
    seed: int = 0,
    sizes: Sequence[int] = _SIZES,
    savings: Collection[str] = SPLICE_SAVINGS,
    parts: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """Paste objects from pictures of one camera into pictures of another.

    Parameters
    ----------
    manifest : Manifest
        Camera-original JPEGs with ``camera_model`` and ``device_id``, of one side of a
        split.
    directory : path
        Made where it does not exist; nothing in it is overwritten.
    n : int
        Compositions, at least 1. Sizes take turns; shapes are drawn, and so are grids,
        which fall on each other in a quarter of them.
    seed : int, default 0
        Decides everything that is drawn.
    sizes : sequence of int
        Longer sides of the objects in px; each leaves at least 32 px of the smallest
        picture.
    savings : collection of str
        Members of `SPLICE_SAVINGS`; every composition is saved in each of these ways,
        and so is its host without the object (the pristine control).
    parts : int, default 1
        Divide the devices into so many parts; host and donor are of one part, and the
        column ``part`` names it, from 1.
    progress : callable, optional
        Called with compositions done and all of them.

    Returns
    -------
    Manifest
        Also written as ``<directory>/splices.csv``. ``camera_model`` and ``device_id``
        are the host's; ``kind`` is ``"spliced"`` or ``"pristine"``, ``mask`` names the
        truth (a PNG, 255 inside the object; blank for pristine pictures).

    Raises
    ------
    ConfigError
        If a number or a saving is out of range.
    DatasetError
        If a part has fewer than two camera models, a picture is no JPEG or too small,
        or a file exists or cannot be written.

    Notes
    -----
    ``lossless`` is what an editor leaves that opens two camera files and writes a PNG:
    all traces are there but the file's own tables. Edges are blended over about 1 px.
    """
    _check(n, sizes, savings, parts, seed)
    folder = Path(directory)
    rows = list(manifest.rows())
    recipes = list(_recipes(manifest, n, seed=seed, sizes=sizes, parts=parts))
    table: list[dict[str, Any]] = []
    for done, recipe in enumerate(recipes, start=1):
        host = _open(manifest.paths[recipe.host])
        donor = _open(manifest.paths[recipe.donor])
        known = _known_of(recipe, rows)
        table += _compose(recipe, host, donor, known, folder, seed, savings)
        if progress is not None:
            progress(done, len(recipes))
    made = Manifest.from_rows(table, folder)
    made.write(folder / "splices.csv")
    return made


def _check(
    n: int, sizes: Sequence[int], savings: Collection[str], parts: int, seed: int
) -> None:
    if not 1 <= n <= 1_000_000:
        raise ConfigError("n", f"got {n!r}, expected 1 to 1000000")
    if not sizes or min(sizes) < 16:
        raise ConfigError(
            "sizes", f"got {list(sizes)}, expected sides of 16 px or more"
        )
    if not 1 <= parts <= 100:
        raise ConfigError("parts", f"got {parts!r}, expected 1 to 100")
    if seed < 0:
        raise ConfigError("seed", f"got {seed!r}, expected a whole number >= 0")
    strangers = sorted(set(savings) - set(SPLICE_SAVINGS))
    if strangers or not savings:
        known = ", ".join(SPLICE_SAVINGS)
        raise ConfigError("savings", f"got {strangers or 'none'}; known: {known}")


def _recipes(
    manifest: Manifest, n: int, *, seed: int, sizes: Sequence[int], parts: int
) -> Iterator[_Recipe]:
    """Draw compositions, hosts evenly over devices, donors of another model."""
    rng = np.random.default_rng((seed, 0))
    devices = np.array(manifest.groups("device"), dtype=str)
    models = np.array(manifest.camera_model, dtype=str)
    names = rng.permutation(np.unique(devices))
    for part in range(parts):
        mine = np.flatnonzero(np.isin(devices, names[part::parts]))
        if len(set(models[mine])) < 2:
            raise DatasetError(
                f"part {part + 1} of {parts} holds pictures of "
                f"{len(set(models[mine]))} camera model(s); a splice needs two"
            )
    for number in range(n):
        part = number % parts
        of_part = names[part::parts]
        device = of_part[(number // parts) % len(of_part)]
        host = int(rng.choice(np.flatnonzero(devices == device)))
        others = np.isin(devices, of_part) & (models != models[host])
        donor_device = rng.choice(np.unique(devices[others]))
        donors: IntArray = np.flatnonzero(others & (devices == donor_device))
        turn = number // parts
        yield _Recipe(
            number=number,
            part=part + 1,
            host=host,
            donor=int(rng.choice(donors)),
            size_px=int(sizes[turn % len(sizes)]),
            shape=SHAPES[int(rng.integers(len(SHAPES)))],
            on_grid=bool(rng.random() < _ON_GRID),
        )


def _known_of(recipe: _Recipe, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    host, donor = rows[recipe.host], rows[recipe.donor]
    return {
        "camera_model": host["camera_model"],
        "device_id": host.get("device_id", ""),
        "session": host.get("session", ""),
        "split": host.get("split", ""),
        "part": recipe.part,
        "composition": recipe.number,
        "host": host["path"],
        "donor": donor["path"],
        "donor_camera_model": donor["camera_model"],
        "donor_device_id": donor.get("device_id", ""),
        "size_px": recipe.size_px,
        "shape": recipe.shape,
        "grid": "on" if recipe.on_grid else "off",
    }


def _open(path: Path) -> Photo:
    photo = open_photo(path)
    if photo.jpeg is None or not photo.jpeg.quantization_tables:
        raise DatasetError(
            f"{path.name} is a {photo.format} file; splices are made of camera JPEGs, "
            "whose tables they are saved with"
        )
    return photo


def _compose(
    recipe: _Recipe,
    host: Photo,
    donor: Photo,
    known: dict[str, Any],
    folder: Path,
    seed: int,
    savings: Collection[str],
) -> Iterator[dict[str, Any]]:
    """Write one composition and its control in every way asked; yield their rows."""
    rng = np.random.default_rng((seed, 1, recipe.number))
    smallest = min(host.width, host.height, donor.width, donor.height)
    if smallest < recipe.size_px + 32:
        raise DatasetError(
            f"{host.name} or {donor.name} is only {smallest} px wide or high; objects "
            f"of {recipe.size_px} px need 32 px more, choose smaller ones"
        )
    mask = object_mask(recipe.shape, recipe.size_px, rng)
    pixels, truth = place_object(
        host.pixels, donor.pixels, mask, on_grid=recipe.on_grid, rng=rng
    )
    number = f"{recipe.number:05d}"
    for saving in (name for name in SPLICE_SAVINGS if name in savings):
        truth_name = f"masks/{number}_{saving}.png"
        _write_new(folder / truth_name, _mask_png(truth, saving))
        for kind, picture in (("spliced", pixels), ("pristine", host.pixels)):
            data, suffix = _saved(picture, saving, host)
            name = f"pictures/{number}_{saving}_{kind}.{suffix}"
            _write_new(folder / name, data)
            yield {
                "path": name,
                **known,
                "kind": kind,
                "saving": saving,
                "mask": truth_name if kind == "spliced" else "",
            }


def _saved(pixels: PixelArray, saving: str, host: Photo) -> tuple[bytes, str]:
    """Return a file's bytes and suffix."""
    buffer = BytesIO()
    if saving == "lossless":
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue(), "png"
    if saving == "host_tables":
        _save_as(host, pixels, buffer)
        return buffer.getvalue(), "jpg"
    if saving == "resized":
        factor, quality = _RESIZED
        pixels = manipulate(pixels, f"resize_{factor:g}")
    else:
        quality = int(saving.removeprefix("jpeg_"))
    image = Image.fromarray(pixels)
    image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue(), "jpg"


def _save_as(host: Photo, pixels: PixelArray, buffer: BytesIO) -> None:
    """Save with the host's tables, and its subsampling where Pillow can write it."""
    jpeg = host.jpeg
    assert jpeg is not None  # _open has seen to it
    tables = [
        table
        for table in (jpeg.quantization_table(0), jpeg.quantization_table(-1))
        if table is not None
    ]
    if not tables or max(int(table.max()) for table in tables) > 255:
        raise InputError(f"{host.name}: its quantisation tables are missing or 16 bits")
    known = jpeg.subsampling in ("4:4:4", "4:2:2", "4:2:0")
    Image.fromarray(pixels).save(
        buffer,
        "JPEG",
        qtables=[table.ravel().tolist() for table in tables],
        subsampling=jpeg.subsampling if known else "4:2:0",
    )


def _mask_png(truth: BoolArray, saving: str) -> bytes:
    image = Image.fromarray(truth.astype(np.uint8) * np.uint8(255))
    if saving == "resized":
        size = (int(side * _RESIZED[0] + 0.5) for side in image.size)
        width, height = size
        image = image.resize((width, height), Image.Resampling.NEAREST)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _write_new(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise DatasetError(
            f"{path} exists already and is not overwritten; choose an empty folder"
        ) from error
    except OSError as error:
        raise DatasetError(f"cannot write {path}: {error.strerror}") from error


def read_splice_truth(path: PathLike) -> BoolArray:
    """Read a mask that `make_splices` wrote.

    Parameters
    ----------
    path : path
        A PNG of one channel; 128 and above is the object.

    Returns
    -------
    ndarray of shape (H, W), bool

    Raises
    ------
    PhotoNotFoundError, InputError
        If there is no such file or it is no picture; see `whichcam.media.open_photo`.
    """
    return np.asarray(open_photo(path).pixels[..., 0] >= 128)
