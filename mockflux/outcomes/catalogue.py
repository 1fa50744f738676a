"""What an outcome is, and the one catalogue of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

from mockflux.reasons import Catalogued, snake


class Outcome(Catalogued):
    """What happened to a request."""

    CATALOGUE: ClassVar[dict[str, type[Outcome]]] = {}

    def __init_subclass__(cls) -> None:
        cls.name = snake(cls.__name__)
        Outcome.CATALOGUE[cls.name] = cls

    @classmethod
    def example(cls, kind: str, known: Mapping[str, Any]) -> Outcome:
        """An instance for a planned fault: facts that are ``known`` of the request, defaults for the others."""
        facts = {f.name: known[f.name] for f in fields(cls) if f.init and f.name in known}  # type: ignore[arg-type]
        if kind and "which" in {f.name for f in fields(cls)}:  # type: ignore[arg-type]
            facts["which"] = kind
        return cls(**facts)


class Which(Outcome):
    """An outcome that says in its field ``which`` what kind it is."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        return str(getattr(self, "which", ""))


# Abstract helpers are no entries of the catalogue.
del Outcome.CATALOGUE[Which.name]
