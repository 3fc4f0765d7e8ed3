"""`mlops check`: everything that can be refused before something runs."""

from contract.errors import InputError
from mlops import checking, output
from mlops.options import NameArgument


def check(name: NameArgument) -> None:
    """Look at a pipeline's configuration, its definition and its stages; exits 2 with a sentence for each fault."""
    if found := checking.faults(name):
        raise InputError("\n".join(found))
    output.console.print(
        f"{name} can be built" + (" and deployed." if checking.folder(name) else "; it has no stages to deploy to."),
        markup=False,
    )
