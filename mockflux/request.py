"""What comes from the client: one HTTP request, read whole before anything looks at it."""

from __future__ import annotations

from mockflux.reply import Header


class Request:
    """One HTTP request.

    ``target`` is as sent (``/api/v2/write?org=a``, latin-1), ``path`` and ``query`` are its parts, not decoded.
    ``headers`` keep order, case and duplicates. ``body`` is what came after the head, chunks joined, still
    encoded. ``problem`` says why the body is not whole, or is None:

    - ``"too_large"``: longer than the server was told to keep (``length`` bytes came; ``body`` is empty);
    - any other text: the framing was broken, in the words of the reader below HTTP (chunk errors).
    """

    __slots__ = ("_named", "body", "headers", "length", "method", "path", "problem", "query", "shared", "target")

    def __init__(
        self,
        method: str,
        target: str,
        headers: list[Header] | None = None,
        body: bytes = b"",
        *,
        problem: str | None = None,
        length: int | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.headers = headers if headers is not None else []
        self.body = body
        self.problem = problem
        self.length = len(body) if length is None else length
        #: Whether the headers belong to other requests as well.
        self.shared = False
        self._named: dict[str, str] | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name (``name`` in lower case), or None. Later ones of that name do not count."""
        named = self._named
        if named is None:
            named = self._named = {key.lower(): value for key, value in reversed(self.headers)}
        return named.get(name)

    def at_rest(self) -> None:
        """Let go of what only makes answering quicker: from now on the request is kept."""
        self._named = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target} {self.length} bytes>"
