"""Reading one file of a profile. Whatever cannot be read is a ProfileError; what has been read is kept while the file
stays as it is."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from mockflux.profile.errors import ProfileError
from mockflux.profile.schema import MOST, dotted

Data = dict[str, Any]
#: What tells one state of a file from another: time of change (ns), size, number in the file system.
Stamp = tuple[int, int, int]

#: No profile is nested deeper; what works through tables may recurse.
_DEPTH = 20


def stamp(path: Path) -> Stamp | None:
    """The state of a file; None if there is none, or nothing that could be one."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def is_file(path: Path) -> bool:
    """Whether there is a file; False also for what no file can be named."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


@lru_cache(maxsize=128)
def read(path: Path, state: Stamp | None) -> Data:
    """The table in a file of this state; shared, not to be changed. Raises ProfileError if it cannot be read."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ProfileError(path.name, "TOML", "nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path.name, "TOML", str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(path.name, "file", str(error)) from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise ProfileError(path.name, "TOML", "a number of too many digits; expected one of 64 bits") from None
    _check_bounds(data, path.name)
    return data


def _check_bounds(data: Data, file: str) -> None:
    """Raise ProfileError for tables nested too deeply, and for numbers that are not TOML's."""
    left: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while left:
        path, value = left.pop()
        if len(path) > _DEPTH:
            raise ProfileError(file, dotted(path[:3]), "nested too deeply")
        if isinstance(value, dict):
            left += [((*path, key), entry) for key, entry in value.items()]
        elif isinstance(value, list):
            left += [((*path, str(number)), entry) for number, entry in enumerate(value)]
        elif isinstance(value, int) and not -MOST - 1 <= value <= MOST:
            raise ProfileError(file, dotted(path), "a number too large; expected one of 64 bits")
