"""`mlops definition`: what would be upserted, without network."""

import json

from mlops import authoring, output
from mlops.options import NameArgument


def definition(name: NameArgument) -> None:
    """Print the definition JSON of a pipeline. Needs neither network nor credentials."""
    output.document(json.loads(authoring.offline(name).text))
