"""House rules that a reader of the syntax tree can hold."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "whichcam"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAX_LINES = 400

# What runs code or reads objects from bytes, and what opens connections.
FORBIDDEN = frozenset(
    (
        *("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"),
        *("requests", "urllib", "http", "httpx", "aiohttp", "ftplib"),
    )
)
FORBIDDEN_CALLS = frozenset(("eval", "exec", "compile", "__import__", "os.system"))
TORCH = frozenset(("torch", "torchvision", "timm"))


def _id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imported(tree: ast.AST) -> Iterator[str]:
    """Yield the top-level package of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


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


def _offenders(
    paths: list[Path], check: Callable[[ast.Module], Iterable[object]]
) -> dict[str, list[object]]:
    """Return the files in which a check finds something, and what it finds."""
    found = {_id(path): list(check(_parse(path))) for path in paths}
    return {name: problems for name, problems in found.items() if problems}


def _outside(*rooms: str) -> list[Path]:
    return [p for p in MODULES if p.relative_to(SOURCE).parts[0] not in rooms]


def _blanket_excepts(tree: ast.AST) -> Iterator[int]:
    """Yield the lines where any error is caught and not raised again."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = "BaseException" if node.type is None else ast.unparse(node.type)
        raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
        if caught in {"Exception", "BaseException"} and not raises:
            yield node.lineno


def _undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield what other modules may import and that has no docstring."""
    for node in tree.body:
        if (
            isinstance(node, (ast.FunctionDef, ast.ClassDef))
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
            # the function they are signatures of has it
            and "overload" not in map(ast.unparse, node.decorator_list)
        ):
            yield node.name


def _text_run_as_code(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in FORBIDDEN_CALLS:
            yield f"line {node.lineno}: {ast.unparse(node.func)}"


def _claims_something(function: ast.FunctionDef) -> bool:
    text = ast.unparse(function)
    return "assert" in text or "pytest.raises" in text or "pytest.warns" in text


def _tests_without_claim(tree: ast.AST) -> Iterator[str]:
    """Yield tests that assert nothing, themselves or by a helper beside them."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    checks = {node.name for node in functions if _claims_something(node)}
    for node in functions:
        called = {
            ast.unparse(inner.func)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Call)
        }
        is_test = node.name.startswith("test_")
        if is_test and not _claims_something(node) and not called & checks:
            yield node.name


def test_no_module_is_too_long() -> None:
    n_lines = {_id(p): len(p.read_text("utf-8").splitlines()) for p in MODULES}
    assert {name: n for name, n in n_lines.items() if n > MAX_LINES} == {}


def test_nothing_imports_what_unpickles_or_opens_connections() -> None:
    assert _offenders(MODULES, lambda tree: FORBIDDEN & {*_imported(tree)}) == {}


def test_nothing_unpickles_what_it_reads() -> None:
    assert _offenders(MODULES, _pickled_by_numpy_or_torch) == {}


def test_nothing_runs_text_as_code() -> None:
    assert _offenders(MODULES, _text_run_as_code) == {}


def test_torch_is_imported_in_training_only() -> None:
    assert _offenders(_outside("training"), lambda t: TORCH & {*_imported(t)}) == {}


def test_every_public_function_and_class_has_a_docstring() -> None:
    assert _offenders(MODULES, _undocumented) == {}


def test_a_blanket_except_stands_at_the_borders_only() -> None:
    assert _offenders(_outside("cli", "web"), _blanket_excepts) == {}


def test_no_approx_stands_outside_an_assertion() -> None:
    assert _offenders(TESTS, _approx_outside_assertions) == {}


def test_every_test_asserts_something() -> None:
    assert _offenders(TESTS, _tests_without_claim) == {}


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


def test_the_checks_see_what_they_look_for() -> None:
    text = "import pickle\ntry:\n    eval('1')\nexcept Exception:\n    pass\n"
    text += "@overload\ndef g(): ...\n"
    tree = ast.parse(text + "def f():\n    return 1\ndef test_f():\n    f()\n")
    assert FORBIDDEN & {*_imported(tree)} == {"pickle"}
    assert list(_text_run_as_code(tree)) == ["line 3: eval"]
    assert list(_blanket_excepts(tree)) == [4]
    assert list(_undocumented(tree)) == ["f", "test_f"]
    assert list(_tests_without_claim(tree)) == ["test_f"]
