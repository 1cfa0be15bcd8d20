"""The API's description is whole, and the server keeps to it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import BaseModel
from web_server import Served

from whichcam.web import _examples, _schemas, create_app

DESCRIPTION: dict[str, Any] = create_app().openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DESCRIPTION["paths"].items()
    for method, operation in methods.items()
}
EXAMPLES: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "identification": (_schemas.IdentificationAnswer, _examples.IDENTIFICATION),
    "verification": (_schemas.VerificationAnswer, _examples.VERIFICATION),
    "search": (_schemas.SearchAnswer, _examples.SEARCH),
    "examination": (_schemas.ExaminationAnswer, _examples.EXAMINATION),
    "camera": (_schemas.CameraAnswer, _examples.CAMERA),
    "cameras": (_schemas.CameraList, _examples.CAMERAS),
    "job": (_schemas.JobAnswer, _examples.JOB),
    "health": (_schemas.Health, _examples.HEALTH),
    "models": (_schemas.ModelList, _examples.MODELS),
}
VERBS = (
    *("identify", "verify", "search", "enroll", "examine", "localize", "cameras"),
    *("jobs", "models", "health", "metrics", "export", "import", "report"),
)


def test_every_verb_has_a_route() -> None:
    paths = {path.split("/")[3] for path in DESCRIPTION["paths"]}
    assert set(VERBS) <= paths


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_route_says_what_it_does_takes_and_answers(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description"), parameter["name"]
    for status, answer in operation["responses"].items():
        assert answer["description"], status
        if status == "204":
            continue
        assert answer["content"], status
        for kind, content in answer["content"].items():
            binary = content.get("schema", {}).get("format") == "binary"
            assert binary or "example" in content, f"{status} {kind}"


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_has_the_one_shape(name: str) -> None:
    for status, answer in OPERATIONS[name]["responses"].items():
        if int(status) < 400:
            continue
        content = answer["content"]["application/json"]
        assert content["schema"]["$ref"].endswith("/ErrorAnswer")
        assert _schemas.ErrorAnswer.model_validate(content["example"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_answers_that_could_be_given(name: str) -> None:
    model, example = EXAMPLES[name]
    assert model.model_validate(example)


def test_fields_are_described_by_their_docstrings() -> None:
    fields = DESCRIPTION["components"]["schemas"]["Identification"]["properties"]
    assert all(field.get("description") for field in fields.values())
    assert fields["confidence"]["description"].startswith("Probability of the answer")


@pytest.mark.slow
def test_nothing_that_the_description_allows_breaks_the_server(served: Served) -> None:
    import schemathesis

    schema = schemathesis.openapi.from_dict(DESCRIPTION)
    n_asked: dict[str, int] = {}
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        if operation is None or operation.path.endswith("/events"):
            continue
        _ask_everything(operation.as_strategy(), served, n_asked)
    assert len(n_asked) >= len(OPERATIONS) - 1


def _ask_everything(strategy: Any, served: Served, n_asked: dict[str, int]) -> None:
    from hypothesis import HealthCheck, given, settings

    @given(case=strategy)
    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = case.call(base_url=served.address)
        name = f"{case.method} {case.path}"
        n_asked[name] = n_asked.get(name, 0) + 1
        assert answer.status_code < 500 or answer.status_code in (501, 503), answer.text
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"code", "message", "details"}

    ask()


def test_the_description_names_no_path_and_no_person() -> None:
    assert re.findall(r"/(?:home|root|work|tmp)\b", str(DESCRIPTION)) == []
