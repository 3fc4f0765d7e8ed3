"""Builds of the session's server."""

from collections.abc import Callable
from typing import Any

import pytest
from builds_kit import CodeBuild


@pytest.fixture
def codebuild(client: Callable[..., Any]) -> CodeBuild:
    return CodeBuild(client)
