"""One element of a BPMN document: reading and changing it without disturbing what stands around it.

Hard rule: every change of the tree goes through this file and `whitespace.py`, so that the index of ids stays true
and untouched parts of the file stay as they were.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from lxml import etree

from flowmaster.engine.bpmn import whitespace
from flowmaster.engine.bpmn.identifiers import NOT_XML, is_id
from flowmaster.engine.bpmn.order import rank
from flowmaster.engine.bpmn.source import line_of, located, read_fragment
from flowmaster.engine.bpmn.vocabulary import MODEL, PREFIXES
from flowmaster.engine.errors import FlowMasterError

for _uri, _prefix in PREFIXES.items():
    etree.register_namespace(_prefix, _uri)

_MODEL_TAG = f"{{{MODEL}}}"
_EXTENSIONS = f"{_MODEL_TAG}extensionElements"
_ANY = ("{*}*",)
_FEW = 8
_NAMES_KEPT = 4096
"""So many names are remembered in their other form; BPMN has some two hundred."""


class Index:
    """What a document knows about its tree: the elements by id, and how often it was changed."""

    __slots__ = ("by_id", "changes", "repeats", "root")

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.by_id: dict[str, etree._Element] = {}
        self.changes = 0
        self.repeats: bool | None = None
        """Whether the file declares a namespace more than once; asked when the first new one comes."""
        for node in root.iter(f"{_MODEL_TAG}*"):
            self.learn(node)

    def learn(self, node: etree._Element) -> None:
        """Enter a model element by its id; refuse an id that is taken."""
        identifier = node.get("id")
        if identifier is None:
            return
        other = self.by_id.setdefault(identifier, node)
        if other is not node:
            raise located(
                f"The id {identifier!r} of `{etree.QName(node).localname}` is already that of "
                f"`{etree.QName(other).localname}` in line {line_of(other)}.",
                code="bpmn.id_duplicate",
                line=line_of(node),
                expected="an id that no other element has",
                fix="Give one of the two elements another id.",
            )

    def forget(self, node: etree._Element) -> None:
        """Take a node and all below it out of the index."""
        for below in node.iter(f"{_MODEL_TAG}*"):
            identifier = below.get("id")
            if identifier is not None and self.by_id.get(identifier) is below:
                del self.by_id[identifier]


class Element:
    """An element of a BPMN document.

    Names of elements and attributes are local names for the BPMN namespace and `{namespace}local` for all others
    (see `vocabulary.py`). Two `Element` objects are equal when they stand for the same place in the document.
    """

    __slots__ = ("_index", "_node")

    def __init__(self, node: etree._Element, index: Index) -> None:
        self._node = node
        self._index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self._node is other._node

    def __hash__(self) -> int:
        return hash(self._node)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id!r} line {self.line}>"

    @property
    def kind(self) -> str:
        """The local name of a BPMN element (`userTask`), the qualified name of any other."""
        return _kind(str(self._node.tag))

    @property
    def local_name(self) -> str:
        """The name without its namespace."""
        return self._tag.rpartition("}")[2]

    @property
    def is_bpmn(self) -> bool:
        """Whether it belongs to BPMN; one without any namespace does not, though its `kind` looks like it."""
        return self._tag.startswith(_MODEL_TAG)

    @property
    def id(self) -> str:
        """The id, empty where the element has none."""
        return self._node.get("id") or ""

    @property
    def name(self) -> str:
        """The `name` attribute, empty where there is none."""
        return self._node.get("name") or ""

    @property
    def title(self) -> str:
        """How a person calls it: its name on one line, else its id."""
        return " ".join(self.name.split()) or self.id

    @property
    def line(self) -> int:
        """The line of the source text; 0 for what was made after reading."""
        return line_of(self._node)

    @property
    def text(self) -> str:
        """The text directly inside, without surrounding white space."""
        return "".join(self._texts()).strip()

    @property
    def parent(self) -> "Element | None":
        """The element around this one; `None` for the root and for what was removed."""
        up = self._node.getparent()
        return None if up is None else Element(up, self._index)

    def ancestors(self) -> "Iterator[Element]":
        """Yield the elements around this one, the nearest first."""
        for node in self._node.iterancestors():
            yield Element(node, self._index)

    def get(self, attribute: str, default: str = "") -> str:
        """Return an attribute, `default` where it is absent."""
        return self._node.get(attribute, default)

    def has(self, attribute: str) -> bool:
        """Return whether an attribute stands on the element, be it empty."""
        return attribute in self._node.attrib

    def is_true(self, attribute: str, default: bool = False) -> bool:
        """Return a boolean attribute (`true` and `1` are true)."""
        value = self._node.get(attribute)
        return default if value is None else value.strip() in ("true", "1")

    def attributes(self) -> dict[str, str]:
        """Return all attributes in their order in the file."""
        return {str(name): str(value) for name, value in self._node.attrib.items()}

    def children(self, *kinds: str) -> "list[Element]":
        """Return the child elements of these kinds, all of them without kinds, in document order."""
        index, tags = self._index, _tags(kinds or _ANY)
        if kinds and (len(kinds) > 1 or len(self._node) <= _FEW):  # Quicker than lxml's own search.
            return [Element(node, index) for node in self._node if node.tag in tags]
        return [Element(node, index) for node in self._node.iterchildren(*tags)]

    def child(self, *kinds: str) -> "Element | None":
        """Return the first child element of these kinds."""
        node = next(self._node.iterchildren(*map(_clark, kinds)), None)
        return None if node is None else Element(node, self._index)

    def descendants(self, *kinds: str) -> "Iterator[Element]":
        """Yield the elements of these kinds at any depth below, in document order."""
        for node in self._node.iterdescendants(*map(_clark, kinds or _ANY)):
            yield Element(node, self._index)

    def text_of(self, kind: str) -> str:
        """Return the text of the first child of a kind, empty where there is none."""
        found = self.child(kind)
        return found.text if found is not None else ""

    def texts_of(self, kind: str) -> list[str]:
        """Return the texts of all children of a kind: `lane.texts_of("flowNodeRef")`."""
        return [found.text for found in self.children(kind)]

    @property
    def documentation(self) -> str:
        """The documentation texts, joined by blank lines."""
        return "\n\n".join(self.texts_of("documentation"))

    def extension(self, name: str) -> "Element | None":
        """Return the first extension element of a qualified name, such as `zeebe("taskDefinition")`."""
        for holder in self._node.iterchildren(_EXTENSIONS):
            for found in holder.iterchildren(_clark(name)):
                return Element(found, self._index)
        return None

    def extensions(self, *names: str) -> "list[Element]":
        """Return the extension elements of these qualified names, all of them without names."""
        return [found for holder in self.children("extensionElements") for found in holder.children(*names)]

    def set(self, attribute: str, value: str | None) -> None:
        """Set an attribute; `None` takes it away. A new id must be free and a valid XML name."""
        if attribute == "id":
            self._set_id(value)
        elif value is None:
            self._drop(attribute)
        else:
            self._declare_namespace(attribute)
            _put(self._node, attribute, value)
        self._index.changes += 1

    def set_text(self, text: str) -> None:
        """Replace the text inside; child elements must be removed before."""
        assert len(self._node) == 0, "only a leaf has a text of its own"
        self._node.text = _checked(text, self.kind) or None
        self._index.changes += 1

    def add(
        self, kind: str, attributes: Mapping[str, str | None] | None = None, *, text: str = ""
    ) -> "Element":
        """Add a child where the schema wants it and return it; attributes that are `None` are left out."""
        tag = _clark(kind)
        self._declare_namespace(tag)
        given = {name: value for name, value in (attributes or {}).items() if value is not None}
        identifier = given.get("id")
        if identifier is not None and tag.startswith(_MODEL_TAG):
            self._check_free(identifier)
        position = self._place_for(kind)
        node = etree.SubElement(self._node, tag)
        try:
            for name, value in given.items():
                self._declare_namespace(name)
                _put(node, name, value)
            if text:
                node.text = _checked(text, kind)
        except FlowMasterError:
            self._node.remove(node)
            raise
        whitespace.insert(self._node, node, position)
        if tag.startswith(_MODEL_TAG):
            self._index.learn(node)
        self._index.changes += 1
        return Element(node, self._index)

    def add_extension(
        self, name: str, attributes: Mapping[str, str | None] | None = None, *, text: str = ""
    ) -> "Element":
        """Add an extension element, making the `extensionElements` around it where needed."""
        holder = self.child("extensionElements") or self.add("extensionElements")
        return holder.add(name, attributes, text=text)

    @property
    def model_prefix(self) -> str:
        """The prefix of the BPMN namespace with its colon, as `xsi:type` needs it; empty for the default one."""
        return next(
            (f"{prefix}:" for prefix, uri in self._index.root.nsmap.items() if uri == MODEL and prefix), ""
        )

    def to_xml(self) -> str:
        """Return this element with all inside as XML that stands on its own."""
        alone = etree.fromstring(etree.tostring(self._node, with_tail=False))
        etree.cleanup_namespaces(alone)
        return etree.tostring(alone, encoding="unicode")

    def add_xml(self, xml: str) -> "Element":
        """Add a child that is written as XML, which may use the prefixes of this document; ids must be free."""
        spaces = {prefix: uri for uri, prefix in PREFIXES.items()}
        spaces |= {prefix: uri for prefix, uri in self._index.root.nsmap.items() if prefix}
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
        node = read_fragment(f"<fragment {declared}>{xml}</fragment>")
        for below in node.iter(f"{_MODEL_TAG}*"):
            if below.get("id") is not None:
                self._check_free(str(below.get("id")))
        whitespace.insert(self._node, node, self._place_for(str(node.tag).removeprefix(_MODEL_TAG)))
        for below in node.iter(f"{_MODEL_TAG}*"):
            self._index.learn(below)
        self._index.changes += 1
        return Element(node, self._index)

    def remove(self) -> None:
        """Take this element and all inside out of the tree; nothing else.

        `BpmnDocument.remove` also takes away what refers to it.
        """
        parent = self._node.getparent()
        assert parent is not None, "the root of a document and what is out of the tree stay as they are"
        self._index.forget(self._node)
        whitespace.remove(parent, self._node)
        self._index.changes += 1

    def become(self, kind: str) -> None:
        """Turn this element into one of another kind; what stands in it stays."""
        self._node.tag = _clark(kind)
        self._index.changes += 1

    def move_to(self, parent: "Element") -> None:
        """Hang this element, with all inside, under another parent of the same document."""
        old = self._node.getparent()
        assert old is not None, "the root cannot be moved"
        assert parent._node is not self._node
        assert self._node not in parent._node.iterancestors()
        whitespace.remove(old, self._node)
        whitespace.insert(parent._node, self._node, parent._place_for(self.kind))
        self._index.changes += 1

    def move_behind(self, sibling: "Element") -> None:
        """Put this element right behind another one, which may hang under another parent."""
        old, parent = self._node.getparent(), sibling._node.getparent()
        assert old is not None, "the root cannot be moved"
        assert parent is not None
        assert self._node is not sibling._node
        whitespace.remove(old, self._node)
        whitespace.insert(parent, self._node, parent.index(sibling._node) + 1)
        self._index.changes += 1

    @property
    def _tag(self) -> str:
        return str(self._node.tag)

    def _texts(self) -> Iterator[str]:
        yield self._node.text or ""
        for child in self._node:
            yield child.tail or ""

    def _set_id(self, value: str | None) -> None:
        if value == self._node.get("id"):
            return
        in_model = self._tag.startswith(_MODEL_TAG)
        if value is not None and in_model:
            self._check_free(value)
        old = self._node.get("id")
        if value is None:
            self._drop("id")
        else:
            _put(self._node, "id", value)
        if in_model:
            if old is not None and self._index.by_id.get(old) is self._node:
                del self._index.by_id[old]
            self._index.learn(self._node)

    def _drop(self, attribute: str) -> None:
        if attribute in self._node.attrib:
            del self._node.attrib[attribute]

    def _check_free(self, identifier: str) -> None:
        if not is_id(identifier):
            raise FlowMasterError(
                "bpmn.id_invalid",
                f"{identifier!r} cannot be an id: it must begin with a letter or underscore and hold only "
                "letters, digits, underscores, dots and hyphens.",
                path=f"element:{identifier}",
                expected="an XML name, for example 'check_invoice'",
            )
        taken = self._index.by_id.get(identifier)
        if taken is not None:
            raise FlowMasterError(
                "bpmn.id_duplicate",
                f"The id {identifier!r} is already that of a `{etree.QName(taken).localname}`.",
                path=f"element:{identifier}",
                expected="an id that no other element has",
                fix="Choose another id.",
            )

    def _place_for(self, kind: str) -> int:
        own = self.kind
        wanted = rank(own, kind)
        for position in range(len(self._node) - 1, -1, -1):
            tag = self._node[position].tag
            if isinstance(tag, str) and rank(own, tag.removeprefix(_MODEL_TAG)) <= wanted:
                return position + 1
        return 0

    def _declare_namespace(self, name: str) -> None:
        namespace = name.rpartition("}")[0][1:]
        root = self._index.root
        if not namespace or namespace in root.nsmap.values():
            return
        if self._index.repeats is None:
            self._index.repeats = _repeats_declarations(root)
        if self._index.repeats:
            return
        taken = {prefix for node in root.iter(etree.Element) for prefix in node.nsmap if prefix}
        prefix = wanted = PREFIXES.get(namespace, "ext")
        number = 1
        while prefix in taken:
            number += 1
            prefix = f"{wanted}{number}"
        etree.cleanup_namespaces(root, top_nsmap={prefix: namespace}, keep_ns_prefixes=[*taken, prefix])


def _repeats_declarations(root: etree._Element) -> bool:
    """Return whether a namespace is declared once more further down.

    There a declaration at the root would rewrite prefixes all over the file, so new elements bring their own.
    """
    for node in root.iter(etree.Element):
        around = node.getparent()
        if around is not None and node.nsmap != around.nsmap:
            known = around.nsmap
            if any(uri in known.values() for prefix, uri in node.nsmap.items() if known.get(prefix) != uri):
                return True
    return False


@lru_cache(_NAMES_KEPT)
def _kind(tag: str) -> str:
    return tag.removeprefix(_MODEL_TAG)


@lru_cache(_NAMES_KEPT)
def _tags(kinds: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_clark, kinds))


@lru_cache(_NAMES_KEPT)
def _clark(kind: str) -> str:
    return kind if kind.startswith("{") else _MODEL_TAG + kind


def _put(node: etree._Element, attribute: str, value: str) -> None:
    try:
        node.set(attribute, _checked(value, attribute))
    except ValueError as error:
        raise FlowMasterError(
            "bpmn.name_invalid",
            f"{attribute!r} cannot be the name of an attribute: {error}.",
            path=attribute,
            expected="an XML name, for example isForCompensation",
        ) from error


def _checked(text: str, where: str) -> str:
    bad = NOT_XML.search(text)
    if bad is not None:
        raise FlowMasterError(
            "bpmn.character_invalid",
            f"The character {bad[0]!r} at position {bad.start()} of `{where}` cannot stand in XML.",
            path=where,
            fix="Leave the control character out.",
        )
    return text
