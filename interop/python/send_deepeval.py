"""Sends each trace and annotation that it reads once more, with deepeval's own types and calls."""

import json
import sys

from deepeval.annotation import send_annotation
from deepeval.annotation.api import AnnotationType
from deepeval.confident.api import Api, Endpoints, HttpMethods
from deepeval.tracing.api import TraceApi

names = {"traceUuid": "trace_uuid", "expectedOutput": "expected_output", "userId": "user_id"}


def send(path, body):
    if path == "/v1/traces":
        trace = TraceApi.model_validate(body)
        unknown = set(body) - {field.alias or name for name, field in TraceApi.model_fields.items()}
        if unknown:
            raise ValueError(f"TraceApi has no {unknown}")
        # as deepeval.tracing does before it sends
        Api().send_request(HttpMethods.POST, Endpoints.TRACES_ENDPOINT, trace.model_dump(by_alias=True, exclude_none=True))
    else:
        body["type"] = AnnotationType(body["type"])
        send_annotation(**{names.get(name, name): value for name, value in body.items()})


for line in sys.stdin:
    request = json.loads(line)
    printed, sys.stdout = sys.stdout, sys.stderr
    try:
        send(request["path"], request["body"])
        answer = None
    except Exception as trouble:
        answer = {"error": repr(trouble)}
    sys.stdout = printed
    print(json.dumps(answer), flush=True)
