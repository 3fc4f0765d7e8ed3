"""The commands: one file each, with one function that `mlops.app` lists."""
