"""GeoReport answers, JSON or XML, as a list of records. What a server sends is hostile until it is read here."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from reportdb.feeds.records import Record

_CONTAINERS = {"service_requests": "request", "services": "service", "requests": "request"}
_DEEPEST = 30  # levels of nesting
_LISTS = frozenset({"notes", "media_urls"})


class BadAnswer(Exception):
    """An answer is not what the specification says; the message says how."""


class ServiceError(Exception):
    """The server answered with an error of its own, in words."""


def read_answer(content: bytes, content_type: str = "") -> list[Record]:
    """Return the requests or services of an answer. Raises BadAnswer and ServiceError.

    The form is told by the first character, because servers name wrong types.
    """
    text = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise BadAnswer("the answer is empty")
    if text.startswith(b"<"):
        return _of_xml(content)
    if not text.startswith((b"[", b"{")):
        raise BadAnswer(f"the answer is neither JSON nor XML ({content_type or 'of no named type'})")
    return _of_json(text)


def parse_json(text: str | bytes) -> Any:
    """Parse JSON with its numbers as they are written. Raises BadAnswer."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer is no JSON: {error}") from error


def record_of(element: Element) -> Record:
    """Return an XML element as an object of JSON would hold it: repeated elements as a list, no attributes."""
    value = _value(element, 0)
    return value if isinstance(value, dict) else {}


def _of_json(text: bytes) -> list[Record]:
    return list(_records(parse_json(text)))


def _records(value: Any) -> Iterator[Record]:
    if isinstance(value, dict):
        value = _inside(value)
    if not isinstance(value, list):
        raise BadAnswer("the answer holds no list of requests")
    for one in value:
        if not isinstance(one, dict):
            raise BadAnswer("the answer's list holds something that is no object")
        if set(one) <= {"code", "description"} and "code" in one:
            raise ServiceError(_error_words([one]))
        yield one


def _inside(value: dict[str, Any]) -> Any:
    """Return the list within an object: some servers keep the outer element of XML in their JSON."""
    if "errors" in value or set(value) == {"code", "description"}:
        errors = value.get("errors", [value])
        if isinstance(errors, dict):
            errors = errors.get("error", [errors])
        raise ServiceError(_error_words(errors if isinstance(errors, list) else [errors]))
    for outer, inner in _CONTAINERS.items():
        if outer in value:
            found = value[outer]
            if isinstance(found, dict):
                found = found.get(inner, [])
            return [found] if isinstance(found, dict) else found
    return None


def _of_xml(content: bytes) -> list[Record]:
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadAnswer(f"the answer is no XML that may be read: {error}") from error
    name = _name(root)
    if name == "errors":
        raise ServiceError(_error_words([record_of(error) for error in root]))
    if name not in _CONTAINERS:
        raise BadAnswer(f"the answer's XML begins with <{name[:60]}>, not with <service_requests>")
    return [record_of(child) for child in root]


def _value(element: Element, depth: int) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if depth > _DEEPEST:
        raise BadAnswer("the answer is nested too deeply")
    if _name(element) in _LISTS:
        return [_value(child, depth + 1) for child in children]
    record: dict[str, Any] = {}
    for child in children:
        name, value = _name(child), _value(child, depth + 1)
        if name not in record:
            record[name] = value
        elif isinstance(record[name], list):
            record[name].append(value)
        else:
            record[name] = [record[name], value]
    return record


def _name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _error_words(errors: list[Any]) -> str:
    said = [str(one.get("description") or one.get("code")) if isinstance(one, dict) else str(one) for one in errors]
    return "; ".join(said)[:500] or "an error without words"
