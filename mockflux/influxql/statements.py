"""What a statement can be."""

from __future__ import annotations

from mockflux.influxql.change_statements import (
    AlterPolicy,
    CreateContinuousQuery,
    CreateDatabase,
    CreatePolicy,
    CreateSubscription,
    CreateUser,
    Drop,
    DropOn,
    DropShard,
    DropSubscription,
    Grant,
    GrantAdmin,
    KillQuery,
    Remove,
    SetPassword,
)
from mockflux.influxql.nodes import Select
from mockflux.influxql.show_statements import (
    Explain,
    Show,
    ShowCardinality,
    ShowGrants,
    ShowMeasurements,
    ShowModule,
    ShowRetentionPolicies,
    ShowSchema,
)

Statement = (
    Select
    | Show
    | ShowModule
    | ShowGrants
    | ShowRetentionPolicies
    | ShowMeasurements
    | ShowSchema
    | ShowCardinality
    | Explain
    | CreateDatabase
    | CreatePolicy
    | AlterPolicy
    | Drop
    | DropOn
    | Remove
    | DropShard
    | CreateContinuousQuery
    | CreateSubscription
    | DropSubscription
    | CreateUser
    | SetPassword
    | Grant
    | GrantAdmin
    | KillQuery
)
