"""What is public is listed, exists, and says what it does."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import whichcam

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def _public_modules() -> dict[str, bool]:
    """Return the names of public modules, and which of them are packages.

    Files are listed and nothing is imported: a module that cannot be imported shall
    fail its own tests and not hide.
    """
    source = Path(whichcam.__file__).parent
    found = {}
    for path in sorted(source.rglob("*.py")):
        is_package = path.name == "__init__.py"
        parts = (path.parent if is_package else path.with_suffix("")).parts
        name = ".".join(parts[len(source.parent.parts) :])
        if not any(part.startswith("_") for part in name.split(".")):
            found[name] = is_package
    return found


PUBLIC_MODULES = _public_modules()
PACKAGES = [name for name, is_package in PUBLIC_MODULES.items() if is_package]


def _names(module: str) -> list[str]:
    listed = getattr(importlib.import_module(module), "__all__", None)
    if listed is not None:
        return list(listed)
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    kinds = (ast.ClassDef, ast.FunctionDef)
    return [
        node.name
        for node in tree.body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]


def _bound_names(module: str) -> Iterator[str]:
    """Yield what a reader of the file would take for public."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if source.startswith("whichcam"):
                yield from (alias.asname or alias.name for alias in node.names)


def _without_docstring(owner: str, thing: Any) -> list[str]:
    """Return the dotted names of ``thing`` and its own methods that say nothing."""
    missing = []
    if (inspect.isclass(thing) or inspect.isroutine(thing)) and not thing.__doc__:
        missing.append(owner)
    if not inspect.isclass(thing):
        return missing
    if (thing.__doc__ or "").startswith(f"{thing.__name__}("):
        missing.append(owner)  # the signature that @dataclass puts there by itself
    for name, member in vars(thing).items():
        function = member.fget if isinstance(member, property) else member
        function = getattr(function, "__func__", function)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        if not inspect.getdoc(getattr(thing, name)):
            missing.append(f"{owner}.{name}")
    return missing


def test_the_walk_finds_the_packages() -> None:
    assert {"whichcam.media", "whichcam.datasets.synthetic"} <= set(PACKAGES)


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_every_listed_name_exists(module: str) -> None:
    owner = importlib.import_module(module)
    assert [name for name in _names(module) if not hasattr(owner, name)] == []


@pytest.mark.parametrize("module", PACKAGES)
def test_a_package_lists_what_it_offers_and_nothing_else(module: str) -> None:
    names = _names(module)
    assert len(names) == len(set(names)), "a name is listed twice"
    offered = {name for name in _bound_names(module) if not name.startswith("_")}
    assert offered - set(names) == set(), "bound without being listed in __all__"


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_everything_public_has_a_docstring(module: str) -> None:
    owner = importlib.import_module(module)
    missing = [] if owner.__doc__ else [module]
    for name in _names(module):
        missing += _without_docstring(f"{module}.{name}", getattr(owner, name))
    assert missing == []


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_every_public_module_has_its_page(module: str) -> None:
    page = DOCS / "api" / f"{module}.md"
    assert page.is_file(), "run: python docs/_tools/api_pages.py"
    assert f".. automodule:: {module}\n" in page.read_text(encoding="utf-8")


def test_no_page_describes_a_module_that_is_gone() -> None:
    pages = {path.stem for path in (DOCS / "api").glob("whichcam*.md")}
    assert pages - set(PUBLIC_MODULES) == set()
