"""A pipeline's `config.toml`: frozen tables that refuse unknown keys, and settings that contradict each other."""

from model_build.config.reading import FILE, load, parse
from model_build.config.tables import Config, Instances, Range, Security, Split, Tuning

__all__ = ["FILE", "Config", "Instances", "Range", "Security", "Split", "Tuning", "load", "parse"]
