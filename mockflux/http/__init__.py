"""From a request to an outcome: the front, the gate, and one module per family of doors."""
