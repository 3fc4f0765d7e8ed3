"""What a person reads: sections of the report, and the model card, as HTML that needs no other file and no script."""
