"""match: an Item and the compiled topics in, its Matches out. Knows nothing of feeds or alerts."""

from monitor.steps.match.complaint import QueryError
from monitor.steps.match.decide import match
from monitor.steps.match.explain import Explanation, Kind, Why, explain, missing
from monitor.steps.match.grammar import parse_query
from monitor.steps.match.index import Topics, compile_topics, query_version
from monitor.steps.match.spellings import check_entity, check_spelling
from monitor.steps.match.tree import Node, filters_of, print_query

__all__ = [
    "Explanation",
    "Kind",
    "Node",
    "QueryError",
    "Topics",
    "Why",
    "check_entity",
    "check_spelling",
    "compile_topics",
    "explain",
    "filters_of",
    "match",
    "missing",
    "parse_query",
    "print_query",
    "query_version",
]
