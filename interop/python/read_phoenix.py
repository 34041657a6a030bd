"""Prints what Phoenix' own client shows of a project, its spans and their annotations, once for each line it gets."""

import json
import sys

from phoenix.client import Client

base, project = sys.argv[1:]
client = Client(base_url=base)
for _ in sys.stdin:
    try:
        spans = client.spans.get_spans(project_identifier=project)
        annotations = client.spans.get_span_annotations(spans=spans, project_identifier=project) if spans else []
        answer = {"spans": spans, "annotations": annotations}
    except Exception as trouble:  # the project is not there before its first span
        answer = {"error": repr(trouble)}
    print(json.dumps(answer, default=str), flush=True)
