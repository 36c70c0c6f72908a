"""From the text of a BPMN file to its XML tree, with every danger of XML switched off.

Nothing is fetched, no document type and no entity is accepted, size and depth are bounded; what cannot be read
ends in a `FlowMasterError` that names the line.
"""

import codecs
import re

from lxml import etree

from flowmaster.engine.bpmn.vocabulary import MODEL
from flowmaster.engine.errors import FlowMasterError

LENGTH_MAX = 10_000_000
"""Longest BPMN text that is read, in bytes (of text: in characters)."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODINGS = frozenset(
    {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,300}\?>")
_BLANK = re.compile(r"\s*")
_BEFORE_THE_ROOT = {"<!--": "-->", "<?": "?>"}
"""What may stand before the root element and any document type, and what ends it."""
_OLD_MODEL = "http://schema.omg.org/spec/BPMN/2.0"


def read_tree(source: bytes | str) -> etree._Element:
    """Return the root element of a BPMN file, checked to be BPMN `definitions`."""
    if len(source) > LENGTH_MAX:
        raise FlowMasterError(
            "bpmn.too_long",
            f"The BPMN file has {len(source):,} characters; at most {LENGTH_MAX:,} are read.",
            path="bpmn",
            expected=f"at most {LENGTH_MAX} characters",
            fix="Split the file into several processes that call each other.",
        )
    text = source if isinstance(source, str) else _decode(source)
    text = text.removeprefix("\ufeff")
    text = (
        _DECLARATION.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)
        if text.startswith("<?xml")
        else text
    )
    _refuse_doctype(text)
    root = _parse(text)
    _check_root(root)
    return root


def read_fragment(xml: str) -> etree._Element:
    """Return the one element inside of the given root element's text, read as carefully as a whole file."""
    _refuse_doctype(xml)
    root = _parse(xml)
    inside = [node for node in root if isinstance(node.tag, str)]
    if len(inside) != 1 or len(xml) > LENGTH_MAX:
        raise FlowMasterError(
            "bpmn.fragment_wrong",
            f"One XML element is expected here, not {len(inside)}.",
            path="bpmn",
            expected="<bpmn:manualTask/>",
        )
    node = inside[0]
    node.tail = None
    root.remove(node)
    etree.cleanup_namespaces(node)
    return node


def located(message: str, *, code: str, line: int, expected: str = "", fix: str = "") -> FlowMasterError:
    """Return a refusal of a BPMN file that points at a line of it."""
    return FlowMasterError(
        code, f"Line {line}: {message}", path=f"bpmn:line {line}", expected=expected or None, fix=fix
    )


def line_of(node: etree._Element) -> int:
    """Return the line of the source text where an element begins; 0 for one that was made later."""
    line: int | None = getattr(node, "sourceline", None)
    return line or 0


def _decode(data: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding:
        declared = _DECLARED.match(data)
        encoding = declared[1].decode("ascii") if declared else "utf-8"
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        codec = ""
    if codec not in _ENCODINGS:
        raise located(
            f"The declared encoding {encoding!r} is not read here.",
            code="bpmn.encoding_unknown",
            line=1,
            expected="UTF-8",
            fix="Save the file as UTF-8 and declare it so.",
        )
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        near = _near(data.decode(codec, errors="replace"), line)
        raise located(
            f"The bytes {data[error.start : error.end]!r} are not {encoding}, which the file claims to be.{near}",
            code="bpmn.encoding_wrong",
            line=line,
            expected=encoding,
            fix="Declare the encoding that the file really has, or save it as UTF-8.",
        ) from error


def _refuse_doctype(text: str) -> None:
    end = _prolog_end(text)
    if text[end : end + 9].upper() == "<!DOCTYPE":
        raise located(
            "A document type declaration is not accepted: it can name entities and files.",
            code="bpmn.doctype_refused",
            line=text.count("\n", 0, end) + 1,
            fix="Delete the `<!DOCTYPE ...>` and write entities out.",
        )


def _prolog_end(text: str) -> int:
    """Return where blanks, comments and processing instructions at the beginning of a text end.

    Without a pattern: those that cannot be made to try for ever are read wrongly by some releases of Python 3.11.
    """
    end = 0
    while True:
        blank = _BLANK.match(text, end)
        end = blank.end() if blank else end
        closing = next(
            (shut for opening, shut in _BEFORE_THE_ROOT.items() if text.startswith(opening, end)), ""
        )
        found = text.find(closing, end + 2) if closing else -1
        if found < 0:
            return end
        end = found + len(closing)


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        strip_cdata=False,
        remove_blank_text=False,
    )
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise located(
            "The text holds half a character (a lone surrogate).",
            code="bpmn.encoding_wrong",
            line=line,
            fix="Send whole characters.",
        ) from error
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.lineno or 1, error.offset or 0
        entity = "Entity" in (error.msg or "")
        raise located(
            f"The XML is malformed at column {column}: {_reason(error)}.{_near(text, line)}",
            code="bpmn.entity_refused" if entity else "bpmn.malformed",
            line=line,
            expected="well-formed XML",
            fix="Write the character itself instead of the entity."
            if entity
            else "Mend the XML at that place.",
        ) from error


def _reason(error: etree.XMLSyntaxError) -> str:
    return re.sub(r",? line \d+, column \d+.*$", "", error.msg or "nothing to read", flags=re.DOTALL).strip()


def _near(text: str, line: int) -> str:
    near = "".join(text.split("\n", line)[line - 1 : line]).strip()[:80]
    return f" Near {near!r}." if near else ""


def _check_root(root: etree._Element) -> None:
    name = etree.QName(root)
    if name.namespace == MODEL and name.localname == "definitions":
        return
    line = line_of(root)
    expected = f"definitions in {MODEL}"
    if name.namespace and name.namespace.startswith("https://www.omg.org/spec/DMN/"):
        raise located(
            "This is a DMN file, not BPMN.",
            code="bpmn.root_wrong",
            line=line,
            expected=expected,
            fix="Save rules with `rule_save`.",
        )
    if name.namespace == _OLD_MODEL:
        fix = f"It is a beta of BPMN 2.0: replace its namespace by {MODEL}."
    else:
        fix = "Pass a BPMN 2.0 file: its root is `definitions`."
    raise located(
        f"The root element is {name.localname!r} in namespace {name.namespace or ''!r}.",
        code="bpmn.root_wrong",
        line=line,
        expected=expected,
        fix=fix,
    )
