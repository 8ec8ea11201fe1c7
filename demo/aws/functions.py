"""Functions of Lambda beside the services: AWS's runtime client runs the handlers, and mappings of ours invoke them by AWS's rules.

An emulator has neither right. Those of the stream and of the queue share the work with the services, and all charges of the API are assessed by that of risk.
"""

import asyncio
import base64
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from aiohttp import web
from harness.failure import InstallationFailed
from harness.lambda_runtime import Answer, LambdaFunction, lambda_function
from harness.mapping_rules import Failed, MappingRules, Reading, after_invocation, next_batch
from harness.sqs_event import sqs_event

from demo.aws.emulator import Emulator
from demo.aws.resources import STREAM, Resources

HANDLERS: Final[Mapping[str, str]] = {
    "projectionist": "projectionist.by_shard",
    "fan-out": "fan_out.by_shard",
    "ledger": "ledger.by_doorbell",
    "worker": "worker.by_message",
    "risk": "risk.assess",
    "reconciliation": "reconciliation.tick",
}
"""The functions, by the names of `infra.functions`."""
OF_STREAM: Final = ("projectionist", "fan-out", "ledger")
RISK: Final = "fincore-local-risk"
RULES: Final = MappingRules(batch_records_max=500, bisects=True)
JOBS_MAX: Final = 10
PAUSE_SECONDS: Final = 0.2
TIMEOUT_SECONDS: Final = 60.0
STARTS_SECONDS_MAX: Final = 120.0

R = TypeVar("R")


class Functions:
    """In a thread of the demo's own. `invoked` counts the invocations of each that ended well, and `failed` the others."""

    def __init__(self, emulator: Emulator, resources: Resources, log: Path) -> None:
        self._emulator = emulator
        self._resources = resources
        self._log = log
        self._environment: dict[str, str] = {}
        self._functions: dict[str, LambdaFunction] = {}
        self._opened = contextlib.AsyncExitStack()
        self._invoking: list[asyncio.Task[None]] = []
        self.invoked: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.risk_url = self._do(self._serve())

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the function that charges wait for, and let the stream and the queue invoke theirs."""
        self._environment.update(environment)
        self._do(self._start())

    def ring(self, name: str, environment: Mapping[str, str]) -> Answer:
        """Invoke a function once, as a schedule does; a process that starts for it has this environment."""
        self._environment.update(environment)
        return self._do(self._invoke(name, {"source": "aws.events", "detail-type": "Scheduled Event"}))

    def require_invoking(self) -> None:
        """Raise `InstallationFailed` where what invokes functions has ended."""
        for task in self._invoking:
            if task.done() and not task.cancelled():
                raise InstallationFailed(f"What invokes functions has ended: {task.exception()!r}.")

    def stop(self) -> None:
        """End every process, and the thread."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(STARTS_SECONDS_MAX)

    async def _serve(self) -> str:
        """The operation Invoke for the function of risk; where it listens."""
        app = web.Application()
        app.router.add_post("/2015-03-31/functions/{name}/invocations", self._asked)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        self._opened.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _asked(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Amz-Invocation-Type") == "DryRun":
            return web.Response(status=204)
        answer = await self._invoke("risk", json.loads(await request.read()))
        if answer.error_type is None:
            return web.json_response(answer.returned)
        said = {"errorMessage": answer.error_text, "errorType": answer.error_type}
        return web.json_response(said, headers={"X-Amz-Function-Error": "Unhandled"})

    async def _start(self) -> None:
        for name, handler in HANDLERS.items():
            self._functions[name] = await self._opened.enter_async_context(
                lambda_function(
                    f"fincore.bootstrap.functions.{handler}",
                    self._environment,
                    log=self._log,
                    timeout_seconds=TIMEOUT_SECONDS,
                )
            )
        # In place of a process that has started before it is asked: this is no question, and is answered so.
        await self._functions["risk"].invoke({})
        shards = await self._call("kinesis", "list_shards", StreamName=STREAM)
        self._invoking = [
            *(
                asyncio.create_task(self._follow(name, one["ShardId"]))
                for name in OF_STREAM
                for one in shards["Shards"]
            ),
            asyncio.create_task(self._take_messages()),
        ]

    async def _end(self) -> None:
        for task in self._invoking:
            task.cancel()
        await asyncio.gather(*self._invoking, return_exceptions=True)
        await self._opened.aclose()
        # Such as requests of processes that have ended.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for one in left:
            one.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _invoke(self, name: str, event: object) -> Answer:
        answer = await self._functions[name].invoke(event)
        (self.invoked if answer.error_type is None else self.failed)[name] += 1
        return answer

    async def _follow(self, name: str, shard: str) -> None:
        """Give a function the records of a shard, each batch until it is taken."""
        at = await self._call(
            "kinesis",
            "get_shard_iterator",
            StreamName=STREAM,
            ShardId=shard,
            ShardIteratorType="TRIM_HORIZON",
        )
        place = at["ShardIterator"]
        while True:
            page = await self._call("kinesis", "get_records", ShardIterator=place)
            place, records, reading = page["NextShardIterator"], page["Records"], Reading()
            while True:
                reading, batch = next_batch(reading, RULES, len(records))
                if batch is None:
                    break
                given = records[batch.begin : batch.end]
                answer = await self._invoke(name, _kinesis_event(shard, given))
                said = answer.returned if answer.error_type is None else Failed()
                numbers = [one["SequenceNumber"] for one in given]
                reading = after_invocation(reading, RULES, batch, said, numbers)
                if answer.error_type is not None:
                    await asyncio.sleep(PAUSE_SECONDS)
            if not records:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _take_messages(self) -> None:
        """Give the worker the messages of the queue, and delete those that it does not name."""
        queue = {"QueueUrl": self._resources.jobs_url}
        while True:
            page = await self._call("sqs", "receive_message", **queue, MaxNumberOfMessages=JOBS_MAX)
            if not (messages := page.get("Messages")):
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            answer = await self._invoke("worker", sqs_event(messages))
            if answer.error_type is not None:
                continue
            again = {one["itemIdentifier"] for one in answer.returned["batchItemFailures"]}
            for one in messages:
                if one["MessageId"] not in again:
                    await self._call("sqs", "delete_message", **queue, ReceiptHandle=one["ReceiptHandle"])

    async def _call(self, service: str, operation: str, **request: Any) -> dict[str, Any]:
        client = self._emulator.client(service)
        answer: dict[str, Any] = await asyncio.to_thread(getattr(client, operation), **request)
        return answer


def _kinesis_event(shard: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Records as Lambda gives them to a function."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": one["PartitionKey"],
                    "sequenceNumber": one["SequenceNumber"],
                    "data": base64.b64encode(one["Data"]).decode(),
                },
                "eventSource": "aws:kinesis",
                "eventID": f"{shard}:{one['SequenceNumber']}",
                "eventName": "aws:kinesis:record",
            }
            for one in records
        ]
    }
