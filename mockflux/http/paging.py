"""Pages of what a look-up found (influxdb paging.go)."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote_plus

from mockflux.http.passage import Passage
from mockflux.http.resources import Refused
from mockflux.outcomes import ParameterInvalid

_T = TypeVar("_T")
_LIMIT, _MAX_LIMIT = 20, 100


class Page:
    """``limit``, ``offset`` and ``descending`` of a request. Raises Refused for values that cannot be used."""

    def __init__(self, passage: Passage) -> None:
        params = passage.params
        self.limit = self._number(params.get("limit"), "limit", _LIMIT)
        if not 1 <= self.limit <= _MAX_LIMIT:
            raise Refused(ParameterInvalid("limit_range", str(self.limit)))
        self.offset = self._number(params.get("offset"), "offset", 0)
        descending = params.get("descending", "")
        if descending not in _GO_BOOLEANS:
            raise Refused(ParameterInvalid("descending", descending))
        self.descending = _GO_BOOLEANS[descending]

    @staticmethod
    def _number(text: str | None, which: str, default: int) -> int:
        if not text:
            return default
        sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise Refused(ParameterInvalid(which, text))
        return sign * int(digits)

    def of(self, found: list[_T]) -> list[_T]:
        """Those of what was found that are on this page; a negative offset is the first page."""
        start = max(self.offset, 0)
        return found[start : start + self.limit]

    def links(self, path: str, filters: dict[str, str | None], shown: int) -> dict[str, str]:
        """The links to this page and its neighbours; ``next`` is there whenever the page is full."""

        def link(offset: int) -> str:
            values: dict[str, Any] = {**filters, "descending": str(self.descending).lower(), "limit": self.limit}
            values["offset"] = offset
            pairs = sorted((key, value) for key, value in values.items() if value not in (None, ""))
            return path + "?" + "&".join(f"{key}={_query_escape(str(value))}" for key, value in pairs)

        links = {}
        if self.offset > 0:
            links["prev"] = link(max(self.offset - self.limit, 0))
        links["self"] = link(self.offset)
        if shown >= self.limit:
            links["next"] = link(self.offset + self.limit)
        return links


#: strconv.ParseBool, and an absent value.
_GO_BOOLEANS = {
    "": False, **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}  # fmt: skip


def _query_escape(text: str) -> str:
    """As Go's url.QueryEscape writes it."""
    return quote_plus(text, safe="", errors="surrogateescape")
