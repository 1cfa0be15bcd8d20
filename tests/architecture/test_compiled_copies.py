"""Compiled kernels that numba keeps are made anew when what they call has changed.

numba keeps a kernel compiled, with copies of the functions it calls, until the text of
its own file changes. A file whose kernels call those of others therefore holds a line
that changes with them.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "src"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in sorted(ROOT.rglob("*.py"))
}
LINE = "# numba keeps this file compiled with copies from others: "


def _kernels(tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the functions that numba compiles."""
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("njit" in ast.unparse(each) for each in node.decorator_list)
    ]


def _called_by_kernels(tree: ast.Module) -> set[str]:
    """Return the names that kernels elsewhere may call."""
    intrinsics = {
        ast.unparse(node.target)
        for node in tree.body
        if isinstance(node, ast.AnnAssign)
        and node.value
        and ast.unparse(node.value).startswith("intrinsic(")
    }
    return {kernel.name for kernel in _kernels(tree)} | intrinsics


def _copied(tree: ast.Module, kernels: dict[str, set[str]]) -> set[str]:
    """Return the modules of which kernels call kernels."""
    source = {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in kernels
        for alias in node.names
        if alias.name in kernels[node.module]
    }
    return {
        source[node.id]
        for kernel in _kernels(tree)
        for node in ast.walk(kernel)
        if isinstance(node, ast.Name) and node.id in source
    }


def test_a_file_of_kernels_changes_with_the_kernels_they_call() -> None:
    texts = {name: path.read_text("utf-8") for name, path in MODULES.items()}
    trees = {name: ast.parse(text) for name, text in texts.items() if "numba" in text}
    kernels = {name: _called_by_kernels(tree) for name, tree in trees.items()}
    expected = {}
    for name, tree in trees.items():
        copied = sorted(_copied(tree, kernels))
        if copied:
            text = "".join(texts[each] for each in copied).encode()
            expected[name] = LINE + hashlib.sha256(text).hexdigest()[:8]
    found = {
        name: line
        for name, text in texts.items()
        for line in text.splitlines()
        if line.startswith(LINE)
    }
    assert expected.keys() >= {"whichcam.signal._circular", "whichcam.signal._fourier"}
    assert found == expected
