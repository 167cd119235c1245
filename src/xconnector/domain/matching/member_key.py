"""The key of a member, where a source has a numbering of its own."""


def own_key(source: str, key: str) -> str:
    """Return the key of a member of a source with a numbering of its own: the source's name in front.

    No two sources ever have the same; signs that would make them alike are spelled as in addresses of the web.
    """
    return f"{source.replace('%', '%25').replace(':', '%3A')}:{key}"
