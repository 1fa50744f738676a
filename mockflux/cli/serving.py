"""What ``mockflux serve`` does: what was asked for, several servers at once, and what their users are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

from mockflux.cli.explaining import write_paths
from mockflux.profile import Profile, load_profile
from mockflux.public import Server

#: Where the values of the set-up come from if not from the command line: those of InfluxDB's own container image, so
#: that a compose file can swap images. Each has a second form, with _FILE behind it, that names a file.
VARIABLES = {
    "org": "DOCKER_INFLUXDB_INIT_ORG",
    "bucket": "DOCKER_INFLUXDB_INIT_BUCKET",
    "user": "DOCKER_INFLUXDB_INIT_USERNAME",
    "password": "DOCKER_INFLUXDB_INIT_PASSWORD",
    "token": "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN",
}
DEFAULT_PROFILE = "v2-oss"


# ------------------------------------------------------------------------------------------ what was asked for


def profiles(named: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The profiles to serve: those named, else that of ``MOCKFLUX_PROFILE``, else the default."""
    return list(named) or [environ.get("MOCKFLUX_PROFILE") or DEFAULT_PROFILE]


def ports(first: int, count: int) -> list[int]:
    """A port for each of ``count`` servers: consecutive ones from ``first``, or free ones for 0.

    Raises ValueError for ports that do not exist.
    """
    if not 0 <= first <= 65535:
        raise ValueError(f"{first} is no port: choose one up to 65535, or 0 for any that is free")
    if first + count - 1 > 65535:
        raise ValueError(f"{count} profiles take {count} consecutive ports, and from {first} there are not so many")
    return [first + n if first else 0 for n in range(count)]


def set_up(options: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, str | None]:
    """The values of the set-up: each from its option, else from its variable, if it has one, or the file that its
    ``_FILE`` form names; None where neither says anything. Empty variables count as not set, as in the image.

    Raises ValueError for an empty option, if both forms of a variable are set, or for a file that cannot be read.
    """
    for name in (*VARIABLES, "database", "plan"):
        if options.get(name) == "":
            raise ValueError(f"{name} must not be empty; leave it out for the edition's default")
    named = {
        name: options[name] if options.get(name) is not None else _from_environment(variable, environ)
        for name, variable in VARIABLES.items()
    }
    return {**named, "database": options.get("database"), "plan": options.get("plan")}


def fitting(
    profile: Profile, profiles: Sequence[Profile], values: Mapping[str, str | None], options: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Those values of the set-up that one of the served profiles takes: ``bucket`` goes to editions with buckets,
    ``database`` to those with databases and so on. An option that fits none of the profiles goes to all, to be refused;
    a variable is for the one image that has it."""
    return {
        name: value
        for name, value in values.items()
        if value is not None
        and (_takes(profile, name) or (options.get(name) is not None and not any(_takes(p, name) for p in profiles)))
    }


def _takes(profile: Profile, name: str) -> bool:
    if name == "plan":
        return "plan" in profile.switch_info
    return getattr(profile.settings.setup, name) is not None


def _from_environment(variable: str, environ: Mapping[str, str]) -> str | None:
    value, file = environ.get(variable), environ.get(f"{variable}_FILE")
    if not file:
        return value or None
    if value:
        raise ValueError(f"{variable} and {variable}_FILE are both set; keep one of them")
    try:
        text = Path(file).read_bytes().decode()
    except OSError as error:
        raise ValueError(f"{variable}_FILE: cannot read {file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{variable}_FILE: {file} is no UTF-8 text") from None
    text = text.rstrip("\r\n")
    if not text:
        raise ValueError(f"{variable}_FILE: {file} is empty")
    return text


def unheeded(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each variable of InfluxDB's image that is set and would change answers, but is not simulated."""
    name = "DOCKER_INFLUXDB_INIT_RETENTION"
    if environ.get(name, "").strip("0") in ("", "s"):
        return []
    return [f"{name} is not simulated: the bucket keeps its points for ever"]


def moment(text: str) -> Literal["real", "frozen"] | datetime:
    """A clock as :class:`mockflux.Server` takes it. Raises ValueError for anything but real, frozen or a time."""
    if text == "real":
        return "real"
    if text == "frozen":
        return "frozen"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise ValueError(f"clock {text!r}: expected real, frozen, or an ISO time with its zone (2026-01-31T12:00:00Z)")
    return at


def switched(name: str, settings: Sequence[str]) -> tuple[Profile, dict[str, Any]]:
    """A profile with its switches set by texts ``NAME=VALUE``, and their values, typed as the switches' defaults are.

    Raises ValueError for an unknown or faulty profile, an unknown switch, or a value that a switch does not take.
    """
    plain, values = load_profile(name), {}
    for setting in settings:
        switch, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"switch {setting!r}: expected NAME=VALUE")
        info = plain.switch_info.get(switch)
        values[switch] = _typed(text, info["default"]) if info else text
    try:
        return load_profile(name, values), values
    except TypeError as error:  # an unknown switch; the message lists those there are
        raise ValueError(str(error)) from None


