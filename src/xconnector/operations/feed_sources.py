"""Where the records of a feed come from: which files arrived, and beginning a source anew."""

from xconnector.operations.feeds import FeedError
from xconnector.postgres.connect import Connection, Pool, in_transaction, reading
from xconnector.project.findings import named_like
from xconnector.project.model import Project
from xconnector.store import dropped_files, feed_positions
from xconnector.store.dropped_files import DroppedFileRow


async def files_of(pool: Pool, project: Project, name: str, *, limit: int) -> list[DroppedFileRow]:
    """Return the latest files that arrived for a feed, newest first, and what became of each.

    Raises FeedError where no files arrive for it.
    """
    feed = project.feeds.get(name)
    if feed is None or feed.drop is None:
        there = [known.name for known in project.feeds.values() if known.drop is not None]
        raise FeedError(f"no files arrive for a feed {name!r}: {named_like(name, there)}")
    async with reading(pool) as connection:
        return await dropped_files.latest(connection, name, limit)


async def restart_feed(pool: Pool, name: str) -> None:
    """Let a source that is asked give everything again; what was taken with the same key and bytes is not taken again.

    Raises FeedError where it is at its beginning.
    """

    async def write(connection: Connection) -> None:
        if not await feed_positions.forget(connection, name):
            raise FeedError(f"nothing was read for a feed {name!r}, so there is nothing to begin anew")

    await in_transaction(pool, write)
