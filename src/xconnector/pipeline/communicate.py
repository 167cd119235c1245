"""The main path, from source event to archived proof.

A record is received at the door (`receive.py`), by the web, a command or a run. From there every
stage hands its batch to the next in the same transaction in which it wrote its result:

    receive  → once per source key; the same key with another payload is refused and kept
    begin    → what waited for its time, its turn or another event is prepared then
    prepare  → trigger, assemble and decide: which communications, of which data, by which channels
    compose  → the documents; review by rule or by a person, on exactly these bytes
    submit   → what a composer makes as a job of its own, and fetch → what became of it
    archive  → kept before anything leaves
    deliver  → hop by hop; print is collected into bundles
    listen   → what brokers give is received
    chase    → what they should have reported is asked for; at the deadline somebody must look
    poll     → what channels report moves the communication; a bounce takes the next hop
    unseen   → what nobody looked at in its time takes the next hop too
    write back → source systems are told what became of their communications
"""

from datetime import timedelta
from functools import partial

from xconnector.execution.jobs import Chore, Listener, Retry, Stage, Watch
from xconnector.pipeline.archive import archive
from xconnector.pipeline.begin import begin, give_turns
from xconnector.pipeline.chasing import CHASE_EVERY, chase
from xconnector.pipeline.collect import bundle, gather
from xconnector.pipeline.compose import compose
from xconnector.pipeline.deliver import deliver
from xconnector.pipeline.drop import LOOK_EVERY, look_into_drop
from xconnector.pipeline.fetch import fetch
from xconnector.pipeline.forgetting import FORGET_BODIES_EVERY, FORGET_EVERY, forget_bodies, forget_what_is_over
from xconnector.pipeline.giving_up import give_up
from xconnector.pipeline.listen import listen
from xconnector.pipeline.overdue import overdue
from xconnector.pipeline.prepare import prepare
from xconnector.pipeline.pull import LOOK_AT_CLOCK_EVERY, pull_when_due
from xconnector.pipeline.silence import LOOK_FOR_SILENCE_EVERY, look_for_silence
from xconnector.pipeline.stopping_feeds import LOOK_AT_SHAPES_EVERY, look_at_shapes
from xconnector.pipeline.submit import submit
from xconnector.pipeline.submitting import gather_orders
from xconnector.pipeline.track import poll
from xconnector.pipeline.unseen import unseen
from xconnector.pipeline.workplace import Workplace
from xconnector.pipeline.write_back import write_back

STAGES = {
    "prepare": prepare,
    "begin": begin,
    "compose": compose,
    "submit": submit,
    "fetch": fetch,
    "archive": archive,
    "deliver": deliver,
    "bundle": bundle,
    "overdue": overdue,
    "unseen": unseen,
}
GATHER_EVERY = timedelta(seconds=1)
POLL_EVERY = timedelta(seconds=2)


def lay_main_path(place: Workplace) -> None:
    """Register the stages of the main path, what repeats beside them, and what follows when one is given up."""
    name_stages(place)
    place.jobs.add_watch(Watch(name="gather orders", every=GATHER_EVERY, look=partial(gather_orders, place)))
    place.jobs.add_chore(Chore(name="gather bundles", every=GATHER_EVERY, do=partial(gather, place)))
    if place.project.has_lines or place.project.has_keys_of_customers:
        place.jobs.add_chore(Chore(name="give turns", every=GATHER_EVERY, do=partial(give_turns, place)))
    if not all(kind.rules.are_none for kind in place.project.communications.values()):
        look = partial(forget_what_is_over, place)
        place.jobs.add_watch(Watch(name="forget what is over", every=FORGET_EVERY, look=look))
    place.jobs.add_watch(Watch(name="forget bodies", every=FORGET_BODIES_EVERY, look=partial(forget_bodies, place)))
    _watch_channels(place)
    if any(feed.contract is not None for feed in place.project.feeds.values()):
        look = partial(look_at_shapes, place)
        place.jobs.add_chore(Chore(name="look at shapes", every=LOOK_AT_SHAPES_EVERY, do=look))
    if any(feed.expected is not None for feed in place.project.feeds.values()):
        place.jobs.add_chore(
            Chore(name="look for silence", every=LOOK_FOR_SILENCE_EVERY, do=partial(look_for_silence, place))
        )
    for feed in place.project.feeds.values():
        if feed.drop is not None:
            look = partial(look_into_drop, place, feed)
            place.jobs.add_watch(Watch(name=f"drop of {feed.name}", every=feed.every or LOOK_EVERY, look=look))
        elif feed.connection is not None and place.connections.is_pulled(feed.connection):
            look = partial(pull_when_due, place, feed)
            place.jobs.add_watch(Watch(name=f"pull of {feed.name}", every=LOOK_AT_CLOCK_EVERY, look=look))
        elif feed.connection is not None and place.connections.is_stream_source(feed.connection):
            place.jobs.add_listener(Listener(name=f"listen {feed.connection}", listen=partial(listen, place, feed)))
    for one in place.project.write_backs.values():
        look = partial(write_back, place, one)
        place.jobs.add_watch(Watch(name=f"write back to {one.name}", every=POLL_EVERY, look=look))
    place.jobs.on_exhausted(partial(give_up, place))


def _watch_channels(place: Workplace) -> None:
    for name in place.connections.channel_names:
        place.jobs.add_watch(Watch(name=f"poll {name}", every=POLL_EVERY, look=partial(poll, place, name)))
        if place.limits_of(name).ask_after is not None:
            place.jobs.add_watch(Watch(name=f"chase {name}", every=CHASE_EVERY, look=partial(chase, place, name)))


def name_stages(place: Workplace) -> None:
    """Register the stages only, for a process that orders work and does none."""
    for name, stage in STAGES.items():
        place.jobs.add_stage(Stage(name=name, run=partial(stage, place), retry=Retry()))
