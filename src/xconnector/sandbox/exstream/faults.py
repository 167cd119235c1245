"""What the stand-in can be told to do wrong: a closed set of faults, each with its name."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt


class Faults(BaseModel):
    """How Exstream behaves just now; without any of it, it is quick and does everything right.

    Those that count (`…_next`) go down by one with each time they strike.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    # ---------------------------------------------------------------- the wire
    latency: NonNegativeFloat = 0.0
    """Seconds before each answer of each service."""
    down: bool = False
    """Breaks off every line without an answer."""
    lose_next: NonNegativeInt = 0
    """So many POST requests are carried out, and the line is broken off instead of answering; OTDS is spared."""
    fail_next: NonNegativeInt = 0
    """So many requests are answered with status 500 and nothing is done; OTDS is spared."""

    # ---------------------------------------------------------------- sign-in
    token_lifetime: Annotated[float, Field(gt=0)] = 900.0
    """Seconds that tokens and tickets last which are given from now on."""
    expire_next: NonNegativeInt = 0
    """So many requests find their token or ticket expired, whatever its age."""
    reject_credentials: bool = False
    """OTDS knows nobody."""
    otds_down: bool = False
    """OTDS answers 503, and every service that asks it 500 without an errorCode."""
    csrf: bool = False
    """HTTP inputs want the csrfToken cookie beside the token."""

    # ---------------------------------------------------------------- orchestration
    max_engines: Annotated[int, Field(ge=1)] = 8
    """MAX_CONCURRENT_ENGINE_PROCESSES: on-demand requests beyond it wait without a word."""
    compose_seconds: NonNegativeFloat = 0.0
    """Seconds that an engine takes for each on-demand request, while it holds its place."""
    unpublished: frozenset[str] = frozenset()
    """Channels, or communications by their id, that are in no published flow model."""
    engine_fails_next: NonNegativeInt = 0
    """So many on-demand requests are answered with `status: error`, as when an output cannot be made."""
    error_status: Literal[200, 400, 500] = 200
    """HTTP status of answers with `status: error`; which one Exstream gives is published nowhere."""
    wrong_empower_user: bool = False
    """Empower knows no user: the answer is an error with the inner statusCode 401."""

    # ---------------------------------------------------------------- customers that the engine skips
    drop_per_thousand: Annotated[int, Field(ge=0, le=1000)] = 0
    """So many customers in every thousand of a batch are skipped, always the same of the same driver."""
    drop_keys: frozenset[str] = frozenset()
    """Customers, by their keys, that are skipped."""
    drop_always: bool = False
    """Whether a skipped customer is skipped again when another submission asks for it."""

    # ---------------------------------------------------------------- batch jobs
    batch_status: Literal[200, 201, 202] = 200
    """HTTP status with which a batch is accepted."""
    flows: Annotated[int, Field(ge=1, le=8)] = 1
    """Flow instances that one submission starts for each design; the queues are dealt among them in turn."""
    null_job_ids: bool = False
    """A batch is accepted, and its answer names no job."""
    job_seconds: NonNegativeFloat = 0.0
    """The least that a job takes."""
    job_ends: str = "complete"
    """The word with which jobs end; one other than `complete` makes nothing."""
    forget_jobs: bool = False
    """Asked for a job, the service answers 404."""

    # ---------------------------------------------------------------- the delivery file
    delivery_encoding: Literal["utf-16", "utf-8"] = "utf-16"
    """Of the standard delivery file."""
    delivery_file: Literal["whole", "truncated", "duplicates", "missing"] = "whole"
    """`truncated`: it ends in the middle of an element; `duplicates`: it names each customer's file twice."""
    delivery_parts: Annotated[int, Field(ge=1, le=1000)] = 3
    """In how many parts it is written."""
    delivery_pause: NonNegativeFloat = 0.05
    """Seconds between two parts."""
    delivery_lag: NonNegativeFloat = 0.0
    """Seconds between the job's `complete` and the last part of the file."""

    # ---------------------------------------------------------------- Engine Web Services
    ews_token: bool = False
    """Callers must name the user and password in a UsernameToken."""
    ews_fault_next: NonNegativeInt = 0
    """So many compositions end with a fault instead of an answer."""
    ews_fault: str = "The engine process ended unexpectedly"
    """What such a fault says."""
    ews_names_only: bool = False
    """Files stay on the engine's own disk, and the answer holds nothing but their names."""
    ews_headers: bool = True
    """Whether files bear headers with return codes."""

    # ---------------------------------------------------------------- Empower
    empower_down: bool = False
    """Its health check says so, and it answers 503."""
    empower_error_status: Literal[200, 400, 404] = 200
    """HTTP status of answers whose envelope says what is wrong; which one Empower gives is not told."""
    empower_no_permission: bool = False
    """Every change is answered with BUSI175E."""

    def changed(self, told: dict[str, Any]) -> Self:
        """Return the faults with some of them set anew. Raises ValidationError for a name or value that is none."""
        return type(self).model_validate({**self.model_dump(), **told})
