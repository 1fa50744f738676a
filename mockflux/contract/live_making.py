"""What a live server is made to have for one vector, and its removal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mockflux.contract.answer import Answer
from mockflux.contract.live_wire import NO_ANSWER, Lacking, LiveError, Told, Wire, ask, read
from mockflux.profile.live import LiveRules


def left_line(sentence: str) -> str:
    """What is said of something that was not removed; where the server did not answer, it may be gone as well."""
    return f"{'may be left' if sentence.endswith(f': {NO_ANSWER}') else 'left'} behind: {sentence}"


class NotPlayable(Exception):
    """A vector cannot be played on this server; the message says why. ``told`` is what the server refused with."""

    def __init__(self, message: str, told: Told | None = None) -> None:
        super().__init__(message)
        self.told = told


class Making:
    """Makes what a vector needs and removes it again, by the requests of the profile. ``facts`` are what these tell:
    ``org``, ``org_id`` and so on. What could not be removed is noted in ``left``, a sentence each."""

    def __init__(
        self, wire: Wire, rules: LiveRules, facts: Mapping[str, str], authorization: str | None, left: list[str]
    ) -> None:
        self._wire, self._rules, self._facts, self._authorization = wire, rules, facts, authorization
        self._left = left
        self._undo: list[tuple[str, Callable[[], object]]] = []
        #: What the server said that it made, as it is told, of what is to be removed.
        self._made: set[str] = set()
        #: The ids of the buckets made or looked up, by name.
        self.ids: dict[str, str] = {}

    def target(self, name: str, retention: int = 0) -> None:
        """Make a bucket or database of this name; where writes make them, note that it will have to go. ``retention``
        in seconds, 0 for ever. Raises NotPlayable if the server refuses."""
        self._undo.append(
            (self._called(name), lambda: self.drop(name))
        )  # before it is made: an interrupt may come in between
        if self._rules.request("make") is None:
            if retention:
                raise NotPlayable(f"a {self._rules.kind} that a write makes keeps its points for ever")
            return
        kept = self._rules.kept.fill({"retention": str(retention)}) if retention else ""
        try:
            told = self._do("make", f"a {self._rules.kind}", name=name, kept=kept)
        except NotPlayable as error:
            if error.told is not None and 400 <= error.told.answer.status < 500:  # surely not made
                self._undo.pop()
            raise
        self._made.add(self._called(name))
        if told.id is not None:
            self.ids[name] = told.id

    def forget(self) -> None:
        """Take everything for not made."""
        self._undo.clear()

    def _called(self, name: str) -> str:
        return f"{self._rules.kind} {name}"

    def wrote(self, text: str) -> None:
        """Note that the server took a write, whose head is ``text``: where writes make targets, this may have made
        one."""
        if self._rules.request("make") is None:
            self._made |= {what for what, _ in self._undo if what.partition(" ")[2] in text}

    def adopt(self, method: str, target: str, answer: Answer) -> None:
        """Note what a vector's own request made, if it is the request by which such things are made."""
        make = self._rules.request("make")
        if make is None or not make.id or (method, target) != (make.method, make.target.source):
            return
        told = read(answer, make)
        if told.id is not None and not told.refused:
            id = told.id
            self._made.add(self._called(id))
            self._undo.append((self._called(id), lambda: self._drop_by_id(id)))

    def _drop_by_id(self, id: str) -> None:
        request = self._rules.request("drop")
        if request is None:
            self._leave(id, "there is no request for it")
            return
        told = ask(self._wire, request, {**self._facts, "id": id}, self._authorization)
        if told.refused and told.answer.status != 404:  # the vector may have removed it itself
            self._leave(id, str(told))

    def token(self, read: Sequence[str], write: Sequence[str], status: str = "active") -> str:
        """Make a token for buckets by name; its value. Raises NotPlayable if the server makes none."""
        lacking = [name for name in self._rules.permission.names if name not in {*self._facts, "action", "bucket_id"}]
        if lacking:
            raise NotPlayable(f"a token cannot be made: the server did not tell {lacking[0]}")
        rights = [
            self._rules.permission.fill({**self._facts, "action": action, "bucket_id": self.ids.get(name, "")})
            for action, names in (("read", read), ("write", write))
            for name in names
        ]
        told = self._do("token", "a token", permissions=",".join(rights or [self._rules.powerless]), status=status)
        self._to_remove("drop_token", "a token", told.id or "")
        if told.value is None:
            raise NotPlayable("the server made a token and did not tell it")
        return told.value

    def mapping(self, bucket: str, database: str, policy: str, *, default: bool) -> None:
        """Map a database and retention policy to a bucket by name. Raises NotPlayable if the server does not."""
        told = self._do(
            "mapping", "a mapping", bucket_id=self.ids.get(bucket, ""), database=database,
            retention_policy=policy, default="true" if default else "false",
        )  # fmt: skip
        self._to_remove("drop_mapping", "a mapping", told.id or "")

    def write(self, name: str, lines: str) -> None:
        """Write line protocol, its times in ns. Raises NotPlayable if the server refuses."""
        self._do("write", "the points of a set-up", name=name, lines=lines)
        self.wrote(name)

    def _do(self, request_name: str, what: str, **facts: str) -> Told:
        request = self._rules.request(request_name)
        if request is None:
            raise NotPlayable(f"{what} cannot be made over HTTP there")
        try:
            told = ask(self._wire, request, {**self._facts, **facts}, self._authorization)
        except Lacking as error:
            raise NotPlayable(f"{what} cannot be made: {error}") from None
        if told.refused:
            raise NotPlayable(f"the server does not take {what}: {told}", told)
        return told

    # ---------------------------------------------------------------- looking and removing

    def there(self, name: str) -> bool | None:
        """Whether the server has a bucket or database of this name; None if it cannot be asked."""
        request = self._rules.request("look")
        if request is None:
            return None
        try:
            told = ask(self._wire, request, {**self._facts, "name": name}, self._authorization)
        except Lacking:
            return None
        if request.absent and told.answer.status == request.absent:
            return False
        if told.refused:
            return None
        if name in told.values and told.id is not None and len(told.values) == 1:
            self.ids[name] = told.id
        return name in told.values

    def named(self, beginning: str) -> list[str]:
        """The names on the server that begin so; none where it cannot be asked for all of them at once."""
        request = self._rules.request("look")
        if request is None or "name" in request.target.names:
            return []
        told = ask(self._wire, request, self._facts, self._authorization)
        return [name for name in told.values if name.startswith(beginning)]

    def drop(self, name: str) -> bool:
        """Remove a bucket or database of this run; whether it is gone for all that can be told."""
        request = self._rules.request("drop")
        if request is None:
            return self._leave(name, "there is no request for it")
        if "id" in request.target.names and name not in self.ids and not self.there(name):
            return True
        told = ask(
            self._wire, request, {**self._facts, "name": name, "id": self.ids.get(name, "")}, self._authorization
        )
        if not told.refused or (told.answer.status == request.absent and self.there(name) is False):
            return True
        return self._leave(name, str(told))

    def drop_user(self, name: str) -> None:
        """Remove a user of this run; one that there is not is gone as well."""
        request = self._rules.request("drop_user")
        if request is None:
            self._left.append(f"user {name}: there is no request to remove one")
            return
        told = ask(self._wire, request, {**self._facts, "name": name}, self._authorization)
        if not 200 <= told.answer.status < 300:
            self._left.append(f"user {name}: {told}")

    def _leave(self, name: str, why: str) -> bool:
        self._left.append(f"{self._rules.kind} {name}: {why}")
        return False

    def _to_remove(self, request: str, what: str, id: str) -> None:
        self._made.add(f"{what} ({id})")
        self._undo.append((f"{what} ({id})", lambda: self._remove(request, what, id=id)))

    def _remove(self, request: str, what: str, *, id: str) -> None:
        try:
            self._do(request, what, id=id)
        except NotPlayable as error:
            self._left.append(f"{what} ({id}): {error}")

    def clean(self) -> None:
        """Remove what was made, the last first. What an interrupt or the server hinders is tried on for the rest."""
        interrupt: BaseException | None = None
        while self._undo:
            what, undo = self._undo.pop()
            try:
                undo()
            except LiveError:
                if what in self._made:
                    self._left.append(f"{what}: {NO_ANSWER}")
            except KeyboardInterrupt as error:  # once more this one, then the others
                if interrupt is not None:
                    raise
                interrupt = error
                self._undo.append((what, undo))
        if interrupt is not None:
            raise interrupt
