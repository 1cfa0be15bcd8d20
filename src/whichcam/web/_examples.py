"""Examples of answers for the API's description; a test holds them to the models."""

from __future__ import annotations

from typing import Any, Final

_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

IDENTIFICATION: Final[dict[str, Any]] = {
    "photo_name": "IMG_0042.JPG",
    "sha256": _SHA256,
    "answer": "Canon PowerShot SX260 HS",
    "level": "model",
    "members": ["Canon PowerShot SX260 HS"],
    "confidence": 0.81,
    "error_rate": 0.1,
    "ranking": [
        {
            "camera_model": "Canon PowerShot SX260 HS",
            "make": "Canon",
            "probability": 0.93,
        },
        {"camera_model": "Canon PowerShot S100", "make": "Canon", "probability": 0.04},
    ],
    "unknown_probability": 0.13,
    "n_crops": 8,
    "file_statistics_used": True,
    "frame_size_used": True,
    "exif_camera_model": "Canon PowerShot SX260 HS",
    "model_id": "2f1d5a7c9b3e",
    "whichcam_version": "0.1.0",
    "warnings": [],
}
VERIFICATION: Final[dict[str, Any]] = {
    "photo_name": "IMG_0042.JPG",
    "sha256": _SHA256,
    "camera": "my camera",
    "camera_model": "Canon PowerShot SX260 HS",
    "exif_camera_model": "Canon PowerShot SX260 HS",
    "statistic": "z",
    "score": 41.7,
    "threshold": 3.9,
    "false_alarm_rate": 1e-4,
    "p_value": 1e-300,
    "log10_p": -379.9,
    "log10_lr": None,
    "calibration_id": None,
    "ncc": 0.0121,
    "pce": 1738.0,
    "shift": [0, 0],
    "rotation": 0,
    "scale": 1.0,
    "n_positions": 2,
    "overlap": 12000000,
    "search": {"shifts": "none", "window": 16, "rotations": [0, 180]},
    "fingerprint_sha256": _SHA256,
    "fingerprint_shape": [3000, 4000],
    "n_enrolled": 24,
    "quality": 0.83,
    "noise_version": 1,
    "whichcam_version": "0.1.0",
    "warnings": [],
    "reaches_threshold": True,
}
SEARCH: Final[dict[str, Any]] = {
    "photo_name": "IMG_0042.JPG",
    "sha256": _SHA256,
    "exif_camera_model": None,
    "statistic": "z",
    "hits": [],
    "false_alarm_rate": 1e-4,
    "n_cameras": 3,
    "n_searched": 3,
    "n_compared": 3,
    "n_incomparable": 0,
    "search": {"shifts": "none", "window": 16, "rotations": [0, 180]},
    "noise_version": 1,
    "whichcam_version": "0.1.0",
    "warnings": [],
}
FINGERPRINT: Final[dict[str, Any]] = {
    "shape": [3000, 4000],
    "n_photos": 24,
    "quality": 0.83,
    "noise_version": 1,
    "photo_sha256s": [_SHA256],
    "warnings": [],
    "created": "2026-01-31T12:00:00+00:00",
    "whichcam_version": "0.1.0",
    "pattern_sha256": _SHA256,
    "sign_sha256": _SHA256,
    "exponent": 9,
    "metadata": {"saturated_share": 0.0},
}
CAMERA: Final[dict[str, Any]] = {
    "name": "my camera",
    "camera_model": "Canon PowerShot SX260 HS",
    "created": "2026-01-31T12:00:00+00:00",
    "note": "the one with the scratch",
    "fingerprints": [FINGERPRINT],
}
CAMERAS: Final[dict[str, Any]] = {"cameras": [CAMERA], "unfinished": []}
JOB: Final[dict[str, Any]] = {
    "id": "q1w2e3r4t5y6u7i8",
    "operation": "enroll",
    "state": "running",
    "created": "2026-01-31T12:00:00+00:00",
    "progress": {"stage": "taking noise", "done": 7, "total": 24},
    "result": None,
    "error": None,
}
HEALTH: Final[dict[str, Any]] = {
    "status": "ok",
    "whichcam_version": "0.1.0",
    "workers": 2,
    "workers_busy": 0,
    "queue_length": 0,
    "limits": {
        "max_pixels": 100000000,
        "max_upload": 134217728,
        "max_request": 2147483648,
        "max_photos": 500,
    },
    "abilities": {"fusion": True, "heic": True, "raw": False},
}
EXAMINATION: Final[dict[str, Any]] = {
    "photo_name": "IMG_0042.JPG",
    "sha256": _SHA256,
    "n_bytes": 4661700,
    "format": "JPEG",
    "width": 4000,
    "height": 3000,
    "orientation": 1,
    "claims": {
        "make": "Canon",
        "model": "Canon PowerShot SX260 HS",
        "camera_model": "Canon PowerShot SX260 HS",
        "lens": "",
        "software": "",
        "serial_number": "",
        "times": {
            "original": "2026-01-31T12:00:00",
            "digitized": None,
            "modified": None,
            "offset": "",
            "gps": None,
            "xmp_created": None,
            "xmp_modified": None,
        },
        "width": 4000,
        "height": 3000,
        "exif_width": 4000,
        "exif_height": 3000,
        "orientation": 1,
        "place": None,
        "thumbnail": None,
        "has_maker_note": True,
        "comments": [],
        "credentials": {
            "state": "absent",
            "generator": "",
            "issuer": "",
            "actions": [],
            "problems": [],
            "remote_url": "",
        },
        "has_metadata": True,
    },
    "identification": IDENTIFICATION,
    "findings": [
        {
            "code": "model_against_pixels",
            "topic": "camera",
            "analyser": "pixels",
            "text": "The pixels agree with the camera that the file names.",
            "seen": "Canon PowerShot SX260 HS",
            "expected": "Canon PowerShot SX260 HS",
            "strength": "moderate",
            "direction": "agrees",
            "source": "this model's calibration",
            "hypotheses": None,
            "log10_lr": None,
        }
    ],
    "crops": [[1200, 1600, 512, 512]],
    "devices": [],
    "localizations": [],
    "verdicts": [
        {
            "question": "camera",
            "about": "Did a Canon PowerShot SX260 HS take it, as the file says?",
            "hypotheses": ["it did", "another camera did"],
            "words": "supports moderately",
            "direction": "supports",
            "log10_lr": None,
            "basis": "the findings about the camera",
            "findings": ["model_against_pixels"],
        }
    ],
    "structure": None,
    "settings": {"methods": [], "cameras": None, "allow_truncated": False},
    "versions": {"python": "3.11.7", "numpy": "2.0.0"},
    "not_examined": [{"what": "enrolled cameras", "why": "no camera is enrolled yet"}],
    "model_id": "2f1d5a7c9b3e",
    "whichcam_version": "0.1.0",
    "warnings": [],
    "pictures": {"maps": {}, "peaks": {}, "preview": None},
    "files": [],
}
MODELS: Final[dict[str, Any]] = {
    "models": [
        {
            "model_id": "2f1d5a7c9b3e",
            "method": "whichcam",
            "licence": "Apache-2.0",
            "whichcam_version": "0.1.0",
            "cameras": [{"camera_model": "Canon PowerShot S100", "make": "Canon"}],
            "families": [
                {"name": "PowerShot S100", "members": ["Canon PowerShot S100"]}
            ],
        }
    ]
}
ERRORS: Final[dict[int, dict[str, Any]]] = {
    400: {
        "code": "bad_form",
        "message": "The form is damaged; send it again.",
        "details": {},
    },
    401: {
        "code": "token_needed",
        "message": "This server needs its token.",
        "details": {},
    },
    403: {
        "code": "foreign_page",
        "message": "Another web page asked for this.",
        "details": {},
    },
    404: {"code": "unknown_name", "message": "There is no such name.", "details": {}},
    405: {
        "code": "method_not_allowed",
        "message": "GET is not possible here.",
        "details": {},
    },
    408: {
        "code": "too_slow",
        "message": "The upload came in too slowly.",
        "details": {},
    },
    409: {"code": "cancelled", "message": "The job was cancelled.", "details": {}},
    413: {
        "code": "too_large",
        "message": "That is more than 128 MiB.",
        "details": {"limit_bytes": 134217728},
    },
    415: {
        "code": "unsupported_format",
        "message": "notes.txt: this is a text file, not a picture",
        "details": {"type": "UnsupportedFormatError"},
    },
    422: {
        "code": "image_decode",
        "message": "a.jpg: the file is cut off",
        "details": {"type": "ImageDecodeError"},
    },
    500: {
        "code": "worker_crashed",
        "message": "The program that looked at this picture broke down over it.",
        "details": {},
    },
    501: {
        "code": "missing_dependency",
        "message": 'run: pip install "whichcam[heif]"',
        "details": {"extra": "heif"},
    },
    503: {
        "code": "busy",
        "message": "All workers are busy; try again shortly.",
        "details": {"retry_after_s": 2},
    },
    504: {
        "code": "timed_out",
        "message": "Looking at this took too long.",
        "details": {},
    },
    507: {"code": "no_space", "message": "There is no room left.", "details": {}},
}
