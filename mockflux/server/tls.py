"""Certificates for a server on this machine, made on request and forgotten with it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


def authority(hosts: Iterable[str], *, grpc: bool = False) -> tuple[ssl.SSLContext, bytes]:
    """A fresh certificate authority, and a server certificate from it for these names and addresses.

    With ``grpc``, clients that speak nothing but HTTP/2 get a connection too, so that what they want can be told.

    Returns the context for the server and the authority's certificate as PEM, which a client has to trust.
    Keys are made anew by each call, some ten milliseconds. Raises ImportError if the extra is not installed.
    """
    try:
        import trustme
    except ImportError:
        missing = "tls=True needs the extra mockflux[tls]: pip install 'mockflux[tls]'"
        raise ImportError(missing, name="trustme") from None
    import ssl

    issuer = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # The server's order counts: Go's client, which goes for h2 unless told otherwise, gets HTTP/1.1.
    context.set_alpn_protocols(["http/1.1", "h2"] if grpc else ["http/1.1"])
    issuer.issue_cert(*hosts).configure_cert(context)
    return context, issuer.cert_pem.bytes()


def keep(pem: bytes, owner: object) -> str:
    """The path of a temporary file that holds the certificate, for clients that want a file.

    :func:`discard` removes it; so does the end of its owner, or of the interpreter.
    """
    import tempfile
    import weakref

    with tempfile.NamedTemporaryFile(prefix="mockflux-ca-", suffix=".pem", delete=False) as file:
        file.write(pem)
    weakref.finalize(owner, _discard_in, os.getpid(), file.name)
    return file.name


def discard(path: str) -> None:
    """Remove such a file; it may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _discard_in(process: int, path: str) -> None:
    # A forked child has the owner too, but the file is its parent's.
    if os.getpid() == process:
        discard(path)
