"""missing: the Explanation of a topic that an item does not match in; the smallest clauses that it lacks out."""

from monitor.steps.match import Explanation


def missing(explanation: Explanation) -> tuple[Explanation, ...]:
    """Of clauses that hold only together those that do not hold; the clause itself where all of its parts do, as of NEAR and NOT."""
    if explanation.holds:
        return ()
    failing = [child for child in explanation.children if not child.holds]
    return tuple(each for child in failing for each in missing(child)) or (explanation,)
