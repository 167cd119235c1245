"""The Orchestration service: batch inputs, and what it says of their jobs."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xconnector.sandbox.exstream.batch_run import BatchRun, FlowInstance
from xconnector.sandbox.exstream.bodies import spooled
from xconnector.sandbox.exstream.designs import HouseDesign, made_id
from xconnector.sandbox.exstream.guarded import guarded, user_of
from xconnector.sandbox.exstream.house import ExstreamHouse
from xconnector.sandbox.exstream.orchestration import BASE, input_refusal
from xconnector.sandbox.exstream.refusals import channel_not_published, service_error

_MOST_KEPT = 10_000


def routes(house: ExstreamHouse) -> list[Route]:
    service = _Batch(house)
    return [
        Route(f"{BASE}/inputs/batch/{{domain}}/{{channel}}", guarded(house, service.submit), methods=["POST"]),
        Route(f"{BASE}/runtime/{{domain}}/jobs/{{job}}", guarded(house, service.job), methods=["GET"]),
    ]


class _Batch:
    def __init__(self, house: ExstreamHouse) -> None:
        self._house = house
        self._flows: OrderedDict[str, FlowInstance] = OrderedDict()

    async def submit(self, request: Request) -> Response:
        """Take a driver, and start every published flow model that uses the channel."""
        if refused := input_refusal(self._house, request):
            return refused
        channel = request.path_params["channel"]
        designs = self._house.designs_of_batch_channel(channel)
        if not designs or channel in self._house.faults.unpublished:
            return channel_not_published(channel)
        driver = await spooled(request, self._house.output / ".spool")
        started: list[FlowInstance] = []
        for position, design in enumerate(designs):
            flows = self._flow_instances(design, channel, user_of(self._house, request))
            started += flows
            seen = self._house.seen.submission(service="batch", channel=channel, sha256=driver.sha256)
            run = BatchRun(
                house=self._house,
                design=design,
                flows=flows,
                driver=driver,
                seen=seen,
                # Several designs read the same file: it goes with the last of them.
                keeps_driver=position < len(designs) - 1,
            )
            self._house.in_background(run.carry_out())
        told = [self._flow_told(flow) for flow in started]
        return JSONResponse({"status": "success", "data": told}, self._house.faults.batch_status)

    async def job(self, request: Request) -> Response:
        """Say how far a job is."""
        flow = self._flows.get(request.path_params["job"])
        if flow is None or request.path_params["domain"] != self._house.domain or self._house.faults.forget_jobs:
            return service_error(HTTPStatus.NOT_FOUND, f"Job {request.path_params['job']} was not found.")
        return JSONResponse({"status": "success", "data": self._job_told(flow)})

    def _flow_instances(self, design: HouseDesign, channel: str, user: str) -> Sequence[FlowInstance]:
        found = [
            FlowInstance(
                flow_instance_id=uuid4().hex,
                job_id=uuid4().hex,
                step_id=str(made_id("step", design.template)),
                template=design.template,
                channel=channel,
                triggered_by=user,
                trace_id=secrets.token_hex(8),
                started_at=int(time.time() * 1000),
            )
            for _ in range(self._house.faults.flows)
        ]
        for flow in found:
            self._flows[flow.job_id] = flow
        while len(self._flows) > _MOST_KEPT:
            self._flows.popitem(last=False)
        return found

    def _flow_told(self, flow: FlowInstance) -> dict[str, Any]:
        return {
            "id": flow.flow_instance_id,
            "jobId": None if self._house.faults.null_job_ids else flow.job_id,
            "flowModelId": str(made_id("flow model", flow.template)),
            "flowModelSnapshotId": str(made_id("flow model snapshot", flow.template)),
            "domainId": self._house.domain,
            "status": "started",
            "startDate": flow.started_at,
            "endDate": None,
            "expirationDate": None,
            "externalId": None,
            "flowModelType": "COMMUNICATION",
            "executingLongRunningOp": False,
            "flowModelName": None,
        }

    def _job_told(self, flow: FlowInstance) -> dict[str, Any]:
        return {
            "id": flow.job_id,
            "domainId": self._house.domain,
            "channel": flow.channel,
            "mode": "BATCH",
            "status": flow.status,
            "flowModelType": "COMMUNICATION",
            "msg": "Batch Job",
            "externalId": None,
            "triggeredBy": flow.triggered_by,
            "aggregatedFMCSnapshotId": str(made_id("flow model snapshot", flow.template)),
            "startDate": flow.started_at,
            "endDate": flow.ended_at,
            "expirationDate": None,
            "traceId": flow.trace_id,
            "simulation": False,
        }
