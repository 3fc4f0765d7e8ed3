"""The filter patterns of CloudWatch Logs over unstructured text.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

import re
from collections.abc import Callable

from local_aws.errors import NotSupported

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a message matches: every plain term, no `-term`, and one of the `?terms` where there are only those.

    Terms are case-sensitive; quotes hold spaces. Raises NotSupported for patterns over JSON, columns and regular
    expressions.
    """
    pattern = pattern.strip()
    if pattern[:1] in ("{", "[", "%"):
        raise NotSupported(f"the filter pattern {pattern!r} of logs:FilterLogEvents")
    terms = [
        (kind, re.sub(r"\\(.)", r"\1", quoted) if quoted else plain) for kind, quoted, plain in _TERM.findall(pattern)
    ]
    needed = [term for kind, term in terms if kind == ""]
    barred = [term for kind, term in terms if kind == "-"]
    either = [term for kind, term in terms if kind == "?"]
    if needed:  # AWS ignores `?terms` beside plain ones
        either = []

    def matches(message: str) -> bool:
        return (
            all(term in message for term in needed)
            and not any(term in message for term in barred)
            and (not either or any(term in message for term in either))
        )

    return matches
