"""Import the package before pytest meets the folder of the same name and takes it for the package."""

import local_aws  # noqa: F401
