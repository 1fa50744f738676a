"""Alterations that no reply can tell, each with the reason: the only ones that may survive the mutation check."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Alterations of one kind, by patterns of the profile, of the subject and of what is done to it; and why no vector
    can notice them."""

    profiles: str
    subject: str
    does: str
    reason: str

    def fits(self, profile: str, subject: str, does: str) -> bool:
        """Whether an alteration is one of these."""
        asked = ((profile, self.profiles), (subject, self.subject), (does, self.does))
        return all(fnmatchcase(text, pattern) for text, pattern in asked)


_NAMESPACE = (
    "the rule of namespaces, asked first at the doors of v1 and v2, has refused such a name in other words; at "
    "/api/v3/write_lp the code is not told"
)
_COUNTED = (
    "InfluxDB Cloud tells how many points were refused, and its log has words of its own ([record]); only "
    "server.rejected() has these (tests/contract/test_mutations.py)"
)
_PLAIN = "what is said is ASCII, of one line and short, whatever was asked: cut or not, it is the same in a header"
#: One that fits nothing any more is an error.
EQUIVALENT = (
    Equivalent(
        "*", "clause malformed_request:*", "*onnection",
        "the connection ends after what is no request, and the server that ends it says so itself",
    ),
    Equivalent(
        "v2-cloud", "clause options_listed@http", "no Content-Length",
        "nginx orders headers by itself: it is no matter whether the handler names the length",
    ),
    Equivalent("v3-*", "clause name_invalid:empty", "another *", _NAMESPACE),
    Equivalent("v3-*", "clause name_invalid:too_long", "another *", _NAMESPACE),
    Equivalent(
        "v3-*", "clause points_rejected:atomic@v3-write", "no join",
        "where the batch is refused whole, /api/v3/write_lp tells of the first line only",
    ),
    Equivalent("v2-cloud", "reason [!m]*", "*", _COUNTED),
    Equivalent("v2-cloud", "reason measurement_not_in_schema", "*", _COUNTED),
    Equivalent("v2-cloud", "type *", "another name", _COUNTED),
    Equivalent(
        "v3-*", "type timestamp", "another name",
        "a field or tag named time is refused for its name before its type is looked at",
    ),
    Equivalent("v1-*", "type unsigned", "another name", "InfluxDB 1.6 has no such type; profiles name them all"),
    *(
        Equivalent("v1-*", f"clause {clause}", "X-Influxdb-Error: no filter in *", _PLAIN)
        for clause in (
            "body_*", "consistency_invalid", "internal_error", "points_rejected:type_contradiction",
            "query_forbidden:no*", "query_missing", "query_unreadable:value", "target_missing", "unavailable",
        )
    ),
)  # fmt: skip
