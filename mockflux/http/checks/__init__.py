"""The checks that a gate can make. Each looks at a passage, fills in what it learns, and returns an outcome to refuse.

Which checks a door makes, and in which order, is the profile's (``[gate]``); each is written once, in the module of
what it is about.
"""

from __future__ import annotations

from collections.abc import Callable

from mockflux.http.checks import bodies, deletions, requests, targets, tokens, users
from mockflux.http.passage import Passage
from mockflux.outcomes import Outcome

Check = Callable[[Passage], Outcome | None]


def _by_name(*checks: Check) -> dict[str, Check]:
    return {check.__name__: check for check in checks}


#: Those whose answer is the same as long as the request line, the Authorization header and the catalog are.
LASTING = _by_name(
    requests.known_method,
    requests.options,
    requests.own_options,
    requests.consistency,
    users.write_right,
    requests.cors,
    requests.method,
    requests.exact_method,
    requests.params,
    requests.precision,
    tokens.token,
    tokens.permission,
    tokens.permission_by_name,
    targets.target_given,
    targets.name,
    targets.org,
    targets.org_given,
    targets.own_org,
    targets.target,
    targets.mapping,
    targets.mapping_by_right,
    targets.mapping_or_new,
    targets.database,
    targets.policy_database,
    targets.policy,
    targets.database_limit,
)
#: Those that look at other headers, at the body, or at what is left of a quota.
PASSING = _by_name(
    requests.whole_body,
    users.user,
    bodies.gzip_header,
    bodies.encoding,
    bodies.size,
    bodies.inflate,
    bodies.utf8,
    bodies.quota,
    bodies.delete_quota,
    deletions.deletion,
    deletions.whole_points,
    deletions.delete_bucket,
    deletions.delete_permission,
)
#: By the names that a profile uses.
ALL = {**LASTING, **PASSING}
