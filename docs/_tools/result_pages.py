"""Tables and figures of kept results, as the pages include them.

Each page includes a generated part made from the newest result of its kind in
``benchmarks/results``, so that no number on it is typed by hand.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from whichcam.evaluation import (
    BenchmarkResult,
    CrossvalResult,
    SpliceEvaluation,
    Table,
    benchmark_to_markdown,
    crossval_tables,
    markdown_table,
    splice_tables,
)
from whichcam.reporting import benchmark_figures, crossval_figures

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
STORY = ROOT / "examples" / "blog_post" / "run.py"


def newest(kind: str) -> Path | None:
    """Return the newest result whose name begins so."""
    found = sorted(RESULTS.glob(f"{kind}--*.json"))
    created = [(json.loads(p.read_bytes())["created"], p.name, p) for p in found]
    return max(created)[2] if created else None


def _images(folder: Path, names: list[str], alternatives: list[str]) -> str:
    return "\n".join(
        f"```{{image}} ../_build/generated/{folder.name}/{name}\n:alt: {alt}\n```\n"
        for name, alt in zip(names, alternatives, strict=True)
        if (folder / name).is_file()
    )


def _none(command: str) -> str:
    return f"*No result is kept here yet; `{command}` makes one.*\n"


def benchmark_part(generated: Path) -> str:
    """Return tables and figures of the newest benchmark."""
    path = newest("benchmark")
    if path is None:
        return _none("whichcam benchmark")
    result = BenchmarkResult.load(path)
    folder = generated / "benchmark"
    _fresh(folder)
    benchmark_figures(result, folder)
    split = result.known_splits[0]
    names = [f"methods-{split}.png", f"manipulations-{split}.png"]
    texts = [f"Share right of each method on {split}", f"By manipulation, {split}"]
    return f"{_images(folder, names, texts)}\n{benchmark_to_markdown(result)}"


def crossval_part(generated: Path) -> str:
    """Return tables and figures of the newest cross-validation."""
    path = newest("crossval")
    if path is None:
        return _none("whichcam crossval")
    result = CrossvalResult.load(path)
    folder = generated / "crossval"
    _fresh(folder)
    crossval_figures(result, folder)
    names = ["methods-device.png", "methods-session.png"]
    texts = ["Share right on devices never seen", "Share right on other sessions"]
    tables = "\n".join(markdown_table(table) for table in crossval_tables(result))
    return f"{_images(folder, names, texts)}\n{tables}\n{_made(result.to_dict())}"


def story_part(generated: Path) -> str:
    """Return table and figures of the newest telling of the blog post."""
    path = newest("blog_post")
    if path is None:
        return _none("python examples/blog_post/run.py --out story")
    told = _program()
    folder = generated / "blog_post"
    _fresh(folder)
    told.draw(json.loads(path.read_bytes()), folder)
    names = ["acts.png", "learning-scratch.png", "learning-finetune.png"]
    names += [
        "confusion-finetune-same_devices.png",
        "confusion-finetune-new_devices.png",
    ]
    texts = ["Every act on devices never seen, and on the same devices"]
    texts += ["Learning curve of the network from scratch"]
    texts += ["Learning curve of the fine-tuned network"]
    texts += ["Confusions of the fine-tuned network, same devices"]
    texts += ["Confusions of the fine-tuned network, new devices"]
    table = (folder / "blog_post.md").read_text(encoding="utf-8")
    return f"{table}\n{_images(folder, names, texts)}"


def splices_part(generated: Path) -> str:
    """Return the tables of the newest evaluation of splices."""
    del generated
    path = newest("localization")
    if path is None:
        return _none("whichcam evaluate test --splices")
    result = SpliceEvaluation.load(path)
    tables = "\n".join(markdown_table(table) for table in splice_tables(result))
    return f"{tables}\n{_made(result.to_dict())}"


def claims_part(generated: Path) -> str:
    """Return how often claims were contradicted, in whole files and in crops."""
    del generated
    parts = []
    for kind, title in (
        ("claims--claims", "Whole files of the claims table"),
        ("claims--photos", "Crops given metadata, `test_device` and `test_scene`"),
    ):
        path = newest(kind)
        if path is not None:
            values = json.loads(path.read_bytes())
            table = values["tables"][0] | {"title": title}
            parts += [markdown_table(_table(table)), _made(values)]
    return "\n".join(parts) or _none("whichcam evaluate claims.csv --claims")


def _table(values: dict[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in values["rows"])
    return Table(**values | {"columns": tuple(values["columns"]), "rows": rows})


def _made(values: dict[str, Any]) -> str:
    """Return what a result was made with, as a line."""
    commit = (values["git_commit"] or "none")[:10]
    seed = f", seed {values['seed']}" if "seed" in values else ""
    processor = values["machine"]["processor"]
    return f"Commit `{commit}`, {values['created'][:10]}{seed}, {processor}.\n"


def _program() -> Any:
    spec = importlib.util.spec_from_file_location("blog_post_run", STORY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def _fresh(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


PARTS = {
    "benchmark.md": benchmark_part,
    "crossval.md": crossval_part,
    "blog_post.md": story_part,
    "splices.md": splices_part,
    "claims.md": claims_part,
}


def write_all(generated: Path) -> None:
    """Write every generated part."""
    for name, part in PARTS.items():
        (generated / name).write_text(part(generated), encoding="utf-8")
