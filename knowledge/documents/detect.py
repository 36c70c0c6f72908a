"""What a file is, told by its content; the name only decides where content cannot (CSV or plain text)."""

import codecs
import io
import zipfile
from typing import Literal, NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.limits import Limits, corrupt, encrypted, too_large, unsupported

Kind = Literal["pdf", "docx", "xlsx", "html", "text"]


class Detected(NamedTuple):
    """The kind of a file, and what is odd about it."""

    kind: Kind
    warnings: tuple[str, ...]


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"BM", "a BMP image"),
    (b"RIFF", "a RIFF file (WebP image, sound or video)"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"%!PS", "a PostScript file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "pdf": ("pdf",),
    "docx": ("docx",),
    "xlsx": ("xlsx",),
    "html": ("html", "htm", "xhtml", "txt"),
    "text": ("txt", "csv", "tsv", "text", "md", "log"),
}
_TELLING = frozenset(
    {"pdf", "xlsx", "html", "htm", "xhtml", "csv", "tsv", "txt", "docx", "doc", "xls", "xlsm", "xlsb", "pptx"}
    | {
        "png",
        "jpg",
        "jpeg",
        "gif",
        "tif",
        "tiff",
        "webp",
        "zip",
        "exe",
        "eml",
        "msg",
        "xml",
        "json",
        "rtf",
        "odt",
    }
)
"""Endings that promise a type: content of another type under them is refused."""
_PDF_HEADER_WITHIN = 1024


def detect(data: bytes, filename: str, limits: Limits) -> Detected:
    """Tell what the bytes are, or refuse what is empty, too large, dangerous or not readable."""
    if not data:
        raise FlowMasterError(
            "document.empty",
            f"{filename!r} has 0 bytes.",
            path="filename",
            fix="Add the file again; its upload or export was cut off.",
            status=422,
        )
    if len(data) > limits.bytes_max:
        raise too_large(
            filename, limit="bytes_max", allowed=limits.bytes_max, found=f"it has {len(data):,} bytes"
        )
    kind = _kind(data, filename, limits)
    suffix = filename.rpartition(".")[2].lower() if "." in filename else ""
    if suffix in _TELLING and suffix not in _SUFFIXES[kind]:
        raise FlowMasterError(
            "document.suffix_wrong",
            f"{filename!r} ends in .{suffix}, but its content is {kind}.",
            path="filename",
            expected=[f".{each}" for each in _SUFFIXES[kind]],
            fix="Make sure that it is the right file; if it is, give it the right ending and add it again.",
            status=422,
        )
    if suffix and suffix not in _SUFFIXES[kind]:
        return Detected(kind, (f"The ending .{suffix} is not known; the content is {kind}.",))
    return Detected(kind, ())


def decode_text(data: bytes) -> str | None:
    """Decode text by its mark or by trial (UTF-8, then Windows-1252), or return None if it is binary."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, encoding)
    text = _decoded(data, "utf-8")
    if text is None:
        text = _decoded(data, "cp1252")
    if text is None or _is_binary(text):
        return None
    return text


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_binary(text: str) -> bool:
    sample = text[:20_000]
    odd = sum(1 for letter in sample if letter < " " and letter not in "\t\n\r\f\v")
    return "\x00" in text or odd * 50 > len(sample)


def _kind(data: bytes, filename: str, limits: Limits) -> Kind:
    if b"%PDF-" in data[:_PDF_HEADER_WITHIN]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data, filename, limits)
    if data.startswith(_OLE):
        if _utf16(b"EncryptedPackage") in data:
            raise encrypted(filename, "an office file")
        raise unsupported(filename, "an office file of the format before 2007 (.xls, .doc, .ppt, .msg)")
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise unsupported(filename, what)
    text = decode_text(data)
    if text is None:
        raise unsupported(filename, "a binary file of an unknown type")
    return _text_kind(text, filename)


def _utf16(name: bytes) -> bytes:
    return name.decode("ascii").encode("utf-16-le")


def _text_kind(text: str, filename: str) -> Kind:
    head = text[:2_000].lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html")) or ("<html" in head and head.startswith("<")):
        return "html"
    if head.startswith("<?xml"):
        raise unsupported(filename, "an XML file")
    if head.startswith(("received:", "return-path:", "mime-version:", "from:")) and "\nsubject:" in head:
        raise unsupported(filename, "an e-mail message")
    return "text"


def _zip_kind(data: bytes, filename: str, limits: Limits) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise corrupt(filename, "an office or zip file", str(error)) from error
    names = {part.filename for part in parts}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FlowMasterError(
            "document.macros_refused",
            f"{filename!r} contains macros.",
            path="filename",
            fix="Save it as .xlsx or .docx without macros and add that copy.",
            status=415,
        )
    if any(part.flag_bits & 0x1 for part in parts):
        raise encrypted(filename, "an archive")
    if not names & {"xl/workbook.xml", "word/document.xml"}:
        raise unsupported(filename, _other_zip(names))
    _refuse_bomb(parts, len(data), filename, limits)
    return "xlsx" if "xl/workbook.xml" in names else "docx"


def _other_zip(names: set[str]) -> str:
    for part, what in (
        ("ppt/presentation.xml", "a PowerPoint presentation"),
        ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
        ("content.xml", "an OpenDocument file"),
    ):
        if part in names:
            return what
    return "a zip archive"


def _refuse_bomb(parts: list[zipfile.ZipInfo], packed: int, filename: str, limits: Limits) -> None:
    unpacked = sum(part.file_size for part in parts)
    small = 10_000_000
    if len(parts) > limits.parts_max:
        raise too_large(
            filename, limit="parts_max", allowed=limits.parts_max, found=f"it has {len(parts):,} parts"
        )
    if unpacked > limits.unpacked_bytes_max:
        raise too_large(
            filename,
            limit="unpacked_bytes_max",
            allowed=limits.unpacked_bytes_max,
            found=f"it unpacks to {unpacked:,} bytes",
        )
    if unpacked > small and unpacked > packed * limits.unpacked_ratio_max:
        raise too_large(
            filename,
            limit="unpacked_ratio_max",
            allowed=limits.unpacked_ratio_max,
            found=f"it unpacks to {unpacked // packed:,} times its size",
        )
