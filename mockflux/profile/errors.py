"""The one error that a faulty profile raises."""

from __future__ import annotations


class ProfileError(ValueError):
    """A profile cannot be used: the message names file, key and what was expected."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}")
        #: Name of the file, key inside it (dotted, as in TOML), and the problem in words.
        self.file, self.key, self.problem = file, key, problem
