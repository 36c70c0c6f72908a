"""Documents of the double: one or many, with revisions, and bulk imports."""

import json
from collections.abc import Callable
from typing import Any

from tests.arango.request import Request, Told, told
from tests.arango.world import EDGES, Document, Refused, View

_HEADS = ("_id", "_key", "_rev", "_from", "_to")


def document(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/document/...`."""
    view = request.view(parts[0].split("/")[0])
    body = request.body
    match request.method, len(parts):
        case (("GET" | "HEAD"), 2):
            found = read(request, view, parts[1])
            return told(200, found, ETag=f'"{found["_rev"]}"')
        case "POST", 1:
            return _each(request, body, lambda one: insert(request, view, one))
        case "PUT", 1 if request.flag("onlyget"):
            return told(200, _many(request, view, body))
        case (("PUT" | "PATCH"), 1):
            return _each(request, body, lambda one: change(request, view, key_of(one), one, many=True))
        case (("PUT" | "PATCH"), 2):
            return _done(request, change(request, view, parts[1], body))
        case "DELETE", 1:
            return _each(request, body, lambda one: remove(request, view, key_of(one), one), removed=True)
        case "DELETE", 2:
            return _done(request, remove(request, view, parts[1], {}), removed=True)
    raise Refused(405, 405, "method not supported")


def read(request: Request, view: View, key: str) -> Document:
    """Return a document, or refuse (1202, or its revision: 304, 412)."""
    found = view.get(key)
    if found is None:
        raise Refused(404, 1202, "document not found")
    given, other = request.header("if-match"), request.header("if-none-match")
    if given and given != found["_rev"]:
        raise _conflict(found)
    if other and other == found["_rev"]:
        raise Refused(304, 304, "not modified")
    return found


def insert(request: Request, view: View, given: Any) -> Document:
    """Insert a document, or do with the one that is there what is asked for."""
    if not isinstance(given, dict):
        raise Refused(400, 1227, "invalid document type")
    key = view.new_key(given)
    old = view.get(key)
    mode = request.query.get("overwriteMode", "replace" if request.flag("overwrite") else "conflict")
    if old is None or mode == "replace":
        new = view.put({**given, "_key": key})
    elif mode == "ignore":
        return _heads(old)
    elif mode == "update":
        new = view.put(_merged(request, old, given))
    else:
        more = {name: old[name] for name in ("_id", "_key", "_rev")}
        raise Refused(409, 1210, "unique constraint violated - in index primary over '_key'", **more)
    return _with(request, new, old, overwritten=old is not None)


def change(request: Request, view: View, key: str, given: Any, *, many: bool = False) -> Document:
    """Replace a document, or update it, or refuse (1200, 1202)."""
    if not isinstance(given, dict):
        raise Refused(400, 1227, "invalid document type")
    old = view.get(key)
    if old is None:
        raise Refused(404, 1202, "document not found")
    _check_revision(request, old, given)
    if request.method == "PATCH":
        new = _merged(request, old, given)
    else:
        new = {name: value for name, value in given.items() if name not in ("_id", "_rev")}
        if view.collection.kind == EDGES:
            new = {"_from": old["_from"], "_to": old["_to"], **new}
    return _with(request, view.put({**new, "_key": key}), old, overwritten=True)


def remove(request: Request, view: View, key: str, given: Any) -> Document:
    """Take a document away, or refuse (1200, 1202)."""
    old = view.get(key)
    if old is None:
        raise Refused(404, 1202, "document not found")
    _check_revision(request, old, given if isinstance(given, dict) else {})
    view.delete(key)
    return {**_heads(old), **({"old": old} if request.flag("returnOld") else {})}


def key_of(given: Any) -> str:
    """Return the key that a document or a selector names."""
    if isinstance(given, str):
        return given.rpartition("/")[2]
    if isinstance(given, dict):
        name = given.get("_key") or given.get("_id")
        if isinstance(name, str):
            return name.rpartition("/")[2]
    raise Refused(400, 1221, "illegal document key")


def bulk(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/import`."""
    view = request.view(request.query.get("collection", ""))
    if request.flag("overwrite"):
        for one in list(view.all()):
            view.delete(one["_key"])
    counts = {"created": 0, "errors": 0, "empty": 0, "updated": 0, "ignored": 0}
    details: list[str] = []
    for place, one in enumerate(_imported(request)):
        try:
            counts[_import(view, one, request.query.get("onDuplicate", "error"))] += 1
        except Refused as refused:
            if request.flag("complete"):
                raise
            counts["errors"] += 1
            details.append(f"at position {place}: {refused}, offending document: {json.dumps(one)}")
    return told(201, {"error": False, **counts, **({"details": details} if request.flag("details") else {})})


def _imported(request: Request) -> list[Any]:
    if request.query.get("type") == "documents":
        return [json.loads(line) for line in request.text.splitlines() if line.strip()]
    assert isinstance(request.body, list), request.query
    return request.body


def _import(view: View, one: Any, twice: str) -> str:
    if not isinstance(one, dict):
        raise Refused(400, 1227, "invalid document type")
    key = view.new_key(one)
    old = view.get(key)
    if old is None:
        view.put({**one, "_key": key})
        return "created"
    if twice == "ignore":
        return "ignored"
    if twice == "error":
        raise Refused(409, 1210, "unique constraint violated")
    view.put({**(old if twice == "update" else {}), **one, "_key": key})
    return "updated"


def _many(request: Request, view: View, body: Any) -> list[Document]:
    found: list[Document] = []
    for one in body:
        old = view.get(key_of(one))
        if old is None:
            found.append({"error": True, "errorNum": 1202, "errorMessage": "document not found"})
        elif (
            isinstance(one, dict)
            and one.get("_rev") not in (None, old["_rev"])
            and not request.flag("ignoreRevs", True)
        ):
            found.append({"error": True, "errorNum": 1200, "errorMessage": "conflict"})
        else:
            found.append(old)
    return found


def _each(request: Request, body: Any, work: Callable[[Any], Document], *, removed: bool = False) -> Told:
    if not isinstance(body, list):
        return _done(request, work(body), removed=removed)
    answers: list[Document] = []
    numbers: dict[int, int] = {}
    for one in body:
        try:
            answers.append(work(one))
        except Refused as refused:
            number = refused.body["errorNum"]
            numbers[number] = numbers.get(number, 0) + 1
            answers.append({"error": True, "errorNum": number, "errorMessage": str(refused)})
    if request.flag("silent"):
        answers = [one for one in answers if one.get("error")]
    codes = {"X-Arango-Error-Codes": ",".join(f"{number}:{count}" for number, count in numbers.items())}
    return told(_status(request, removed), answers, **(codes if numbers else {}))


def _done(request: Request, answer: Document, *, removed: bool = False) -> Told:
    status = _status(request, removed)
    return told(status, {} if request.flag("silent") else answer, ETag=f'"{answer["_rev"]}"')


def _status(request: Request, removed: bool) -> int:
    return (200 if removed else 201) if request.flag("waitForSync") else 202


def _check_revision(request: Request, old: Document, given: Document) -> None:
    wanted = request.header("if-match")
    if not wanted and not request.flag("ignoreRevs", True):
        wanted = given.get("_rev") or ""
    if wanted and wanted != old["_rev"]:
        raise _conflict(old)


def _conflict(found: Document) -> Refused:
    more = {name: found[name] for name in ("_id", "_key", "_rev")}
    return Refused(412, 1200, "conflict", **more)


def _heads(found: Document) -> Document:
    return {name: found[name] for name in ("_id", "_key", "_rev")}


def _with(request: Request, new: Document, old: Document | None, *, overwritten: bool) -> Document:
    answer = _heads(new)
    if overwritten and old is not None:
        answer["_oldRev"] = old["_rev"]
        if request.flag("returnOld"):
            answer["old"] = old
    if request.flag("returnNew"):
        answer["new"] = new
    return answer


def _merged(request: Request, old: Document, given: Document) -> Document:
    """Return a document with the attributes of another laid over it, objects into each other."""
    merged = _laid(old, given, deep=request.flag("mergeObjects", True))
    if not request.flag("keepNull", True):
        merged = {name: value for name, value in merged.items() if value is not None}
    return {**merged, **{name: old[name] for name in ("_key", "_id", "_rev")}}


def _laid(old: Document, given: Document, *, deep: bool) -> Document:
    laid = dict(old)
    for name, value in given.items():
        both = deep and isinstance(value, dict) and isinstance(laid.get(name), dict)
        laid[name] = _laid(laid[name], value, deep=True) if both else value
    return laid
