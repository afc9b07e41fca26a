"""decode: a body and its content type in, its text out; never fails, complains instead.

Who tells the encoding, in this order: the byte order mark, the body itself where it is UTF-8 (no other text is, by
chance), then the header, the XML declaration (RFC 7303). A wrong label costs a complaint, a broken byte its character.
"""

import codecs
import re

from monitor.steps.parse.complaints import Complaints

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    # without a mark: the first character is `<` or `{` (XML 1.0, appendix F)
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_SEVEN_BIT = re.compile(r"iso-?2022|hz|utf-?7", re.IGNORECASE)  # their bytes are ASCII, their text is not
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932"}
_LATIN = re.compile(r"(?:us-)?ascii|latin-?1|iso-?8859-1", re.IGNORECASE)  # read as the web does (WHATWG Encoding)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]+")
_NO_XML_BYTES = bytes({*range(0x20)} - {0x9, 0xA, 0xD})
_REPLACED = "\ufffd"


def decode(body: bytes, content_type: str, complaints: Complaints) -> str:
    """The text without byte order mark, leading white space and characters that XML forbids."""
    text = _text(body, content_type, complaints).lstrip("\ufeff \t\r\n\0")
    if not _is_clean(text):
        complaints.add("characters that XML forbids")
        text = _NO_XML.sub("", text)
    return text


def _is_clean(text: str) -> bool:
    """Whether XML allows every character: a look at the bytes, a tenth of the time of looking for what it forbids."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return False  # a lone surrogate
    return len(data.translate(None, _NO_XML_BYTES)) == len(data) and "\ufffe" not in text and "\uffff" not in text


def _text(body: bytes, content_type: str, complaints: Complaints) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _replaced(body, encoding, complaints)
    labels = _labels(body, content_type)
    if not any(_SEVEN_BIT.match(label) for label in labels):
        try:
            text = body.decode()
        except UnicodeDecodeError:
            pass
        else:
            if not body.isascii() and labels and not _is_utf8(labels[0]):
                complaints.add("declared as another encoding, but is UTF-8", labels[0])
            return text
    for label in labels:
        if not _is_utf8(label):
            try:
                return body.decode("cp1252" if _LATIN.fullmatch(label) else _WIDER.get(label.lower(), label))
            except (UnicodeError, LookupError, ValueError):
                complaints.add("is not in the encoding that it declares", label)
    return _guessed(body, complaints)


def _labels(body: bytes, content_type: str) -> list[str]:
    header, declaration = _HEADER.search(content_type), _DECLARATION.match(body, 0, 1024)
    return [
        label
        for label in (header and header[1], declaration and declaration[1].decode("ascii", "ignore"))
        if label is not None
    ]


def _is_utf8(label: str) -> bool:
    return label.lower() in {"utf-8", "utf8", "unicode-1-1-utf-8"}


def _guessed(body: bytes, complaints: Complaints) -> str:
    """UTF-8 with broken bytes where most of it is UTF-8, else what Windows wrote in the West."""
    text = body.decode(errors="replace")
    broken = text.count(_REPLACED)
    whole = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", text)))
    if broken <= whole:
        complaints.add("broken bytes")
        return text
    complaints.add("encoding unknown, read as windows-1252")
    return body.decode("cp1252", errors="replace")


def _replaced(body: bytes, encoding: str, complaints: Complaints) -> str:
    text = body.decode(encoding, errors="replace")
    if _REPLACED in text:
        complaints.add("broken bytes")
    return text
