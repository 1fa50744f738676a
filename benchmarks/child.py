"""One subject in a process of its own, which does what it is told line by line and ends when its stdin does.

``python -m benchmarks.child MODULE:CLASS {"argument": …}`` makes an instance, says ``{"ok": facts}``, then for each
line ``{"do": method, "with": {…}}`` calls the method and says what it returned. However the parent ends, stdin ends
with it, and the instance is closed: no server outlives a run, no temporary data either.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from types import FrameType
from typing import Any


def main(target: str, arguments: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then closes our stdin
    signal.signal(signal.SIGTERM, _end)
    voice = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a subject prints must not get between the answers
    module, _, name = target.partition(":")
    subject: Any = None
    try:
        subject = getattr(import_module(module), name)(**json.loads(arguments))
        _say(voice, ok=subject.facts())
        for line in sys.stdin:
            order = json.loads(line)
            try:
                answer = getattr(subject, order["do"])(**order["with"])
            except Exception:
                _say(voice, error=traceback.format_exc())
            else:
                _say(voice, ok=answer)
    except BrokenPipeError:
        pass  # the parent is gone
    except Exception:
        _say(voice, error=traceback.format_exc())
    finally:
        if subject is not None:
            subject.close()


def _say(voice: Any, **answer: Any) -> None:
    voice.write(json.dumps(answer) + "\n")
    voice.flush()


def _end(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough; closing must not be cut short
    raise SystemExit(128 + number)


if __name__ == "__main__":
    main(*sys.argv[1:])
