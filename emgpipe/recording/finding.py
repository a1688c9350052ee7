"""What a reader or a check has seen, and how it is said."""

from typing import Literal, NamedTuple

from emgpipe.errors import printable

Severity = Literal["error", "warning", "info"]


class Finding(NamedTuple):
    """Something a reader or a check saw.

    Attributes
    ----------
    code : str
        A key of `emgpipe.errors.CODES`.
    severity : str
        `error` (refused), `warning` (usable, said) or `info`.
    where : str
        Header field or signal label, e.g. `"'EMG RF': physical minimum"`; `the 2nd signal`, counted
        from 1, where a label is not shown. An error whose place begins with one of these refuses
        that signal; any other refuses the file.
    message : str
        The whole sentence: what was found, what is allowed, what to do.
    found, allowed, hint : str
        Its parts, where they are kept apart; one line each, every odd letter written out.
    """

    code: str
    severity: Severity
    where: str
    message: str
    found: str = ""
    allowed: str = ""
    hint: str = ""

    @classmethod
    def composed(
        cls, code: str, severity: Severity, where: str, *, found: str, allowed: str = "", hint: str = ""
    ) -> "Finding":
        r"""Make a finding whose message is put together from its parts.

        Parameters
        ----------
        code, severity, where : str
            As the attributes.
        found, allowed, hint : str
            What stands there (bytes as their `repr`), what may stand there, what was or is to be done.

        Returns
        -------
        Finding

        Examples
        --------
        >>> Finding.composed("HEADER_NUMBER", "error", "record duration", found="'1,5'", allowed="a number").message
        "found '1,5'; allowed: a number"
        """
        found, allowed, hint = (printable(part) for part in (found, allowed, hint))
        parts = [f"found {found}", f"allowed: {allowed}" if allowed else "", hint]
        return cls(code, severity, where, "; ".join(part for part in parts if part), found, allowed, hint)

    @property
    def said(self) -> str:
        """Place and message, as every command writes them; `file` is said by the name of the file already.

        Examples
        --------
        >>> Finding("FILE_EMPTY", "error", "file", "found 0 bytes").said
        'found 0 bytes'
        >>> Finding("UNIT_UNKNOWN", "error", "'EMG RF'", "found unit ''").said
        "'EMG RF': found unit ''"
        """
        return self.message if self.where in ("", "file") else f"{self.where}: {self.message}"
