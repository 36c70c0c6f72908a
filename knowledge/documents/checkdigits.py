"""IBAN and VAT numbers: their form per country and their check digits."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Verdict = Literal["valid", "invalid", "unchecked"]
"""`unchecked`: the form fits, and no check-digit rule of that country is known here."""

_LENGTHS = (
    "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BR:29 BY:28 CH:21 CR:22 CY:28 CZ:24 DE:22 DK:18 "
    "DO:28 EE:20 EG:29 ES:24 FI:18 FO:18 FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HR:21 HU:28 IE:22 IL:23 "
    "IQ:23 IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 MD:24 ME:22 MK:19 "
    "MR:27 MT:31 MU:30 NL:18 NO:15 PK:24 PL:28 PS:29 PT:25 QA:29 RO:24 RS:22 SA:24 SC:31 SE:24 SI:19 SK:24 "
    "SM:27 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20"
)
_IBAN_LENGTHS = {country: int(length) for country, length in (part.split(":") for part in _LENGTHS.split())}
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\s?\d{2}(?=[ \u00a0]?[A-Z0-9])")


class Found(NamedTuple):
    """A number in a text: where it stands, its plain form, and what its check digits say."""

    start: int
    end: int
    value: str
    verdict: Verdict


def ibans_in(text: str) -> Iterator[Found]:
    """Yield the IBANs of a text, spaced or not; the country's length says where each ends."""
    for match in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(match.group()[:2])
        if length is None:
            continue
        plain = ""
        position = match.start()
        while position < len(text) and len(plain) < length:
            letter = text[position]
            if letter.isascii() and letter.isalnum():
                plain += letter.upper()
            elif letter not in " \u00a0":
                break
            position += 1
        if len(plain) == length and not text[position : position + 1].isalnum():
            yield Found(match.start(), position, plain, "valid" if iban_is_valid(plain) else "invalid")


def iban_is_valid(iban: str) -> bool:
    """Tell whether the length and the check digits (ISO 13616, modulo 97) of a plain IBAN hold."""
    if _IBAN_LENGTHS.get(iban[:2]) != len(iban):
        return False
    turned = iban[4:] + iban[:4]
    if not (turned.isascii() and turned.isalnum()):
        return False
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + index % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def _at(body: str) -> bool:
    digits = body[1:]
    total = 0
    for index, digit in enumerate(digits[:7]):
        number = int(digit) * (1 + index % 2)
        total += number // 10 + number % 10
    return (10 - (total + 4) % 10) % 10 == int(digits[7])


def _be(body: str) -> bool:
    return 97 - int(body[:8]) % 97 == int(body[8:])


def _ch(body: str) -> bool:
    rest = 11 - _weighted(body, (5, 4, 3, 2, 7, 6, 5, 4)) % 11
    return rest != 10 and rest % 11 == int(body[8])


def _de(body: str) -> bool:
    product = 10
    for digit in body[:8]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(body[8])


def _dk(body: str) -> bool:
    return _weighted(body, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _fi(body: str) -> bool:
    return _weighted(body, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0


def _fr(body: str) -> bool:
    return not body[:2].isdigit() or (12 + 3 * (int(body[2:]) % 97)) % 97 == int(body[:2])


def _gb(body: str) -> bool:
    total = _weighted(body, (8, 7, 6, 5, 4, 3, 2)) + int(body[7:9])
    return total % 97 in {0, 42}


def _ie(body: str) -> bool:
    if not body[:7].isdigit():
        return False
    second = 9 * (ord(body[8]) - 64) if len(body) == 9 else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[(_weighted(body, (8, 7, 6, 5, 4, 3, 2)) + second) % 23] == body[7]


def _lu(body: str) -> bool:
    return int(body[:6]) % 89 == int(body[6:])


def _nl(body: str) -> bool:
    classic = _weighted(body, (9, 8, 7, 6, 5, 4, 3, 2)) % 11 == int(body[8])
    return classic or int("".join(str(int(letter, 36)) for letter in "NL" + body)) % 97 == 1


def _pl(body: str) -> bool:
    return _weighted(body, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(body[9])


def _pt(body: str) -> bool:
    rest = 11 - _weighted(body, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return (0 if rest > 9 else rest) == int(body[8])


_VAT: dict[str, tuple[str, Callable[[str], bool] | None]] = {
    "AT": (r"U\d{8}", _at),
    "BE": (r"[01]\d{9}", _be),
    "BG": (r"\d{9,10}", None),
    "CY": (r"\d{8}[A-Z]", None),
    "CZ": (r"\d{8,10}", None),
    "DE": (r"[1-9]\d{8}", _de),
    "DK": (r"[1-9]\d{7}", _dk),
    "EE": (r"\d{9}", None),
    "EL": (r"\d{9}", None),
    "ES": (r"[A-Z0-9]\d{7}[A-Z0-9]", None),
    "FI": (r"\d{8}", _fi),
    "FR": (r"[A-HJ-NP-Z0-9]{2}\d{9}", _fr),
    "GB": (r"\d{9}(?:\d{3})?", _gb),
    "HR": (r"\d{11}", None),
    "HU": (r"\d{8}", None),
    "IE": (r"\d{7}[A-W][A-I]?", _ie),
    "IT": (r"\d{11}", _luhn),
    "LT": (r"(?:\d{9}|\d{12})", None),
    "LU": (r"\d{8}", _lu),
    "LV": (r"\d{11}", None),
    "MT": (r"\d{8}", None),
    "NL": (r"\d{9}B\d{2}", _nl),
    "PL": (r"\d{10}", _pl),
    "PT": (r"\d{9}", _pt),
    "RO": (r"\d{2,10}", None),
    "SE": (r"\d{10}01", lambda body: _luhn(body[:10])),
    "SI": (r"\d{8}", None),
    "SK": (r"\d{10}", None),
}
_SWISS = re.compile(
    r"(?<![A-Za-z0-9])CHE[- ]?(\d{3})\.?(\d{3})\.?(\d{3})(?:\s?(?:MWST|TVA|IVA))?(?![A-Za-z0-9])"
)
_VAT_START = re.compile(r"(?<![A-Za-z0-9])(" + "|".join(_VAT) + r")(?=[ .-]?[A-Z0-9])")
_VAT_LENGTH_MAX = 14


def vat_ids_in(text: str) -> Iterator[Found]:
    """Yield the VAT numbers of EU countries, Great Britain and Switzerland in a text."""
    for match in _SWISS.finditer(text):
        body = "".join(match.groups())
        yield Found(match.start(), match.end(), f"CHE{body}", "valid" if _ch(body) else "invalid")
    for match in _VAT_START.finditer(text):
        found = _vat_at(text, match)
        if found is not None:
            yield found


def _vat_at(text: str, match: re.Match[str]) -> Found | None:
    form, check = _VAT[match[1]]
    ends: list[tuple[int, str]] = []
    plain = ""
    for position in range(match.end(), min(len(text), match.end() + 2 * _VAT_LENGTH_MAX)):
        letter = text[position]
        if letter.isascii() and (letter.isdigit() or letter.isupper() or letter in "+*"):
            plain += letter
            if not text[position + 1 : position + 2].isalnum():
                ends.append((position + 1, plain))
        elif letter not in " .-\u00a0":
            break
    for end, body in reversed(ends):
        if re.fullmatch(form, body):
            verdict: Verdict = "unchecked" if check is None else "valid" if check(body) else "invalid"
            return Found(match.start(), end, match[1] + body, verdict)
    return None
