"""One name for each camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from whichcam.datasets import Manifest, canonical_camera
from whichcam.errors import InputError


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS REBEL T5i", "Canon EOS 700D"),
        ("Canon", "Canon EOS Kiss X7i", "Canon EOS 700D"),
        ("Canon", "Canon EOS 700D", "Canon EOS 700D"),
        ("canon", "rebel t5i", "Canon EOS 700D"),
        ("Canon", "Canon EOS DIGITAL REBEL XSi", "Canon EOS 450D"),
        ("Canon", "Canon EOS Kiss Digital X", "Canon EOS 400D"),
        ("NIKON CORPORATION", "NIKON D90", "Nikon D90"),
        ("NIKON", "COOLPIX P330", "Nikon COOLPIX P330"),
        ("OLYMPUS IMAGING CORP.  ", "u1030SW,S1030SW      ", "Olympus u1030SW,S1030SW"),
        ("OnePlus", "ONEPLUS A3003", "OnePlus A3003"),
        ("MOTOROLA", "XT890", "Motorola RAZR i"),
        ("samsung", "SM-A528B", "Samsung SM-A528B"),
        ("SAMSUNG", "SAMSUNG-SM-N900A", "Samsung SAMSUNG-SM-N900A"),
        ("Sony Ericsson", "LT26i", "Sony LT26i"),
        ("JK Imaging, Ltd.", "KODAK PIXPRO FZ201", "JK PIXPRO FZ201"),
        ("EASTMAN KODAK COMPANY", "KODAK DC240 ZOOM", "Kodak DC240 ZOOM"),
        ("Huawei", "ELE-L29", "HUAWEI ELE-L29"),
        ("Apple", "iPhone7,2", "Apple iPhone 6"),
        ("", "iPhone 6", "Apple iPhone 6"),
        (None, "Kiss X7i", "Canon EOS 700D"),
        (None, "KONICA MINOLTA DiMAGE Z3", "Konica Minolta DiMAGE Z3"),
    ],
)
def test_spellings_and_aliases_meet_in_one_name(
    make: str | None, model: str, name: str
) -> None:
    assert canonical_camera(make, model).camera_model == name


def test_a_model_whose_name_is_another_s_beginning_is_not_taken_for_it() -> None:
    assert canonical_camera("Canon", "Canon EOS REBEL T3").model == "EOS 1100D"
    assert canonical_camera("Canon", "Canon EOS REBEL T3i").model == "EOS 600D"


def test_an_unknown_camera_keeps_its_own_name() -> None:
    name = canonical_camera("Acme  Optics", " Boxy\t3000\0\0 ")
    assert (name.make, name.model) == ("Acme Optics", "Boxy 3000")


def test_a_blank_model_is_refused() -> None:
    with pytest.raises(InputError, match="model is blank"):
        canonical_camera("Canon", " \0 ")


def test_a_name_of_megabytes_is_cut() -> None:
    assert len(canonical_camera("", "x" * 5_000_000).model) == 200


def test_every_alias_is_unambiguous_and_leads_to_a_name_that_stays() -> None:
    from whichcam.datasets._labels import _tables

    for make, aliases in _tables().models.items():
        for target in set(aliases.values()):
            assert canonical_camera(make, target).model == target


@pytest.mark.data
def test_names_of_the_real_manifest_are_canonical(photos_dir: Path) -> None:
    manifest = Manifest.read(photos_dir / "manifest.csv")
    pairs = set(zip(manifest.column("make"), manifest.camera_model, strict=True))
    changed = {
        name
        for make, name in pairs
        if canonical_camera(make, name).camera_model != name
    }
    # A European name exists, white space is tidied, and a note is no make.
    assert changed == {
        "Canon EOS DIGITAL REBEL XT",
        "Samsung <KENOX S730  / Samsung S730>",
        "Agfa DC-504 or Sensor530s (EXIF model Camera)",
    }
