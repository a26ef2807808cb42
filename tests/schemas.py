"""Holds requests and replies against GitHub's own OpenAPI description (``tests/data``).

The description is OpenAPI 3.0: its schemas are JSON Schema but for ``nullable``, which is
rewritten here. Formats that matter (``date-time``) are checked, addresses are not.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

DESCRIPTION = Path(__file__).parent / "data" / "github-openapi-subset.json"
EVERYWHERE = {"301", "307", "401", "403", "404", "410", "429"}
"""Answers that the general documentation describes and single operations do not all list."""
UNLISTED = {304, 400, 422, 501}
"""Answers that some operations give and do not list; their bodies have no description."""
BASIC_ERROR = {"$ref": "#/components/schemas/basic-error"}

Json = Any


def assert_reply_matches(method: str, path_template: str, status: int, json: Json) -> None:
    """Fail unless GitHub documents such a reply.

    Args:
        method: in any case.
        path_template: as GitHub writes it: ``/repos/{owner}/{repo}/issues``.
        status: the HTTP status.
        json: the parsed body; ``None`` for none.

    """
    operation = _operation(method, path_template)
    schema = _reply_schema(operation, str(status))
    where = f"{status} of {method.upper()} {path_template}"
    if schema is None:
        assert json is None, f"{where} has no body, got {json!r}"
    else:
        _assert_valid(schema, json, where)


def assert_request_matches(method: str, path_template: str, json: Json) -> None:
    """Fail unless GitHub documents such a request body, every key of it.

    A key that GitHub does not know would be ignored over there; here it is a mistake.
    """
    body = _operation(method, path_template).get("requestBody")
    where = f"the body of {method.upper()} {path_template}"
    if body is None:
        assert json is None, f"{where} is not documented, got {json!r}"
        return
    schema = body["content"]["application/json"]["schema"]
    _assert_valid(schema, json, where)
    unknown = set(json) - set(schema["properties"])
    assert not unknown, f"{where} has keys that GitHub does not document: {sorted(unknown)}"


def assert_documented(method: str, path: str, status: int, json: Json) -> None:
    """Fail if the operation at ``path`` is in the description and does not reply so; see `assert_reply_matches`.

    A repository may be named by its number, and the parent of an issue is an issue.
    """
    named = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path).removesuffix("/parent")
    for template, operations in _description()["paths"].items():
        if method.lower() in operations and _pattern(template).fullmatch(named.rstrip("/")):
            listed = operations[method.lower()]["responses"]
            if str(status) in listed or status not in UNLISTED:
                assert_reply_matches(method, template, status, json)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)))


def _operation(method: str, path_template: str) -> dict[str, Any]:
    operations = _description()["paths"].get(path_template)
    assert operations, f"{path_template} is not in the description"
    operation: dict[str, Any] | None = operations.get(method.lower())
    assert operation, f"{method.upper()} {path_template} is not in the description"
    return operation


def _reply_schema(operation: dict[str, Any], status: str) -> Json:
    """Return the schema of a reply, ``None`` for one without a body."""
    reply = operation["responses"].get(status)
    if reply is None:
        assert status in EVERYWHERE, f"{status} is not documented for {operation['operationId']}"
        return BASIC_ERROR
    if "$ref" in reply:
        reply = _description()["components"]["responses"][reply["$ref"].rsplit("/", 1)[-1]]
    content = reply.get("content", {}).get("application/json")
    return content["schema"] if content else None


def _assert_valid(schema: Json, instance: Json, where: str) -> None:
    whole = {**json_schema_of(schema), "components": _components()}
    errors = sorted(
        Draft4Validator(whole, format_checker=_formats()).iter_errors(instance),
        key=lambda error: list(map(str, error.absolute_path)),
    )
    told = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in errors]
    assert not told, f"{where} is not as GitHub documents it:\n" + "\n".join(told)


@cache
def _description() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return description


@cache
def _components() -> dict[str, Any]:
    rewritten: dict[str, Any] = json_schema_of(_description()["components"])
    return rewritten


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checks("date-time")(is_timestamp)
    return checker


def is_timestamp(value: object) -> bool:
    """GitHub's form: UTC, whole seconds, ``Z``."""
    return (
        not isinstance(value, str)
        or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None
    )


def json_schema_of(node: Json) -> Json:
    """Turn OpenAPI's `nullable` into JSON Schema."""
    if isinstance(node, list):
        return [json_schema_of(each) for each in node]
    if not isinstance(node, dict):
        return node
    rewritten = {key: json_schema_of(value) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [rewritten, {"type": "null"}]} if node.get("nullable") is True else rewritten
