"""The version of mockflux, in one place (setup.cfg reads it without importing the package)."""

VERSION = "0.1.0"
