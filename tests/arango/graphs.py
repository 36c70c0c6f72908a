"""Named graphs of the double (`gharial`): their collections, vertices and edges."""

from typing import Any

from tests.arango import documents
from tests.arango.request import Request, Told, told
from tests.arango.world import DOCUMENTS, EDGES, Document, Refused, View

_STATUS = {"POST": 202, "PUT": 202, "PATCH": 202, "DELETE": 200, "GET": 200}


def gharial(request: Request, parts: list[str]) -> Told:
    """Answer `/_api/gharial/...`."""
    graphs = request.database.graphs
    if not parts:
        if request.method == "GET":
            return _fine({"graphs": list(graphs.values())})
        return _created(request)
    graph = graphs.get(parts[0])
    if graph is None:
        raise Refused(404, 1924, f"graph '{parts[0]}' not found")
    match parts[1:]:
        case []:
            return _whole(request, graph)
        case ["vertex" | "edge" as kind]:
            return _kinds(request, graph, kind)
        case ["vertex" | "edge" as kind, name] if request.method == "POST":
            _member(graph, kind, name)
            return _put(request, graph, kind, request.view(name), "")
        case ["vertex", name]:
            _member(graph, "vertex", name)
            graph["orphanCollections"].remove(name)
            if request.flag("dropCollection"):
                del request.database.collections[name]
            return _graph(graph, 202)
        case ["edge", name]:
            return _definition(request, graph, name)
        case ["vertex" | "edge" as kind, name, key]:
            _member(graph, kind, name)
            return _put(request, graph, kind, request.view(name), key)
    raise Refused(404, 404, "unknown path")


def _created(request: Request) -> Told:
    name = request.given("name")
    if not name:
        raise Refused(400, 1921, "graph name missing")
    if name in request.database.graphs:
        raise Refused(409, 1925, "graph already exists")
    definitions = request.given("edgeDefinitions") or []
    orphans = request.given("orphanCollections") or []
    for one in definitions:
        _made(request, one)
    for orphan in orphans:
        _collection(request, orphan, DOCUMENTS)
    options = {key: value for key, value in request.body.items() if key in ("isSmart", "isDisjoint")}
    graph: Document = {
        "_key": name,
        "_id": f"_graphs/{name}",
        "_rev": request.world.revision(),
        "name": name,
        "edgeDefinitions": definitions,
        "orphanCollections": orphans,
        "isSmart": False,
        "isDisjoint": False,
        **options,
    }
    request.database.graphs[name] = graph
    return _graph(graph, 201 if request.flag("waitForSync") else 202)


def _whole(request: Request, graph: Document) -> Told:
    if request.method == "GET":
        return _graph(graph, 200)
    del request.database.graphs[graph["name"]]
    if request.flag("dropCollections"):
        for name in {*_vertices(graph), *(one["collection"] for one in graph["edgeDefinitions"])}:
            request.database.collections.pop(name, None)
    return told(202, {"error": False, "code": 202, "removed": True})


def _kinds(request: Request, graph: Document, kind: str) -> Told:
    if request.method == "GET":
        edges = [one["collection"] for one in graph["edgeDefinitions"]]
        return _fine({"collections": edges if kind == "edge" else _vertices(graph)})
    if kind == "vertex":
        name = request.given("collection")
        if name in _vertices(graph):
            raise Refused(400, 1938, "collection used in orphans")
        _collection(request, name, DOCUMENTS)
        graph["orphanCollections"].append(name)
        return _graph(graph, 202)
    if any(one["collection"] == request.given("collection") for one in graph["edgeDefinitions"]):
        raise Refused(400, 1920, "multi use of edge collection in edge def")
    _made(request, request.body)
    _define(graph, [*graph["edgeDefinitions"], request.body])
    return _graph(graph, 202)


def _definition(request: Request, graph: Document, name: str) -> Told:
    others = [one for one in graph["edgeDefinitions"] if one["collection"] != name]
    if len(others) == len(graph["edgeDefinitions"]):
        raise Refused(404, 1930, "edge collection not used in graph")
    if request.method == "PUT":
        _made(request, request.body)
        others.append(request.body)
    _define(graph, others)
    if request.method == "DELETE" and request.flag("dropCollections"):
        del request.database.collections[name]
    return _graph(graph, 202)


