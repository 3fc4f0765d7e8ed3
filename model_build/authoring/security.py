"""The security of the configuration as arguments of the SDK's jobs: the one place where it enters a definition."""

from typing import Any

from sagemaker.core.network import NetworkConfig
from sagemaker.core.shapes import OutputDataConfig, Tag
from sagemaker.core.training.configs import Networking

from model_build.config import Security


def processor(security: Security) -> dict[str, Any]:
    """Arguments of a Processor."""
    return {
        "volume_kms_key": security.kms_key,
        "output_kms_key": security.kms_key,
        "tags": [{"Key": key, "Value": value} for key, value in security.tags.items()] or None,
        "network_config": NetworkConfig(
            enable_network_isolation=security.network_isolation,
            encrypt_inter_container_traffic=security.encrypt_between_containers,
            subnets=list(security.subnets) or None,
            security_group_ids=list(security.security_groups) or None,
        ),
    }


def networking(security: Security) -> Networking:
    """The network of a ModelTrainer."""
    return Networking(
        enable_network_isolation=security.network_isolation,
        enable_inter_container_traffic_encryption=security.encrypt_between_containers,
        subnets=list(security.subnets) or None,
        security_group_ids=list(security.security_groups) or None,
    )


def training_output(security: Security, address: Any) -> OutputDataConfig:
    return OutputDataConfig(s3_output_path=address, **({"kms_key_id": security.kms_key} if security.kms_key else {}))


def tags(security: Security) -> list[Tag] | None:
    return [Tag(key=key, value=value) for key, value in security.tags.items()] or None
