"""InfluxQL, the query language of InfluxDB 1: texts are read into statements, and these run over what is stored.

Who reads text: ``parser`` (the words that statements begin with) with ``parse_select``, ``parse_expressions``,
``parse_show`` and ``parse_changes``, on a ``cursor`` over the ``scanner``'s ``tokens``; ``binding`` for bound
parameters, ``goregex`` with ``gocharsets`` for patterns, ``durations``, ``numbers`` and ``times`` for literals.

What statements are: ``nodes`` (expressions and SELECT), ``show_statements``, ``change_statements``; ``statements`` is
any of them. ``str()`` of a statement is its normal form. ``rights``: what one needs to run it.

Who runs them: ``running`` (one after the other, until one fails) with ``run_show``, ``run_changes`` (databases,
policies, users) and ``run_deletes``, within ``surroundings``, to ``results``; ``schema`` tells what there is in a
database, and ``tagconditions`` which series are meant.

Who evaluates SELECT: ``evaluating`` over any ``data``, of which ``stored`` is a server's. First the statement alone:
``checks``, with ``conditions`` (WHERE split into times and the rest) and ``reduce``. Then with what it is about:
``sources`` (measurements by shard), ``expanding`` (``*``, patterns, types of columns) with ``columntypes`` and
``columnnames``, ``reading`` with ``seriesfilter`` (the rows of a series), ``merging`` (in the order of a server),
``aggregates`` and ``functions``, ``computing``.
"""

from mockflux.influxql.binding import read_params
from mockflux.influxql.errors import NotSimulated, ParamsError, ParseError, StatementError
from mockflux.influxql.parser import parse

__all__ = ["NotSimulated", "ParamsError", "ParseError", "StatementError", "parse", "read_params"]