def _put(request: Request, graph: Document, kind: str, view: View, key: str) -> Told:
    """Read or change one vertex or edge; what is told stands under its kind."""
    if kind == "edge" and request.method in ("POST", "PUT"):
        _ends(request, graph, view.collection.name)
    match request.method:
        case "GET":
            found = documents.read(request, view, key)
            return told(200, {"error": False, "code": 200, kind: found}, ETag=f'"{found["_rev"]}"')
        case "POST":
            answer = documents.insert(request, view, request.body)
        case "PUT" | "PATCH":
            answer = documents.change(request, view, key, request.body)
        case _:
            old = documents.remove(request, view, key, {})
            if kind == "vertex":
                _cut(request, graph, old["_id"])
            more = {"old": old["old"]} if "old" in old else {}
            return told(202, {"error": False, "code": 202, "removed": True, **more})
    status = 201 if request.flag("waitForSync") and request.method == "POST" else _STATUS[request.method]
    more = {name: answer.pop(name) for name in ("old", "new") if name in answer}
    return told(status, {"error": False, "code": status, kind: answer, **more}, ETag=f'"{answer["_rev"]}"')


def _ends(request: Request, graph: Document, name: str) -> None:
    """Refuse an edge whose ends are not there, or not of the kind that the graph wants."""
    body: Any = request.body
    for end in ("_from", "_to"):
        if not isinstance(body.get(end), str) or "/" not in body[end]:
            raise Refused(400, 1233, "edge attribute missing or invalid")
    one = next(one for one in graph["edgeDefinitions"] if one["collection"] == name)
    for end, wanted in (("_from", one["from"]), ("_to", one["to"])):
        collection, _, key = body[end].partition("/")
        if collection not in wanted:
            raise Refused(400, 1906, f"invalid edge between {body['_from']!r} and {body['_to']!r}")
        if request.view(collection).get(key) is None:
            raise Refused(404, 1202, "document not found")


def _cut(request: Request, graph: Document, node: str) -> None:
    """Take the edges at a vertex away with it."""
    for one in graph["edgeDefinitions"]:
        view = request.view(one["collection"])
        for edge in list(view.all()):
            if node in (edge["_from"], edge["_to"]):
                view.delete(edge["_key"])


def _define(graph: Document, definitions: list[Document]) -> None:
    """Set the definitions of edges; vertices that none has any more become orphans."""
    before = _vertices(graph)
    graph["edgeDefinitions"] = definitions
    used = {name for one in definitions for name in (*one["from"], *one["to"])}
    graph["orphanCollections"] = [name for name in before if name not in used]


def _vertices(graph: Document) -> list[str]:
    used = [name for one in graph["edgeDefinitions"] for name in (*one["from"], *one["to"])]
    return sorted({*used, *graph["orphanCollections"]})


def _member(graph: Document, kind: str, name: str) -> None:
    edges = [one["collection"] for one in graph["edgeDefinitions"]]
    if name not in (edges if kind == "edge" else _vertices(graph)):
        raise Refused(404, 1926 if kind == "vertex" else 1930, f"{kind} collection not used in graph")


def _made(request: Request, definition: Document) -> None:
    if not definition.get("collection") or not definition.get("from") or not definition.get("to"):
        raise Refused(400, 1923, "malformed edge definition")
    _collection(request, definition["collection"], EDGES)
    for name in (*definition["from"], *definition["to"]):
        _collection(request, name, DOCUMENTS)


def _collection(request: Request, name: str, kind: int) -> None:
    if name not in request.database.collections:
        request.world.make_collection(request.database, name, kind, {})


def _graph(graph: Document, status: int) -> Told:
    return told(status, {"error": False, "code": status, "graph": graph})


def _fine(body: Document) -> Told:
    return told(200, {"error": False, "code": 200, **body})
