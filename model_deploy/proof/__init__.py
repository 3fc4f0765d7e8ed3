"""Proof that a stage answers as its version did at training time; run by the stages TestStaging and TestProd."""
