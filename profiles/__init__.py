"""The editions of InfluxDB as data: one TOML file a profile (docs/profiles.md describes the form)."""
