"""The look-up that clients make before they write: ``GET /api/v2/orgs`` (influxdb tenant/http_server_org.go)."""

from __future__ import annotations

from typing import Any

from mockflux.http.paging import Page
from mockflux.http.params import id_of
from mockflux.http.passage import Passage
from mockflux.http.resources import may, own_org_id, refusing
from mockflux.outcomes import Found, OrgNotFound, Outcome
from mockflux.profile.template import rfc3339nano
from mockflux.storage.catalog import Org
from mockflux.storage.permissions import Permission


@refusing
def orgs(passage: Passage) -> Outcome:
    """The organizations that the token may read, by ``org`` or ``orgID``, a page at a time; its own alone where the
    edition shows no other."""
    page = Page(passage)
    params, world = passage.params, passage.world
    name, id = params.get("org"), id_of(params.get("orgID", ""))
    found = [org for org in world.catalog.orgs() if name in (None, "", org.name) and id in (None, org.id)]
    found = [org for org in found if may(passage, Permission("read", "orgs", org.id))]
    if world.settings.buckets.own_org:
        found = [org for org in found if org.id == own_org_id(passage)]
    if name and not found:
        return OrgNotFound("name", name)
    if id and not found:
        return OrgNotFound("id", id)
    if page.descending:
        found.reverse()
    return Found({"links": {"self": "/api/v2/orgs"}, "orgs": [_org(org) for org in page.of(found)]})


def _org(org: Org) -> dict[str, Any]:
    at = f"/api/v2/orgs/{org.id}"
    return {
        "links": {
            "buckets": f"/api/v2/buckets?org={org.name}",
            "dashboards": f"/api/v2/dashboards?org={org.name}",
            "labels": f"{at}/labels",
            "logs": f"{at}/logs",
            "members": f"{at}/members",
            "owners": f"{at}/owners",
            "secrets": f"{at}/secrets",
            "self": at,
            "tasks": f"/api/v2/tasks?org={org.name}",
        },
        "id": org.id,
        "name": org.name,
        "description": org.description,
        "createdAt": rfc3339nano(org.created),
        "updatedAt": rfc3339nano(org.updated),
    }
