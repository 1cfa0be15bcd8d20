"""Compiled kernels that numba keeps are made anew when what they call has changed.

numba keeps a kernel compiled, with copies of the functions it calls and of constants,
until the text of its own file changes. A file whose kernels use other files' therefore
holds a line that changes with them.
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


def _copied(tree: ast.Module) -> set[str]:
    """Return the modules whose functions and constants kernels hold copies of."""
    source = {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in MODULES
        for alias in node.names
    }
    return {
        source[node.id]
        for kernel in _kernels(tree)
        for statement in kernel.body  # annotations are not compiled
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id in source
    }


def test_a_file_of_kernels_changes_with_what_they_copy() -> None:
    texts = {name: path.read_text("utf-8") for name, path in MODULES.items()}
    expected = {}
    for name in texts:
        copied = sorted(_copied(ast.parse(texts[name])))
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
