"""Names in the order in which people count."""


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key: V2 before V10, whatever the length of a number.

    Examples
    --------
    >>> sorted(["V10", "V2", "V1"], key=natural)
    ['V1', 'V2', 'V10']
    """
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for char in [*text, ""]:
        if char.isascii() and char.isdigit():
            digits += char
            continue
        if digits:
            number = digits.lstrip("0")
            parts.append((0, len(number), number))
            digits = ""
        parts.append((1, 0, char))
    return tuple(parts)
