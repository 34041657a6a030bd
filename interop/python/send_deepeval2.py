"""Sends each event and feedback that it reads once more, with monitor() and send_feedback() of deepeval 2."""

import json
import os
import sys

printed, sys.stdout = sys.stdout, sys.stderr  # it greets when it is imported
import deepeval.confident.api  # noqa: E402
from deepeval.key_handler import KEY_FILE_HANDLER, KeyValues  # noqa: E402
from deepeval.monitor import monitor, send_feedback  # noqa: E402

KEY_FILE_HANDLER.write_key(KeyValues.API_KEY, os.environ["CONFIDENT_API_KEY"])  # in the folder it runs in
deepeval.confident.api.API_BASE_URL = sys.argv[1]  # that version has no setting for it

names = {
    "name": "event_name",
    "retrievalContext": "retrieval_context",
    "completionTime": "completion_time",
    "tokenUsage": "token_usage",
    "tokenCost": "token_cost",
    "distinctId": "distinct_id",
    "conversationId": "conversation_id",
    "eventId": "response_id",
    "expectedResponse": "expected_response",
}


def send(path, body):
    if path == "/v1/event":
        hyperparameters = body.pop("hyperparameters")
        body["model"] = hyperparameters.pop("model")
        body["hyperparameters"] = hyperparameters
        body["additional_data"] = {name: p["value"] for name, p in body.pop("customProperties", {}).items()}
    call = monitor if path == "/v1/event" else send_feedback
    call(**{names.get(name, name): value for name, value in body.items()})


for line in sys.stdin:
    request = json.loads(line)
    try:
        send(request["path"], request["body"])
        answer = None
    except Exception as trouble:
        answer = {"error": repr(trouble)}
    print(json.dumps(answer), file=printed, flush=True)
