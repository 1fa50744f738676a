"""Storage: what one world holds.

``catalog``: organizations, users, buckets and databases, tokens, mappings; ``permissions``: what a token may do;
``table``: the data of one bucket, in columns (``block``) with the types of its fields (``types``); ``rules``: how an
edition stores.
"""

from __future__ import annotations

from mockflux.storage.catalog import Bucket, Catalog, Mapping, Org, Token, User, make_ids, make_token_value
from mockflux.storage.permissions import Permission, all_powerful, allows, for_buckets, for_databases, operator
from mockflux.storage.rules import StorageRules, shard_duration, shard_start
from mockflux.storage.table import BucketData, Point

__all__ = [
    "Bucket", "BucketData", "Catalog", "Mapping", "Org", "Permission", "Point", "StorageRules", "Token", "User",
    "all_powerful", "allows", "for_buckets", "for_databases", "make_ids", "make_token_value", "operator",
    "shard_duration", "shard_start",
]  # fmt: skip
