"""What can be chosen for the set-up of an edition, and what it does not have: told in one sentence."""

from __future__ import annotations

from mockflux import arguments
from mockflux.profile import Profile
from mockflux.storage.databases import valid_name
from mockflux.world import SetUpChoice

__tracebackhide__ = True  # as in public.py


def chosen(
    profile: Profile,
    *,
    org: str | None,
    bucket: str | None,
    database: str | None,
    user: str | None,
    password: str | None,
    token: str | None,
) -> SetUpChoice:
    """The choice, checked; None for what is not chosen. Raises TypeError for what is no text, ValueError for what the
    edition does not have or no request could use."""
    choice = SetUpChoice(
        org=arguments.optional_text("org", org),
        bucket=arguments.optional_text("bucket", bucket),
        database=arguments.optional_text("database", database),
        user=arguments.optional_text("user", user),
        password=arguments.optional_text("password", password),
        token=arguments.credential("token", token),
    )
    setup = profile.settings.setup
    for name, things, instead in (
        ("database", "databases", "choose a bucket with bucket="),
        ("bucket", "buckets", "choose a database with database="),
        ("org", "organizations", "leave org= out"),
        ("user", "users", "leave user= out"),
        ("password", "users", "leave password= out"),
        ("token", "tokens", "choose a user with user= and password="),
    ):
        if getattr(choice, name) is not None and getattr(setup, name) is None:
            raise ValueError(f"{profile.id} has no {things}; {instead}")
    if choice.database is not None:
        refuse_unusable(profile, choice.database)
    return choice


def refuse_what_is_not_there(profile: Profile, *, auth: bool, onboarded: bool) -> None:
    """Raise ValueError for a server without authentication, or before its set-up, where there is no such thing."""
    setup = profile.settings.setup
    if not auth and not setup.without_auth:
        raise ValueError(f"{profile.id} cannot run without authentication; leave auth= out")
    if not onboarded and not setup.before_setup:
        raise ValueError(f"{profile.id} has no set-up to go through; leave onboarded= out")


def refuse_unusable(profile: Profile, database: str) -> None:
    """Raise ValueError for a name to which no request can write, or that no database has."""
    refuse_invalid(profile, database)
    if not profile.settings.usable(database):
        raise ValueError(f"{profile.id} takes no write to a database named {database!r}; choose another name")


def refuse_invalid(profile: Profile, name: str) -> None:
    """Raise ValueError for a name that no database with retention policies has, nor any of these."""
    if profile.settings.setup.retention_policies and not valid_name(name):
        raise ValueError(f"{profile.id} takes no name like {name!r}: expected printable characters without slashes")


def write_door(profile: Profile) -> str:
    """The door whose rules and precisions count past the wire: that of v2, else the first one for writes."""
    doors = [door for door in profile.doors if door.endswith("-write")]
    return "v2-write" if "v2-write" in doors or not doors else doors[0]
