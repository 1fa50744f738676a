"""The contract: vectors, and the runner that plays them against the simulator or any other server.

A vector (``vectors/*.toml``) says what goes to a server in which state, what comes back to the byte, by which clause
of the profile, and what is stored afterwards. ``vector`` loads them, ``targets`` are what they are played against,
``play`` plays one, ``coverage`` tells which clauses and switches no vector shows.
"""
