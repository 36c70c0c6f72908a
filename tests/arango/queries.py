"""What the queries of `stores/arango/texts.py` do, written down again from their texts: the registry of the double."""

from collections.abc import Callable, Mapping
from typing import Any

from flowmaster.stores.arango import texts
from tests.arango.cursors import Answer, Query
from tests.arango.request import Request
from tests.arango.world import Document


def _all(request: Request, collection: str) -> list[Document]:
    return list(request.view(collection).all())


def _level(end: str) -> Query:
    def level(request: Request, bound: Mapping[str, Any]) -> Answer:
        parts = {one["_key"]: one for one in _all(request, "flowmaster_part")}
        definitions = {one["_key"]: one for one in _all(request, "flowmaster_definition")}
        met = []
        for link in _all(request, "flowmaster_link"):
            if link[end] not in bound["here"] or link["kind"] not in bound["kinds"]:
                continue
            if link["space"] != bound["space"] or link["tenant"] != bound["tenant"]:
                continue
            part, owner = parts.get(link["part"]), definitions.get(link["owner"])
            if part is None or part["number"] != link["change"] or owner is None or owner["archived"]:
                continue
            drafted = bound["view"] == "draft" and owner["draft"] > 0
            if bound["view"] == "all" or link["version"] == (0 if drafted else owner["version"]):
                met.append((owner["age"], link["version"], link["place"], link, owner))
        met.sort(key=lambda one: one[:3])
        return Answer(
            [
                {
                    "kind": link["kind"],
                    "source": [link["source_kind"], link["source"]],
                    "target": [link["target_kind"], link["target"]],
                    "element": link["element"],
                    "pinned": link["pinned"],
                    "free": link["free"],
                    "owner": [owner["kind"], owner["key"]],
                    "version": link["version"],
                }
                for *_, link, owner in met[: bound["most"]]
            ]
        )

    return level


def _count(request: Request, bound: Mapping[str, Any]) -> Answer:
    parts = {one["_key"]: one for one in _all(request, "flowmaster_part")}
    counts: dict[str, int] = {}
    for owner in _all(request, "flowmaster_definition"):
        if owner["space"] != bound["space"] or owner["tenant"] != bound["tenant"] or owner["archived"]:
            continue
        for link in _all(request, "flowmaster_link"):
            of = f"{owner['_key']}-{owner['version']}"
            if link["part"] == of and of in parts and parts[of]["number"] == link["change"]:
                counts[link["kind"]] = counts.get(link["kind"], 0) + 1
    return Answer([{"kind": kind, "links": links} for kind, links in counts.items()])


def _put(collection: str) -> Query:
    def put(request: Request, bound: Mapping[str, Any]) -> Answer:
        view = request.view(collection)
        for document in bound["documents"]:
            old = view.get(document["_key"])
            if old is None:
                view.put(dict(document))
            else:
                view.put({**old, **(document if old["number"] < document["number"] else {})})
        return Answer([], len(bound["documents"]))

    return put


def _drop_old(request: Request, bound: Mapping[str, Any]) -> Answer:
    parts = request.view("flowmaster_part")
    links, dropped = request.view("flowmaster_link"), 0
    for key in bound["parts"]:
        part = parts.get(key)
        for link in list(links.all()):
            if part is not None and link["part"] == key and link["change"] < part["number"]:
                links.delete(link["_key"])
                dropped += 1
    return Answer([], dropped)


def _empty(collection: str) -> Query:
    def empty(request: Request, bound: Mapping[str, Any]) -> Answer:
        view = request.view(collection)
        found = [one["_key"] for one in view.all() if one["space"] == bound["space"]][: bound["most"]]
        for key in found:
            view.delete(key)
        return Answer([], len(found))

    return empty


QUERIES: Mapping[str, Callable[[Request, Mapping[str, Any]], Answer]] = {
    texts.DOWN: _level("_from"),
    texts.UP: _level("_to"),
    texts.COUNT: _count,
    texts.PUT_DEFINITIONS: _put("flowmaster_definition"),
    texts.PUT_PARTS: _put("flowmaster_part"),
    texts.DROP_OLD: _drop_old,
    **{text: _empty(collection) for collection, text in texts.EMPTY.items()},
}
