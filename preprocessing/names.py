"""Which names below the data's address are data; apart from what reads them, so that it costs no import of Arrow."""


def is_data(name: str) -> bool:
    """Whether a name below the data's address is one that this room reads: what is hidden, and what tools leave beside
    data, is not."""
    return not any(part.startswith((".", "_")) for part in name.split("/")) and not name.endswith(".crc")
