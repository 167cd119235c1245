"""How the Orchestration service gives back what was composed on demand: a list, raw bytes, or Empower's id."""

from base64 import b64encode
from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from xconnector.sandbox.exstream.customers import ComposedCustomer, QueueFile, UncomposedCustomer
from xconnector.sandbox.exstream.drafts import MEDIA_TYPE
from xconnector.sandbox.exstream.refusals import framework_error

_ANY = {"", "*/*", "application/json", "application/*"}


def accepted(request: Request) -> str:
    """Return the one media type that the caller asks for; empty for the list of all outputs."""
    wanted = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower()
    return "" if wanted in _ANY else wanted


def wants_json(request: Request) -> bool:
    """Say whether the caller asks for JSON in so many words."""
    return request.headers.get("accept", "").partition(";")[0].strip().lower() == "application/json"


def outputs_answer(
    request: Request, results: Sequence[ComposedCustomer | UncomposedCustomer], *, failed_status: int
) -> Response:
    """Answer with every output, or with the first one of the media type that was asked for."""
    failed = [result for result in results if isinstance(result, UncomposedCustomer)]
    if failed:
        return failure_answer([_failure(one) for one in failed], failed_status)
    files = [(one.number, file) for one in results if isinstance(one, ComposedCustomer) for file in one.files]
    wanted = accepted(request)
    if not wanted:
        return JSONResponse({"status": "success", "data": [_output(number, file) for number, file in files]})
    for _, file in files:
        if file.media_type == wanted:
            return Response(file.content, media_type=wanted)
    return framework_error(HTTPStatus.NOT_ACCEPTABLE, "Could not find acceptable representation", request.url.path)


def draft_answer(content: bytes) -> Response:
    """Answer with an Empower document itself."""
    return Response(content, media_type=MEDIA_TYPE)


def failure_answer(errors: Sequence[dict[str, object]], status: int) -> Response:
    """Answer as when an engine or an output failed; which HTTP status goes with it is published nowhere."""
    return JSONResponse({"status": "error", "data": list(errors)}, status)


def engine_error(message: str, code: str, context: dict[str, object] | None = None) -> dict[str, object]:
    return {"errorMessage": message, "statusCode": code, "engineOutputContext": context or {}}


def _failure(customer: UncomposedCustomer) -> dict[str, object]:
    # Real ones quote data, too: whoever shows this text shows a customer.
    message = f"EX000713E: customer {customer.key or customer.number}: {customer.reason}"
    return engine_error(message, "500", {"customerNumber": str(customer.number)})


def _output(number: int, file: QueueFile) -> dict[str, object]:
    return {
        "content": b64encode(file.content).decode(),
        "mimeType": file.media_type,
        "engineOutputContext": {
            "queueName": file.queue,
            "fileName": file.file_name.rpartition(".")[0],
            "customerNumber": str(number),
        },
    }
