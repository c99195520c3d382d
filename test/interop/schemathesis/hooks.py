"""What the service asks of schemathesis beyond its own checks."""

import itertools
import json
import os

import schemathesis

# Bounds above this are tested elsewhere: to generate 10,000 rules takes minutes.
LARGEST_BOUND = 300

BROKEN_TOKENS = json.loads(os.environ.get("BROKEN_TOKENS", "[]"))
# Ids of what there is, by the name of the path's parameter: every other request names them.
PRESENT = json.loads(os.environ.get("PRESENT", "{}"))
turns = itertools.cycle([True, False])
broken_tokens = itertools.cycle(BROKEN_TOKENS)


def without_large_bounds(node):
    if isinstance(node, dict):
        for bound in ("maxItems", "maxLength"):
            if isinstance(node.get(bound), int) and node[bound] > LARGEST_BOUND:
                del node[bound]
        for member in node.values():
            without_large_bounds(member)
    elif isinstance(node, list):
        for element in node:
            without_large_bounds(element)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    without_large_bounds(raw_schema)


@schemathesis.hook
def before_call(context, case, kwargs):
    if PRESENT and next(turns):
        present = {name: PRESENT[name] for name in case.path_parameters or {} if name in PRESENT}
        case.path_parameters = {**(case.path_parameters or {}), **present}
    if BROKEN_TOKENS:
        case.headers["Authorization"] = f"Bearer {next(broken_tokens)}"


@schemathesis.check
def broken_token_opens_nothing(ctx, response, case):
    if not BROKEN_TOKENS:
        return
    assert response.request.headers["Authorization"].startswith("Bearer ")
    # Before anyone looks at the token, a path may be malformed, or of no operation.
    if response.status_code not in (400, 401, 404):
        raise AssertionError(f"A broken token was answered with {response.status_code}")


@schemathesis.check
def tells_nothing_of_the_inside(ctx, response, case):
    text = response.text
    if ".ts:" in text or ".js:" in text or "node_modules" in text:
        raise AssertionError("The answer holds a place in the program")
