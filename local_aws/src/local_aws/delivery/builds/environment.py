"""What a build's commands find in their environment.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_aws.operations import Aws

Document = dict[str, Any]

#: Of the server's own environment: where programs and the caches of packages are, and who the user is…
_USER = ("PATH", "HOME", "USER", "LOGNAME")
#: …and how this machine reaches a package index: proxies, certificates, and the settings of the installers.
_NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_INSTALLERS = ("PIP_", "UV_")


def of_build(
    aws: Aws, build: Document, variables: Mapping[str, str], sources: Mapping[str, Path], tmp: Path
) -> Document:
    """All variables by name.

    variables  the buildspec's own, which the project's and StartBuild's take the place of
    sources    the folders of the sources by name, the primary one first
    """
    given = {item["name"]: item["value"] for item in build["environment"]["environmentVariables"]}
    return _machine(aws, tmp) | _codebuild(build, sources) | dict(variables) | given


def _machine(aws: Aws, tmp: Path) -> Document:
    proxies = [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")]
    installers = [name for name in os.environ if name.startswith(_INSTALLERS)]
    kept = {name: os.environ[name] for name in (*_USER, *_NETWORK, *proxies, *installers) if name in os.environ}
    return (
        {"PATH": os.defpath, "HOME": str(Path.home())}
        | kept
        | {
            "LANG": "C.UTF-8",
            "TMPDIR": str(tmp),
            "AWS_REGION": aws.region,
            "AWS_DEFAULT_REGION": aws.region,
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    )


def _codebuild(build: Document, sources: Mapping[str, Path]) -> Document:
    primary, *others = sources.items()
    found = {
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": build["arn"],
        "CODEBUILD_BUILD_ID": build["id"],
        "CODEBUILD_BUILD_IMAGE": build["environment"]["image"],
        "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]),
        "CODEBUILD_INITIATOR": build["initiator"],
        "CODEBUILD_KMS_KEY_ID": build["encryptionKey"],
        "CODEBUILD_LOG_PATH": build["logs"].get("streamName", ""),
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.get("resolvedSourceVersion", ""),
        "CODEBUILD_SOURCE_REPO_URL": build["source"].get("location", ""),
        "CODEBUILD_SOURCE_VERSION": build.get("sourceVersion", ""),
        "CODEBUILD_SRC_DIR": str(primary[1]),
        "CODEBUILD_START_TIME": str(round(build["startTime"] * 1000)),
    }
    return found | {f"CODEBUILD_SRC_DIR_{name}": str(path) for name, path in others}
