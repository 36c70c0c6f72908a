"""What the double says of itself, and its databases, collections, indexes, transactions and cursors."""

import re
from typing import Any

from tests.arango.request import Request, Told, told
from tests.arango.world import DOCUMENTS, EDGES, Collection, Document, Refused, Transaction, View

VERSION = "3.12.5"


def version(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/version`."""
    return told(200, {"server": "arango", "license": "double", "version": VERSION})


def database(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/database/...`."""
    world, here = request.world, request.database
    if request.method == "GET":
        if parts == ["current"]:
            about = {
                "name": here.name,
                "id": str(here.number),
                "path": "",
                "isSystem": here.name == "_system",
            }
            return told(200, {"error": False, "code": 200, "result": about})
        if parts == ["user"] or here.name == "_system":
            return told(200, {"error": False, "code": 200, "result": list(world.databases)})
    if here.name != "_system":
        raise Refused(403, 1230, "operation only allowed in system database")
    if request.method == "POST":
        world.make_database(request.given("name"))
        for user in request.given("users") or []:
            world.users[user.get("username") or user.get("user")] = (
                user.get("passwd") or user.get("password") or ""
            )
        return told(201, {"error": False, "code": 201, "result": True})
    world.database(parts[0])
    del world.databases[parts[0]]
    return told(200, {"error": False, "code": 200, "result": True})


def collection(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/collection/...`."""
    database = request.database
    if not parts:
        if request.method == "GET":
            result = [one.about() for one in database.collections.values()]
            return _fine({"result": result})
        more = {name: value for name, value in request.body.items() if name not in ("name", "type")}
        made = request.world.make_collection(
            database, request.given("name"), request.given("type") or DOCUMENTS, more
        )
        return _fine({**made.about(), **made.properties})
    found = database.collection(parts[0])
    match request.method, parts[1:]:
        case "GET", []:
            return _fine(found.about())
        case "DELETE", []:
            del database.collections[found.name]
            return _fine({"id": str(found.number)})
        case "GET", [about]:
            return _fine({**found.about(), **found.properties, **_about(request, found, about)})
        case "PUT", [action]:
            return _fine(_act(request, found, action))
    raise Refused(405, 405, "method not supported")


def index(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/index/...`."""
    if not parts:
        found = request.database.collection(request.query["collection"])
        if request.method == "GET":
            return _fine({"indexes": found.indexes})
        return _new_index(request, found, request.body)
    found = request.database.collection(parts[0])
    one = next((each for each in found.indexes if each["id"] == "/".join(parts)), None)
    if one is None:
        raise Refused(404, 1212, "index not found")
    if request.method == "DELETE":
        if one["type"] in ("primary", "edge"):
            raise Refused(400, 1213, "forbidden")
        found.indexes.remove(one)
    return _fine(one)


def transaction(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/transaction/...`."""
    world = request.world
    if parts == ["begin"]:
        wanted: dict[str, list[str]] = {}
        for how, names in (request.given("collections") or {}).items():
            wanted[how] = [names] if isinstance(names, str) else names or []
            for name in wanted[how]:
                request.database.collection(name)
        number = str(world.number())
        world.transactions[number] = Transaction(request.database.name, wanted)
        return told(201, _state(number, "running"))
    if not parts:
        if request.method == "POST":
            raise Refused(501, 501, "the double runs no JavaScript")
        running = [
            {"id": number, "state": one.status}
            for number, one in world.transactions.items()
            if one.status == "running" and one.database == request.database.name
        ]
        return told(200, {"transactions": running})
    return told(200, _state(parts[0], _moved(request, parts[0])))


def tasks(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/tasks`: there are none."""
    return told(200, [])


def user(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/user`: who may sign in."""
    if request.method == "POST":
        request.world.users[request.given("user")] = request.given("passwd") or ""
        return told(201, {"user": request.given("user"), "active": True, "extra": {}})
    if request.method == "DELETE":
        if request.world.users.pop(parts[0], None) is None:
            raise Refused(404, 1703, "user not found")
        return told(202, {"error": False, "code": 202})
    result = [{"user": name, "active": True, "extra": {}} for name in request.world.users]
    return _fine({"result": result})


def _moved(request: Request, number: str) -> str:
    if not re.fullmatch(r"\d+", number):
        raise Refused(400, 10, "bad parameter")
    found = request.world.transactions.get(number)
    if found is None:
        raise Refused(404, 1655, "transaction not found")
    wanted = {"PUT": "committed", "DELETE": "aborted"}.get(request.method, found.status)
    if found.status == "running" and wanted == "committed":
        for name in {name for name, _ in found.changed}:
            View(request.world, request.database.collection(name), found).commit()
    elif found.status != wanted and found.status != "running":
        raise Refused(400, 1653, f"transaction is {found.status}")
    found.status = wanted
    return wanted


def _state(number: str, status: str) -> Document:
    return {"error": False, "code": 200, "result": {"id": number, "status": status}}


def _about(request: Request, found: Collection, about: str) -> Document:
    documents = list(View(request.world, found, request.transaction).all())
    match about:
        case "properties":
            return {"keyOptions": {"type": "traditional", "allowUserKeys": True, "lastValue": 0}}
        case "count":
            return {"count": len(documents)}
        case "revision":
            return {"revision": max((one["_rev"] for one in documents), default="0")}
        case "checksum":
            return {"checksum": str(hash(tuple(sorted(one["_rev"] for one in documents)))), "revision": "0"}
        case "figures":
            return {"count": len(documents), "figures": {"indexes": {"count": len(found.indexes), "size": 0}}}
    raise Refused(404, 404, f"unknown path: {about}")


def _act(request: Request, found: Collection, action: str) -> Document:
    match action:
        case "truncate":
            view = View(request.world, found, request.transaction)
            for one in list(view.all()):
                view.delete(one["_key"])
        case "properties":
            found.properties |= request.body
            return {**found.about(), **found.properties, **_about(request, found, "properties")}
        case "rename":
            name = request.given("name")
            if name in request.database.collections:
                raise Refused(409, 1207, "duplicate name")
            request.database.collections[name] = request.database.collections.pop(found.name)
            for one in found.documents.values():
                one["_id"] = f"{name}/{one['_key']}"
            found.name = name
        case "recalculateCount" | "loadIndexesIntoMemory":
            return {"result": True, "count": len(found.documents)}
        case "compact" | "load" | "unload":
            pass
        case _:
            raise Refused(404, 404, f"unknown path: {action}")
    return found.about()


def _new_index(request: Request, found: Collection, asked: Document) -> Told:
    asked = {"unique": False, "sparse": False, "deduplicate": True, "estimates": True, **asked}
    if not asked.get("fields") or asked.get("type") not in (
        "persistent",
        "ttl",
        "geo",
        "fulltext",
        "inverted",
        "mdi",
    ):
        raise Refused(400, 10, "bad parameter")
    for one in found.indexes:
        if all(one.get(name) == asked.get(name) for name in ("type", "fields", "unique", "sparse")):
            return told(200, {"error": False, "code": 200, **one, "isNewlyCreated": False})
    number = request.world.number()
    made = {**asked, "id": f"{found.name}/{number}", "name": asked.get("name") or f"idx_{number}"}
    found.indexes.append(made)
    return told(201, {"error": False, "code": 201, **made, "isNewlyCreated": True})


def edges(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/edges/...`: the edges at a node."""
    view = request.view(parts[0])
    if view.collection.kind != EDGES:
        raise Refused(400, 1237, "invalid edge collection")
    at, way = request.query["vertex"], request.query.get("direction", "any")
    found = [
        one
        for one in view.all()
        if (one["_from"] == at and way != "in") or (one["_to"] == at and way != "out")
    ]
    stats = {"scannedIndex": len(found), "filtered": 0}
    return _fine({"edges": found, "stats": stats})


def _fine(body: Any) -> Told:
    return told(200, {"error": False, "code": 200, **body})
