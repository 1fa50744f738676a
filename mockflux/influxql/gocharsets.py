"""Sets of characters that Go's regular expressions know by name, as members of a class of Python's.

Sources: Go's regexp/syntax (perl_groups.go) and unicode (tables.go) as of 1.19.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

from mockflux.influxql.errors import NotSimulated

PERL = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CATEGORY = re.compile("C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")
_SCRIPT_NAMES = """
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic
Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo
Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi
Kannada Katakana Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A
Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin
Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean
Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic
Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong
Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham
SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham
Tai_Viet Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Wancho Warang_Citi Yezidi Yi
Zanabazar_Square
"""
_SCRIPTS = frozenset(_SCRIPT_NAMES.split())


def unicode_members(name: str) -> str | None:
    """The members of ``\\p{name}``; None if Go knows no such set. Raises NotSimulated for scripts."""
    if name == "Any":
        return r"\s\S"
    if _CATEGORY.fullmatch(name):
        return _category(name)
    if name in _SCRIPTS:
        raise NotSimulated(f"\\p{{{name}}} in a regular expression")
    return None


@lru_cache(64)
def negated(members: str) -> str:
    """All characters that are not among the members of a class, as members of a class."""
    inside = re.compile(f"[{members}]")
    return _ranges([code for code in range(sys.maxunicode + 1) if not inside.match(chr(code))])


@lru_cache(64)
def _category(name: str) -> str:
    chars = range(sys.maxunicode + 1)
    return _ranges([code for code in chars if unicodedata.category(chr(code)).startswith(name)])


def _ranges(codes: list[int]) -> str:
    parts, first, last = [], -2, -2
    for code in [*codes, -1]:
        if code == last + 1:
            last = code
            continue
        if last >= 0:
            parts.append(f"\\U{first:08x}-\\U{last:08x}")
        first = last = code
    return "".join(parts)
