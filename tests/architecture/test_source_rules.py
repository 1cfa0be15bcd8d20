"""House rules that a reader of the syntax tree can hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "whichcam"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAX_LINES = 400

# What runs code or reads objects from bytes, and what opens connections.
FORBIDDEN_MODULES = frozenset(
    (
        *("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"),
        *("requests", "urllib", "http", "httpx", "aiohttp", "ftplib"),
    )
)
FORBIDDEN_CALLS = frozenset(("eval", "exec", "compile", "__import__"))


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level package of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


def _is_training(path: Path) -> bool:
    return path.relative_to(SOURCE).parts[0] == "training"


def _pickled_by_numpy_or_torch(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of calls that would unpickle what they read."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        allowed = given.get("allow_pickle")
        if isinstance(allowed, ast.Constant) and allowed.value is True:
            yield node.lineno
        called = ast.unparse(node.func)
        weights_only = given.get("weights_only")
        is_safe = isinstance(weights_only, ast.Constant) and weights_only.value is True
        if called == "torch.load" and not is_safe:
            yield node.lineno


def _approx_outside_assertions(tree: ast.AST) -> list[int]:
    """Return the lines of ``approx(...)`` calls that no assert or comparison holds."""
    held: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assert, ast.Compare)):
            held.update(ast.walk(node))
    bare = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Expr):
            continue
        for inner in ast.walk(node):
            if (
                isinstance(inner, ast.Call)
                and ast.unparse(inner.func).split(".")[-1] == "approx"
                and inner not in held
            ):
                bare.append(inner.lineno)
    return bare


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_no_module_is_too_long(path: Path) -> None:
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MAX_LINES, f"{n_lines} lines; split it"


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_nothing_unpickles_or_opens_a_connection(path: Path) -> None:
    tree = _parse(path)
    assert FORBIDDEN_MODULES.intersection(_imported(tree)) == set()
    assert list(_pickled_by_numpy_or_torch(tree)) == []


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_nothing_runs_text_as_code(path: Path) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.Call)
    }
    assert calls & FORBIDDEN_CALLS == set()
    assert "os.system" not in calls


@pytest.mark.parametrize("path", [p for p in MODULES if not _is_training(p)], ids=_id)
def test_torch_is_imported_in_training_only(path: Path) -> None:
    assert {"torch", "torchvision", "timm"}.intersection(_imported(_parse(path))) == (
        set()
    )


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_every_public_function_and_class_has_a_docstring(path: Path) -> None:
    missing = []
    for node in _parse(path).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            is_private = node.name.startswith("_")
            # The body of a private module's helper may speak for itself; what other
            # modules import may not.
            if not is_private and not ast.get_docstring(node):
                missing.append(node.name)
    assert missing == []


@pytest.mark.parametrize("path", MODULES, ids=_id)
def test_a_blanket_except_stands_in_the_command_line_only(path: Path) -> None:
    if path.relative_to(SOURCE).parts[0] == "cli":
        pytest.skip("the command line is the border where one is allowed")
    caught = [
        node.lineno
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or ast.unparse(node.type) in {"Exception", "BaseException"}
        )
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert caught == []


@pytest.mark.parametrize("path", TESTS, ids=_id)
def test_no_approx_stands_outside_an_assertion(path: Path) -> None:
    assert _approx_outside_assertions(_parse(path)) == []


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _claims_something(function: ast.FunctionDef) -> bool:
    text = ast.unparse(function)
    return "assert" in text or "pytest.raises" in text or "pytest.warns" in text


@pytest.mark.parametrize("path", TESTS, ids=_id)
def test_every_test_asserts_something(path: Path) -> None:
    tree = _parse(path)
    checks = {node.name for node in _functions(tree) if _claims_something(node)}
    empty = []
    for node in _functions(tree):
        if not node.name.startswith("test_"):
            continue
        called = {
            ast.unparse(inner.func)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Call)
        }
        if not _claims_something(node) and not called & checks:
            empty.append(node.name)
    assert empty == []


def test_test_files_have_names_of_their_own() -> None:
    names = [path.name for path in TESTS if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


def test_the_approx_check_sees_a_bare_line() -> None:
    bare = ast.parse("from pytest import approx\nx = 1\napprox(0.4, x)\n")
    held = ast.parse("from pytest import approx\nx = 1\nassert x == approx(0.4)\n")
    assert (_approx_outside_assertions(bare), _approx_outside_assertions(held)) == (
        [3],
        [],
    )


def test_the_unpickling_check_sees_the_calls() -> None:
    text = (
        "np.load(f, allow_pickle=True)\ntorch.load(f)\ntorch.load(f, weights_only=True)"
    )
    assert list(_pickled_by_numpy_or_torch(ast.parse(text))) == [1, 2]
