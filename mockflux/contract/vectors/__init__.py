"""Contract vectors: recorded requests with the reply and the stored state that a profile promises."""
