"""GitHub's OpenAPI descriptions, whole, one of each server: what may be asked, and what may be answered.

They come with the npm package `@octokit/openapi`, which `scripts/descriptions` unpacks into `.descriptions/`; without
them the tests that need them skip. OpenAPI 3.0 is JSON Schema (draft 4) but for `nullable`, which is rewritten here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft4Validator, FormatChecker

from tests.schemas import is_timestamp, json_schema_of

FOLDER: Final = Path(__file__).resolve().parents[2] / ".descriptions"
CLOUD: Final = ("api.github.com", "ghec")
ENTERPRISE: Final = ("ghes-3.17", "ghes-3.18", "ghes-3.19")

EVERYWHERE: Final = {"301", "307", "401", "403", "404", "410", "429"}
"""Answers that the general documentation describes and single operations do not all list."""

CURSORS: Final = {"after", "before"}
"""Query parameters that GitHub's own `Link` headers carry, whether an operation lists them or not."""

# A schema that contradicts what GitHub is known to send: what is said there of this path is not judged.
NOISE: Final = (
    (re.compile(r"/app/installations\b"), re.compile(r"account")),
    (re.compile(r""), re.compile(r"^errors|^status$|'status' was unexpected")),
)

Json = Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer. `path` begins behind the API's own address; `None`: no body."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    status: int
    answer: Json

    def __str__(self) -> str:
        return f"{self.status} of {self.method} {self.path}"


@dataclass(frozen=True)
class Operation:
    """What is documented of a method of an address."""

    template: str
    document: Mapping[str, Any]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths that the template stands for."""
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.template)))

    @property
    def parts(self) -> int:
        """How many of its parts are variable: the address with fewer of them is meant."""
        return self.template.count("{")


class Description:
    """One server's description. `name` is that of its file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._document: dict[str, Any] = json.loads(
            (FOLDER / f"{name}.json").read_text(encoding="utf-8")
        )
        self._validators: dict[str, Draft4Validator] = {}

    def violations(self, exchange: Exchange) -> Iterator[str]:
        """Everything about an exchange that is not documented, a line each."""
        operation = self._operation(exchange.method, exchange.path)
        if operation is None:
            # What is not there is asked for all the same, and answered so.
            if exchange.status != 404:
                yield f"{exchange}: not documented in {self.name}"
            return
        yield from self._of_request(operation, exchange)
        yield from self._of_answer(operation, exchange)

    def _operation(self, method: str, path: str) -> Operation | None:
        # Undocumented, and what GitHub's own links and redirects lead to: the same repository, or owner, by its id.
        path = re.sub(r"^/repositories/\d+", "/repos/owner/repo", path)
        path = re.sub(r"^/organizations/\d+/", "/orgs/owner/", path)
        path = re.sub(r"^/user/\d+/", "/users/owner/", path)
        found = [
            each
            for each in _operations(self.name, method.lower(), len(path.split("/")))
            if each.pattern.fullmatch(path)
        ]
        return min(found, key=lambda each: each.parts, default=None)

    def _of_request(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        documented = {
            self._whole(each)["name"] for each in operation.document.get("parameters", ())
        }
        for name in sorted(set(exchange.query) - documented - CURSORS):
            yield f"{exchange}: query parameter {name!r} is not documented in {self.name}"
        if exchange.body is None:
            return
        content = self._whole(operation.document.get("requestBody", {})).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            yield f"{exchange}: a body is not documented in {self.name}"
            return
        yield from self._invalid(schema, exchange.body, f"{exchange}: asked")
        known = self._whole(schema).get("properties")
        if known is not None and isinstance(exchange.body, dict):
            for key in sorted(set(exchange.body) - set(known)):
                yield f"{exchange}: key {key!r} is not documented in {self.name}"

    def _of_answer(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        responses = operation.document["responses"]
        response = responses.get(str(exchange.status))
        if response is None:
            if str(exchange.status) not in EVERYWHERE and exchange.status < 500:
                yield f"{exchange}: this status is not documented in {self.name}"
            return
        content = self._whole(response).get("content", {}).get("application/json")
        if content is None:
            if exchange.answer is not None:
                yield f"{exchange}: no body is documented in {self.name}"
        elif exchange.answer is None:
            yield f"{exchange}: a body is documented in {self.name}"
        else:
            yield from self._invalid(content["schema"], exchange.answer, f"{exchange}: answered")

    def _invalid(self, schema: Json, instance: Json, where: str) -> Iterator[str]:
        for error in self._validator(schema).iter_errors(instance):
            at = "/".join(map(str, error.absolute_path))
            if not any(
                path.search(where) and what.search(at or error.message) for path, what in NOISE
            ):
                yield f"{where} {at}: {error.message[:200]} ({self.name})"

    def _validator(self, schema: Json) -> Draft4Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**json_schema_of(schema), "components": self._components(schema)}
            self._validators[key] = Draft4Validator(whole, format_checker=_formats())
        return self._validators[key]

    def _components(self, schema: Json) -> Json:
        """Whatever a schema refers to, at any depth."""
        found: dict[str, dict[str, Json]] = {}
        pending = list(_references(schema))
        while pending:
            kind, name = pending.pop().split("/")[-2:]
            if name not in found.setdefault(kind, {}):
                component = self._document["components"][kind][name]
                found[kind][name] = json_schema_of(component)
                pending.extend(_references(component))
        return found

    def _whole(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a reference stands for, or the thing itself."""
        reference = node.get("$ref")
        if reference is None:
            return node
        _, _, kind, name = reference.split("/")
        whole: Mapping[str, Any] = self._document["components"][kind][name]
        return whole

    def operations(self) -> Iterator[tuple[str, Operation]]:
        """Each method with its operation."""
        for template, methods in self._document["paths"].items():
            for method, document in methods.items():
                yield method, Operation(template, document)


@cache
def description(name: str) -> Description:
    """The description of that name, read once."""
    return Description(name)


@cache
def _operations(name: str, method: str, parts: int) -> tuple[Operation, ...]:
    return tuple(
        each
        for its, each in description(name).operations()
        if its == method and len(each.template.split("/")) == parts
    )


def _references(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(formats=())
    checker.checks("date-time")(is_timestamp)
    checker.checks("uri")(_is_address)
    return checker


def _is_address(value: object) -> bool:
    """Percent-encoded: a URI has neither white space nor letters beyond ASCII."""
    return not isinstance(value, str) or re.fullmatch(r"[\x21-\x7e]*", value) is not None
