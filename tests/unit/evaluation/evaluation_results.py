"""Results written down by hand, so that every figure has a closed form."""

from __future__ import annotations

from typing import Any

from evaluation_fakes import CLASSES, FAMILIES, MAKES

from whichcam.evaluation import UNTOUCHED, EvaluationResult, EvaluationRow


def row(label: int, answered: int, /, **changed: Any) -> EvaluationRow:
    """Return a row whose answered class has 0.7, all others 0.1."""
    values: dict[str, Any] = {
        "path": "p.png",
        "split": "test_device",
        "camera_model": CLASSES[label] if label >= 0 else "Other",
        "make": MAKES[label] if label >= 0 else "",
        "device": f"device of {label}",
        "session": "",
        "label": label,
        "manipulation": UNTOUCHED,
        "probabilities": tuple(0.7 if i == answered else 0.1 for i in range(4)),
        "known_score": 1.0,
        "unknown_probability": 0.25,
        "level": "model",
        "answer": CLASSES[answered],
        "members": (CLASSES[answered],),
        "confidence": 0.7,
        "error_rate": 0.05,
        "n_crops": 1,
        "file_statistics_used": True,
    }
    return EvaluationRow(**values | changed)


def result(*rows: EvaluationRow, **changed: Any) -> EvaluationResult:
    """Return a result of these rows."""
    values: dict[str, Any] = {
        "rows": rows,
        "failures": (),
        "classes": CLASSES,
        "makes": MAKES,
        "families": FAMILIES,
        "known_splits": ("test_device", "test_scene"),
        "unknown_splits": ("unknown", "unknown_chart"),
        "extra_splits": ("converted",),
        "manipulations": (),
        "limit_per_split": None,
        "seed": 0,
        "model_id": "0123456789ab",
        "manifest_sha256": "ab" * 32,
        "git_commit": None,
        "versions": {"whichcam": "0.1.0"},
        "machine": {"processor": "abacus"},
        "created": "2026-01-01T00:00:00+00:00",
        "duration_s": 1.5,
    }
    return EvaluationResult(**values | changed)
