"""The services: one file each, and folders beside this one for those that live."""
