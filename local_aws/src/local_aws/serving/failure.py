"""What goes wrong when a model is served."""


class ServingError(Exception):
    """A container cannot be started, does not answer /ping, or is gone; the text is one sentence."""


class NoAnswerError(Exception):
    """A container did not answer a request: it took too long, or the connection ended.

    timeout    whether it took too long
    container  its name, where that is known
    """

    def __init__(self, text: str, *, timeout: bool = False) -> None:
        super().__init__(text)
        self.timeout = timeout
        self.container = "primary"
