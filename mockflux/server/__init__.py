"""The socket server: bytes in, bytes out. It knows nothing of InfluxDB."""

from __future__ import annotations

from mockflux.server.connection import Application as Application
from mockflux.server.listening import ANYWHERE as ANYWHERE
from mockflux.server.listening import SocketServer as SocketServer
