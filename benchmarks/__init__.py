"""How fast mockflux is, held against a plain Flask handler and a real influxd within the same run.

``python -m benchmarks`` from a clone; see README.md beside this file. Not installed, not in the wheel.
"""
