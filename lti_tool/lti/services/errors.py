"""A service of a platform that did not answer as it should."""


class ServiceFailed(Exception):
    """A service did not do what was asked.

    `words` are for a person and repeat nothing of the answer; `retry` says whether the same request may work later,
    `retry_after` in how many seconds the platform wants it, if it said so.
    """

    def __init__(
        self, words: str, *, status: int | None = None, retry: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.retry = retry
        self.retry_after = retry_after
