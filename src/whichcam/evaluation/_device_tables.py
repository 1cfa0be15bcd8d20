"""The figures of device evaluations as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from whichcam.evaluation._device_result import DeviceEvaluation
from whichcam.evaluation._device_summary import DeviceSummary
from whichcam.evaluation._tables import ABSENT, Cell, Table, markdown_table
from whichcam.scoring import Interval

_HEADINGS: Final = ("crop", "enrolled", "probe")

_Row = tuple[tuple[Cell, ...], DeviceSummary]


def device_tables(
    results: Sequence[DeviceEvaluation],
    *,
    statistic: str = "z",
    false_alarm_rate: float = 1e-3,
) -> tuple[Table, ...]:
    """Return the figures of device evaluations as tables.

    Parameters
    ----------
    results : sequence of DeviceEvaluation
        One or more, each a row.
    statistic : {"z", "pce", "ncc"}
        Score that decides.
    false_alarm_rate : float, default 1e-3
        Share of different devices that may be accepted.

    Returns
    -------
    tuple of Table
        ``"devices"``, ``"impostors"`` and ``"ratios"``: a row a result.

    Raises
    ------
    UnknownNameError, InputError
        If there is no such statistic or the rate is outside [0, 1).
    """
    rows = [
        (
            _label(result),
            result.summary(statistic=statistic, false_alarm_rate=false_alarm_rate),
        )
        for result in results
    ]
    return (
        _devices(rows, statistic, false_alarm_rate),
        _impostors(rows, false_alarm_rate),
        _ratios(rows),
    )


def _devices(rows: Sequence[_Row], statistic: str, false_alarm_rate: float) -> Table:
    return Table(
        key="devices",
        title="Devices",
        note=f"True matches: share of the pictures whose own device's {statistic} is "
        f"above that of all but a share of {false_alarm_rate:g} of the comparisons "
        "with others (of all, where that share is less than one); interval: 95 %, "
        "Wilson. Above all: above every one of them. "
        "Confused: pictures that another body of the same model beats.",
        columns=(
            *_HEADINGS,
            "devices",
            "pictures",
            "true matches",
            "95 % interval",
            "above all",
            "EER",
            "rank 1",
            "confused",
            "failed",
        ),
        rows=tuple(
            (
                *label,
                one.n_devices,
                one.n_same,
                one.true_match_rate,
                _shown_interval(one.true_match_interval),
                one.above_all_rate,
                one.equal_error_rate,
                one.rank_1,
                one.n_same_model_confused,
                one.n_failed,
            )
            for label, one in rows
        ),
    )


def _impostors(rows: Sequence[_Row], false_alarm_rate: float) -> Table:
    return Table(
        key="impostors",
        title="Other devices",
        note="Scores at the edge, of how many comparisons. Stated: accepted where the "
        f"p-value is at most {false_alarm_rate:g}; PCE 60: at the literature's "
        "threshold. Neither was fitted.",
        columns=(
            *_HEADINGS,
            "lowest true",
            "highest other",
            "others",
            "highest same model",
            "same model",
            "stated: true",
            "stated: false",
            "PCE 60: true",
            "PCE 60: false",
        ),
        rows=tuple(
            (
                *label,
                _shown_score(one.lowest_same),
                _shown_score(one.highest_different),
                one.n_different,
                _shown_score(one.highest_same_model),
                one.n_same_model,
                one.stated_true_match_rate,
                one.stated_false_alarm_rate,
                one.pce_60_true_match_rate,
                one.pce_60_false_alarm_rate,
            )
            for label, one in rows
        ),
    )


def _ratios(rows: Sequence[_Row]) -> Table:
    return Table(
        key="ratios",
        title="Likelihood ratios",
        note="Cost in bits (1: no information); each ratio by a map fitted without "
        "either of its two devices. Misleading: share that points the wrong way.",
        columns=(
            *_HEADINGS,
            "Cllr",
            "Cllr min",
            "misleading, same",
            "misleading, other",
        ),
        rows=tuple(
            (
                *label,
                one.cllr,
                one.cllr_min,
                one.misleading_same,
                one.misleading_different,
            )
            for label, one in rows
        ),
    )


def devices_to_markdown(
    results: Sequence[DeviceEvaluation],
    *,
    statistic: str = "z",
    false_alarm_rate: float = 1e-3,
) -> str:
    """Return the tables of device evaluations as Markdown.

    Parameters
    ----------
    results : sequence of DeviceEvaluation
        One or more, each a row.
    statistic, false_alarm_rate
        As for `device_tables`.

    Returns
    -------
    str
        Ends in a newline. The same results give the same text.

    Raises
    ------
    UnknownNameError, InputError
        As `device_tables` does.
    """
    tables = device_tables(
        results, statistic=statistic, false_alarm_rate=false_alarm_rate
    )
    return "\n".join(markdown_table(table) for table in tables)


def _label(result: DeviceEvaluation) -> tuple[Cell, ...]:
    asked = result.conditions
    return (
        "whole" if asked.crop_size is None else f"{asked.crop_size} px",
        "all" if asked.n_enrolled is None else str(asked.n_enrolled),
        "as it is" if asked.jpeg_quality is None else f"JPEG {asked.jpeg_quality}",
    )


def _shown_interval(interval: Interval | None) -> str | None:
    return f"{interval.low:.3f} to {interval.high:.3f}" if interval else None


def _shown_score(score: float | None) -> str:
    """Return a score to three digits: energies go to thousands."""
    if score is None:
        return ABSENT
    return f"{score:.0f}" if abs(score) >= 100 else f"{score:.3g}"
