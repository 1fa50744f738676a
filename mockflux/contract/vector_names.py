"""By what names vectors mean a profile: their patterns fit its id, or the path by which it was named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mockflux.profile import concrete
from mockflux.profile.load import find, merge


@dataclass(frozen=True, slots=True)
class ProfileNames:
    """A profile as it was named (an id, or the path of a file, by which it can be loaded) and its id."""

    name: str
    id: str

    def fit(self, patterns: Iterable[str]) -> bool:
        """Whether one of the patterns fits one of the names."""
        return any(fnmatchcase(own, pattern) for pattern in patterns for own in (self.name, self.id))

    def __str__(self) -> str:
        return self.id if self.name == self.id else f"{self.name} (its id: {self.id})"


def names_of_profile(name: str) -> ProfileNames:
    """The names of a profile. One without a slash that does not end in ``.toml`` is an id, of a profile that comes with
    mockflux or not. Raises ProfileError for a path at which there is no profile that can be read."""
    if not is_path(name):
        return ProfileNames(name, name)
    return ProfileNames(name, str(merge(find(name)).data["edition"]["id"]))


def is_path(name: str) -> bool:
    """Whether a profile is named by a path, as ``mockflux.profile.load.find`` takes it."""
    path = Path(name)
    return path.suffix == ".toml" or len(path.parts) > 1


def lineage(name: str) -> list[str]:
    """A profile and the editions that it extends, the nearest first, each by a name by which it can be loaded: the
    first as it was given, those that come with mockflux by id, others by path. Raises ProfileError."""
    bundled = concrete()
    parents = [(path, str(data["edition"].get("id", path.stem))) for path, data in reversed(merge(find(name)).chain)]
    return [name, *(id if id in bundled else str(path) for path, id in parents[1:])]
