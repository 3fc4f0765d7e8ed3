"""Content types: their names, and which one a response takes."""

from collections.abc import Collection
from functools import lru_cache
from http import HTTPStatus

from inference.refusal import RefusedError

CSV, JSON, JSON_LINES, PARQUET = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"

READABLE = (CSV, JSON, JSON_LINES, PARQUET)
WRITABLE = (CSV, JSON, JSON_LINES)

#: Other names of the same formats.
ALIASES = {
    "application/csv": CSV,
    "application/jsonl": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
    "application/parquet": PARQUET,
    "application/vnd.apache.parquet": PARQUET,
}


@lru_cache(maxsize=256)
def negotiate(content_type: str | None, accept: str | None) -> tuple[str, str]:
    """The formats of the body and of the answer by the two headers; SageMaker's defaults where one is absent.

    Raises RefusedError: 415 for a body that cannot be read, 406 when nothing that can be written is acceptable.
    """
    source = _readable(content_type or CSV)
    return source, _writable(accept or "*/*", source)


def _readable(given: str) -> str:
    name, parameters = _parts(given)
    if name not in READABLE:
        raise RefusedError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The content type {given!r:.100} is none of {', '.join(READABLE)}."
        )
    charset = parameters.get("charset", "utf-8").strip('"').lower()
    if charset not in ("utf-8", "utf8", "us-ascii", "ascii"):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The charset {charset!r:.50} is not read; send UTF-8.")
    return name


def _writable(given: str, source: str) -> str:
    """The format of the greatest `q`, the first among equals; that of the request where the client does not mind."""
    same = source if source in WRITABLE else CSV
    ranked: list[tuple[float, str]] = []
    for choice in given.split(","):
        name, parameters = _parts(choice)
        kind, _, sub = name.partition("/")
        if name in WRITABLE:
            ranked.append((_quality(parameters), name))
        elif sub == "*":
            family: Collection[str] = [one for one in (same, *WRITABLE) if kind in ("*", one.partition("/")[0])]
            ranked += [(_quality(parameters), one) for one in list(family)[:1]]
    best = max(ranked, key=lambda one: one[0], default=(0.0, ""))
    if best[0] <= 0:
        raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, f"{given!r:.100} asks for none of {', '.join(WRITABLE)}.")
    return best[1]


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


def _parts(given: str) -> tuple[str, dict[str, str]]:
    """`Text/CSV; charset=utf-8` → (`text/csv`, {"charset": "utf-8"}); an alias becomes the name of the tables."""
    name, *rest = (part.strip() for part in given.split(";"))
    pairs = (part.partition("=") for part in rest)
    return ALIASES.get(name.lower(), name.lower()), {key.strip().lower(): value.strip() for key, _, value in pairs}
