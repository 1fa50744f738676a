"""Which type a field has, in which scope."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from types import MappingProxyType
from typing import cast

from mockflux.lineprotocol import FieldType

_NONE: Mapping[str, FieldType] = MappingProxyType({})


class Types:
    """The types of the fields of one bucket, by scope: a series, a table, a table and a week …

    Compact and quick for the usual case that all series of a measurement have the same fields: a scope that knows
    the fields of one shape only points to the shape's own, read-only mapping. It gets a dict to itself when a second
    shape brings more fields.
    """

    def __init__(self) -> None:
        self._by_scope: dict[Hashable, Mapping[str, FieldType]] = {}

    def of(self, scope: Hashable) -> Mapping[str, FieldType]:
        """Types by field key; empty for an unknown scope. Not to be changed, and good until the next change."""
        return self._by_scope.get(scope, _NONE)

    def add(self, scope: Hashable, types: Mapping[str, FieldType]) -> None:
        """Notes the types of fields that have none yet. ``types`` is kept as it is if it is read-only."""
        known = self._by_scope.get(scope)
        if known is types:
            return
        if known is None:
            self._by_scope[scope] = types if isinstance(types, MappingProxyType) else dict(types)
            return
        new = {key: type for key, type in types.items() if key not in known}
        if not new:
            return
        if isinstance(known, MappingProxyType):
            self._by_scope[scope] = {**known, **new}
        else:
            cast(dict[str, FieldType], known).update(new)

    def retain(self, scope: Hashable, keys: Collection[str]) -> None:
        """Forgets the types of a scope, but for those of these fields."""
        left = {key: type for key, type in self._by_scope.pop(scope, _NONE).items() if key in keys}
        if left:
            self._by_scope[scope] = left

    def scopes(self) -> list[Hashable]:
        """All scopes that know types, in the order in which they were met."""
        return list(self._by_scope)

    def clear(self) -> None:
        """Forgets all."""
        self._by_scope.clear()
