"""The AQL that is spoken, all of it: fixed texts, into which values are bound and never written.

Documents of a tenant lie in its space, a number that the tables give out: it is in the key of each and asked for in each
text. What a version's links are is said by its document in `flowmaster_part`: edges count when they have its number, so
that edges which are still on their way, or left over, are not seen. A document gives way only to one with a higher
number, so that a change that comes late or twice changes nothing.
"""

from typing import Final

GRAPH: Final = "flowmaster"
NODES: Final = "flowmaster_node"
LINKS: Final = "flowmaster_link"
PARTS: Final = "flowmaster_part"
DEFINITIONS: Final = "flowmaster_definition"
MARKS: Final = "flowmaster_mark"

_COUNTS: Final = """
      FILTER d._key == l.owner AND d.archived == false
      FILTER @view == "all" OR l.version == ((@view == "draft" AND d.draft > 0) ? 0 : d.version)
"""

_LEVEL: Final = """
FOR l IN flowmaster_link
  FILTER l.{here} IN @here AND l.space == @space AND l.tenant == @tenant AND l.kind IN @kinds
  FOR p IN flowmaster_part
    FILTER p._key == l.part AND p.number == l.change
    FOR d IN flowmaster_definition
{counts}
      SORT d.age, l.version, l.place
      LIMIT @most
      RETURN {{
        kind: l.kind, source: [l.source_kind, l.source], target: [l.target_kind, l.target],
        element: l.element, pinned: l.pinned, free: l.free, owner: [d.kind, d.key], version: l.version
      }}
"""

DOWN: Final = _LEVEL.format(here="_from", counts=_COUNTS)
"""The links that leave some nodes."""

UP: Final = _LEVEL.format(here="_to", counts=_COUNTS)
"""The links that come to some nodes."""

COUNT: Final = """
FOR d IN flowmaster_definition
  FILTER d.space == @space AND d.tenant == @tenant AND d.archived == false
  FOR l IN flowmaster_link
    FILTER l.part == CONCAT(d._key, "-", d.version)
    FOR p IN flowmaster_part
      FILTER p._key == l.part AND p.number == l.change
      COLLECT kind = l.kind WITH COUNT INTO links
      RETURN { kind, links }
"""
"""How many links of each kind the newest versions have."""

_PUT: Final = """
FOR doc IN @documents
  UPSERT {{ _key: doc._key }} INSERT doc UPDATE (OLD.number < doc.number ? doc : {{}})
  IN {collection} OPTIONS {{ exclusive: true }}
"""

PUT_DEFINITIONS: Final = _PUT.format(collection=DEFINITIONS)
PUT_PARTS: Final = _PUT.format(collection=PARTS)

DROP_OLD: Final = """
FOR p IN flowmaster_part
  FILTER p._key IN @parts
  FOR l IN flowmaster_link
    FILTER l.part == p._key AND l.change < p.number
    REMOVE l IN flowmaster_link OPTIONS { ignoreErrors: true }
"""
"""The edges that newer ones have taken the place of."""

_EMPTY: Final = """
FOR d IN {collection}
  FILTER d.space == @space
  LIMIT @most
  REMOVE d IN {collection} OPTIONS {{ ignoreErrors: true }}
"""

EMPTY: Final = {name: _EMPTY.format(collection=name) for name in (LINKS, NODES, PARTS, DEFINITIONS, MARKS)}
"""What takes a former space out of each collection; its mark goes last."""

ALL: Final = (DOWN, UP, COUNT, PUT_DEFINITIONS, PUT_PARTS, DROP_OLD, *EMPTY.values())
