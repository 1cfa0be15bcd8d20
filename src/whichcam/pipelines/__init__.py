"""One question a module: what the verbs of whichcam do. Modules load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.pipelines._cluster import ClusteredPhoto, PhotoClusters, cluster
    from whichcam.pipelines._compare import compare
    from whichcam.pipelines._compare_result import ComparedSide, Comparison
    from whichcam.pipelines._devices import attach_calibration
    from whichcam.pipelines._enroll import Enrollment, enroll
    from whichcam.pipelines._enroll_choice import LeftOutPhoto
    from whichcam.pipelines._examine import METHODS, examine
    from whichcam.pipelines._examine_result import (
        Examination,
        NotExamined,
        Question,
        Verdict,
    )
    from whichcam.pipelines._footage import compare_footage, verify_footage
    from whichcam.pipelines._footage_enroll import enroll_footage
    from whichcam.pipelines._footage_result import (
        FootageEnrollment,
        FootageFile,
        FootageReference,
        FootageVerification,
        FrameScore,
    )
    from whichcam.pipelines._identify import Candidate, Identification, identify
    from whichcam.pipelines._identify_many import identify_many
    from whichcam.pipelines._localize import localize
    from whichcam.pipelines._lookalikes import Lookalike
    from whichcam.pipelines._peak import CorrelationPeak, peak_of
    from whichcam.pipelines._predict import (
        CameraPrediction,
        predict_cameras,
        stacking_weights,
    )
    from whichcam.pipelines._predict_views import views_of
    from whichcam.pipelines._report import REPORT_FORMS, ReportForm, report
    from whichcam.pipelines._search import search
    from whichcam.pipelines._search_result import GallerySearch, SearchHit
    from whichcam.pipelines._verdicts import VERBAL_SCALE, words_for
    from whichcam.pipelines._verify import Verification, verify, verify_many

_WHERE = {
    "CameraPrediction": "_predict",
    "Candidate": "_identify",
    "ClusteredPhoto": "_cluster",
    "ComparedSide": "_compare_result",
    "Comparison": "_compare_result",
    "CorrelationPeak": "_peak",
    "Enrollment": "_enroll",
    "Examination": "_examine_result",
    "FootageEnrollment": "_footage_result",
    "FootageFile": "_footage_result",
    "FootageReference": "_footage_result",
    "FootageVerification": "_footage_result",
    "FrameScore": "_footage_result",
    "GallerySearch": "_search_result",
    "Identification": "_identify",
    "LeftOutPhoto": "_enroll_choice",
    "METHODS": "_examine",
    "NotExamined": "_examine_result",
    "Question": "_examine_result",
    "REPORT_FORMS": "_report",
    "ReportForm": "_report",
    "report": "_report",
    "VERBAL_SCALE": "_verdicts",
    "Verdict": "_examine_result",
    "words_for": "_verdicts",
    "examine": "_examine",
    "Lookalike": "_lookalikes",
    "PhotoClusters": "_cluster",
    "SearchHit": "_search_result",
    "Verification": "_verify",
    "attach_calibration": "_devices",
    "cluster": "_cluster",
    "compare": "_compare",
    "compare_footage": "_footage",
    "enroll": "_enroll",
    "enroll_footage": "_footage_enroll",
    "identify": "_identify",
    "identify_many": "_identify_many",
    "localize": "_localize",
    "peak_of": "_peak",
    "predict_cameras": "_predict",
    "search": "_search",
    "stacking_weights": "_predict",
    "verify": "_verify",
    "verify_footage": "_footage",
    "verify_many": "_verify",
    "views_of": "_predict_views",
}

__all__ = [
    "METHODS",
    "REPORT_FORMS",
    "VERBAL_SCALE",
    "CameraPrediction",
    "Candidate",
    "ClusteredPhoto",
    "ComparedSide",
    "Comparison",
    "CorrelationPeak",
    "Enrollment",
    "Examination",
    "FootageEnrollment",
    "FootageFile",
    "FootageReference",
    "FootageVerification",
    "FrameScore",
    "GallerySearch",
    "Identification",
    "LeftOutPhoto",
    "Lookalike",
    "NotExamined",
    "PhotoClusters",
    "Question",
    "ReportForm",
    "SearchHit",
    "Verdict",
    "Verification",
    "attach_calibration",
    "cluster",
    "compare",
    "compare_footage",
    "enroll",
    "enroll_footage",
    "examine",
    "identify",
    "identify_many",
    "localize",
    "peak_of",
    "predict_cameras",
    "report",
    "search",
    "stacking_weights",
    "verify",
    "verify_footage",
    "verify_many",
    "views_of",
    "words_for",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