def _typed(text: str, default: Any) -> Any:
    """A switch's value, of the type of its default; what is not like that stays a text, for the profile to refuse."""
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(default, int):
        return int(text) if text.isdecimal() else text
    return text


# ------------------------------------------------------------------------------------------ what users are told


def facts(server: Server) -> dict[str, Any]:
    """What a program needs that started the server; None for what the edition does not have."""
    names = (
        "url", "host", "port", "token", "read_token", "org", "org_id", "bucket", "bucket_id", "database",
        "user", "user_id", "password", "ca_file",
    )  # fmt: skip
    return {
        "id": server.profile.id,
        "title": server.profile.title,
        **{name: getattr(server, name) for name in names},
        "env": server.env(),
    }


def announcement(server: Server) -> str:
    """What a person needs: the URL on the first line, then facts, a write to try, variables for clients."""
    names = ("token", "org", "bucket", "database", "user", "password", "ca_file")
    shown = {name: getattr(server, name) for name in names}
    lines = [server.url, f"  {'edition':10}{server.profile.id} ({server.profile.title})"]
    lines += [f"  {name:10}{value}" for name, value in shown.items() if value is not None]
    command = curl(server)
    if command:
        lines += ["", "# write a point", command]
    lines += ["", "# for clients that are configured by their environment"]
    lines += [f"export {name}={quoted(value)}" for name, value in server.env().items()]
    return "\n".join(lines) + "\n"


def curl(server: Server) -> str | None:
    """A command for a POSIX shell that writes one point; None for an edition without a way to write."""
    door, path = next(iter(write_paths(server.profile).items()), (None, None))
    if door is None or path is None:
        return None
    rules, auth = server.profile.settings.params[door], server.profile.settings.auth[door]
    query = {"org": server.org} if "org" in rules.org else {}
    query[rules.target] = server.bucket or server.database
    given = urlencode({name: value for name, value in query.items() if value is not None}, quote_via=quote)
    words = ["curl", "--include"]
    words += ["--cacert", quoted(server.ca_file)] if server.ca_file else []
    words += ["--header", quoted(f"Authorization: {auth.schemes[0]} {server.token}")] if server.token else []
    if server.user and server.password and not server.token:
        words += ["--user", quoted(f"{server.user}:{server.password}")]
    words += ["--data-binary", quoted("home,room=kitchen temp=21.5"), quoted(f"{server.url}{path}?{given}")]
    return " ".join(words)


def quoted(text: str) -> str:
    """A text as one word of a POSIX shell, always in single quotes."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


# ------------------------------------------------------------------------------------------ running


@contextmanager
def running(servers: Sequence[Server]) -> Iterator[None]:
    """All servers started; all stopped at the end, or if one of them cannot start. Raises as :meth:`Server.start`."""
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(server)
        yield


def summary(server: Server) -> str:
    """What there is when a server ends: how many requests came, and how many points each bucket holds; what was queued
    is worked off for that."""
    world = server.world
    server.settle()
    held = [(bucket.name, world.count(bucket)) for bucket in world.catalog.buckets() if bucket.type == "user"]
    points = ", ".join(f"{count:,} point{'' if count == 1 else 's'} in {name}" for name, count in held)
    none = "no buckets" if server.database is None else "no databases"
    total = server.journal.total
    return f"{server.profile.id}: {total:,} request{'' if total == 1 else 's'}; {points or none}"
