"""Names of buckets and tags as AWS takes them."""

import re
import unicodedata
from collections.abc import Mapping

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RESERVED = re.compile(r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")

#: Of the 50 tags of a resource, those that a deployment sets itself.
MOST_TAGS, OWN_TAGS = 50, 3


def bucket(text: str) -> str:
    """The name of a bucket as it is. Raises ValueError with S3's rule."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text):
        raise ValueError(
            "a bucket's name has 3 to 63 small letters, digits, dots and hyphens, none of these at its ends"
        )
    if re.search(r"\.\.|\.-|-\.", text):
        raise ValueError("beside a dot in a bucket's name stand letters or digits")
    if _ADDRESS.fullmatch(text):
        raise ValueError("a bucket's name is no IP address")
    if _RESERVED.fullmatch(text):
        raise ValueError("S3 keeps this beginning or end of a name for itself")
    return text


def tags(given: Mapping[str, str]) -> dict[str, str]:
    """Tags as they are. Raises ValueError with the rule of https://docs.aws.amazon.com/tag-editor/latest/userguide/."""
    if len(given) > MOST_TAGS - OWN_TAGS:
        raise ValueError(
            f"{len(given)} tags are too many: {MOST_TAGS} are possible, {OWN_TAGS} are the deployment's own"
        )
    for key, value in given.items():
        if not 1 <= len(key) <= 128:
            raise ValueError(f"the key {key[:20]!r} has {len(key)} characters, 1 to 128 are possible")
        if len(value) > 256:
            raise ValueError(f"the value of {key!r} has {len(value)} characters, 256 are possible")
        if wrong := sorted({letter for letter in key + value if not _in_tags(letter)}):
            raise ValueError(f"{key!r} has {wrong[0]!r}; letters, digits, spaces and _ . : / = + - @ are possible")
        if key.lower().startswith(("aws:", "sagemaker:")):
            raise ValueError(f"{key!r} is reserved; the tags sagemaker:project-… are set anyway")
    return dict(given)


def _in_tags(letter: str) -> bool:
    return letter in "_.:/=+-@" or unicodedata.category(letter)[0] in "LNZ"
