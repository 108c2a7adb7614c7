"""Collecting what is wrong with a policy, so that its author sees all of it at once.

A reader adds faults and goes on with a strict stand-in where it can; ``settle`` then raises.
One fault is raised as itself, several as one ``PolicyErrors`` that lists them by line.
"""

from klover.errors import PolicyError


class PolicyErrors(PolicyError):  # noqa: N818 - several of them
    """Several things are wrong with one policy; ``errors`` holds each, in the file's order."""

    def __init__(self, errors: tuple[PolicyError, ...]) -> None:
        """Join the errors' texts, one a line."""
        first = errors[0]
        super().__init__(first.message, file=first.file, line=first.line)
        self.errors = errors
        self.args = ("\n".join(str(error) for error in errors),)


class Faults:
    """The faults found so far in one file."""

    def __init__(self, file: str) -> None:
        """``file`` is only named in messages, never opened."""
        self.file = file
        self._found: list[PolicyError] = []

    def add(self, message: str, line: int) -> None:
        """Note one fault; the same sentence for the same line is noted once."""
        error = PolicyError(message, file=self.file, line=line)
        if all(str(error) != str(known) for known in self._found):
            self._found.append(error)

    def any(self) -> bool:
        """Tell whether anything was found."""
        return bool(self._found)

    def settle(self) -> None:
        """Raise what was found: PolicyError for one fault, PolicyErrors for several."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise PolicyErrors(tuple(sorted(self._found, key=lambda error: error.line)))
