"""SageMaker Model Cards. Exporting one as PDF is not here: CreateModelCardExportJob is refused by its name."""

from local_aws.cards.cards import operations

__all__ = ["operations"]
