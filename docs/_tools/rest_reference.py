"""The REST reference: what the API's own description says of each route."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

NOT_INSTALLED = "The extra `serve` was not installed where these pages were built.\n"


def write(page: Path) -> None:
    """Write the reference of every route, by kind."""
    text = _reference() if importlib.util.find_spec("fastapi") else NOT_INSTALLED
    page.write_text(text, encoding="utf-8")


def _reference() -> str:
    from whichcam.web import create_app

    description = create_app().openapi()
    by_tag: dict[str, list[str]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            (tag,) = operation["tags"]
            by_tag.setdefault(tag, []).append(_route(method, path, operation))
    parts = [f"## {tag.capitalize()}\n\n" + "\n".join(by_tag[tag]) for tag in by_tag]
    return "\n".join(parts)


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    lines = [f"### `{method.upper()} {path}`", "", operation["description"], ""]
    parameters = operation.get("parameters", [])
    if parameters:
        lines += ["| option | what it means | default |", "| --- | --- | --- |"]
        lines += [_option(parameter) for parameter in parameters]
        lines.append("")
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        lines += ["Body: " + ", ".join(f"`{kind}`" for kind in body), ""]
    lines += ["| status | answer |", "| --- | --- |"]
    for status, answer in sorted(operation["responses"].items()):
        lines.append(f"| {status} | {answer['description']} |")
    return "\n".join([*lines, ""])


def _option(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    needed = "needed" if parameter["required"] else "none"
    default = f"`{schema['default']}`" if schema.get("default") else needed
    if schema.get("default") is False:
        default = "`false`"
    choices = schema.get("enum", [])
    text = parameter["description"]
    if choices:
        text = f"{text} One of {', '.join(f'`{choice}`' for choice in choices)}."
    return f"| `{parameter['name']}` | {text} | {default} |"
